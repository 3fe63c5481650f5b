package store

import (
	"context"
	"strings"

	"darkroom/internal/database"
)

// Transactions run at once on PostgreSQL. Counters are changed by what is added
// to them, so most need not know of one another; where one decides by what it
// has read, it holds a lock, and takes it before it changes a row:
//
//   - captures of a job are claimed, finished and set back while its lock is
//     shared; whoever changes the job as a whole has the lock alone;
//   - jobs of a key are made by one at a time, so that quotas and idempotency
//     keys hold;
//   - keys are made, named and rotated by one at a time.
//
// Rows are changed in one order: captures, lane, job, key, hosts of the key,
// hosts. Where the lock of a job is shared the key comes before the job, whose
// change it numbers. What still gets into a deadlock is run again by
// database.DB.Update.
//
// Every capture of a key changes the key's row, so a transaction holds that for
// as short as it can: it says what it wants in few messages (database.Tx.Later),
// that last, and what ends or is claimed meanwhile in this process shares the
// next one (together).
const keysLock = "keys"

func jobLock(jobID string) string     { return "job " + strings.ToLower(jobID) }
func newJobsLock(keyID string) string { return "new jobs of " + keyID }

// lockJob is findJob for a transaction that changes the job as a whole.
func (s *Store) lockJob(ctx context.Context, tx database.Tx, id string) (storedJob, error) {
	if err := tx.Lock(ctx, jobLock(id)); err != nil {
		return storedJob{}, wrap(err, "lock job %s", id)
	}
	return s.findJob(ctx, tx, id)
}
