package main

import (
	"context"

	"darkroom/internal/metrics"
	"darkroom/internal/worker"
)

// openMetrics begins to count.
func (s *server) openMetrics(context.Context) error {
	browser := s.engine.Browser()
	s.metrics = metrics.New(metrics.Config{
		Version: Version, BrowserProduct: browser.Product, BrowserVersion: browser.Version,
		Isolated: s.engine.Isolation().On, Standing: s.standing,
	})
	return nil
}

// seen is what the worker tells of.
func (s *server) seen() worker.Seen {
	return worker.Seen{Capture: s.metrics.Capture, Screenshot: s.metrics.Screenshot, Delivery: s.metrics.Delivery}
}

// standing asks every room how things stand.
func (s *server) standing(ctx context.Context) (metrics.Standing, error) {
	rows, err := s.store.Standing(ctx)
	if err != nil {
		return metrics.Standing{}, err
	}
	now := metrics.Standing{Queued: rows.Queued, Running: rows.Running, Denials: s.policy.Denials()}
	for _, count := range rows.Jobs {
		now.Jobs = append(now.Jobs, metrics.Jobs{Kind: count.Kind, Status: count.Status, Count: count.Jobs})
	}
	now.Slots, now.Busy = s.worker.Busy()
	now.WornOut, now.Broken = s.engine.Restarts()
	return now, nil
}
