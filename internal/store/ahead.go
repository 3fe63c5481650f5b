package store

import (
	"context"
	"time"

	"darkroom"
	"darkroom/internal/database"
)

// "Not before" is stored as a moment, a short while after the one in which it
// was decided. Once the clock has gone back such moments lie further ahead than
// anything waits, and would hold work up for as long as the clock went back:
// what lies so far ahead is due now.
const (
	clockSkew   = 15 * time.Second                 // between instances
	longestWait = darkroom.MaxHostDelay            // between two captures of a host, and before one is tried again
	longestRest = darkroom.MaxHostRest + clockSkew // of a host that has asked for it
	aheadOfLife = 5 * time.Minute                  // a heartbeat that lies further ahead says nothing
)

// bringBack makes due what waits longer than it may. Of a host that rests it
// may take an hour before that is noticed, of everything else a minute.
func (s *Store) bringBack(ctx context.Context) error {
	now := s.now()
	limits := waitLimits{
		now: milliseconds(now), wait: milliseconds(now.Add(longestWait + clockSkew)), rest: milliseconds(now.Add(longestRest)),
	}
	for _, step := range []struct {
		what string
		do   func(context.Context, database.Tx, waitLimits) error
	}{
		{"hosts", bringBackHosts},
		{"captures", bringBackCaptures},
		{"turns", bringBackTurns},
		{"deliveries", s.bringBackDeliveries},
	} {
		err := s.update(ctx, func(tx database.Tx) error { return step.do(ctx, tx, limits) })
		if err != nil {
			return wrap(err, "set right the %s of a clock that was ahead", step.what)
		}
	}
	return nil
}

// waitLimits are now, and the moments beyond which nothing can lie.
type waitLimits struct{ now, wait, rest int64 }

func bringBackHosts(ctx context.Context, tx database.Tx, limits waitLimits) error {
	_, err := tx.Exec(ctx, `UPDATE hosts SET next_at = ? WHERE next_at > ? AND (rests = 0 OR next_at > ?)`,
		limits.now, limits.wait, limits.rest)
	return err
}

// lane names a row of lanes.
type lane struct {
	jobID, host string
	solo        int
}

func scanLane(r row) (l lane, err error) {
	err = r.Scan(&l.jobID, &l.host, &l.solo)
	return l, err
}

// bringBackCaptures looks at the first of each lane; the others have their turn
// when they are first. What waits for the capture before it has no time at all.
func bringBackCaptures(ctx context.Context, tx database.Tx, limits waitLimits) error {
	lanes, err := queryAll(ctx, tx, scanLane, `SELECT l.job_id, l.host, l.solo FROM lanes l JOIN hosts h ON h.host = l.host
		WHERE l.queued > 0 AND l.due_at > ? AND l.due_at < ? AND (h.rests = 0 OR l.due_at > ?)
		ORDER BY l.job_id, l.host, l.solo LIMIT ?`, limits.wait, heldBack, limits.rest, refillLimit)
	if err != nil {
		return err
	}
	for _, l := range lanes {
		if _, err := tx.Exec(ctx, `UPDATE captures SET due_at = ? WHERE job_id = ? AND host = ? AND solo = ? AND state = 'queued'
			AND due_at > ? AND due_at < ?`, limits.now, l.jobID, l.host, l.solo, limits.wait, heldBack); err != nil {
			return err
		}
		if err := refreshLane(ctx, tx, l.jobID, l.host, l.solo, 0); err != nil {
			return err
		}
	}
	return nil
}

// bringBackTurns lets those be served again that were last served in the
// future: all others would come first.
func bringBackTurns(ctx context.Context, tx database.Tx, limits waitLimits) error {
	if _, err := tx.Exec(ctx, `UPDATE api_keys SET turn = ? WHERE turn > ?`, limits.now, limits.wait); err != nil {
		return err
	}
	_, err := tx.Exec(ctx, `UPDATE jobs SET turn = CASE WHEN turn > ? THEN ? ELSE turn END, stint = CASE WHEN stint > ? THEN ? ELSE stint END
		WHERE queued > 0 AND (turn > ? OR stint > ?)`,
		limits.wait, limits.now, limits.wait, limits.now, limits.wait, limits.wait)
	return err
}

// Deliveries that may wait by another clock: for their first attempt, or since
// one that was made in the future.
const earlyDeliveries = selectDelivery + ` LEFT JOIN delivery_attempts a
	ON a.delivery_id = d.id AND a.attempt = d.attempts AND d.attempts > d.settled
	WHERE d.state = 'pending' AND d.next_at > ? AND (d.attempts = d.settled OR a.started_at > ?) ORDER BY d.next_at DESC LIMIT ?`

// bringBackDeliveries counts the wait for the next attempt, which may be hours,
// from now on. What a receiver has asked for beyond that is forgotten.
func (s *Store) bringBackDeliveries(ctx context.Context, tx database.Tx, limits waitLimits) error {
	found, err := queryAll(ctx, tx, scanDelivery, earlyDeliveries, limits.wait, limits.wait, refillLimit)
	if err != nil {
		return err
	}
	for _, delivery := range found {
		next := delivery.Attempts - delivery.Settled + 1
		least, _ := darkroom.DeliveryBackoff(next, 0)
		most, _ := darkroom.DeliveryBackoff(next, 1)
		now := moment(limits.now)
		if !delivery.NextAt.After(now.Add(most + clockSkew)) {
			continue
		}
		delivery.NextAt = now.Add(least)
		if _, err := tx.Exec(ctx, `UPDATE deliveries SET next_at = ? WHERE id = ?`, milliseconds(delivery.NextAt), delivery.ID); err != nil {
			return err
		}
		if err := s.queue.Insert(ctx, tx, deliverTask(delivery)); err != nil {
			return err
		}
	}
	return nil
}
