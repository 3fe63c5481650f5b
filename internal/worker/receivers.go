package worker

import (
	"sync"
	"time"

	"darkroom"
)

// receivers keeps receivers that are slow from holding up the others: one has
// MaxHostDeliveries places, and those whose last attempt was slow have
// MaxSlowDeliveries all together. What it knows of them is kept by this process
// alone, for an hour: a receiver that nobody knows counts as quick.
type receivers struct {
	hosts *places
	slow  *places // of one party: all that are slow
	now   func() time.Time

	mu    sync.Mutex
	known map[string]time.Time // those that were slow, and when
}

const (
	slowOnes     = "" // the party
	slowKeptFor  = time.Hour
	manySlowOnes = 1000 // fewer are not worth looking through
)

func newReceivers(now func() time.Time) *receivers {
	return &receivers{
		hosts: newPlaces(darkroom.MaxHostDeliveries), slow: newPlaces(darkroom.MaxSlowDeliveries),
		now: now, known: map[string]time.Time{},
	}
}

// enter takes a place for an attempt, which leave gives back, or gives a
// queue.Later when there is none.
func (r *receivers) enter(host string) (slow bool, err error) {
	slow = r.isSlow(host)
	if slow {
		if err := r.slow.enter(slowOnes); err != nil {
			return slow, err
		}
	}
	if err := r.hosts.enter(host); err != nil {
		if slow {
			r.slow.leave(slowOnes)
		}
		return slow, err
	}
	return slow, nil
}

// leave gives back what enter has taken: slow is what that gave.
func (r *receivers) leave(host string, slow bool, took time.Duration) {
	r.hosts.leave(host)
	if slow {
		r.slow.leave(slowOnes)
	}
	r.mu.Lock()
	defer r.mu.Unlock()
	if took < darkroom.SlowDelivery {
		delete(r.known, host)
		return
	}
	now := r.now()
	if len(r.known) >= manySlowOnes {
		for other, at := range r.known {
			if now.Sub(at) > slowKeptFor {
				delete(r.known, other)
			}
		}
	}
	r.known[host] = now
}

func (r *receivers) isSlow(host string) bool {
	r.mu.Lock()
	defer r.mu.Unlock()
	at, ok := r.known[host]
	return ok && r.now().Sub(at) <= slowKeptFor
}
