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
	again   int   // 1 = it was put back because its picture had gone
	dueAt   int64 // while queued
	state   darkroom.CaptureState
	erred   bool // the attempt failed
	kept    bool // the slot has the page still
}

// settle makes every counter follow a capture that left the state running, and
// inserts the finish task when it was the job's last.
func (s *Store) settle(ctx context.Context, tx database.Tx, c settled) error {
	queued, completed, failed, retaking := 0, 0, 0, -c.again
	switch c.state {
	case darkroom.CaptureQueued:
		queued, retaking = 1, 0
	case darkroom.CaptureCompleted:
		completed = 1
	default:
		failed = 1
	}
	if err := s.settleLane(ctx, tx, c); err != nil {
		return err
	}
	var keyID string
	job := remaining{id: c.jobID}
	err := tx.QueryRow(ctx, `UPDATE jobs SET running = running - 1, queued = queued + ?, completed = completed + ?, failed = failed + ?,
		retaking = retaking + ? WHERE id = ? RETURNING key_id, `+remainingColumns, queued, completed, failed, retaking, c.jobID).
		Scan(&keyID, &job.captures, &job.expanding, &job.retaken)
	if err != nil {
		return fmt.Errorf("count the capture in its job: %w", err)
	}
	if _, err := tx.Exec(ctx, `UPDATE api_keys SET running = running - 1, queued = queued + ? WHERE id = ?`, queued, keyID); err != nil {
		return fmt.Errorf("count the capture in its key: %w", err)
	}
	if err := countOfHost(ctx, tx, keyID, c.host, queued, -1); err != nil {
		return err
	}
	if err := noteChange(ctx, tx, keyID, c.jobID, `ordinal = ?`, c.ordinal); err != nil {
		return err
	}
	if queued == 1 {
		return nil
	}
	return s.finishIfDone(ctx, tx, job)
}

// settleLane makes the lane follow: with the capture that is queued again, and
// with the one that was held back for it.
func (s *Store) settleLane(ctx context.Context, tx database.Tx, c settled) error {
	waits := c.state == darkroom.CaptureQueued
	if waits {
		if err := joinLane(ctx, tx, c); err != nil {
			return err
		}
	}
	if waits && !c.erred {
		return nil
	}
	var variants int
	if err := tx.QueryRow(ctx, `SELECT variants FROM jobs WHERE id = ?`, c.jobID).Scan(&variants); err != nil {
		return fmt.Errorf("look at the variants of the job: %w", err)
	}
	if variants == 0 {
		return nil
	}
	return s.letFollow(ctx, tx, c)
}

// countOfHost changes the counters of a host, the key's and everybody's.
func countOfHost(ctx context.Context, tx database.Tx, keyID, host string, queued, running int) error {
	if _, err := tx.Exec(ctx, `UPDATE key_hosts SET queued = queued + ?, running = running + ? WHERE key_id = ? AND host = ?`,
		queued, running, keyID, host); err != nil {
		return fmt.Errorf("count the capture in its key's host: %w", err)
	}
	_, err := tx.Exec(ctx, `UPDATE hosts SET queued = queued + ?, running = running + ? WHERE host = ?`, queued, running, host)
	return wrap(err, "count the capture in its host")
}

// remaining is what a job still waits for.
type remaining struct {
	id        string
	captures  int  // that have not ended
	expanding bool // more may be added
	retaken   int  // captures that were put back after all had ended
}

const remainingColumns = `queued + running, expanding, retaken`

// finishIfDone inserts the finish task of a job that waits for nothing. After
// captures were put back it is another task: the one that did so may still be
// in the queue.
func (s *Store) finishIfDone(ctx context.Context, tx database.Tx, job remaining) error {
	if job.captures > 0 || job.expanding {
		return nil
	}
	return s.queue.Insert(ctx, tx, finishTask(job))
}

func finishTask(job remaining) queue.Task {
	return queue.Task{Kind: queue.Finish, ID: job.id, Sequence: job.retaken}
}

// joinLane puts a capture that is queued again into its lane. The lane is held
// before its first capture is looked for: what others have changed is seen then.
func joinLane(ctx context.Context, tx database.Tx, c settled) error {
	_, err := tx.Exec(ctx, `INSERT INTO lanes (job_id, host, solo, key_id, queued, due_at, ordinal, delay) VALUES (?, ?, ?,
		(SELECT key_id FROM jobs WHERE id = ?), 0, ?, ?,
		coalesce((SELECT delay FROM lanes WHERE job_id = ? AND host = ? AND solo = 0), 0))
		ON CONFLICT (job_id, host, solo) DO UPDATE SET queued = lanes.queued`,
		c.jobID, c.host, c.solo, c.jobID, c.dueAt, c.ordinal, c.jobID, c.host)
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

// changeStatus moves a job to another status, unless somebody has done so.
func changeStatus(ctx context.Context, tx database.Tx, job darkroom.Job, to darkroom.JobStatus) error {
	changed, err := tx.Exec(ctx, `UPDATE jobs SET status = ? WHERE id = ? AND status = ?`, string(to), job.ID, string(job.Status))
	if err != nil {
		return fmt.Errorf("change the status of a job: %w", err)
	}
	if changed == 0 {
		return nil
	}
	if err := countJobs(ctx, tx, job, -1); err != nil {
		return err
	}
	job.Status = to
	return countJobs(ctx, tx, job, +1)
}
