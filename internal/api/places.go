package api

import (
	"context"
	"time"

	"darkroom"
)

// places bounds how many requests do something costly at once.
type places chan struct{}

// enter takes a place, and waits for one if it must. leave gives it back.
func (p places) enter(ctx context.Context, wait time.Duration) (leave func(), err error) {
	timeout := time.NewTimer(wait)
	defer timeout.Stop()
	select {
	case p <- struct{}{}:
		return func() { <-p }, nil
	case <-ctx.Done():
		return nil, context.Cause(ctx)
	case <-timeout.C:
		return nil, &darkroom.Error{
			Code:       darkroom.CodeRateLimited,
			Message:    "The server is reading as many sitemaps for plans as it does at once",
			Hint:       "Try again in a few seconds",
			RetryAfter: comeBack,
		}
	}
}
