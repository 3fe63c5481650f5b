package worker

import (
	"sync"
	"time"

	"darkroom/internal/queue"
)

// readingsPerKey is how many sitemaps of one key are read at once.
const readingsPerKey = 2

// How long those step aside that find no place: longer, the more of them there
// are.
const (
	shortestAside = time.Second
	longestAside  = 15 * time.Second
	asideForEach  = 100 * time.Millisecond
)

// places keeps work for one party, when it is slow, from taking every worker of
// its kind.
type places struct {
	each int // for one party

	mu   sync.Mutex
	busy map[string]*place
}

// place is what one party has.
type place struct {
	taken int
	aside int // tasks that were turned away since one has ended
}

func newPlaces(each int) *places { return &places{each: each, busy: map[string]*place{}} }

// enter takes a place of a party, which leave gives back; or it gives a
// queue.Later when there is none.
func (p *places) enter(party string) error {
	p.mu.Lock()
	defer p.mu.Unlock()
	known := p.busy[party]
	if known == nil {
		known = &place{}
		p.busy[party] = known
	}
	if known.taken == p.each {
		known.aside++
		return queue.Later(min(shortestAside+time.Duration(known.aside-1)*asideForEach, longestAside))
	}
	known.taken++
	return nil
}

func (p *places) leave(party string) {
	p.mu.Lock()
	defer p.mu.Unlock()
	known := p.busy[party]
	known.taken--
	known.aside = 0
	if known.taken == 0 {
		delete(p.busy, party)
	}
}
