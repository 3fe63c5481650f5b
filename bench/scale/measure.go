package main

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"os"
	"sync"
	"time"

	"darkroom"
	"darkroom/internal/database"
	"darkroom/internal/queue"
	"darkroom/internal/store"
)

const (
	measuredCaptures = 2000
	measuredKeys     = 8
	measuredInstance = "scale"
)

// measure prints what a claim and a finish cost, with one and with several at
// once. No page is opened.
func measure(ctx context.Context, url string) (err error) {
	fmt.Println("| at once | keys | claims and finishes a second | claim, mean | finish, mean |")
	fmt.Println("|---|---|---|---|---|")
	for _, round := range []struct{ atOnce, keys int }{{1, 1}, {8, 1}, {8, measuredKeys}, {16, 1}, {16, measuredKeys}} {
		if err := measureRound(ctx, url, round.atOnce, round.keys); err != nil {
			return err
		}
	}
	return nil
}

func measureRound(ctx context.Context, url string, atOnce, keys int) (err error) {
	folder, err := os.MkdirTemp("", "darkroom-scale-")
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, os.RemoveAll(folder)) }()
	db, err := database.Open(ctx, database.Config{Path: folder, URL: url})
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, db.Close()) }()
	rows, err := openRows(ctx, db, atOnce, keys)
	if err != nil {
		return err
	}
	seen := &costs{}
	began := time.Now()
	var slots sync.WaitGroup
	for range atOnce {
		slots.Go(func() { seen.work(ctx, rows) })
	}
	slots.Wait()
	if seen.err != nil {
		return seen.err
	}
	if seen.count != measuredCaptures {
		return fmt.Errorf("%d of %d captures were taken", seen.count, measuredCaptures)
	}
	each := func(d time.Duration) time.Duration { return (d / measuredCaptures).Round(10 * time.Microsecond) }
	fmt.Printf("| %d | %d | %.0f | %s | %s |\n", atOnce, keys, measuredCaptures/time.Since(began).Seconds(), each(seen.claims), each(seen.finishes))
	return nil
}

func openRows(ctx context.Context, db *database.DB, slots, keys int) (*store.Store, error) {
	inserter, err := queue.NewInserter(db)
	if err != nil {
		return nil, err
	}
	rows, err := store.Open(ctx, db, inserter, store.Config{
		SecretKey: [32]byte{1}, Slots: slots, HostConcurrency: measuredCaptures, Log: slog.New(slog.DiscardHandler),
	})
	if err != nil {
		return nil, err
	}
	for k := range keys {
		key, err := rows.CreateKey(ctx, fmt.Sprintf("%d at once, key %d of %d", slots, k, keys))
		if err != nil {
			return nil, err
		}
		job := store.NewJob{
			KeyID: key.ID, Kind: darkroom.KindBatch, Retention: time.Hour, Deadline: time.Hour, HostConcurrency: measuredCaptures,
		}
		for i := range measuredCaptures / keys {
			host := fmt.Sprintf("host%d.test:443", i%100)
			job.Targets = append(job.Targets, store.Target{URL: fmt.Sprintf("https://%s/%d", host, i), Host: host})
		}
		if _, _, err := rows.CreateJob(ctx, job); err != nil {
			return nil, err
		}
	}
	return rows, rows.Beat(ctx, store.Instance{ID: measuredInstance, Slots: slots, StartedAt: time.Now()})
}

// costs is what was seen, of all slots.
type costs struct {
	mu               sync.Mutex
	count            int
	claims, finishes time.Duration
	err              error
}

func (c *costs) work(ctx context.Context, rows *store.Store) {
	var hint store.Hint
	for {
		before := time.Now()
		claim, ok, err := rows.Claim(ctx, measuredInstance, hint)
		claimed := time.Now()
		if err != nil || !ok {
			c.add(0, 0, 0, err)
			return
		}
		hint = store.Hint{JobID: claim.JobID, Host: claim.Host}
		_, err = rows.FinishCapture(ctx, claim, store.Outcome{Result: darkroom.Result{
			FinalURL: claim.URL, HTTPStatus: 200, Title: "A page", CapturedAt: claimed, Duration: time.Second,
			Artifact: darkroom.Artifact{Key: claim.CaptureID, ContentType: "image/png", Size: 1, SHA256: "00"},
		}})
		c.add(1, claimed.Sub(before), time.Since(claimed), err)
		if err != nil {
			return
		}
	}
}

func (c *costs) add(count int, claim, finish time.Duration, err error) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.count += count
	c.claims += claim
	c.finishes += finish
	c.err = errors.Join(c.err, err)
}
