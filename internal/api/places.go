package api

import (
	"context"
	"time"

	"darkroom"
)

// places bounds how many requests do something costly at once.
type places struct {
	taken chan struct{}
	busy  string // what is said when there is none
}

// enter takes a place, and waits for one if it must. leave gives it back.
func (p places) enter(ctx context.Context, wait time.Duration) (leave func(), err error) {
	timeout := time.NewTimer(wait)
	defer timeout.Stop()
	select {
	case p.taken <- struct{}{}:
		return func() { <-p.taken }, nil
	case <-ctx.Done():
		return nil, context.Cause(ctx)
	case <-timeout.C:
		return nil, &darkroom.Error{
			Code:       darkroom.CodeRateLimited,
			Message:    p.busy,
			Hint:       "Try again in a few seconds",
			RetryAfter: comeBack,
		}
	}
}
