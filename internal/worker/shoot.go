package worker

import (
	"context"
	"errors"

	"darkroom"
)

// Shoot takes one screenshot for a caller who waits: in an idle slot at once,
// else in the first slot whose capture ends. Its error is a *darkroom.Error:
// CodeTimeout when ctx or the options' timeout ended first,
// CodeQueueUnavailable while there is no browser or the worker stops, else the
// code of the failed capture.
func (w *Worker) Shoot(ctx context.Context, request darkroom.CaptureRequest) (darkroom.Shot, error) {
	if !w.flights.begin() {
		return darkroom.Shot{}, stopping()
	}
	defer w.flights.end()
	own, err := w.slotFor(ctx)
	if err != nil {
		return darkroom.Shot{}, err
	}
	defer func() { w.pool.release(own, w.Now()) }()
	if err := w.ready(ctx, own); err != nil {
		if ctx.Err() != nil {
			return darkroom.Shot{}, outOfTime(err)
		}
		return darkroom.Shot{}, &darkroom.Error{
			Code: darkroom.CodeQueueUnavailable, Message: "the browser does not start",
			Hint: "See the server's log, or run darkroom doctor", Err: err,
		}
	}
	shot, err := w.shoot(ctx, own, request)
	w.Seen.screenshot(err)
	return shot, err
}

// slotFor waits for a slot, in front of every shift.
func (w *Worker) slotFor(ctx context.Context) (*slot, error) {
	wait, release := w.drained.bind(ctx)
	defer release()
	own, err := w.pool.acquire(wait, true)
	switch {
	case err == nil:
		return own, nil
	case ctx.Err() != nil:
		return nil, outOfTime(err)
	}
	return nil, stopping()
}

func (w *Worker) shoot(ctx context.Context, own *slot, request darkroom.CaptureRequest) (darkroom.Shot, error) {
	flight, land := w.aborted.bind(ctx)
	defer land()
	attempt, cancel := context.WithTimeout(flight, request.Options.AttemptTimeout())
	defer cancel()
	shot, err := own.engine.Capture(attempt, request)
	switch {
	case err == nil:
		return shot, nil
	case flight.Err() != nil && ctx.Err() == nil:
		return shot, stopping()
	case errors.Is(ctx.Err(), context.DeadlineExceeded):
		return shot, outOfTime(err)
	}
	return shot, captureError(err)
}

func stopping() error {
	return &darkroom.Error{Code: darkroom.CodeQueueUnavailable, Message: "the server is stopping", Hint: "Try again in a moment"}
}

func outOfTime(err error) error {
	return darkroom.Errorf(darkroom.CodeTimeout, "the screenshot was not taken in time: %w", err)
}
