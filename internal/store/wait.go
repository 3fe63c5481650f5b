package store

import (
	"strings"
	"sync"
	"time"
)

// waiters lets callers wait for something to happen to jobs, or to keys, in
// this process.
type waiters struct {
	mu   *sync.Mutex
	jobs map[string]*waiter
}

type waiter struct {
	done  chan struct{}
	asked time.Time
}

func newWaiters() waiters { return waiters{mu: new(sync.Mutex), jobs: map[string]*waiter{}} }

// Nobody waits longer for a job than darkroom.MaxWait without asking again, so
// what was not asked for in this time has nobody waiting.
const (
	waiterLife = 5 * time.Minute
	manyJobs   = 1024 // waited for; fewer are not worth looking through
)

// Finished gives a channel that is closed when this process commits the end of
// the job, or deletes it. It never closes for a job that has already ended, or
// that another process finishes: ask for the channel first, then read the job,
// and read it again each second.
func (s *Store) Finished(id string) <-chan struct{} { return s.finished.ask(id, s.now()) }

// Stopped gives a channel that is closed when this process cancels or deletes
// the job, or commits its end. Like that of Finished it is silent about what was before, and about
// other processes: see Holds.
func (s *Store) Stopped(id string) <-chan struct{} { return s.stopped.ask(id, s.now()) }

// Told gives a channel that is closed when this process commits the next event
// of a key. Like that of Finished it is silent about what was before, and about
// other processes.
func (s *Store) Told(keyID string) <-chan struct{} { return s.told.ask(keyID, s.now()) }

func (w waiters) ask(id string, now time.Time) <-chan struct{} {
	w.mu.Lock()
	defer w.mu.Unlock()
	if len(w.jobs) >= manyJobs {
		w.forget(now.Add(-waiterLife))
	}
	id = strings.ToLower(id)
	one := w.jobs[id]
	if one == nil {
		one = &waiter{done: make(chan struct{})}
		w.jobs[id] = one
	}
	one.asked = now
	return one.done
}

func (w waiters) forget(before time.Time) {
	for id, one := range w.jobs {
		if one.asked.Before(before) {
			delete(w.jobs, id)
		}
	}
}

func (w waiters) tell(id string) {
	w.mu.Lock()
	defer w.mu.Unlock()
	if one := w.jobs[id]; one != nil {
		close(one.done)
		delete(w.jobs, id)
	}
}
