package worker

import (
	"context"
	"errors"
	"slices"
	"sync"
	"time"

	"darkroom/internal/store"
)

// slot is one place in the pool. Its engine is opened when it is first needed.
type slot struct {
	engine  Slot       // nil while it is not open
	hint    store.Hint // what it has just served
	usedAt  time.Time
	retryAt time.Time // no start is tried before

	// Guarded by the pool: others than the slot's borrower look at them.
	lent   bool
	well   bool      // its browser worked when it was last looked at
	looked time.Time // when that was
	failed int       // starts in a row that failed
	since  time.Time // a start is under way; zero while none is
}

var errClosed = errors.New("the worker has stopped")

// pool lends slots, as many at once as its limit says. Screenshots come before
// shifts, and among equals who asked first.
type pool struct {
	open func(context.Context) (Slot, error)
	size int

	slots []*slot // all of them

	mu      sync.Mutex
	limit   int     // of slots that are lent; at most size
	lent    int     // may be above a limit that was lowered
	idle    []*slot // the last one was used last, and is lent first
	urgent  []chan *slot
	patient []chan *slot
	closed  bool
	empty   chan struct{} // closed when the pool is closed and every slot is back
}

func newPool(limit, size int, open func(context.Context) (Slot, error)) *pool {
	p := &pool{open: open, limit: limit, size: size, empty: make(chan struct{})}
	for range size {
		p.slots = append(p.slots, &slot{})
	}
	p.idle = slices.Clone(p.slots)
	return p
}

// acquire lends a slot, which must be given back by release. It waits until
// one is free or ctx ends.
func (p *pool) acquire(ctx context.Context, urgent bool) (*slot, error) {
	wait, taken, err := p.ask(urgent)
	if taken != nil || err != nil {
		return taken, err
	}
	select {
	case taken = <-wait:
	case <-ctx.Done():
		if p.withdraw(wait) {
			return nil, context.Cause(ctx)
		}
		taken = <-wait // it was handed over at the same moment
	}
	if taken == nil {
		return nil, errClosed
	}
	return taken, nil
}

func (p *pool) ask(urgent bool) (wait chan *slot, taken *slot, err error) {
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.closed {
		return nil, nil, errClosed
	}
	if taken = p.lend(); taken != nil {
		return nil, taken, nil
	}
	wait = make(chan *slot, 1)
	if urgent {
		p.urgent = append(p.urgent, wait)
	} else {
		p.patient = append(p.patient, wait)
	}
	return wait, nil, nil
}

// withdraw reports whether the waiter could be taken off its line.
func (p *pool) withdraw(wait chan *slot) bool {
	p.mu.Lock()
	defer p.mu.Unlock()
	before := len(p.urgent) + len(p.patient)
	same := func(other chan *slot) bool { return other == wait }
	p.urgent = slices.DeleteFunc(p.urgent, same)
	p.patient = slices.DeleteFunc(p.patient, same)
	return len(p.urgent)+len(p.patient) < before
}

// lend takes the idle slot that was used last; nil when there is none, or as
// many are lent as may be.
func (p *pool) lend() (s *slot) {
	last := len(p.idle) - 1
	if last < 0 || p.lent >= p.limit {
		return nil
	}
	s, p.idle = p.idle[last], p.idle[:last]
	s.lent = true
	p.lent++
	return s
}

// release gives a slot back.
func (p *pool) release(s *slot, now time.Time) {
	p.mu.Lock()
	defer p.mu.Unlock()
	s.usedAt, s.hint.PageOf = now, 0 // whoever has the slot next may need another page
	if s.failed == 0 {
		p.idle = append(p.idle, s)
	} else {
		p.idle = slices.Insert(p.idle, 0, s) // another may fare better
	}
	s.lent = false
	p.lent--
	p.serve()
	p.settle()
}

// serve lends what may be lent: to waiting screenshots, then to waiting shifts.
func (p *pool) serve() {
	for _, line := range []*[]chan *slot{&p.urgent, &p.patient} {
		for len(*line) > 0 {
			s := p.lend()
			if s == nil {
				return
			}
			(*line)[0] <- s
			*line = (*line)[1:]
		}
	}
}

// setLimit lends more from now on, or fewer once some are given back.
func (p *pool) setLimit(limit int) {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.limit = limit
	p.serve()
}

// short reports whether somebody waits although as many slots are lent as may
// be.
func (p *pool) short() (limit int, short bool) {
	p.mu.Lock()
	defer p.mu.Unlock()
	return p.limit, p.lent >= p.limit && len(p.urgent)+len(p.patient) > 0
}

// wanted reports whether a screenshot waits for a slot.
func (p *pool) wanted() bool {
	p.mu.Lock()
	defer p.mu.Unlock()
	return len(p.urgent) > 0
}

// cool takes the engines of idle slots that were not used since, all but
// spare of them.
func (p *pool) cool(since time.Time, spare int) []Slot {
	p.mu.Lock()
	defer p.mu.Unlock()
	var cold []Slot
	for _, s := range slices.Backward(p.idle) { // the one used last stays
		switch {
		case s.engine == nil:
		case spare > 0:
			spare--
		case s.usedAt.Before(since):
			cold = append(cold, s.engine)
			s.engine, s.hint, s.well = nil, store.Hint{}, false
		}
	}
	return cold
}

// close lends no more, waits until every slot is back, and closes them.
func (p *pool) close() error {
	p.mu.Lock()
	if !p.closed {
		p.closed = true
		for _, wait := range slices.Concat(p.urgent, p.patient) {
			close(wait)
		}
		p.urgent, p.patient = nil, nil
		p.settle()
	}
	p.mu.Unlock()
	<-p.empty
	var errs []error
	for _, s := range p.idle {
		if s.engine != nil {
			errs = append(errs, s.engine.Close())
			s.engine = nil
		}
	}
	return errors.Join(errs...)
}

func (p *pool) settle() {
	if p.closed && len(p.idle) == p.size {
		close(p.empty)
	}
}

// begin notes that a slot's browser is being started or looked at.
func (p *pool) begin(s *slot, now time.Time) {
	p.mu.Lock()
	defer p.mu.Unlock()
	s.since = now
}

// began notes how that ended, and gives how many starts in a row have failed.
// One that was broken off tells nothing.
func (p *pool) began(s *slot, now time.Time, err error, brokenOff bool) (failed int) {
	p.mu.Lock()
	defer p.mu.Unlock()
	s.since, s.well, s.looked = time.Time{}, err == nil, now
	switch {
	case err == nil:
		s.failed = 0
	case !brokenOff:
		s.failed++
	}
	return s.failed
}

// trouble tells that a browser did not start, or takes long to, unless another
// slot has one that works: it is in use, or was a moment ago.
func (p *pool) trouble(now time.Time) error {
	p.mu.Lock()
	defer p.mu.Unlock()
	bad := false
	for _, s := range p.slots {
		slow := !s.since.IsZero() && now.Sub(s.since) >= slowStart
		if s.well && !slow && (s.lent || now.Sub(s.looked) < wellFor) {
			return nil
		}
		bad = bad || slow || s.failed > 0
	}
	if bad {
		return errors.New("the browser does not start, the log says why; captures wait")
	}
	return nil
}
