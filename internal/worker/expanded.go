package worker

import (
	"context"
	"errors"
	"fmt"
	"time"

	"darkroom"
	"darkroom/internal/queue"
)

// A sitemap whose host asks to be left alone is waited for, but not for so long
// that its job seems to be dead.
const (
	shortestReread = 5 * time.Second
	longestReread  = 10 * time.Minute // from the first try
)

// end decides what has come of a reading.
func (e *expansion) end(ctx, walk context.Context, found darkroom.Discovery, err error) error {
	late := err != nil && errors.Is(walk.Err(), context.DeadlineExceeded)
	switch {
	case e.err != nil:
		return e.giveUp(e.err)
	case ctx.Err() != nil:
		return fmt.Errorf("read the sitemap of job %s: %w", e.job.ID, context.Cause(ctx))
	case err != nil && walk.Err() != nil && !late:
		return nil // the worker stops, or the job was stopped
	}
	failure := sitemapFailure(err, late)
	if failure != nil {
		e.problem(failure)
	}
	wait, again := e.reread()
	if again {
		e.learn(found)
	}
	if len(e.pending) > 0 || again {
		if e.add(ctx); e.err != nil {
			return e.giveUp(e.err)
		}
	}
	if again {
		return queue.Later(wait)
	}
	if failure != nil && found.Found < e.best.Found {
		found = e.best // this reading has come less far than the one before
	}
	if err := e.Store.EndDiscovery(ctx, e.job.ID, e.total, found, failure); err != nil {
		return e.giveUp(err)
	}
	e.tell(found, failure)
	return nil
}

// giveUp leaves the job to whoever else is at it or has ended it, and to the
// next try what could not be written.
func (e *expansion) giveUp(err error) error {
	switch darkroom.CodeOf(err) {
	case darkroom.CodeConflict, darkroom.CodeNotFound:
		e.Log.Info("a sitemap was left to someone else", "job", e.job.ID, "err", err)
		return nil
	}
	return fmt.Errorf("add the pages of a sitemap: %w", err)
}

// sitemapFailure is why a reading ended early; nil when it did not.
func sitemapFailure(err error, late bool) *darkroom.Error {
	if late {
		return darkroom.Errorf(darkroom.CodeTimeout, "The job's deadline passed before its sitemap was read")
	}
	if err == nil {
		return nil
	}
	if known, ok := errors.AsType[*darkroom.Error](err); ok {
		return known
	}
	return darkroom.Errorf(darkroom.CodeInternal, "the sitemap could not be read: %w", err)
}

// problem remembers that a host asked for time.
func (e *expansion) problem(p *darkroom.Error) {
	if darkroom.Resting(p.HTTPStatus, p.RetryAfter) && (e.busy == nil || p.RetryAfter > e.busy.RetryAfter) {
		e.busy = p
	}
}

// reread is when to try again because a host asked for time and pages may be
// missing. A sample is of all pages: one that is there cannot be added to. The
// waits grow with the time that the job has been waiting already.
func (e *expansion) reread() (time.Duration, bool) {
	found, crawl := e.total+len(e.pending), e.job.Crawl
	if e.busy == nil || found >= crawl.MaxPages || found > 0 && crawl.PerTemplate > 0 {
		return 0, false
	}
	waited := e.Now().Sub(e.job.StartedAt)
	wait := max(e.busy.RetryAfter, waited, shortestReread)
	return wait, waited+wait <= longestReread && e.Now().Add(wait).Before(e.job.Deadline)
}

func (e *expansion) tell(found darkroom.Discovery, failure *darkroom.Error) {
	log := e.Log.With("job", e.job.ID, "captures", e.total*e.job.CapturesPerURL(), "sitemaps", found.Sitemaps, "found", found.Found,
		"skipped", found.SkippedInAll(), "elapsed", e.Now().Sub(e.began).Round(time.Millisecond))
	if failure != nil {
		log.Info("a sitemap could not be read to its end", "code", failure.Code, "err", failure)
		return
	}
	log.Info("a sitemap was read")
}
