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
			failed, err = s.failOverdue(ctx, tx, id)
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

func (s *Store) failOverdue(ctx context.Context, tx database.Tx, jobID string) (int, error) {
	job, err := s.lockJob(ctx, tx, jobID)
	if darkroom.CodeOf(err) == darkroom.CodeNotFound {
		return 0, nil // it was deleted meanwhile
	}
	if err != nil {
		return 0, err
	}
	return s.giveUp(ctx, tx, job, ending{
		reading: darkroom.Errorf(darkroom.CodeTimeout, "The job's deadline passed before its sitemap was read"),
		capture: darkroom.Failure{Code: darkroom.CodeTimeout, Message: "The job's deadline passed before this capture's turn came"},
	})
}
