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
	Delivery   func(state darkroom.DeliveryState, took time.Duration) // after an attempt
	Picture    func(format string, bytes int64)                       // that was stored for a capture
	Rest       func()                                                 // a host asked to be left alone
	Lost       func(captures int)                                     // they were set back: their instance had gone
	Expired    func(files int)                                        // they were deleted
	Ended      func(job darkroom.Job)
}

func (s Seen) capture(claim darkroom.Claim, outcome store.Outcome) {
	if s.Picture != nil && outcome.Err == nil {
		s.Picture(claim.Options.WithDefaults().Format, outcome.Result.Size)
	}
	if s.Rest != nil && !outcome.Rest.IsZero() {
		s.Rest()
	}
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

func (s Seen) delivery(state darkroom.DeliveryState, took time.Duration) {
	if s.Delivery != nil {
		s.Delivery(state, took)
	}
}

func (s Seen) lost(captures int) {
	if s.Lost != nil && captures > 0 {
		s.Lost(captures)
	}
}

func (s Seen) expired(files int) {
	if s.Expired != nil {
		s.Expired(files)
	}
}

func (s Seen) ended(job darkroom.Job) {
	if s.Ended != nil {
		s.Ended(job)
	}
}

// Busy is how many captures are taken at once at this moment, and how many
// slots are at work.
func (w *Worker) Busy() (slots, lent int) {
	w.pool.mu.Lock()
	defer w.pool.mu.Unlock()
	return w.pool.limit, w.pool.lent
}
