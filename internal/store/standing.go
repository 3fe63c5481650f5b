package store

import (
	"context"
	"fmt"

	"darkroom"
)

// Standing is how much there is of all keys together.
type Standing struct {
	Jobs    []JobCount
	Queued  int // captures
	Running int // captures
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
