package worker

import (
	"context"
	"sync"
)

// signal happens at most once, and ends the contexts that are bound to it.
type signal struct {
	mu       sync.Mutex
	happened bool
	next     int
	cancels  map[int]context.CancelFunc
}

// bind gives a context that ends with ctx or when the signal happens, and a
// function that must be called when the context is not needed any more.
func (s *signal) bind(ctx context.Context) (context.Context, context.CancelFunc) {
	ctx, cancel := context.WithCancel(ctx)
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.happened {
		cancel()
		return ctx, cancel
	}
	if s.cancels == nil {
		s.cancels = map[int]context.CancelFunc{}
	}
	id := s.next
	s.next++
	s.cancels[id] = cancel
	return ctx, func() {
		cancel()
		s.mu.Lock()
		defer s.mu.Unlock()
		delete(s.cancels, id)
	}
}

// happen ends every bound context, and every one that will be bound.
func (s *signal) happen() {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.happened = true
	for _, cancel := range s.cancels {
		cancel()
	}
}

// flights counts the captures in progress.
type flights struct {
	mu     sync.Mutex
	closed bool
	count  int
	landed chan struct{} // closed when there will be no more
}

func newFlights() *flights { return &flights{landed: make(chan struct{})} }

// begin reports whether a capture may begin; end must be called after it then.
func (f *flights) begin() bool {
	f.mu.Lock()
	defer f.mu.Unlock()
	if f.closed {
		return false
	}
	f.count++
	return true
}

func (f *flights) end() {
	f.mu.Lock()
	defer f.mu.Unlock()
	f.count--
	f.settle()
}

// close lets no more captures begin. What it returns is closed when the last
// one has ended.
func (f *flights) close() <-chan struct{} {
	f.mu.Lock()
	defer f.mu.Unlock()
	if !f.closed {
		f.closed = true
		f.settle()
	}
	return f.landed
}

func (f *flights) settle() {
	if f.closed && f.count == 0 {
		close(f.landed)
	}
}
