package main

import (
	"context"
	"fmt"
	"io"
	"slices"
	"strings"
	"sync"

	"github.com/vbauerster/mpb/v8/decor"

	"darkroom"
	"darkroom/client"
)

// attend has a progress that shows captures hear of each, until stop. That they
// cannot be heard of costs only that: the job is asked for besides.
func attend(ctx context.Context, server *target, id string, show progress) (stop func()) {
	if show.Capture == nil {
		return func() {}
	}
	ctx, cancel := context.WithCancel(ctx)
	ended := make(chan struct{})
	go func() {
		defer close(ended)
		for event, err := range server.Watch(ctx, id) {
			if err != nil {
				return
			}
			if event.Capture != nil {
				show.Capture(*event.Capture)
			}
		}
	}()
	return func() {
		cancel()
		<-ended
	}
}

// tellOnce gives the line of a capture that has failed, the first time.
func (p *program) tellOnce(result client.Result) (line string, fresh bool) {
	if result.State != darkroom.CaptureFailed || p.told[result.Index] || len(p.told) >= toldFailures {
		return "", false
	}
	if p.told == nil {
		p.told = map[int]bool{}
	}
	p.told[result.Index] = true
	why := ""
	if result.Error != nil {
		why = *result.Error
	}
	return failedLine(result.URL, string(result.ErrorCode), why), true
}

func failedLine(url, code, why string) string {
	return fmt.Sprintf("  failed  %s  %s: %s", url, code, why)
}

// openPages is the line below the bar: the pages that are being captured.
type openPages struct {
	mu   sync.Mutex
	open []client.Result
}

func (o *openPages) hear(result client.Result) {
	o.mu.Lock()
	defer o.mu.Unlock()
	o.open = slices.DeleteFunc(o.open, func(one client.Result) bool { return one.Index == result.Index })
	if result.State == darkroom.CaptureRunning {
		o.open = append(o.open, result)
	}
}

// Fill writes the line; there is none while no page is open.
func (o *openPages) Fill(w io.Writer, stat decor.Statistics) error {
	o.mu.Lock()
	defer o.mu.Unlock()
	if len(o.open) == 0 || stat.Completed || stat.Aborted {
		return nil
	}
	var pages []string
	for _, one := range o.open {
		pages = append(pages, pathOf(one.URL))
	}
	line := []rune("  now: " + strings.Join(pages, "  "))
	if width := max(stat.RequestedWidth, 20); len(line) > width {
		line = append(line[:width-1], '…')
	}
	_, err := fmt.Fprintln(w, string(line))
	return err //nolint:wrapcheck // mpb's own buffer
}

// pathOf is what tells the pages of a site apart.
func pathOf(url string) string {
	_, rest, _ := strings.Cut(url, "://")
	if _, path, found := strings.Cut(rest, "/"); found {
		return "/" + path
	}
	return rest
}
