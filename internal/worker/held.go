package worker

import (
	"context"
	"sync"
	"time"

	"darkroom"
)

// heldLook is between two looks whether another process has cancelled or
// deleted a job, or taken a capture over. This process hears of it at once.
const heldLook = time.Second

// while gives a context that ends with ctx, and when the job is cancelled or
// deleted or still says no. release must be called; it waits for the watch to
// end.
func (w *Worker) while(
	ctx context.Context, jobID string, still func(context.Context) (bool, error),
) (bound context.Context, release func()) {
	bound, cancel := context.WithCancel(ctx)
	stopped := w.Store.Stopped(jobID)
	var watching sync.WaitGroup
	watching.Go(func() {
		defer cancel()
		look := time.NewTicker(heldLook)
		defer look.Stop()
		for {
			select {
			case <-stopped:
				return
			case <-look.C:
				if ok, err := still(bound); err == nil && !ok {
					return
				}
			case <-bound.Done():
				return
			}
		}
	})
	return bound, func() {
		cancel()
		watching.Wait()
	}
}

// captureWhileHeld breaks a capture off when it is not this claim's any more;
// held is false then.
func (w *Worker) captureWhileHeld(flight context.Context, own *slot, claim darkroom.Claim) (shot darkroom.Shot, held bool, err error) {
	bound, release := w.while(flight, claim.JobID, func(ctx context.Context) (bool, error) {
		return w.Store.Holds(ctx, claim)
	})
	defer release()
	shot, err = w.capture(bound, own, claim)
	return shot, bound.Err() == nil, err
}

// expands reports whether more captures may be added to a job.
func (w *Worker) expands(ctx context.Context, jobID string) (bool, error) {
	job, err := w.Store.JobForWork(ctx, jobID)
	if darkroom.CodeOf(err) == darkroom.CodeNotFound {
		return false, nil
	}
	return job.Progress.Expanding, err
}
