package store

import (
	"context"
	"fmt"
	"time"

	"darkroom"
)

// Standing is how much there is of all keys together.
type Standing struct {
	Jobs    []JobCount
	Queued  int // captures
	Running int // captures

	Waited    time.Duration // since the job with a capture due was served that has waited longest; 0 = none waits
	Pending   int           // webhooks that are to be delivered
	Overdue   time.Duration // since the first of them was due; 0 = none is
	Instances int           // with a heartbeat
}

// JobCount is how many jobs of one kind are in one status; never 0.
type JobCount struct {
	Kind   darkroom.JobKind
	Status darkroom.JobStatus
	Jobs   int
}

// Standing reads counters that are kept with every change, and no job.
func (s *Store) Standing(ctx context.Context) (now Standing, err error) {
	read := s.db.Read(ctx)
	err = read.QueryRow(ctx, `SELECT CAST(coalesce(sum(queued), 0) AS BIGINT), CAST(coalesce(sum(running), 0) AS BIGINT) FROM api_keys`).
		Scan(&now.Queued, &now.Running)
	if err != nil {
		return now, wrap(err, "count the captures")
	}
	if err := s.waits(ctx, &now); err != nil {
		return now, err
	}
	rows, err := read.Query(ctx, `SELECT kind, status, CAST(sum(jobs) AS BIGINT) FROM job_counts GROUP BY kind, status HAVING sum(jobs) > 0 ORDER BY kind, status`)
	if err != nil {
		return now, wrap(err, "count the jobs")
	}
	defer func() { _ = rows.Close() }()
	for rows.Next() {
		var count JobCount
		if err := rows.Scan(&count.Kind, &count.Status, &count.Jobs); err != nil {
			return now, fmt.Errorf("count the jobs: %w", err)
		}
		now.Jobs = append(now.Jobs, count)
	}
	return now, wrap(rows.Err(), "count the jobs")
}

// waits reads what waits, and who is there to take it. Jobs that wait are few,
// and each is asked for one lane.
func (s *Store) waits(ctx context.Context, now *Standing) error {
	at := s.now()
	ms := milliseconds(at)
	var served, due int64
	for _, one := range []struct {
		what, query string
		args        []any
		dest        []any
	}{
		{"the job that has waited longest", `SELECT coalesce(min(CASE WHEN turn > created_at THEN turn ELSE created_at END), 0) FROM jobs
			WHERE queued > 0 AND EXISTS (SELECT 1 FROM lanes WHERE job_id = jobs.id AND queued > 0 AND due_at <= ?)`, []any{ms}, []any{&served}},
		{"the webhooks", `SELECT count(*), coalesce(min(next_at), 0) FROM deliveries WHERE state = 'pending'`, nil, []any{&now.Pending, &due}},
		{"the instances", `SELECT count(*) FROM instances WHERE seen_at >= ?`, []any{milliseconds(at.Add(-silence))}, []any{&now.Instances}},
	} {
		if err := s.db.Read(ctx).QueryRow(ctx, one.query, one.args...).Scan(one.dest...); err != nil {
			return fmt.Errorf("look at %s: %w", one.what, err)
		}
	}
	now.Waited, now.Overdue = since(at, served), since(at, due)
	return nil
}

// since is how long ago a stored moment was; 0 for none, and for one to come.
func since(now time.Time, ms int64) time.Duration {
	if ms == 0 {
		return 0
	}
	return max(0, now.Sub(moment(ms)))
}
