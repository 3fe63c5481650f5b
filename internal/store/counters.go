package store

import (
	"cmp"
	"context"
	"fmt"
	"slices"

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
	again   int // 1 = it was put back because its picture had gone

	variants int // of its job
	keyID    string

	dueAt int64 // while queued
	state darkroom.CaptureState
	erred bool // the attempt failed
	kept  bool // the slot has the page still

	// row writes the state, when nobody has done so yet.
	row *outcomeRow
}

// settledColumns are what scanSettled reads of captures.
const settledColumns = `host, solo, again, (SELECT variants FROM jobs WHERE id = captures.job_id), (SELECT key_id FROM jobs WHERE id = captures.job_id)`

func (c *settled) scan(r row) error {
	return r.Scan(&c.host, &c.solo, &c.again, &c.variants, &c.keyID)
}

// settle is settleAll for one.
func (s *Store) settle(ctx context.Context, tx database.Tx, c settled) error {
	return s.settleAll(ctx, tx, []settled{c})
}

// settleAll makes every counter follow captures that left the state running, and
// inserts the finish task of each job of which one was the last. Rows that
// everybody changes come last.
func (s *Store) settleAll(ctx context.Context, tx database.Tx, all []settled) error {
	slices.SortFunc(all, func(a, b settled) int {
		return cmp.Or(cmp.Compare(a.jobID, b.jobID), cmp.Compare(a.ordinal, b.ordinal))
	})
	for i := range all {
		if err := s.settleLane(ctx, tx, &all[i]); err != nil {
			return err
		}
	}
	sums := sumUp(all)
	if err := sums.writeJobs(ctx, tx); err != nil {
		return err
	}
	for _, c := range all {
		if err := c.note(ctx, tx); err != nil {
			return err
		}
	}
	if err := sums.writeHosts(ctx, tx); err != nil {
		return err
	}
	if err := tx.Flush(); err != nil {
		return fmt.Errorf("count the captures: %w", err)
	}
	for _, job := range sums.jobs {
		if job.ended == 0 {
			continue
		}
		if err := s.finishIfDone(ctx, tx, job.left); err != nil {
			return err
		}
	}
	return nil
}

// note gives a capture the number of its job's change, and its state if it has
// none yet.
func (c settled) note(ctx context.Context, tx database.Tx) error {
	if c.row != nil {
		return c.row.write(ctx, tx, c, changedWithJob)
	}
	return tx.Later(ctx, `UPDATE captures SET `+changedWithJob+` WHERE job_id = ? AND ordinal = ?`, c.jobID, c.ordinal)
}

// settleLane makes the lane follow: with the capture that is queued again, and
// with the one that was held back for it.
func (s *Store) settleLane(ctx context.Context, tx database.Tx, c *settled) error {
	waits := c.state == darkroom.CaptureQueued
	if waits {
		if c.row != nil { // the lane looks for it
			if err := c.row.write(ctx, tx, *c, ""); err != nil {
				return err
			}
			c.row = nil
		}
		if err := joinLane(ctx, tx, *c); err != nil {
			return err
		}
	}
	if waits && !c.erred || c.variants == 0 {
		return nil
	}
	return s.letFollow(ctx, tx, *c)
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
	err := tx.Later(ctx, `UPDATE lanes SET queued = queued + ?,
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
