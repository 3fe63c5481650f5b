package main

import (
	"context"
	"crypto/rand"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"os"
	"time"

	"darkroom"
	"darkroom/internal/chrome"
)

// measureSingle times single pages: through a warm server and the bare engine,
// in turns, and the first one after a start.
func measureSingle(ctx context.Context, b *bench) error {
	fmt.Println("\n### one trivial page at a time")
	fmt.Println()
	if err := b.measureWarm(ctx); err != nil {
		return err
	}
	return b.measureFirst(ctx)
}

// singles is how many single pages each way takes in a round.
const singles = 10

// restPeriod lies between two single pages, so that what is repaired after one
// is done before the next.
const restPeriod = 300 * time.Millisecond

func (b *bench) measureWarm(ctx context.Context) error {
	server, err := b.startService(ctx)
	if err != nil {
		return err
	}
	defer server.stop()
	dir, err := os.MkdirTemp(b.dir, "engine-")
	if err != nil {
		return err
	}
	engine, err := openEngine(ctx, dir, b.browser.Path)
	if err != nil {
		return err
	}
	defer engine.Close()
	slots, err := openSlots(ctx, engine, 1)
	if err != nil {
		return err
	}
	ways := []*way{
		{name: "GET /v1/screenshot", take: server.screenshot},
		{name: "bare engine, a fresh context", take: func(ctx context.Context, url string) error { return captureIn(ctx, slots[0], rand.Text(), url) }},
		{name: "bare engine, the same context", take: func(ctx context.Context, url string) error { return captureIn(ctx, slots[0], "same", url) }},
	}
	if err := b.timeWays(ctx, ways); err != nil {
		return err
	}
	fmt.Printf("- GET /v1/screenshot / bare engine with a fresh context: %.2f ×\n", quantile(ways[0].times, 0.5)/quantile(ways[1].times, 0.5))
	return nil
}

// way is one of the ways to a single picture.
type way struct {
	name  string
	take  func(ctx context.Context, url string) error
	times []float64 // ms
}

// timeWays takes one way after the other in each round: what changes from page
// to page within a way is then only the page.
func (b *bench) timeWays(ctx context.Context, ways []*way) error {
	for range b.set.rounds {
		for _, one := range ways {
			for i, url := range b.web.trivial(singles + 1) {
				time.Sleep(restPeriod)
				began := time.Now()
				if err := one.take(ctx, url); err != nil {
					return fmt.Errorf("%s: %w", one.name, err)
				}
				if i > 0 { // the first one enters its context
					one.times = append(one.times, time.Since(began).Seconds()*1000)
				}
			}
		}
	}
	for _, one := range ways {
		fmt.Printf("- %s: p50 %.0f ms, p95 %.0f ms (%d pages)\n", one.name, quantile(one.times, 0.5), quantile(one.times, 0.95), len(one.times))
	}
	return nil
}

func captureIn(ctx context.Context, slot *chrome.Slot, session, url string) error {
	ctx, cancel := context.WithTimeout(ctx, pageTimeout)
	defer cancel()
	_, err := slot.Capture(ctx, darkroom.CaptureRequest{Session: session, URL: url})
	return err
}

// screenshot asks for one page and reads the picture.
func (s *server) screenshot(ctx context.Context, page string) error {
	request, err := http.NewRequestWithContext(ctx, http.MethodGet, s.url+"/v1/screenshot?url="+url.QueryEscape(page), nil)
	if err != nil {
		return err
	}
	request.Header.Set("Authorization", "Bearer "+benchKey)
	answer, err := http.DefaultClient.Do(request)
	if err != nil {
		return err
	}
	defer answer.Body.Close()
	if answer.StatusCode != http.StatusOK {
		return fmt.Errorf("the server answered %s", answer.Status)
	}
	_, err = io.Copy(io.Discard, answer.Body)
	return err
}

// measureFirst starts servers and asks each for a page as soon as it listens.
func (b *bench) measureFirst(ctx context.Context) error {
	var starts, firsts []float64
	for _, page := range b.web.trivial(b.set.rounds) {
		began := time.Now()
		server, err := b.startService(ctx)
		if err != nil {
			return err
		}
		listening := time.Now()
		err = server.screenshot(ctx, page)
		starts = append(starts, listening.Sub(began).Seconds()*1000)
		firsts = append(firsts, time.Since(listening).Seconds()*1000)
		server.stop()
		if err != nil {
			return err
		}
	}
	fmt.Printf("- first page after a start: %.0f ms after the server listens (worst %.0f ms); it listens %.0f ms after the program was started (worst %.0f ms)\n",
		quantile(firsts, 0.5), quantile(firsts, 1), quantile(starts, 0.5), quantile(starts, 1))
	return nil
}
