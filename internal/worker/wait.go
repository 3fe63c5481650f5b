package worker

import (
	"context"
	"fmt"
	"time"
)

// pause waits, and reports whether ctx is still alive then.
func pause(ctx context.Context, wait time.Duration) bool {
	timer := time.NewTimer(wait)
	defer timer.Stop()
	select {
	case <-timer.C:
		return ctx.Err() == nil
	case <-ctx.Done():
		return false
	}
}

const (
	insistFirst = 100 * time.Millisecond
	insistMost  = 5 * time.Second
)

// insist does what must be done until it succeeds, at least once, and not
// after ctx has ended. Giving up earlier would leave a capture in the hands of
// a worker that is alive but has forgotten it.
func (w *Worker) insist(ctx context.Context, what string, do func(context.Context) error) error {
	lasting := context.WithoutCancel(ctx)
	for wait := insistFirst; ; wait = min(2*wait, insistMost) {
		err := do(lasting)
		if err == nil {
			return nil
		}
		err = fmt.Errorf("%s: %w", what, err)
		w.Log.Warn("what must be done failed and is tried again", "err", err)
		if !pause(ctx, wait) {
			return err
		}
	}
}
