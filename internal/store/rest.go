package store

import (
	"sync/atomic"
	"time"
)

// rest remembers that nothing may be claimed, so that slots which wait for a
// host or a retry can look often without going through a long backlog each
// time. Whatever this process commits ends it; what other processes commit is
// seen after restMost.
type rest struct {
	none *atomic.Pointer[restUntil]
}

type restUntil struct {
	from, until time.Time
	event       bool // until is when something becomes due
}

const restMost = 250 * time.Millisecond

func newRest() rest { return rest{new(atomic.Pointer[restUntil])} }

// begin must be called inside the transaction that found nothing: whoever
// makes a difference commits after it, and then calls end.
func (r rest) begin(now, next time.Time, event bool) {
	r.none.Store(&restUntil{from: now, until: next, event: event})
}

func (r rest) end() { r.none.Store(nil) }

// now gives the rest that is in force.
func (r rest) now(now time.Time) (in restUntil, resting bool) {
	none := r.none.Load()
	if none == nil || now.Sub(none.from) >= restMost || (none.event && !now.Before(none.until)) {
		return restUntil{}, false
	}
	return *none, true
}
