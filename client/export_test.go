package client

import (
	"context"
	"time"
)

// WithPause replaces the waiting between two attempts or polls.
func WithPause(pause func(context.Context, time.Duration) error) Option {
	return func(c *Client) {
		c.pause = pause
		c.jitter = func() float64 { return 0 }
	}
}
