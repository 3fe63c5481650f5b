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
	ends *atomic.Int64 // how often end was called
}

type restUntil struct {
	from, until time.Time
	event       bool // until is when something becomes due
}

const restMost = 250 * time.Millisecond

func newRest() rest { return rest{new(atomic.Pointer[restUntil]), new(atomic.Int64)} }

// begin is called by a transaction that found nothing. seen is what ends gave
// before it began: whoever has made a difference since then has called end, or
// will, and the transaction may not have seen it.
func (r rest) begin(seen int64, now, next time.Time, event bool) {
	if r.ends.Load() != seen {
		return
	}
	begun := &restUntil{from: now, until: next, event: event}
	r.none.Store(begun)
	if r.ends.Load() != seen {
		r.none.CompareAndSwap(begun, nil)
	}
}

func (r rest) end() {
	r.ends.Add(1)
	r.none.Store(nil)
}

// now gives the rest that is in force.
func (r rest) now(now time.Time) (in restUntil, resting bool) {
	none := r.none.Load()
	if none == nil || now.Sub(none.from).Abs() >= restMost || (none.event && !now.Before(none.until)) {
		return restUntil{}, false
	}
	return *none, true
}
