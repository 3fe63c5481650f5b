package worker

import (
	"context"
	"fmt"
	"time"

	"darkroom"
	"darkroom/internal/sitemap"
	"darkroom/internal/store"
)

// What is found is added in pages: a small one first, so that the first
// capture need not wait, and what trickles in after a moment.
const (
	firstPage = 50
	fullPage  = 500
	pageWaits = time.Second
)

// expand reads the sitemap of a job and adds its pages as captures, while the
// first of them are being taken already. One that died in the middle begins
// anew and adds only what is not there yet. When the worker stops, it leaves
// the rest to the next start. While other sitemaps of the key are read it steps
// aside.
func (w *Worker) expand(ctx context.Context, jobID string) error {
	walk, release := w.drained.bind(ctx)
	defer release()
	if walk.Err() != nil {
		return nil // the start of the next process makes a new task
	}
	job, err := w.Store.JobForWork(ctx, jobID)
	switch {
	case darkroom.CodeOf(err) == darkroom.CodeNotFound:
		return nil // its history is over
	case err != nil:
		return fmt.Errorf("read job %s: %w", jobID, err)
	}
	if err := w.readers.enter(job.KeyID); err != nil {
		return err
	}
	defer w.readers.leave(job.KeyID)
	return w.read(ctx, walk, job.ID)
}

// read reads a sitemap while walk lives and the job is neither cancelled nor
// deleted.
func (w *Worker) read(ctx, walk context.Context, jobID string) error {
	job, ok, err := w.Store.BeginDiscovery(ctx, jobID)
	if err != nil || !ok {
		return err
	}
	known, err := w.Store.TargetURLs(ctx, job.ID)
	if err != nil {
		return fmt.Errorf("go on with a sitemap: %w", err)
	}
	walk, stop := context.WithTimeout(walk, job.Deadline.Sub(w.Now()))
	defer stop()
	walk, release := w.while(walk, job.ID, func(ctx context.Context) (bool, error) { return w.expands(ctx, job.ID) })
	defer release()
	e := &expansion{
		Worker: w, job: job, known: known, total: len(known), best: job.Discovery,
		stop: stop, limit: firstPage, began: w.Now(), addedAt: w.Now(),
	}
	found, err := w.Walk(walk, job.Crawl, sitemap.Visitor{
		Page:     func(page sitemap.Page) error { return e.page(ctx, page) },
		Progress: func(sofar darkroom.Discovery) { e.progress(ctx, sofar) },
		Problem:  e.problem,
	})
	return e.end(ctx, walk, found, err)
}

// expansion is one reading of a job's sitemap. It is used by one goroutine.
type expansion struct {
	*Worker

	job     darkroom.Job
	known   map[string]bool // URLs that have a capture, or will
	total   int             // URLs that have their captures
	pending []store.Target  // found, not added yet
	best    darkroom.Discovery
	stop    func() // ends the reading
	limit   int    // of pending
	began   time.Time
	addedAt time.Time
	busy    *darkroom.Error // a host of the sitemap asked to be left alone; of several, the one that asks for longest
	err     error           // why nothing can be added any more
}

func (e *expansion) page(ctx context.Context, page sitemap.Page) error {
	if e.err != nil || e.known[page.URL] || e.total+len(e.pending) >= e.job.Crawl.MaxPages {
		return e.err // what an earlier reading found counts, also where the sitemap has changed since
	}
	e.known[page.URL] = true
	e.pending = append(e.pending, store.Target{URL: page.URL, Host: page.Host, Refusal: page.Refusal, Delay: page.Delay})
	if len(e.pending) >= e.limit || e.Now().Sub(e.addedAt) >= pageWaits {
		e.add(ctx)
	}
	return e.err
}

// progress adds what a file has given before the next one is fetched.
func (e *expansion) progress(ctx context.Context, sofar darkroom.Discovery) {
	e.learn(sofar)
	if e.err == nil && (len(e.pending) > 0 || e.Now().Sub(e.addedAt) >= pageWaits) {
		e.add(ctx)
	}
}

// learn keeps the numbers from going back when the reading has begun anew.
func (e *expansion) learn(sofar darkroom.Discovery) {
	if sofar.Found >= e.best.Found {
		e.best = sofar
	}
}

func (e *expansion) add(ctx context.Context) {
	e.best.Found = max(e.best.Found, e.total+len(e.pending))
	total, err := e.Store.AddTargets(ctx, e.job.ID, e.total, e.pending, e.best)
	if err != nil {
		e.err = err
		e.stop()
		return
	}
	e.total, e.pending, e.limit, e.addedAt = total, nil, fullPage, e.Now()
}
