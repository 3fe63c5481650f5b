package store

import (
	"context"
	"fmt"

	"darkroom"
	"darkroom/internal/database"
)

// ending is why a job is ended before its time.
type ending struct {
	reading *darkroom.Error  // for what was not read of its sitemap
	capture darkroom.Failure // for each capture that has not ended
	running bool             // those that are being taken too
}

// giveUp keeps a job from growing and fails its captures that have not ended; n
// is how many. The finish task follows when nothing is left.
func (s *Store) giveUp(ctx context.Context, tx database.Tx, job storedJob, why ending) (n int, err error) {
	if job.Progress.Expanding {
		if err := s.endDiscovery(ctx, tx, job, job.Discovery, why.reading); err != nil {
			return 0, err
		}
	}
	running := 0
	if why.running {
		if running, err = failRunning(ctx, tx, job, why.capture); err != nil {
			return 0, fmt.Errorf("fail the running captures: %w", err)
		}
	}
	queued, err := failQueued(ctx, tx, job, why.capture)
	if err != nil {
		return 0, fmt.Errorf("fail the queued captures: %w", err)
	}
	n = queued + running
	if n == 0 {
		return 0, nil
	}
	if job.Status == darkroom.StatusPending && !job.Progress.Expanding {
		if err := changeStatus(ctx, tx, job.Job, darkroom.StatusProcessing); err != nil {
			return 0, err
		}
	}
	left := remaining{id: job.ID}
	err = tx.QueryRow(ctx, `UPDATE jobs SET queued = queued - ?, running = running - ?, failed = failed + ?,
		retaking = CASE WHEN retaking = 0 THEN 0
		ELSE (SELECT count(*) FROM captures WHERE job_id = jobs.id AND state = 'running' AND again = 1) END
		WHERE id = ? RETURNING `+remainingColumns, queued, running, n, job.ID).Scan(&left.captures, &left.expanding, &left.retaken)
	if err != nil {
		return 0, fmt.Errorf("count the captures in their job: %w", err)
	}
	if err := noteChange(ctx, tx, job.KeyID, job.ID, `state = 'failed' AND code = ?`, string(why.capture.Code)); err != nil {
		return 0, err
	}
	return n, s.finishIfDone(ctx, tx, left)
}

// failQueued fails what waits, and makes every counter but the job's follow.
func failQueued(ctx context.Context, tx database.Tx, job storedJob, why darkroom.Failure) (int, error) {
	failed, err := failIn(ctx, tx, job.ID, darkroom.CaptureQueued, why)
	if err != nil || failed == 0 {
		return 0, err
	}
	if _, err := tx.Exec(ctx, `UPDATE api_keys SET queued = queued - ? WHERE id = ?`, failed, job.KeyID); err != nil {
		return 0, err
	}
	return failed, emptyLanes(ctx, tx, job.KeyID, job.ID)
}

// failRunning takes captures from whoever holds them, and makes every counter
// but the job's follow.
func failRunning(ctx context.Context, tx database.Tx, job storedJob, why darkroom.Failure) (int, error) {
	hosts, err := queryAll(ctx, tx, scanText, `SELECT host FROM captures WHERE job_id = ? AND state = 'running' ORDER BY host`, job.ID)
	if err != nil {
		return 0, err
	}
	failed, err := failIn(ctx, tx, job.ID, darkroom.CaptureRunning, why)
	if err != nil || failed == 0 {
		return 0, err
	}
	if _, err := tx.Exec(ctx, `UPDATE api_keys SET running = running - ? WHERE id = ?`, failed, job.KeyID); err != nil {
		return 0, err
	}
	for _, host := range hosts {
		if err := countOfHost(ctx, tx, job.KeyID, host, 0, -1); err != nil {
			return 0, err
		}
	}
	return failed, nil
}

func failIn(ctx context.Context, tx database.Tx, jobID string, state darkroom.CaptureState, why darkroom.Failure) (int, error) {
	failed, err := tx.Exec(ctx, `UPDATE captures SET state = 'failed', due_at = 0, code = ?, message = ?
		WHERE job_id = ? AND state = ?`, string(why.Code), why.Message, jobID, string(state))
	return int(failed), err
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
