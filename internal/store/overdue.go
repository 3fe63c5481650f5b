package store

import (
	"context"
	"fmt"

	"darkroom"
	"darkroom/internal/database"
)

// FailOverdue fails with CodeTimeout every queued capture of jobs whose
// deadline has passed, and gives their number. Running ones may end.
func (s *Store) FailOverdue(ctx context.Context) (n int, err error) {
	late, err := queryAll(ctx, s.db.Read(ctx), scanText,
		`SELECT id FROM jobs WHERE queued > 0 AND deadline <= ? ORDER BY deadline LIMIT ?`, milliseconds(s.now()), refillLimit)
	if err != nil {
		return 0, fmt.Errorf("find the jobs past their deadline: %w", err)
	}
	for _, id := range late {
		failed := 0
		err := s.update(ctx, func(tx database.Tx) (err error) {
			failed, err = s.failQueued(ctx, tx, id)
			return err
		})
		if err != nil {
			return n, wrap(err, "end job %s, whose deadline has passed", id)
		}
		n += failed
	}
	return n, nil
}

func (s *Store) failQueued(ctx context.Context, tx database.Tx, jobID string) (int, error) {
	job, err := s.findJob(ctx, tx, jobID)
	if err != nil {
		return 0, err
	}
	failed, err := tx.Exec(ctx, `UPDATE captures SET state = 'failed', due_at = 0, code = ?, message = ?
		WHERE job_id = ? AND state = 'queued'`,
		string(darkroom.CodeTimeout), "The job's deadline passed before this capture's turn came", jobID)
	if err != nil || failed == 0 {
		return 0, err
	}
	if err := emptyLanes(ctx, tx, job.KeyID, jobID); err != nil {
		return 0, err
	}
	if job.Status == darkroom.StatusPending {
		if err := changeStatus(ctx, tx, job.Job, darkroom.StatusProcessing); err != nil {
			return 0, err
		}
	}
	if _, err := tx.Exec(ctx, `UPDATE api_keys SET queued = queued - ? WHERE id = ?`, failed, job.KeyID); err != nil {
		return 0, err
	}
	if _, err := tx.Exec(ctx, `UPDATE jobs SET queued = queued - ?, failed = failed + ? WHERE id = ?`, failed, failed, jobID); err != nil {
		return 0, err
	}
	job.Progress.Failed += int(failed)
	return int(failed), s.finishIfDone(ctx, tx, jobID, job.Progress)
}

func emptyLanes(ctx context.Context, tx database.Tx, keyID, jobID string) error {
	_, err := tx.Exec(ctx, `UPDATE hosts SET queued = queued -
		(SELECT coalesce(sum(l.queued), 0) FROM lanes l WHERE l.job_id = ? AND l.host = hosts.host)
		WHERE key_id = ? AND host IN (SELECT host FROM lanes WHERE job_id = ? AND queued > 0)`, jobID, keyID, jobID)
	if err != nil {
		return err
	}
	_, err = tx.Exec(ctx, `UPDATE lanes SET queued = 0, due_at = 0, ordinal = 0 WHERE job_id = ?`, jobID)
	return err
}
