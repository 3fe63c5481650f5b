package store

import (
	"context"
	"database/sql"
	"errors"
	"fmt"

	"darkroom"
	"darkroom/internal/database"
)

// Retake takes the pictures of completed captures from them, because they are
// missing or damaged, and puts the captures back into the queue; n is how many
// it put back. That is done once: a capture whose second picture has gone as
// well ends as failed with CodeInternal, and so does any of a cancelled job. Meanwhile the job's progress counts
// them as completed, so that it does not go back. A job that has ended and a
// capture that has another picture by now stay as they are.
func (s *Store) Retake(ctx context.Context, jobID string, damaged []darkroom.Capture) (n int, err error) {
	err = s.update(ctx, func(tx database.Tx) error {
		n = 0
		job, err := s.lockJob(ctx, tx, jobID)
		if err != nil || job.Status.Terminal() {
			return err
		}
		for _, capture := range damaged {
			again, err := s.retake(ctx, tx, job, capture)
			if err != nil {
				return err
			}
			if again {
				n++
			}
		}
		return s.wake(ctx, tx, n, s.now())
	})
	if err != nil {
		return 0, wrap(err, "take %d captures of job %s again", len(damaged), jobID)
	}
	return n, nil
}

func (s *Store) retake(ctx context.Context, tx database.Tx, job storedJob, capture darkroom.Capture) (again bool, err error) {
	c := settled{jobID: job.ID, ordinal: capture.Ordinal, again: 1}
	var before int
	err = tx.QueryRow(ctx, `SELECT host, solo, again FROM captures
		WHERE job_id = ? AND ordinal = ? AND state = 'completed' AND artifact_key = ?`,
		job.ID, capture.Ordinal, capture.Result.Key).Scan(&c.host, &c.solo, &before)
	if errors.Is(err, sql.ErrNoRows) {
		return false, nil
	}
	if err != nil {
		return false, fmt.Errorf("look at capture %s: %w", capture.ID, err)
	}
	if err := uncache(ctx, tx, job.ID, capture); err != nil {
		return false, err
	}
	if _, err := tx.Exec(ctx, `UPDATE artifacts SET uses = uses - 1 WHERE key = ?`, capture.Result.Key); err != nil {
		return false, fmt.Errorf("give up a lost picture: %w", err)
	}
	switch {
	case job.Cancelled:
		return false, failDamaged(ctx, tx, job, c, "The stored picture was missing or damaged when the job ended, and the job was cancelled")
	case before == 1:
		return false, failDamaged(ctx, tx, job, c, "The stored picture was missing or damaged when the job ended, twice")
	}
	return true, s.putBack(ctx, tx, job, c)
}

// uncache keeps a lost picture from answering other captures, whoever holds it
// too.
func uncache(ctx context.Context, tx database.Tx, jobID string, capture darkroom.Capture) error {
	_, err := tx.Exec(ctx, `UPDATE captures SET cache_key = '' WHERE artifact_key = ? AND cache_key <> ''
		AND cache_key = (SELECT lost.cache_key FROM captures lost WHERE lost.job_id = ? AND lost.ordinal = ?)`,
		capture.Result.Key, jobID, capture.Ordinal)
	return wrap(err, "keep a lost picture from others")
}

func failDamaged(ctx context.Context, tx database.Tx, job storedJob, c settled, message string) error {
	if _, err := tx.Exec(ctx, `UPDATE captures SET state = 'failed', artifact_key = '', code = ?, message = ?
		WHERE job_id = ? AND ordinal = ?`, string(darkroom.CodeInternal), message, c.jobID, c.ordinal); err != nil {
		return fmt.Errorf("fail a capture without its picture: %w", err)
	}
	if _, err := tx.Exec(ctx, `UPDATE jobs SET completed = completed - 1, failed = failed + 1 WHERE id = ?`, c.jobID); err != nil {
		return fmt.Errorf("count a capture without its picture: %w", err)
	}
	return noteChange(ctx, tx, job.KeyID, job.ID, `ordinal = ?`, c.ordinal)
}

func (s *Store) putBack(ctx context.Context, tx database.Tx, job storedJob, c settled) error {
	if _, err := tx.Exec(ctx, `UPDATE captures SET state = 'queued', due_at = 0, erred = 0, again = 1, artifact_key = ''
		WHERE job_id = ? AND ordinal = ?`, c.jobID, c.ordinal); err != nil {
		return fmt.Errorf("put a capture back: %w", err)
	}
	if err := joinLane(ctx, tx, c); err != nil {
		return err
	}
	if _, err := tx.Exec(ctx, `UPDATE jobs SET completed = completed - 1, queued = queued + 1,
		retaken = retaken + 1, retaking = retaking + 1 WHERE id = ?`, c.jobID); err != nil {
		return fmt.Errorf("count the capture in its job: %w", err)
	}
	if _, err := tx.Exec(ctx, `UPDATE api_keys SET queued = queued + 1 WHERE id = ?`, job.KeyID); err != nil {
		return fmt.Errorf("count the capture in its key: %w", err)
	}
	if err := noteChange(ctx, tx, job.KeyID, job.ID, `ordinal = ?`, c.ordinal); err != nil {
		return err
	}
	if err := knowHost(ctx, tx, job.KeyID, c.host); err != nil {
		return err
	}
	return countOfHost(ctx, tx, job.KeyID, c.host, +1, 0)
}

// knowHost makes the rows of a host, which are dropped when it has no work, and
// keeps those that are there.
func knowHost(ctx context.Context, tx database.Tx, keyID, host string) error {
	if _, err := tx.Exec(ctx, `INSERT INTO key_hosts (key_id, host, queued) VALUES (?, ?, 0)
		ON CONFLICT (key_id, host) DO UPDATE SET queued = key_hosts.queued`, keyID, host); err != nil {
		return fmt.Errorf("know a host of the key: %w", err)
	}
	_, err := tx.Exec(ctx, `INSERT INTO hosts (host, queued) VALUES (?, 0) ON CONFLICT (host) DO UPDATE SET queued = hosts.queued`, host)
	return wrap(err, "know a host")
}
