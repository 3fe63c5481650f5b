package main

import (
	"context"
	"fmt"
	"math/rand/v2"
	"time"

	"darkroom/internal/database"
	"darkroom/internal/store"
)

// copyJobs makes n jobs that have ended of one.
const copyJobs = `INSERT INTO jobs (id, key_id, kind, status, name, tags, priority, options, secrets, variants, callback_url, crawl, expanding, gallery,
	host_concurrency, host_delay, retention, total, queued, completed, created_at, completed_at, expires_at, deadline)
	WITH RECURSIVE n(i) AS (SELECT CAST(? AS BIGINT) UNION ALL SELECT i + 1 FROM n WHERE i < ?)
	SELECT substr(id, 1, 24) || %s, key_id, kind, 'completed', name, tags, priority, options, secrets, variants, callback_url, crawl, 0, gallery,
	host_concurrency, host_delay, retention, 1, 0, 1, created_at, created_at, deadline, deadline FROM jobs, n WHERE id = ?`

// measureReading lists 1,000 rows deep, and asks for the status of jobs at
// random, among so many.
func measureReading(ctx context.Context, create createFunc, jobs int) error {
	r, err := openRows(ctx, create, manySlots)
	if err != nil {
		return err
	}
	defer r.db.Close()
	first, err := r.submit(ctx, 1)
	if err != nil {
		return err
	}
	hex := `printf('%012x', i)`
	if r.db.Dialect() == database.PostgreSQL {
		hex = `lpad(to_hex(i), 12, '0')`
	}
	const some = 100_000
	for from := 1; from <= jobs; from += some {
		if err := r.exec(ctx, fmt.Sprintf(copyJobs, hex), from, min(from+some-1, jobs), first.ID); err != nil {
			return err
		}
	}
	if err := r.exec(ctx, `ANALYZE jobs`); err != nil {
		return err
	}
	lists, err := timed(200, func() error {
		_, err := r.store.Jobs(ctx, r.key.ID, store.JobFilter{Limit: 50, Offset: 1000})
		return err
	})
	if err != nil {
		return err
	}
	states, err := timed(5000, func() error {
		_, err := r.store.Job(ctx, r.key.ID, fmt.Sprintf("%s%012x", first.ID[:24], 1+rand.IntN(jobs)))
		return err
	})
	if err != nil {
		return err
	}
	fmt.Printf("\n- %d jobs: a list of 50, 1,000 deep: p50 %.1f ms, p99 %.1f ms; a status: p50 %.2f ms, p99 %.2f ms\n", jobs,
		quantile(lists, 0.5), quantile(lists, 0.99), quantile(states, 0.5), quantile(states, 0.99))
	return nil
}

// timed gives how long each of n calls took, in ms.
func timed(n int, call func() error) ([]float64, error) {
	times := make([]float64, 0, n)
	for range n {
		began := time.Now()
		if err := call(); err != nil {
			return nil, err
		}
		times = append(times, time.Since(began).Seconds()*1000)
	}
	return times, nil
}
