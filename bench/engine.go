package main

import (
	"bufio"
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"io"
	"log/slog"
	"os"
	"os/exec"
	"strings"
	"sync"
	"sync/atomic"
	"time"

	"darkroom"
	"darkroom/internal/chrome"
	"darkroom/internal/egress"
)

// round is what one contender did with one list of pages.
type round struct {
	Captures   int     `json:"captures"`
	Failed     int     `json:"failed"`
	Seconds    float64 `json:"seconds"`
	CPUSeconds float64 `json:"cpu_seconds"`
	OwnCPU     float64 `json:"own_cpu"` // of our process, without the browsers
	PeakRSS    int64   `json:"peak_rss"`
	RootRSS    int64   `json:"root_rss"` // highest of the server process alone
}

func (r round) rate() float64 { return float64(r.Captures) / r.Seconds }
func (r round) cost() float64 { return r.CPUSeconds / float64(r.Captures) }
func (r round) own() float64  { return r.OwnCPU / float64(r.Captures) }

// runEngine is the child process: it captures the URLs it reads with nothing
// around the engine, and prints a round.
func runEngine(ctx context.Context, set settings) error {
	dir, err := os.MkdirTemp("", "darkroom-bench-")
	if err != nil {
		return err
	}
	defer os.RemoveAll(dir)
	if err := os.Chmod(dir, 0o711); err != nil {
		return err
	}
	policy, err := egress.NewPolicy(egress.Config{AllowPrivate: true, Log: slog.New(slog.DiscardHandler)})
	if err != nil {
		return err
	}
	engine, err := chrome.New(ctx, chrome.Config{RunDir: dir + "/run", Policy: policy, Log: slog.New(slog.DiscardHandler)})
	if err != nil {
		return err
	}
	defer engine.Close()
	lines := bufio.NewScanner(os.Stdin)
	urls := make(chan string, 10_000)
	for lines.Scan() {
		urls <- lines.Text()
	}
	close(urls)
	return drive(ctx, engine, urls, set.slots)
}

func drive(ctx context.Context, engine *chrome.Engine, urls chan string, slots int) error {
	opened := make([]*chrome.Slot, slots)
	for i := range opened {
		slot, err := engine.OpenSlot(ctx)
		if err != nil {
			return err
		}
		defer slot.Close()
		if err := slot.Prepare(ctx); err != nil {
			return err
		}
		opened[i] = slot
	}
	var (
		wait             sync.WaitGroup
		captures, failed atomic.Int64
	)
	seen := startWatch(os.Getpid())
	for _, slot := range opened {
		wait.Go(func() {
			for url := range urls {
				captures.Add(1)
				if captureOnce(ctx, slot, url) != nil {
					failed.Add(1)
				}
			}
		})
	}
	wait.Wait()
	result := seen.end()
	result.Captures, result.Failed = int(captures.Load()), int(failed.Load())
	return json.NewEncoder(os.Stdout).Encode(result)
}

func captureOnce(ctx context.Context, slot *chrome.Slot, url string) error {
	ctx, cancel := context.WithTimeout(ctx, 30*time.Second)
	defer cancel()
	_, err := slot.Capture(ctx, darkroom.CaptureRequest{Session: "bench", URL: url})
	return err
}

// engineRound starts the child and reads its round.
func engineRound(ctx context.Context, set settings, urls []string) (round, error) {
	self, err := os.Executable()
	if err != nil {
		return round{}, err
	}
	cmd := exec.CommandContext(ctx, self, "-engine", fmt.Sprintf("-slots=%d", set.slots))
	cmd.Stdin = strings.NewReader(strings.Join(urls, "\n") + "\n")
	cmd.Stderr = os.Stderr
	out, err := cmd.Output()
	if err != nil {
		return round{}, fmt.Errorf("bare engine: %w", err)
	}
	var result round
	err = json.NewDecoder(io.LimitReader(bytes.NewReader(out), 1<<20)).Decode(&result)
	return result, err
}
