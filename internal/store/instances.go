package store

import (
	"context"
	"time"

	"darkroom"
	"darkroom/internal/database"
)

// Beat records that an instance is alive, and writes what was counted in
// memory. It is due every few seconds, and before the first Claim.
func (s *Store) Beat(ctx context.Context, instance Instance) error {
	err := s.update(ctx, func(tx database.Tx) error {
		_, err := tx.Exec(ctx, `INSERT INTO instances (id, version, slots, started_at, seen_at) VALUES (?, ?, ?, ?, ?)
			ON CONFLICT (id) DO UPDATE SET version = excluded.version, slots = excluded.slots, seen_at = excluded.seen_at`,
			instance.ID, instance.Version, instance.Slots, milliseconds(instance.StartedAt), milliseconds(s.now()))
		return err
	})
	if err != nil {
		return wrap(err, "record the heartbeat of %s", instance.ID)
	}
	return s.Flush(ctx)
}

// Leave forgets an instance that stops in order.
func (s *Store) Leave(ctx context.Context, instance string) error {
	err := s.update(ctx, func(tx database.Tx) error {
		_, err := tx.Exec(ctx, `DELETE FROM instances WHERE id = ?`, instance)
		return err
	})
	return wrap(err, "forget instance %s", instance)
}

// running is a capture as recovery sees it.
type running struct {
	settled

	lost int
}

func scanRunning(r row) (c running, err error) {
	err = r.Scan(&c.jobID, &c.ordinal, &c.host, &c.solo, &c.again, &c.lost)
	return c, err
}

const runningColumns = `SELECT job_id, ordinal, host, solo, again, lost FROM captures WHERE state = 'running'`

// RecoverAll sets back everything that is running, because this process is the
// only one and has only just started, and puts back what the queue has lost:
// shifts, finish tasks, deliveries. It gives the number of captures set back.
func (s *Store) RecoverAll(ctx context.Context) (n int, err error) {
	n, err = s.recover(ctx, runningColumns)
	return n, wrap(err, "set back what the last run left")
}

// RecoverLost does the same for captures of instances that have had no
// heartbeat for silentFor.
func (s *Store) RecoverLost(ctx context.Context, silentFor time.Duration) (n int, err error) {
	since := milliseconds(s.now().Add(-silentFor))
	n, err = s.recover(ctx, runningColumns+` AND claimed_at < ?
		AND instance NOT IN (SELECT id FROM instances WHERE seen_at >= ?)`, since, since)
	return n, wrap(err, "set back what lost instances held")
}

func (s *Store) recover(ctx context.Context, query string, args ...any) (n int, err error) {
	err = s.update(ctx, func(tx database.Tx) error {
		lost, err := queryAll(ctx, tx, scanRunning, query, args...)
		if err != nil {
			return err
		}
		for _, capture := range lost {
			if err := s.lose(ctx, tx, capture); err != nil {
				return err
			}
		}
		n = len(lost)
		return s.refill(ctx, tx)
	})
	return n, err
}

// lose sets back a capture that died with its worker. The attempt stays
// counted.
func (s *Store) lose(ctx context.Context, tx database.Tx, c running) error {
	c.lost++
	code, message := "", ""
	switch {
	case c.lost >= darkroom.MaxLostAttempts:
		c.state = darkroom.CaptureFailed
		code, message = string(darkroom.CodeRendererCrashed), "The worker died each time it took this page"
	case c.lost >= darkroom.LostBeforeAlone:
		c.state, c.solo = darkroom.CaptureQueued, 1
		c.dueAt = milliseconds(s.now().Add(darkroom.LostBackoff(c.lost)))
	default:
		c.state = darkroom.CaptureQueued
	}
	_, err := tx.Exec(ctx, `UPDATE captures SET state = ?, lost = ?, solo = ?, due_at = ?, code = ?, message = ?
		WHERE job_id = ? AND ordinal = ?`, string(c.state), c.lost, c.solo, c.dueAt, code, message, c.jobID, c.ordinal)
	if err != nil {
		return err
	}
	return s.settle(ctx, tx, c.settled)
}
