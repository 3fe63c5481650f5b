package worker

import (
	"context"
	"errors"
	"fmt"
	"time"

	"darkroom/internal/bucket"
)

const (
	expireAtOnce   = 500       // keys
	orphansEvery   = time.Hour // and once at the start
	orphanMustBeOf = time.Hour // before it is deleted: a picture is stored before its row is written
	fileClockLags  = 100 * time.Millisecond
)

// sweep sets right what crashes left behind and deletes what has expired. A
// step that fails does not keep the others from their work.
func (w *Worker) sweep(ctx context.Context) error {
	w.sweeping.Lock()
	defer w.sweeping.Unlock()
	var errs []error
	for _, step := range []struct {
		name string
		do   func(context.Context) error
	}{
		{"write the heartbeat", w.beat}, // or our own captures could count as lost
		{"recover lost captures", w.recoverLost},
		{"begin to erase keys", w.Store.HastenErasure},
		{"end overdue jobs", w.failOverdue},
		{"delete expired results", w.expire},
		{"erase keys", w.eraseKeys},
		{"forget old jobs", w.purge},
		{"delete orphans", w.deleteOrphans},
	} {
		if err := step.do(ctx); err != nil {
			errs = append(errs, fmt.Errorf("%s: %w", step.name, err))
		}
	}
	return errors.Join(errs...)
}

func (w *Worker) recoverLost(ctx context.Context) error {
	n, err := w.Store.RecoverLost(ctx, silentFor)
	w.Seen.lost(n)
	if n > 0 {
		w.Log.Warn("captures were lost with their worker", "captures", n)
	}
	return err
}

func (w *Worker) failOverdue(ctx context.Context) error {
	n, err := w.Store.FailOverdue(ctx)
	if n > 0 {
		w.Log.Warn("captures were given up at their job's deadline", "captures", n)
	}
	return err
}

func (w *Worker) purge(ctx context.Context) error {
	n, err := w.Store.PurgeHistory(ctx, w.History)
	if n > 0 {
		w.Log.Info("old jobs were forgotten", "jobs", n)
	}
	return err
}

func (w *Worker) eraseKeys(ctx context.Context) error {
	n, err := w.Store.FinishErasure(ctx)
	if n > 0 {
		w.Log.Info("keys were erased", "keys", n)
	}
	return err
}

// expire deletes bytes first and their rows' keys afterwards: a crash in
// between deletes once more, and nothing is left that nobody knows of.
func (w *Worker) expire(ctx context.Context) error {
	for {
		keys, err := w.Store.ExpiredKeys(ctx, expireAtOnce)
		if err != nil || len(keys) == 0 {
			return err
		}
		gone, err := w.deleteAll(ctx, keys)
		if len(gone) > 0 {
			w.Seen.expired(len(gone))
			err = errors.Join(err, w.Store.ForgetKeys(ctx, gone))
		}
		if err != nil {
			return err
		}
	}
}

func (w *Worker) deleteAll(ctx context.Context, keys []string) (gone []string, err error) {
	var errs []error
	for _, key := range keys {
		if ctx.Err() != nil {
			errs = append(errs, context.Cause(ctx))
			break
		}
		if err := w.Bucket.Delete(ctx, key); err != nil {
			errs = append(errs, err)
			continue
		}
		gone = append(gone, key)
	}
	return gone, errors.Join(errs...)
}

// deleteOrphans deletes what no row refers to. It goes through the whole
// bucket, so it does not do that at every sweep.
func (w *Worker) deleteOrphans(ctx context.Context) error {
	if now := w.Now(); now.Sub(w.orphansAt) < orphansEvery {
		return nil
	}
	deleted := 0
	for object, err := range w.Bucket.Keys(ctx, "") {
		if err != nil {
			return err
		}
		orphan, err := w.isOrphan(ctx, object)
		if err != nil {
			return err
		}
		if !orphan {
			continue
		}
		if err := w.Bucket.Delete(ctx, object.Key); err != nil {
			return err
		}
		deleted++
	}
	if deleted > 0 {
		w.Log.Info("orphans were deleted", "objects", deleted)
	}
	w.orphansAt = w.Now()
	return nil
}

func (w *Worker) isOrphan(ctx context.Context, object bucket.Object) (bool, error) {
	if object.Partial && object.ModTime.Before(w.startedAt.Add(-fileClockLags)) {
		return true, nil // of a process that is dead
	}
	if w.Now().Sub(object.ModTime) < orphanMustBeOf {
		return false, nil
	}
	owned, err := w.Store.Owned(ctx, object.Key)
	return !owned, err
}
