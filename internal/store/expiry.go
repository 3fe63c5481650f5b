package store

import (
	"context"
	"fmt"
	"time"

	"darkroom"
	"darkroom/internal/database"
)

// ExpiredKeys gives keys of artifacts that no live job refers to, at most
// limit: their bytes may go. Those of a job that is being read (see Reading) wait
// for the end of that. Call ForgetKeys when they are gone, and
// ExpiredKeys again until there are none.
func (s *Store) ExpiredKeys(ctx context.Context, limit int) ([]string, error) {
	if err := s.releaseExpired(ctx); err != nil {
		return nil, err
	}
	keys, err := queryAll(ctx, s.db.Read(ctx), scanText, `SELECT key FROM artifacts WHERE uses = 0 ORDER BY key LIMIT ?`, limit)
	return keys, wrap(err, "list the unused artifacts")
}

func (s *Store) releaseExpired(ctx context.Context) error {
	jobs, err := queryAll(ctx, s.db.Read(ctx), scanText,
		`SELECT id FROM jobs WHERE expires_at > 0 AND released = 0 AND expires_at <= ?
		AND NOT EXISTS (SELECT 1 FROM readings WHERE job_id = jobs.id AND seen_at > ?) ORDER BY expires_at LIMIT ?`,
		milliseconds(s.now()), milliseconds(s.now().Add(-readingSilent)), refillLimit+s.readers.count())
	if err != nil {
		return fmt.Errorf("find the expired jobs: %w", err)
	}
	for _, id := range jobs {
		if s.readers.of(id) {
			continue // the next sweep asks again
		}
		if err := s.update(ctx, func(tx database.Tx) error {
			if err := tx.Lock(ctx, jobLock(id)); err != nil {
				return err
			}
			return release(ctx, tx, id)
		}); err != nil {
			return wrap(err, "give up the artifacts of job %s", id)
		}
	}
	return nil
}

func release(ctx context.Context, tx database.Tx, jobID string) error {
	changed, err := tx.Exec(ctx, `UPDATE jobs SET released = 1 WHERE id = ? AND released = 0`, jobID)
	if err != nil || changed == 0 {
		return err
	}
	_, err = tx.Exec(ctx, `UPDATE artifacts SET uses = uses - given.up FROM (
		SELECT artifact_key, count(*) AS up FROM (
			SELECT artifact_key FROM captures WHERE job_id = ? AND artifact_key <> ''
			UNION ALL SELECT artifact_key FROM job_files WHERE job_id = ?
			UNION ALL SELECT frame_key FROM capture_evidence WHERE job_id = ? AND frame_key <> '') AS held
		GROUP BY artifact_key) AS given WHERE artifacts.key = given.artifact_key`, jobID, jobID, jobID)
	if err != nil {
		return err
	}
	_, err = tx.Exec(ctx, `DELETE FROM capture_evidence WHERE job_id = ?`, jobID)
	return err
}

// ForgetKeys drops the rows of artifacts whose bytes are gone. One that is in
// use stays. The thumbnails of those that go are not in use any more.
func (s *Store) ForgetKeys(ctx context.Context, keys []string) error {
	err := s.update(ctx, func(tx database.Tx) error {
		for _, key := range keys {
			if err := forget(ctx, tx, key); err != nil {
				return err
			}
		}
		return nil
	})
	return wrap(err, "forget %d artifacts", len(keys))
}

// Owned reports whether a row refers to the artifact key. Bytes without one
// are orphans once they are older than any capture may take: a row is written
// after its bytes.
func (s *Store) Owned(ctx context.Context, key string) (owned bool, err error) {
	err = s.db.Read(ctx).QueryRow(ctx, `SELECT EXISTS (SELECT 1 FROM artifacts WHERE key = ?)`, key).Scan(&owned)
	return owned, wrap(err, "look up artifact %s", key)
}

// PurgeHistory deletes jobs whose artifacts were given up and that expired
// longer ago than history, with all that belongs to them, and gives their
// number. It also drops idempotency records that have served their time,
// hosts without work, screenshots that nobody waits for, and instances that are
// long gone.
func (s *Store) PurgeHistory(ctx context.Context, history time.Duration) (n int, err error) {
	now := s.now()
	jobs, err := queryAll(ctx, s.db.Read(ctx), scanText,
		`SELECT id FROM jobs WHERE released = 1 AND expires_at <= ? ORDER BY expires_at LIMIT ?`,
		milliseconds(now.Add(-history)), refillLimit)
	if err != nil {
		return 0, fmt.Errorf("find the jobs to purge: %w", err)
	}
	for _, id := range jobs {
		if err := s.update(ctx, func(tx database.Tx) error { return s.purge(ctx, tx, id) }); err != nil {
			return n, wrap(err, "purge job %s", id)
		}
		n++
	}
	err = s.update(ctx, func(tx database.Tx) error { return dropStale(ctx, tx, now) })
	return n, wrap(err, "drop stale rows")
}

func (s *Store) purge(ctx context.Context, tx database.Tx, jobID string) error {
	job, err := s.lockJob(ctx, tx, jobID)
	if darkroom.CodeOf(err) == darkroom.CodeNotFound {
		return nil // it was deleted meanwhile
	}
	if err != nil {
		return err
	}
	if err := countJobs(ctx, tx, job.Job, -1); err != nil {
		return err
	}
	_, err = tx.Exec(ctx, `DELETE FROM jobs WHERE id = ?`, job.ID)
	return err
}

func dropStale(ctx context.Context, tx database.Tx, now time.Time) error {
	if _, err := tx.Exec(ctx, `DELETE FROM idempotency WHERE created_at < ?`,
		milliseconds(now.Add(-darkroom.IdempotencyKeyLife))); err != nil {
		return err
	}
	if _, err := tx.Exec(ctx, `DELETE FROM key_hosts WHERE queued = 0 AND running = 0`); err != nil {
		return err
	}
	if _, err := tx.Exec(ctx, `DELETE FROM hosts WHERE queued = 0 AND running = 0 AND next_at <= ?`, milliseconds(now)); err != nil {
		return err
	}
	if err := dropErrands(ctx, tx, `deadline < ?`, milliseconds(now.Add(-errandGrace))); err != nil {
		return err
	}
	if _, err := tx.Exec(ctx, `DELETE FROM sessions WHERE expires_at <= ?`, milliseconds(now)); err != nil {
		return err
	}
	if _, err := tx.Exec(ctx, `DELETE FROM readings WHERE seen_at < ?`, milliseconds(now.Add(-time.Hour))); err != nil {
		return err
	}
	_, err := tx.Exec(ctx, `DELETE FROM instances WHERE seen_at < ?`, milliseconds(now.Add(-time.Hour)))
	return err
}
