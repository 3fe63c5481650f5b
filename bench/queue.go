package main

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"os"
	"path/filepath"
	"sync"
	"sync/atomic"
	"time"

	"darkroom"
	"darkroom/internal/database"
	"darkroom/internal/database/databasetest"
	"darkroom/internal/queue"
	"darkroom/internal/store"
)

// How the queue is measured.
const (
	manySlots  = 16 // captures at once
	fewSlots   = 4
	queueSpan  = 4 * time.Second
	queueHosts = 1000 // of each job
	queueSome  = 20_000
	queueBase  = 1250 // captures of a job that are made as clients make them; the rest are copies of their rows
)

type createFunc = func(context.Context) (database.Config, error)

// measurePostgres measures the queue on a server of its own, as it is installed.
func measurePostgres(ctx context.Context, b *bench) error {
	create, err := databasetest.Durable()
	if err != nil {
		return err
	}
	return measureQueue(ctx, b, "PostgreSQL", create)
}

// measureSQLite measures the queue in files.
func measureSQLite(ctx context.Context, b *bench) error {
	folders := 0
	return measureQueue(ctx, b, "SQLite", func(context.Context) (database.Config, error) {
		folders++
		dir := filepath.Join(b.dir, fmt.Sprintf("queue-%d", folders))
		return database.Config{Path: dir}, os.MkdirAll(dir, 0o700)
	})
}

// measureQueue prints what claiming and finishing captures costs, with an engine
// that answers at once and no picture stored, and what reading many jobs does.
func measureQueue(ctx context.Context, b *bench, name string, create createFunc) error {
	fmt.Printf("\n### queue on %s: an engine that answers at once\n\n", name)
	fmt.Println("| slots | jobs at once | captures queued | captures finished/s | CPU ms per capture, the database's too |")
	fmt.Println("|---|---|---|---|---|")
	for _, slots := range []int{fewSlots, manySlots} {
		for _, jobs := range []int{1, 4, 16} {
			if err := measureDrain(ctx, create, slots, jobs, min(queueSome, b.set.backlog)); err != nil {
				return err
			}
		}
	}
	for backlog := 1000; backlog <= b.set.backlog; backlog *= 10 {
		if err := measureDrain(ctx, create, manySlots, 16, backlog); err != nil {
			return err
		}
	}
	return measureReading(ctx, create, b.set.backlog)
}

// rows is a new database with one key and one instance.
type rows struct {
	db    *database.DB
	store *store.Store
	key   store.NewKey
}

func openRows(ctx context.Context, create createFunc, slots int) (*rows, error) {
	config, err := create(ctx)
	if err != nil {
		return nil, err
	}
	db, err := database.Open(ctx, config)
	if err != nil {
		return nil, err
	}
	r := &rows{db: db}
	inserter, err := queue.NewInserter(db)
	if err == nil {
		r.store, err = store.Open(ctx, db, inserter, store.Config{
			SecretKey: [32]byte{1}, Slots: slots, HostConcurrency: slots, Log: slog.New(slog.DiscardHandler),
		})
	}
	if err == nil {
		r.key, err = r.store.CreateKey(ctx, "bench")
	}
	if err == nil {
		err = r.store.Beat(ctx, store.Instance{ID: "bench", Slots: slots, StartedAt: time.Now()})
	}
	if err != nil {
		return nil, errors.Join(err, db.Close())
	}
	return r, nil
}

// submit makes one job of n pages.
func (r *rows) submit(ctx context.Context, n int) (darkroom.Job, error) {
	targets := make([]store.Target, n)
	for i := range targets {
		host := fmt.Sprintf("host%d.test:443", i%queueHosts)
		targets[i] = store.Target{URL: fmt.Sprintf("https://%s/%d", host, i), Host: host}
	}
	job, _, err := r.store.CreateJob(ctx, store.NewJob{
		KeyID: r.key.ID, Kind: darkroom.KindBatch, HostConcurrency: manySlots, Targets: targets,
	})
	return job, err
}

// measureDrain lets all slots work on so many jobs, for a while or until half of
// the captures are done.
func measureDrain(ctx context.Context, create createFunc, slotsAtOnce, jobs, backlog int) error {
	r, err := openRows(ctx, create, slotsAtOnce)
	if err != nil {
		return err
	}
	defer r.db.Close()
	var ids []string
	for range jobs {
		job, err := r.submit(ctx, min(backlog/jobs, queueBase))
		if err != nil {
			return err
		}
		ids = append(ids, job.ID)
	}
	if err := r.multiply(ctx, ids, backlog/jobs/queueBase); err != nil {
		return err
	}
	var (
		slots    sync.WaitGroup
		finished atomic.Int64
		failures = make([]error, slotsAtOnce)
	)
	before := treeOf(os.Getpid()).total()
	began := time.Now()
	for i := range slotsAtOnce {
		slots.Go(func() {
			failures[i] = r.drain(ctx, func() bool { return time.Since(began) > queueSpan || int(finished.Load()) >= backlog/2 }, &finished)
		})
	}
	slots.Wait()
	if err := errors.Join(failures...); err != nil {
		return err
	}
	took, cpu, n := time.Since(began).Seconds(), treeOf(os.Getpid()).total()-before, float64(finished.Load())
	fmt.Printf("| %d | %d | %d | %.0f | %.2f |\n", slotsAtOnce, jobs, backlog, n/took, 1000*cpu/n)
	return nil
}

// drain is one slot.
func (r *rows) drain(ctx context.Context, enough func() bool, finished *atomic.Int64) error {
	for hint := (store.Hint{}); !enough(); {
		claim, ok, err := r.store.Claim(ctx, "bench", hint)
		if err != nil {
			return err
		}
		if !ok {
			continue
		}
		hint = store.Hint{JobID: claim.JobID, Host: claim.Host}
		kept, err := r.store.FinishCapture(ctx, claim, store.Outcome{Result: darkroom.Result{
			Artifact: darkroom.Artifact{Key: "jobs/" + claim.CaptureID, ContentType: "image/png", Size: 1000, SHA256: "00", Width: 1280, Height: 720},
			FinalURL: claim.URL, HTTPStatus: 200, Title: "A page", Duration: time.Second, CapturedAt: time.Now(),
		}})
		if err != nil || !kept {
			return fmt.Errorf("finish capture %s: kept %t: %w", claim.CaptureID, kept, err)
		}
		finished.Add(1)
	}
	return nil
}
