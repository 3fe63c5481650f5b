package main

import (
	"bufio"
	"context"
	"fmt"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"strings"
	"syscall"

	"darkroom"
	"darkroom/client"
)

const benchKey = "sk_live_" + "0123456789abcdef0123456789abcdef0123456789abcdef"

// server is one running server under measurement.
type server struct {
	client *client.Client
	url    string
	cmd    *exec.Cmd
	dir    string
	ended  chan struct{}
}

// startService starts the program with further flags and returns when it
// listens.
func (b *bench) startService(ctx context.Context, flags ...string) (*server, error) {
	dir, err := os.MkdirTemp(b.dir, "data-")
	if err != nil {
		return nil, err
	}
	atOnce := "auto"
	if b.set.slots > 0 {
		atOnce = fmt.Sprint(b.set.slots)
	}
	args := []string{"serve", "--listen", "127.0.0.1:0", "--data", dir, "--concurrency", atOnce, "--chromium", b.browser.Path}
	s := &server{cmd: exec.CommandContext(ctx, b.set.program, append(args, flags...)...), dir: dir, ended: make(chan struct{})}
	s.cmd.Env = append(os.Environ(), "DARKROOM_API_KEY="+benchKey)
	stderr, err := s.cmd.StderrPipe()
	if err != nil {
		return nil, err
	}
	if err := s.cmd.Start(); err != nil {
		return nil, fmt.Errorf("start %s: %w", b.set.program, err)
	}
	address := make(chan string, 1)
	go s.follow(stderr, address)
	select {
	case s.url = <-address:
	case <-s.ended:
		return nil, fmt.Errorf("the server ended at start")
	}
	s.client = client.New(s.url, benchKey)
	return s, nil
}

func (s *server) follow(stderr io.Reader, address chan<- string) {
	defer close(s.ended)
	lines := bufio.NewScanner(stderr)
	for lines.Scan() {
		if _, after, ok := strings.Cut(lines.Text(), "http://127.0.0.1:"); ok {
			port := after[:len(after)-len(strings.TrimLeft(after, "0123456789"))]
			select {
			case address <- "http://127.0.0.1:" + port:
			default:
			}
		}
	}
	_ = s.cmd.Wait()
}

func (s *server) stop() {
	_ = s.cmd.Process.Signal(syscall.SIGTERM)
	<-s.ended
	_ = os.RemoveAll(s.dir)
}

// service is the whole way: POST, captures, archive. Each round has a server
// of its own, warm as the drivers are, so that none lies idle beside the
// others' rounds.
func (b *bench) service(name string, flags ...string) contender {
	return contender{name: name, kind: wholeWay, tabs: b.set.slots, take: func(ctx context.Context, t task) (round, error) {
		server, err := b.startService(ctx, flags...)
		if err != nil {
			return round{}, err
		}
		defer server.stop()
		if err := server.warm(ctx, b.web.warmUp(2*b.atOnce())); err != nil {
			return round{}, err
		}
		seen := startWatch(server.cmd.Process.Pid)
		archive := filepath.Join(t.dir, "archive.zip")
		err = server.wholeWay(ctx, t, archive)
		result := round{spent: seen.end()}
		if err == nil {
			result.Times, err = unpack(archive, t)
		}
		return result, err
	}}
}

// atOnce is how many captures the server takes at once, at least.
func (b *bench) atOnce() int {
	if b.set.slots > 0 {
		return b.set.slots
	}
	return 2 * runtime.NumCPU()
}

// warm has every slot start its browser.
func (s *server) warm(ctx context.Context, urls []string) error {
	job, err := s.client.Batch(ctx, urls, client.Params{})
	if err != nil {
		return err
	}
	_, err = s.client.Wait(ctx, job.ID, nil)
	return err
}

func (s *server) wholeWay(ctx context.Context, t task, archive string) error {
	job, err := s.submit(ctx, t)
	if err != nil {
		return err
	}
	if _, err := s.client.Wait(ctx, job.ID, nil); err != nil {
		return err
	}
	return s.client.DownloadTo(ctx, job.ID, archive)
}

// submit asks for no manners: the site is ours.
func (s *server) submit(ctx context.Context, t task) (client.Job, error) {
	params := client.Params{Options: darkroom.Options{FullPage: t.full}, HostConcurrency: darkroom.MaxHostConcurrency}
	if t.sitemap != "" {
		return s.client.Sitemap(ctx, t.sitemap, client.SitemapParams{Params: params, MaxPages: len(t.urls)})
	}
	return s.client.Batch(ctx, t.urls, params)
}
