package worker

import (
	"context"
	"fmt"
	"time"

	"darkroom/internal/store"
)

const (
	turnLength = 20 * time.Second // a shift claims for so long

	// What is due this soon is waited for; a shift task would not start much
	// earlier.
	soon = 5 * time.Second

	// Between two looks for something due. A look costs well under a
	// millisecond, and new jobs come in meanwhile.
	shortestLook = 50 * time.Millisecond
	longestLook  = 100 * time.Millisecond

	troubleLook = 500 * time.Millisecond // while there is no browser or no room
)

// shift is one turn of a slot. It ends after turnLength or when nothing is
// due, and then leaves a successor if work is left.
func (w *Worker) shift(ctx context.Context) error {
	if err := w.announce(ctx); err != nil {
		return err
	}
	turn, cancel := context.WithTimeout(ctx, turnLength)
	defer cancel()
	turn, release := w.drained.bind(turn)
	defer release()
	if turn.Err() != nil {
		return nil // the start of the next process makes new shifts
	}
	if err := w.work(ctx, turn); err != nil {
		return err // the queue calls this shift again: it is its own successor
	}
	if err := w.Store.SucceedShift(context.WithoutCancel(ctx), w.Instance); err != nil {
		return fmt.Errorf("leave a successor: %w", err)
	}
	return nil
}

// work takes captures, one after the other, while the turn lasts.
func (w *Worker) work(ctx, turn context.Context) error {
	own, err := w.pool.acquire(turn, false)
	if err != nil {
		return nil // screenshots had every slot; the successor tries again
	}
	defer func() {
		if own != nil {
			w.pool.release(own, w.Now())
		}
	}()
	for turn.Err() == nil {
		if w.pool.wanted() {
			w.pool.release(own, w.Now())
			if own, err = w.pool.acquire(turn, false); err != nil {
				return nil
			}
		}
		if more, err := w.step(ctx, turn, own); err != nil || !more {
			return err
		}
	}
	return nil
}

// step takes the next capture if one is due, and else waits a little. more is
// false when nothing will be due soon.
func (w *Worker) step(ctx, turn context.Context, own *slot) (more bool, err error) {
	hint := own.hint
	own.hint.PageOf = 0 // the page is kept for the next claim only
	if !w.space.ok(w.Now()) || w.ready(ctx, own) != nil {
		return pause(turn, troubleLook), nil
	}
	if !w.flights.begin() {
		return false, nil
	}
	defer w.flights.end()
	claim, ok, err := w.Store.Claim(turn, w.Instance, hint)
	switch {
	case turn.Err() != nil && err != nil:
		return false, nil
	case err != nil:
		return false, fmt.Errorf("claim a capture: %w", err)
	case !ok:
		return w.awaitDue(turn)
	}
	if claim.Cached {
		w.Log.Debug("answered by an earlier picture", "job", claim.JobID, "capture", claim.Ordinal, "host", claim.Host)
		if hint.PageOf > 0 && claim.Followed && claim.JobID == hint.JobID {
			own.hint.PageOf = claim.Ordinal
		}
		return true, nil
	}
	own.hint = store.Hint{JobID: claim.JobID, Host: claim.Host}
	w.take(ctx, own, claim)
	return true, nil
}

// awaitDue waits for the next look, and reports whether one is worth it.
func (w *Worker) awaitDue(turn context.Context) (bool, error) {
	at, ok, err := w.Store.NextDue(turn)
	switch {
	case turn.Err() != nil:
		return false, nil
	case err != nil:
		return false, fmt.Errorf("look for the next capture: %w", err)
	}
	wait := at.Sub(w.Now())
	if !ok || wait > soon {
		return false, nil
	}
	return pause(turn, min(max(wait, shortestLook), longestLook)), nil
}
