package store

import (
	"context"
	"fmt"

	"darkroom"
	"darkroom/internal/database"
	"darkroom/internal/queue"
)

// settled is a capture that has just left the state running.
type settled struct {
	jobID   string
	ordinal int
	host    string
	solo    int
	dueAt   int64 // while queued
	state   darkroom.CaptureState
}

// settle makes every counter follow a capture that left the state running, and
// inserts the finish task when it was the job's last.
func (s *Store) settle(ctx context.Context, tx database.Tx, c settled) error {
	queued, completed, failed := 0, 0, 0
	switch c.state {
	case darkroom.CaptureQueued:
		queued = 1
	case darkroom.CaptureCompleted:
		completed = 1
	default:
		failed = 1
	}
	var keyID string
	var progress darkroom.Progress
	err := tx.QueryRow(ctx, `UPDATE jobs SET running = running - 1, queued = queued + ?, completed = completed + ?, failed = failed + ?
		WHERE id = ? RETURNING key_id, total, completed, failed`, queued, completed, failed, c.jobID).
		Scan(&keyID, &progress.Total, &progress.Completed, &progress.Failed)
	if err != nil {
		return fmt.Errorf("count the capture in its job: %w", err)
	}
	if _, err := tx.Exec(ctx, `UPDATE api_keys SET running = running - 1, queued = queued + ? WHERE id = ?`, queued, keyID); err != nil {
		return fmt.Errorf("count the capture in its key: %w", err)
	}
	if _, err := tx.Exec(ctx, `UPDATE hosts SET running = running - 1, queued = queued + ? WHERE key_id = ? AND host = ?`,
		queued, keyID, c.host); err != nil {
		return fmt.Errorf("count the capture in its host: %w", err)
	}
	if queued == 1 {
		return joinLane(ctx, tx, keyID, c)
	}
	return s.finishIfDone(ctx, tx, c.jobID, progress)
}

func (s *Store) finishIfDone(ctx context.Context, tx database.Tx, jobID string, progress darkroom.Progress) error {
	if progress.Done() < progress.Total {
		return nil
	}
	return s.queue.Insert(ctx, tx, queue.Task{Kind: queue.Finish, ID: jobID})
}

func joinLane(ctx context.Context, tx database.Tx, keyID string, c settled) error {
	_, err := tx.Exec(ctx, `INSERT INTO lanes (job_id, host, solo, key_id, queued, due_at, ordinal) VALUES (?, ?, ?, ?, 0, ?, ?)
		ON CONFLICT (job_id, host, solo) DO NOTHING`, c.jobID, c.host, c.solo, keyID, c.dueAt, c.ordinal)
	if err != nil {
		return fmt.Errorf("make a lane: %w", err)
	}
	return refreshLane(ctx, tx, c.jobID, c.host, c.solo, +1)
}

// refreshLane changes the length of a lane and finds its first capture: the
// lowest ordinal of those that were never put back, then by due time.
func refreshLane(ctx context.Context, tx database.Tx, jobID, host string, solo, change int) error {
	const first = `FROM captures WHERE job_id = ? AND host = ? AND solo = ? AND state = 'queued' ORDER BY due_at, ordinal LIMIT 1`
	_, err := tx.Exec(ctx, `UPDATE lanes SET queued = queued + ?,
		due_at = coalesce((SELECT due_at `+first+`), 0), ordinal = coalesce((SELECT ordinal `+first+`), 0)
		WHERE job_id = ? AND host = ? AND solo = ?`,
		change, jobID, host, solo, jobID, host, solo, jobID, host, solo)
	return wrap(err, "find the next capture of a lane")
}

// countJobs follows a job that came to its status, or left it.
func countJobs(ctx context.Context, tx database.Tx, job darkroom.Job, change int) error {
	_, err := tx.Exec(ctx, `INSERT INTO job_counts (key_id, kind, status, jobs) VALUES (?, ?, ?, ?)
		ON CONFLICT (key_id, kind, status) DO UPDATE SET jobs = job_counts.jobs + excluded.jobs`,
		job.KeyID, string(job.Kind), string(job.Status), change)
	return wrap(err, "count the jobs of a key")
}

// changeStatus moves a job to another status.
func changeStatus(ctx context.Context, tx database.Tx, job darkroom.Job, to darkroom.JobStatus) error {
	if err := countJobs(ctx, tx, job, -1); err != nil {
		return err
	}
	if _, err := tx.Exec(ctx, `UPDATE jobs SET status = ? WHERE id = ?`, string(to), job.ID); err != nil {
		return fmt.Errorf("change the status of a job: %w", err)
	}
	job.Status = to
	return countJobs(ctx, tx, job, +1)
}
