package worker

import (
	"context"
	"errors"
	"fmt"
	"time"
)

const (
	startTimeout  = time.Minute      // of one browser
	slowStart     = 10 * time.Second // then it is told that the browser does not start
	wellFor       = 10 * time.Second // an idle browser counts as one that works
	longestRetry  = time.Minute      // between two starts that fail
	shortestRetry = time.Second
)

// ready opens the slot's engine when it is not open, and prepares it. After a
// failure no other start is tried for a while, which grows from a second to a
// minute: a browser that cannot start is a matter for the operator, and no
// capture fails for it.
func (w *Worker) ready(ctx context.Context, s *slot) error {
	if wait := s.retryAt.Sub(w.Now()); wait > 0 {
		return fmt.Errorf("the browser did not start; next try in %v", wait.Round(time.Second))
	}
	ctx, cancel := context.WithTimeout(ctx, startTimeout)
	defer cancel()
	w.pool.begin(s, w.Now())
	err := w.start(ctx, s)
	brokenOff := errors.Is(ctx.Err(), context.Canceled)
	failed := w.pool.began(s, w.Now(), err, brokenOff)
	if err != nil && !brokenOff {
		s.retryAt = w.Now().Add(min(shortestRetry<<min(failed-1, 10), longestRetry))
		w.Log.Error("the browser did not start", "err", err)
	}
	return err
}

func (w *Worker) start(ctx context.Context, s *slot) error {
	if s.engine == nil {
		engine, err := w.OpenSlot(ctx)
		if err != nil {
			return fmt.Errorf("open a slot: %w", err)
		}
		s.engine = engine
	}
	if err := s.engine.Prepare(ctx); err != nil {
		return fmt.Errorf("prepare a slot: %w", err)
	}
	return nil
}
