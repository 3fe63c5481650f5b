package worker

import (
	"time"

	"darkroom"
	"darkroom/internal/store"
)

// Seen are functions that are told what ended. They must return at once, and
// are called from many goroutines. A code "" means success.
type Seen struct {
	Capture    func(code darkroom.Code, again bool, took time.Duration) // an attempt; again = another follows
	Screenshot func(code darkroom.Code)
	Delivery   func(state darkroom.DeliveryState) // after an attempt
}

func (s Seen) capture(claim darkroom.Claim, outcome store.Outcome) {
	if s.Capture == nil {
		return
	}
	var code darkroom.Code
	if outcome.Err != nil {
		code = outcome.Err.Code
	}
	s.Capture(code, outcome.Waits(claim) || !outcome.RetryAt.IsZero(), outcome.Result.Duration)
}

func (s Seen) screenshot(err error) {
	if s.Screenshot != nil {
		s.Screenshot(darkroom.CodeOf(err))
	}
}

func (s Seen) delivery(state darkroom.DeliveryState) {
	if s.Delivery != nil {
		s.Delivery(state)
	}
}

// Busy is how many captures are taken at once at this moment, and how many
// slots are at work.
func (w *Worker) Busy() (slots, lent int) {
	w.pool.mu.Lock()
	defer w.pool.mu.Unlock()
	return w.pool.limit, w.pool.lent
}
