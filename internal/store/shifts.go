package store

import (
	"context"
	"fmt"
	"time"

	"darkroom/internal/database"
	"darkroom/internal/queue"
)

// silence is after how long without a heartbeat an instance counts as gone.
const silence = 20 * time.Second

// InsertShifts inserts n shifts, whatever is waiting already.
func (s *Store) InsertShifts(ctx context.Context, n int) error {
	return s.update(ctx, func(tx database.Tx) error { return s.insertShifts(ctx, tx, n, s.now()) })
}

func (s *Store) insertShifts(ctx context.Context, tx database.Tx, n int, at time.Time) error {
	tasks := make([]queue.Task, 0, max(n, 0))
	for range n {
		task := queue.Task{Kind: queue.Shift}
		if at.After(s.now()) {
			task.At = at
		}
		tasks = append(tasks, task)
	}
	return s.queue.Insert(ctx, tx, tasks...)
}

// wake sees to it that shifts for n captures are due at that time, as far as
// there are slots. Running shifts do not count: one that has just found
// nothing would not look again.
func (s *Store) wake(ctx context.Context, tx database.Tx, n int, at time.Time) error {
	slots, waiting, err := s.room(ctx, tx, at)
	if err != nil {
		return err
	}
	return s.insertShifts(ctx, tx, min(n, slots)-waiting, at)
}

// wakeOne adds a shift for one slot more, unless every slot has one waiting.
func (s *Store) wakeOne(ctx context.Context, tx database.Tx, at time.Time) error {
	slots, waiting, err := s.room(ctx, tx, at)
	if err != nil {
		return err
	}
	return s.insertShifts(ctx, tx, min(1, slots-waiting), at)
}

// room counts the slots, and the shifts that will be due by then, which wait until
// tx has ended.
func (s *Store) room(ctx context.Context, tx database.Tx, at time.Time) (slots, waiting int, err error) {
	if slots, err = s.liveSlots(ctx, tx); err != nil {
		return 0, 0, err
	}
	waiting, err = s.queue.Waiting(ctx, tx, latest(at, s.now()), slots)
	return slots, waiting, err
}

// wakeAfter wakes a slot for a capture that went back into the queue, and all
// of them when one that ran alone has ended: the others had gone to rest.
func (s *Store) wakeAfter(ctx context.Context, tx database.Tx, c settled) error {
	switch {
	case c.solo == 1:
		return s.wakeAll(ctx, tx)
	case c.state.Terminal():
		return nil
	}
	return s.wake(ctx, tx, 1, latest(s.now(), moment(c.dueAt)))
}

// wakeAll wakes as many slots as there is work for.
func (s *Store) wakeAll(ctx context.Context, tx database.Tx) error {
	left, err := queuedCaptures(ctx, tx)
	if err != nil {
		return err
	}
	return s.wake(ctx, tx, left, s.now())
}

// liveSlots counts the slots of all instances that have a heartbeat, and at
// least those of this process.
func (s *Store) liveSlots(ctx context.Context, tx database.Tx) (slots int, err error) {
	err = tx.QueryRow(ctx, `SELECT coalesce(sum(slots), 0) FROM instances WHERE seen_at >= ?`,
		milliseconds(s.now().Add(-silence))).Scan(&slots)
	return max(slots, s.slots), wrap(err, "count the slots")
}

func queuedCaptures(ctx context.Context, tx database.Tx) (n int, err error) {
	err = tx.QueryRow(ctx, `SELECT coalesce(sum(queued), 0) FROM api_keys WHERE queued > 0`).Scan(&n)
	return n, wrap(err, "count the queued captures")
}

// SucceedShift inserts the successor of a shift that ends while work is left:
// due at once when the instance could claim something now, else at the time of
// NextDue. There is none when nothing is left, or when only running captures
// stand in the way: whoever finishes those goes on.
func (s *Store) SucceedShift(ctx context.Context, instance string) error {
	now := s.now()
	err := s.update(ctx, func(tx database.Tx) error {
		_, found, held, err := s.pick(ctx, tx, instance, Hint{}, now)
		if err != nil || held {
			return err
		}
		if found {
			return s.wakeOne(ctx, tx, now)
		}
		at, ok, err := nextEvent(ctx, tx, now)
		if err != nil || !ok {
			return err
		}
		return s.wakeOne(ctx, tx, at)
	})
	return wrap(err, "insert the next shift")
}

// NextDue gives when to look for a capture again: now when one may be claimed
// now, else when the next one becomes due or its host may be asked again. ok is
// false when nothing is queued, or all of it waits for running captures of the
// same hosts.
func (s *Store) NextDue(ctx context.Context) (at time.Time, ok bool, err error) {
	now := s.now()
	if rest, resting := s.idle.now(now); resting {
		return rest.until, rest.event, nil
	}
	for _, query := range []string{s.picks.owed, pickSolo} {
		if _, found, err := s.findCandidate(ctx, s.db.Read(ctx), query, now); found || err != nil {
			return now, found, err
		}
	}
	return nextEvent(ctx, s.db.Read(ctx), now)
}

// nextEvent is the next moment at which time alone makes a difference. When
// nothing may be claimed now, nothing may be before.
func nextEvent(ctx context.Context, q database.Querier, now time.Time) (at time.Time, ok bool, err error) {
	var first int64
	for _, query := range []string{
		`SELECT coalesce(min(due_at), 0) FROM lanes WHERE queued > 0 AND due_at > ? AND due_at < ?`,
		`SELECT coalesce(min(next_at), 0) FROM hosts WHERE queued > 0 AND next_at > ? AND next_at < ?`,
	} {
		var ms int64
		if err := q.QueryRow(ctx, query, milliseconds(now), heldBack).Scan(&ms); err != nil {
			return time.Time{}, false, fmt.Errorf("find the next due capture: %w", err)
		}
		if ms > 0 && (first == 0 || ms < first) {
			first = ms
		}
	}
	return moment(first), first > 0, nil
}

func latest(a, b time.Time) time.Time {
	if a.After(b) {
		return a
	}
	return b
}
