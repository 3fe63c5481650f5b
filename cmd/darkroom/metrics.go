package main

import (
	"context"

	"darkroom/internal/metrics"
	"darkroom/internal/worker"
)

// openMetrics begins to count.
func (s *server) openMetrics(context.Context) error {
	s.metrics = metrics.New(metrics.Config{Version: Version, Browser: s.browser, Standing: s.standing})
	return nil
}

// browser is asked at each scrape: the engine opens after the metrics, which the
// rows and the bucket tell of what they do.
func (s *server) browser() metrics.Browser {
	if s.engine == nil {
		return metrics.Browser{}
	}
	browser := s.engine.Browser()
	return metrics.Browser{Product: browser.Product, Version: browser.Version, Isolated: s.engine.Isolation().On}
}

// seen is what the worker tells of.
func (s *server) seen() worker.Seen {
	m := s.metrics
	return worker.Seen{
		Capture: m.Capture, Screenshot: m.Screenshot, Delivery: m.Delivery, Picture: m.Picture, Rest: m.Rest, Lost: m.Lost,
		Expired: m.Expired, Ended: m.JobEnded,
	}
}

// standing asks every room how things stand.
func (s *server) standing(ctx context.Context) (metrics.Standing, error) {
	rows, err := s.store.Standing(ctx)
	if err != nil {
		return metrics.Standing{}, err
	}
	now := metrics.Standing{
		Queued: rows.Queued, Running: rows.Running, Denials: s.policy.Denials(),
		Waited: rows.Waited, Pending: rows.Pending, Overdue: rows.Overdue, Instances: rows.Instances,
	}
	for _, count := range rows.Jobs {
		now.Jobs = append(now.Jobs, metrics.Jobs{Kind: count.Kind, Status: count.Status, Count: count.Jobs})
	}
	if s.worker == nil {
		return now, nil
	}
	now.Slots, now.Busy = s.worker.Busy()
	now.WornOut, now.Broken = s.engine.Restarts()
	return now, nil
}

// uncounted is told by commands that nobody scrapes.
func uncounted() *metrics.Metrics { return metrics.New(metrics.Config{Version: Version}) }
