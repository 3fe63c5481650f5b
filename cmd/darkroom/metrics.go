package main

import (
	"context"

	"darkroom/internal/metrics"
	"darkroom/internal/worker"
)

// openMetrics begins to count.
func (s *server) openMetrics(context.Context) error {
	config := metrics.Config{Version: Version, Standing: s.standing}
	if s.engine != nil {
		browser := s.engine.Browser()
		config.BrowserProduct, config.BrowserVersion = browser.Product, browser.Version
		config.Isolated = s.engine.Isolation().On
	}
	s.metrics = metrics.New(config)
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
	if s.worker == nil {
		return now, nil
	}
	now.Slots, now.Busy = s.worker.Busy()
	now.WornOut, now.Broken = s.engine.Restarts()
	return now, nil
}
