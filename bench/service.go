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
	"time"

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

// serviceRound takes the pages the whole way: POST, captures, archive.
func (s *service) round(ctx context.Context, urls []string) (round, error) {
	before, began := treeUsage(s.cmd.Process.Pid), time.Now()
	job, err := s.client.Batch(ctx, urls, client.Params{})
	if err != nil {
		return round{}, err
	}
	watch := watchMemory(s.cmd.Process.Pid)
	done, err := s.client.Wait(ctx, job.ID, nil)
	if err != nil {
		return round{}, err
	}
	if err := s.fetch(ctx, job.ID); err != nil {
		return round{}, err
	}
	result := watch.end()
	result.Seconds = time.Since(began).Seconds()
	after := treeUsage(s.cmd.Process.Pid)
	result.CPUSeconds, result.OwnCPU = after.cpuSeconds-before.cpuSeconds, after.rootCPU-before.rootCPU
	result.Captures, result.Failed = done.Progress.Total, done.Progress.Failed
	return result, nil
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

// memoryWatch looks at a tree of processes ten times a second.
type memoryWatch struct {
	stop  chan struct{}
	ended chan round
}

func watchMemory(pid int) memoryWatch {
	w := memoryWatch{make(chan struct{}), make(chan round)}
	go func() {
		var peak round
		for {
			now := treeUsage(pid)
			peak.PeakRSS, peak.RootRSS = max(peak.PeakRSS, now.rssBytes), max(peak.RootRSS, now.rootBytes)
			select {
			case <-w.stop:
				w.ended <- peak
				return
			case <-time.After(100 * time.Millisecond):
			}
		}
	}()
	return w
}

func (w memoryWatch) end() round {
	close(w.stop)
	return <-w.ended
}

// warm has every slot start its browser.
func (s *service) warm(ctx context.Context, urls []string) error {
	_, err := s.round(ctx, urls)
	return err
}
