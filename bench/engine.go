package main

import (
	"bufio"
	"context"
	"encoding/json"
	"fmt"
	"log/slog"
	"os"
	"os/exec"
	"sync"
	"time"

	"darkroom"
	"darkroom/internal/chrome"
	"darkroom/internal/egress"
)

// engine is the bare engine in a process of its own.
func (b *bench) engine() contender {
	return contender{name: "bare engine", kind: bareEngine, tabs: b.set.slots, take: func(ctx context.Context, t task) (round, error) {
		self, err := os.Executable()
		if err != nil {
			return round{}, err
		}
		return drive(ctx, patient(exec.CommandContext(ctx, self, "-engine")), b.driverTask(t))
	}}
}

// runEngine is that process: a driver as the peers have them.
func runEngine(ctx context.Context) error {
	lines := bufio.NewScanner(os.Stdin)
	lines.Buffer(nil, 1<<24)
	var asked driverTask
	if !lines.Scan() {
		return fmt.Errorf("nothing to do: %w", lines.Err())
	}
	if err := json.Unmarshal(lines.Bytes(), &asked); err != nil {
		return err
	}
	dir, err := os.MkdirTemp("", "darkroom-bench-engine-")
	if err != nil {
		return err
	}
	defer os.RemoveAll(dir)
	engine, err := openEngine(ctx, dir, asked.Browser)
	if err != nil {
		return err
	}
	defer engine.Close()
	slots, err := openSlots(ctx, engine, asked.Tabs)
	if err != nil {
		return err
	}
	answers := json.NewEncoder(os.Stdout)
	expose(ctx, slots, asked.Warm, darkroom.CaptureRequest{Session: "warm-up"})
	if err := answers.Encode(driverAnswer{Ready: true}); err != nil || !lines.Scan() {
		return err
	}
	done := expose(ctx, slots, asked.Pages, darkroom.CaptureRequest{Session: "bench", Options: darkroom.Options{FullPage: asked.Full}})
	err = answers.Encode(driverAnswer{Pages: done})
	lines.Scan()
	return err
}

func openEngine(ctx context.Context, dir, browser string) (*chrome.Engine, error) {
	if err := os.Chmod(dir, 0o711); err != nil {
		return nil, err
	}
	quiet := slog.New(slog.DiscardHandler)
	policy, err := egress.NewPolicy(egress.Config{AllowPrivate: true, Log: quiet})
	if err != nil {
		return nil, err
	}
	return chrome.New(ctx, chrome.Config{Path: browser, RunDir: dir + "/run", Policy: policy, Log: quiet})
}

// openSlots gives slots whose browsers have started. The engine closes them.
func openSlots(ctx context.Context, engine *chrome.Engine, count int) ([]*chrome.Slot, error) {
	var slots []*chrome.Slot
	for range count {
		slot, err := engine.OpenSlot(ctx)
		if err != nil {
			return nil, err
		}
		if err := slot.Prepare(ctx); err != nil {
			return nil, err
		}
		slots = append(slots, slot)
	}
	return slots, nil
}

// expose takes the pages with all slots, each the next that is left.
func expose(ctx context.Context, slots []*chrome.Slot, pages []driverPage, like darkroom.CaptureRequest) []driverTime {
	times := make([]driverTime, len(pages))
	places := make(chan int, len(pages))
	for place := range pages {
		places <- place
	}
	close(places)
	var wait sync.WaitGroup
	for _, slot := range slots {
		wait.Go(func() {
			for place := range places {
				times[place] = exposeOne(ctx, slot, pages[place], like)
			}
		})
	}
	wait.Wait()
	return times
}

func exposeOne(ctx context.Context, slot *chrome.Slot, page driverPage, request darkroom.CaptureRequest) driverTime {
	ctx, cancel := context.WithTimeout(ctx, pageTimeout)
	defer cancel()
	began := time.Now()
	request.URL = page.URL
	shot, err := slot.Capture(ctx, request)
	if err == nil {
		err = os.WriteFile(page.File, shot.Image, 0o600)
	}
	took := driverTime{MS: time.Since(began).Seconds() * 1000}
	if err != nil {
		took.Error = err.Error()
	}
	return took
}
