package store

import (
	"context"
	"slices"
	"time"

	"darkroom"
	"darkroom/internal/database"
	"darkroom/internal/queue"
)

// Beat records that an instance is alive, and writes what was counted in
// memory. It is due every few seconds, and before the first Claim. When the
// clock has gone back since the last one, it wakes the sweep, which sets right
// what waits by the clock before.
func (s *Store) Beat(ctx context.Context, instance Instance) error {
	err := s.update(ctx, func(tx database.Tx) error {
		if err := s.wakeSweep(ctx, tx, instance.ID); err != nil {
			return err
		}
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

func (s *Store) wakeSweep(ctx context.Context, tx database.Tx, instance string) error {
	wentBack := false
	err := tx.QueryRow(ctx, `SELECT EXISTS (SELECT 1 FROM instances WHERE id = ? AND seen_at > ?)`, instance, milliseconds(s.now())).Scan(&wentBack)
	if err != nil || !wentBack {
		return err
	}
	return s.queue.Insert(ctx, tx, queue.Task{Kind: queue.Sweep})
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

	lost     int
	attempt  int
	instance string
}

func scanRunning(r row) (c running, err error) {
	err = r.Scan(&c.jobID, &c.ordinal, &c.host, &c.solo, &c.again, &c.variants, &c.keyID, &c.lost, &c.attempt, &c.instance)
	return c, err
}

const runningColumns = `SELECT job_id, ordinal, ` + settledColumns + `, lost, attempt, instance FROM captures WHERE state = 'running'`

// RecoverAll sets back everything that is running, because this process is the
// only one and has only just started, and puts back what the queue has lost:
// shifts, finish tasks, deliveries. It gives the number of captures set back.
func (s *Store) RecoverAll(ctx context.Context) (n int, err error) {
	n, err = s.recover(ctx, runningColumns)
	return n, wrap(err, "set back what the last run left")
}

// RecoverDead does the same for what one instance held that is known to have
// died, and forgets it.
func (s *Store) RecoverDead(ctx context.Context, instance string) (n int, err error) {
	err = s.update(ctx, func(tx database.Tx) error { return queue.SetBackOf(ctx, tx, instance) })
	if err == nil {
		n, err = s.recover(ctx, runningColumns+` AND instance = ?`, instance)
	}
	if err != nil {
		return n, wrap(err, "set back what instance %s held", instance)
	}
	return n, s.Leave(ctx, instance)
}

// RecoverSilent is RecoverLost after the usual time without a heartbeat: 20 s.
func (s *Store) RecoverSilent(ctx context.Context) (n int, err error) {
	return s.RecoverLost(ctx, silence)
}

// RecoverLost does the same for captures of instances that have had no
// heartbeat for silentFor, and for tasks that the queue gave them. Clocks of
// instances must agree to a few seconds: a heartbeat that lies further ahead is
// one of a clock that has gone back since. Several instances may do it at once.
func (s *Store) RecoverLost(ctx context.Context, silentFor time.Duration) (n int, err error) {
	since, until := milliseconds(s.now().Add(-silentFor)), milliseconds(s.now().Add(aheadOfLife))
	if err := s.setBackTasks(ctx, since, until); err != nil {
		return 0, wrap(err, "set back the tasks of lost instances")
	}
	n, err = s.recover(ctx, runningColumns+` AND (claimed_at < ? OR claimed_at > ?)
		AND instance NOT IN (SELECT id FROM instances WHERE seen_at BETWEEN ? AND ?)`, since, until, since, until)
	return n, wrap(err, "set back what lost instances held")
}

func (s *Store) recover(ctx context.Context, query string, args ...any) (n int, err error) {
	lost, err := queryAll(ctx, s.db.Read(ctx), scanRunning, query+` ORDER BY job_id, ordinal`, args...)
	if err != nil {
		return 0, err
	}
	for len(lost) > 0 {
		job := lost[0].jobID
		end := slices.IndexFunc(lost, func(c running) bool { return c.jobID != job })
		if end < 0 {
			end = len(lost)
		}
		set, err := s.loseOfJob(ctx, lost[:end])
		if err != nil {
			return n, err
		}
		n, lost = n+set, lost[end:]
	}
	if err := s.bringBack(ctx); err != nil {
		return n, err
	}
	return n, s.update(ctx, func(tx database.Tx) error { return s.refill(ctx, tx) })
}

func (s *Store) setBackTasks(ctx context.Context, since, until int64) error {
	if s.db.Dialect() == database.SQLite {
		return nil // this process is the only one
	}
	return s.update(ctx, func(tx database.Tx) error {
		alive, err := queryAll(ctx, tx, scanText, `SELECT id FROM instances WHERE seen_at BETWEEN ? AND ?`, since, until)
		if err != nil {
			return err
		}
		_, err = queue.SetBackLost(ctx, tx, alive, moment(since))
		return err
	})
}

// Shared reports whether other instances may work on the same rows.
func (s *Store) Shared() bool { return s.db.Dialect() == database.PostgreSQL }

// loseOfJob sets back captures of one job, and counts those that were still in
// the hands of who had them.
func (s *Store) loseOfJob(ctx context.Context, captures []running) (n int, err error) {
	err = s.update(ctx, func(tx database.Tx) error {
		n = 0
		if err := tx.Share(ctx, jobLock(captures[0].jobID)); err != nil {
			return err
		}
		var set []settled
		for _, capture := range captures {
			held, err := s.lose(ctx, tx, &capture)
			if err != nil {
				return err
			}
			if held {
				set = append(set, capture.settled)
			}
		}
		n = len(set)
		return s.settleAll(ctx, tx, set)
	})
	return n, err
}

// lose sets back a capture that died with its worker; counters are left behind.
// The attempt stays counted. held is false when it has ended meanwhile.
func (s *Store) lose(ctx context.Context, tx database.Tx, c *running) (held bool, err error) {
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
	changed, err := tx.Exec(ctx, `UPDATE captures SET state = ?, lost = ?, solo = ?, due_at = ?, code = ?, message = ?
		WHERE job_id = ? AND ordinal = ? AND state = 'running' AND attempt = ? AND instance = ?`,
		string(c.state), c.lost, c.solo, c.dueAt, code, message, c.jobID, c.ordinal, c.attempt, c.instance)
	if err != nil || changed == 0 {
		return false, err
	}
	return true, nil
}
