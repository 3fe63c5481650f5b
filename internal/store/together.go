package store

import "sync"

// together lets those who come while a transaction is under way share the next
// one: whoever comes first runs it for all. A commit takes as long for ten as
// for one, and so does the wait for a row that everybody changes.
type together[T any] struct {
	most int // in one transaction

	mu      sync.Mutex
	waiting []*companion[T]
	busy    bool
}

type companion[T any] struct {
	one  T
	turn chan turn
}

// turn is what somebody who waits is told.
type turn int

const (
	done  turn = iota
	lead       // run the next transaction
	alone      // it has failed with the others: run one of your own
)

// join has run do one, with others or by itself, and gives what came of it. run
// says how many it has done, from the first, which is at least one; the others
// wait for the next. What fails with others is done once more by itself, so that
// nobody fails for another.
func (t *together[T]) join(one T, run func([]T) (int, error)) error {
	me := &companion[T]{one: one, turn: make(chan turn, 1)}
	t.mu.Lock()
	t.waiting = append(t.waiting, me)
	leads := !t.busy
	t.busy = true
	t.mu.Unlock()
	said := lead
	if !leads {
		said = <-me.turn
	}
	switch said {
	case lead:
		return t.lead(one, run)
	case alone:
		_, err := run([]T{one})
		return err
	default:
		return nil
	}
}

func (t *together[T]) lead(own T, run func([]T) (int, error)) error {
	all := t.take()
	ones := make([]T, len(all))
	for i, other := range all {
		ones[i] = other.one
	}
	n, err := run(ones)
	said := done
	if err != nil {
		said, n = alone, len(all)
	}
	for _, other := range all[1:n] {
		other.turn <- said
	}
	t.handOn(all[n:])
	if err != nil && n > 1 {
		_, err = run([]T{own})
	}
	return err
}

// take gives those who wait, the first of whom leads.
func (t *together[T]) take() []*companion[T] {
	t.mu.Lock()
	defer t.mu.Unlock()
	n := min(len(t.waiting), t.most)
	all := t.waiting[:n:n]
	t.waiting = t.waiting[n:]
	return all
}

// handOn lets the next one lead. Those who were left over come before the others.
func (t *together[T]) handOn(left []*companion[T]) {
	t.mu.Lock()
	defer t.mu.Unlock()
	t.waiting = append(left, t.waiting...)
	if t.busy = len(t.waiting) > 0; t.busy {
		t.waiting[0].turn <- lead
	}
}
