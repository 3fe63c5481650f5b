package store

import (
	"context"
	"fmt"

	"darkroom"
	"darkroom/internal/database"
)

// FailOverdue fails with CodeTimeout every queued capture of jobs whose
// deadline has passed, and gives their number. Running ones may end. A sitemap
// that is still being read gives no more captures.
func (s *Store) FailOverdue(ctx context.Context) (n int, err error) {
	late, err := queryAll(ctx, s.db.Read(ctx), scanText, lateJobs, milliseconds(s.now()), refillLimit)
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

const lateJobs = `SELECT id FROM jobs WHERE (queued > 0 OR expanding = 1) AND deadline <= ? ORDER BY deadline LIMIT ?`

func (s *Store) failQueued(ctx context.Context, tx database.Tx, jobID string) (int, error) {
	job, err := s.findJob(ctx, tx, jobID)
	if err != nil {
		return 0, err
	}
	if job.Progress.Expanding {
		late := darkroom.Errorf(darkroom.CodeTimeout, "The job's deadline passed before its sitemap was read")
		if err := s.endDiscovery(ctx, tx, job, job.Discovery, late); err != nil {
			return 0, err
		}
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
	if job.Status == darkroom.StatusPending && !job.Progress.Expanding {
		if err := changeStatus(ctx, tx, job.Job, darkroom.StatusProcessing); err != nil {
			return 0, err
		}
	}
	if _, err := tx.Exec(ctx, `UPDATE api_keys SET queued = queued - ? WHERE id = ?`, failed, job.KeyID); err != nil {
		return 0, err
	}
	left := remaining{id: jobID}
	err = tx.QueryRow(ctx, `UPDATE jobs SET queued = queued - ?, failed = failed + ?, retaking = CASE WHEN retaking = 0 THEN 0
		ELSE (SELECT count(*) FROM captures WHERE job_id = jobs.id AND state = 'running' AND again = 1) END
		WHERE id = ? RETURNING `+remainingColumns, failed, failed, jobID).Scan(&left.captures, &left.expanding, &left.retaken)
	if err != nil {
		return 0, err
	}
	return int(failed), s.finishIfDone(ctx, tx, left)
}

func emptyLanes(ctx context.Context, tx database.Tx, keyID, jobID string) error {
	const inLanes = `(SELECT host FROM lanes WHERE job_id = ? AND queued > 0)`
	if _, err := tx.Exec(ctx, `UPDATE key_hosts SET queued = queued -
		(SELECT coalesce(sum(l.queued), 0) FROM lanes l WHERE l.job_id = ? AND l.host = key_hosts.host)
		WHERE key_id = ? AND host IN `+inLanes, jobID, keyID, jobID); err != nil {
		return err
	}
	if _, err := tx.Exec(ctx, `UPDATE hosts SET queued = queued -
		(SELECT coalesce(sum(l.queued), 0) FROM lanes l WHERE l.job_id = ? AND l.host = hosts.host)
		WHERE host IN `+inLanes, jobID, jobID); err != nil {
		return err
	}
	_, err := tx.Exec(ctx, `UPDATE lanes SET queued = 0, due_at = 0, ordinal = 0 WHERE job_id = ?`, jobID)
	return err
}
