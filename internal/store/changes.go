package store

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"strings"

	"darkroom"
	"darkroom/internal/database"
)

// Which captures of a job a change is one of.
const (
	hasBegun  = `state <> 'queued'`
	noCapture = `1 = 0`
)

// noteChange gives a change of a job, and of those of its captures that the
// condition selects, the next number of the key. The row of the key is held
// until the commit: who has read the changes up to one has missed none before
// it. It comes after everything else that the transaction does to these rows.
func noteChange(ctx context.Context, tx database.Tx, keyID, jobID, condition string, args ...any) error {
	var number int64
	if err := tx.QueryRow(ctx, `UPDATE api_keys SET changes = changes + 1 WHERE id = ? RETURNING changes`, keyID).Scan(&number); err != nil {
		return fmt.Errorf("number a change: %w", err)
	}
	if _, err := tx.Exec(ctx, `UPDATE jobs SET changed = ? WHERE id = ?`, number, jobID); err != nil {
		return fmt.Errorf("note the change of a job: %w", err)
	}
	if condition == noCapture {
		return nil
	}
	_, err := tx.Exec(ctx, `UPDATE captures SET changed = ? WHERE job_id = ? AND `+condition, append([]any{number, jobID}, args...)...)
	return wrap(err, "note the change of captures")
}

// LastChange gives the number of the latest change of a key's jobs; 0 when
// there was none.
func (s *Store) LastChange(ctx context.Context, keyID string) (number int64, err error) {
	err = s.db.Read(ctx).QueryRow(ctx, `SELECT changes FROM api_keys WHERE id = ?`, keyID).Scan(&number)
	return number, wrap(err, "read the latest change of key %s", keyID)
}

// JobChange gives the number of the latest change of a job. An unknown job is
// CodeNotFound.
func (s *Store) JobChange(ctx context.Context, jobID string) (number int64, err error) {
	err = s.db.Read(ctx).QueryRow(ctx, `SELECT changed FROM jobs WHERE id = ?`, strings.ToLower(jobID)).Scan(&number)
	if errors.Is(err, sql.ErrNoRows) {
		return 0, notFound("job", jobID)
	}
	return number, wrap(err, "read the latest change of job %s", jobID)
}

// ChangedJob is a job with the number of its latest change.
type ChangedJob struct {
	darkroom.Job

	Change int64
}

// ChangedJobs gives the jobs of a key that have changed after a number, without
// their secrets, in the order of their latest changes, at most limit.
func (s *Store) ChangedJobs(ctx context.Context, keyID string, after int64, limit int) ([]ChangedJob, error) {
	scan := func(r row) (c ChangedJob, err error) {
		stored, err := scanJob(rowWith{r, []any{&c.Change}})
		c.Job = stored.Job
		return c, err
	}
	jobs, err := queryAll(ctx, s.db.Read(ctx), scan,
		`SELECT `+jobColumns+`, changed FROM jobs WHERE key_id = ? AND changed > ? ORDER BY changed LIMIT ?`, keyID, after, limit)
	return jobs, wrap(err, "read the changed jobs of key %s", keyID)
}

// ChangedResult is a capture with the number of its latest change.
type ChangedResult struct {
	Result

	Change int64
}

// ChangedResults gives the captures of a job that have changed after a number,
// or with that number and stand behind that ordinal; in the order of their
// latest changes and then of their ordinals, at most limit.
func (s *Store) ChangedResults(ctx context.Context, jobID string, after int64, ordinal, limit int) ([]ChangedResult, error) {
	scan := func(r row) (c ChangedResult, err error) {
		c.Result, err = scanKept(rowWith{r, []any{&c.Change}})
		return c, err
	}
	results, err := queryAll(ctx, s.db.Read(ctx), scan, captureColumns+keptColumns+`, c.changed `+captureTables+keptTables+
		`WHERE c.job_id = ? AND c.changed > 0 AND (c.changed > ? OR c.changed = ? AND c.ordinal > ?) ORDER BY c.changed, c.ordinal LIMIT ?`,
		strings.ToLower(jobID), after, after, ordinal, limit)
	return results, wrap(err, "read the changed captures of job %s", jobID)
}
