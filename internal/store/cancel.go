package store

import (
	"context"
	"fmt"

	"darkroom"
	"darkroom/internal/database"
	"darkroom/internal/queue"
)

// CancelJob ends a job of a key before its time: its sitemap is read no
// further, and what has not ended fails with CodeCancelled, what is being taken
// too. What is there stays, and the finish follows as for every job. Doing so
// again gives the job as it is. One whose captures have all ended, or that has
// ended without being cancelled, is a CodeConflict. An unknown job and one of
// another key are the same CodeNotFound.
func (s *Store) CancelJob(ctx context.Context, keyID, id string) (darkroom.Job, error) {
	var job storedJob
	err := s.update(ctx, func(tx database.Tx) (err error) {
		if job, err = s.findOwn(ctx, tx, keyID, id); err != nil || job.Cancelled {
			return err
		}
		if job.Status.Terminal() || job.left == 0 && !job.Progress.Expanding {
			return allEnded(job)
		}
		if err := s.cancel(ctx, tx, job); err != nil {
			return err
		}
		job, err = s.findJob(ctx, tx, id)
		return err
	})
	if err != nil {
		return darkroom.Job{}, wrap(err, "cancel job %s", id)
	}
	s.stopped.tell(job.ID)
	return job.Job, nil
}

// findOwn is lockJob for the key that the job belongs to.
func (s *Store) findOwn(ctx context.Context, tx database.Tx, keyID, id string) (storedJob, error) {
	job, err := s.lockJob(ctx, tx, id)
	if err == nil && job.KeyID != keyID {
		return storedJob{}, notFound("job", id)
	}
	return job, err
}

func allEnded(job storedJob) *darkroom.Error {
	message := "Every capture of the job has ended already"
	if job.Status.Terminal() {
		message = "The job has ended already: it is " + string(job.Status)
	}
	return &darkroom.Error{
		Code: darkroom.CodeConflict, Message: message, Hint: "There is nothing left to cancel; DELETE " + darkroom.JobPath(job.ID) + " deletes the job",
	}
}

func (s *Store) cancel(ctx context.Context, tx database.Tx, job storedJob) error {
	if _, err := tx.Exec(ctx, `UPDATE jobs SET cancelled = 1 WHERE id = ?`, job.ID); err != nil {
		return fmt.Errorf("mark the job: %w", err)
	}
	_, err := s.giveUp(ctx, tx, job, ending{
		reading: darkroom.Errorf(darkroom.CodeCancelled, "The job was cancelled before its sitemap was read"),
		capture: darkroom.Failure{Code: darkroom.CodeCancelled, Message: "The job was cancelled before this page was captured"},
		running: true,
	})
	if err != nil {
		return err
	}
	return s.wakeAll(ctx, tx) // what ran alone or filled up its host stands in nobody's way any more
}

// DeleteJob deletes a job of a key with all that belongs to it, whatever its
// state; what is being taken for it is lost. Its artifacts are given up, and
// a sweep is asked for that deletes their bytes. An unknown job and one of
// another key are the same CodeNotFound.
func (s *Store) DeleteJob(ctx context.Context, keyID, id string) error {
	var job storedJob
	err := s.update(ctx, func(tx database.Tx) (err error) {
		if job, err = s.findOwn(ctx, tx, keyID, id); err != nil {
			return err
		}
		if !job.Status.Terminal() {
			if err := s.cancel(ctx, tx, job); err != nil {
				return err
			}
		}
		if err := release(ctx, tx, job.ID); err != nil {
			return fmt.Errorf("give up its artifacts: %w", err)
		}
		if err := s.purge(ctx, tx, job.ID); err != nil {
			return err
		}
		return s.queue.Insert(ctx, tx, queue.Task{Kind: queue.Sweep})
	})
	if err != nil {
		return wrap(err, "delete job %s", id)
	}
	s.stopped.tell(job.ID)
	s.finished.tell(job.ID)
	return nil
}

// Holds reports whether a capture still belongs to a claim: its job was neither
// cancelled nor deleted, and no other attempt was begun.
func (s *Store) Holds(ctx context.Context, claim darkroom.Claim) (held bool, err error) {
	err = s.db.Read(ctx).QueryRow(ctx, `SELECT EXISTS (SELECT 1 FROM captures
		WHERE job_id = ? AND ordinal = ? AND state = 'running' AND attempt = ? AND instance = ?)`,
		claim.JobID, claim.Ordinal, claim.Attempt, claim.Instance).Scan(&held)
	return held, wrap(err, "look at capture %s", claim.CaptureID)
}
