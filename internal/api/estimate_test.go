package api

import (
	"context"
	"errors"
	"fmt"
	"testing"
	"testing/synctest"
	"time"

	"darkroom"
	"darkroom/internal/sitemap"
	"darkroom/internal/store"
)

func TestEstimate(t *testing.T) {
	t.Parallel()
	two := store.Pace{Captures: 10, Each: 2 * time.Second, Slots: 8}
	for name, test := range map[string]struct {
		hosts     map[string]int // pages by host
		perHost   int
		hostDelay time.Duration
		crawl     time.Duration // Crawl-delay
		pace      store.Pace
		seconds   int
		perSecond float64
	}{
		"no page":                      {nil, 4, 0, 0, two, 0, 0},
		"one page":                     {map[string]int{"a": 1}, 4, 0, 0, two, 2, 0.5},
		"one host, so many at once":    {map[string]int{"a": 100}, 4, 0, 0, two, 50, 2},
		"more at once than slots":      {map[string]int{"a": 100}, 64, 0, 0, two, 26, 3.846},
		"many hosts share the slots":   {map[string]int{"a": 40, "b": 40, "c": 40}, 4, 0, 0, two, 30, 4},
		"the slowest host tells":       {map[string]int{"a": 100, "b": 1}, 4, 0, 0, two, 50, 2.02},
		"the job's delay tells":        {map[string]int{"a": 100}, 4, time.Second, 0, two, 101, 0.99},
		"the longer delay tells":       {map[string]int{"a": 100}, 4, time.Second, 10 * time.Second, two, 992, 0.101},
		"a delay that costs nothing":   {map[string]int{"a": 100}, 4, time.Millisecond, 0, two, 50, 2},
		"a fast server, less than 1 s": {map[string]int{"a": 2}, 4, 0, 0, store.Pace{Captures: 1, Each: time.Millisecond, Slots: 1}, 1, 1000},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			draft := newPlanDraft(sitemapRequest{job: store.NewJob{HostConcurrency: test.perHost, HostDelay: test.hostDelay}})
			for host, pages := range test.hosts {
				for i := range pages {
					if err := draft.add(sitemap.Page{URL: fmt.Sprint(host, i), Host: host, Delay: test.crawl}); err != nil {
						t.Fatal(err)
					}
				}
			}
			refusal := &darkroom.Failure{Code: darkroom.CodeRobotsDenied}
			if err := draft.add(sitemap.Page{URL: "refused", Host: "z", Refusal: refusal, Delay: time.Minute}); err != nil {
				t.Fatal(err)
			}
			got := draft.estimate(test.pace)
			if got == nil {
				got = &darkroom.Estimate{}
			}
			if got.Seconds != test.seconds || got.CapturesPerSecond != test.perSecond {
				t.Errorf("%d s at %v per second, want %d s at %v", got.Seconds, got.CapturesPerSecond, test.seconds, test.perSecond)
			}
		})
	}
}

func TestPlaces(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		p := places{taken: make(chan struct{}, 1)}
		leave, err := p.enter(t.Context(), time.Second)
		if err != nil {
			t.Fatal(err)
		}
		start := time.Now()
		_, err = p.enter(t.Context(), 10*time.Second)
		if darkroom.CodeOf(err) != darkroom.CodeRateLimited || time.Since(start) != 10*time.Second {
			t.Errorf("after %s: %v", time.Since(start), err)
		}
		ctx, cancel := context.WithCancel(t.Context())
		time.AfterFunc(time.Second, cancel)
		if _, err := p.enter(ctx, time.Minute); !errors.Is(err, context.Canceled) {
			t.Errorf("the caller has gone away, and the error is %v", err)
		}
		time.AfterFunc(3*time.Second, leave)
		start = time.Now()
		if _, err := p.enter(t.Context(), 10*time.Second); err != nil || time.Since(start) != 3*time.Second {
			t.Errorf("after %s: %v", time.Since(start), err)
		}
	})
}
