package main

import (
	"bufio"
	"context"
	"fmt"
	"io"
	"os"
	"os/exec"
	"strings"
	"syscall"

	"darkroom"
	"darkroom/client"
)

const benchKey = "sk_live_" + "0123456789abcdef0123456789abcdef0123456789abcdef"

// service is one running server under measurement.
type service struct {
	client *client.Client
	url    string
	cmd    *exec.Cmd
	dir    string
	ended  chan struct{}
}

func startService(ctx context.Context, set settings) (*service, error) {
	dir, err := os.MkdirTemp("", "darkroom-bench-data-")
	if err != nil {
		return nil, err
	}
	cmd := exec.CommandContext(ctx, set.program, "serve", "--listen", "127.0.0.1:0", "--data", dir, "--concurrency", fmt.Sprint(set.slots))
	cmd.Env = append(os.Environ(), "DARKROOM_API_KEY="+benchKey)
	stderr, err := cmd.StderrPipe()
	if err != nil {
		return nil, err
	}
	if err := cmd.Start(); err != nil {
		return nil, err
	}
	s := &service{cmd: cmd, dir: dir, ended: make(chan struct{})}
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

func (s *service) follow(stderr io.Reader, address chan<- string) {
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

func (s *service) stop() {
	_ = s.cmd.Process.Signal(syscall.SIGTERM)
	<-s.ended
	_ = os.RemoveAll(s.dir)
}

// round takes the pages the whole way: POST, captures, archive.
func (s *service) round(ctx context.Context, urls []string) (round, error) {
	seen := startWatch(s.cmd.Process.Pid)
	result, err := s.wholeWay(ctx, urls)
	cost := seen.end()
	cost.Captures, cost.Failed = result.Total, result.Failed
	return cost, err
}

func (s *service) wholeWay(ctx context.Context, urls []string) (darkroom.ProgressAnswer, error) {
	job, err := s.client.Batch(ctx, urls, client.Params{})
	if err != nil {
		return darkroom.ProgressAnswer{}, err
	}
	done, err := s.client.Wait(ctx, job.ID, nil)
	if err != nil {
		return done.Progress, err
	}
	return done.Progress, s.fetch(ctx, job.ID)
}

func (s *service) fetch(ctx context.Context, id string) error {
	archive, err := s.client.Download(ctx, id)
	if err != nil {
		return err
	}
	defer archive.Close()
	_, err = io.Copy(io.Discard, archive)
	return err
}

// warm has every slot start its browser.
func (s *service) warm(ctx context.Context, urls []string) error {
	_, err := s.round(ctx, urls)
	return err
}
