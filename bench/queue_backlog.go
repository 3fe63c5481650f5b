package main

import (
	"context"
	"fmt"

	"darkroom/internal/database"
)

// A million captures take minutes by the way that clients have: rows are copied.
const copyCaptures = `INSERT INTO captures (job_id, ordinal, url, host)
	WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < ? - 1)
	SELECT job_id, ordinal + i * ?, url || '-' || i, host FROM captures, n WHERE job_id = ?`

var multiplication = []string{
	`UPDATE jobs SET total = total * ?, queued = queued * ?`,
	`UPDATE lanes SET queued = queued * ?`,
	`UPDATE api_keys SET queued = queued * ?`,
	`UPDATE key_hosts SET queued = queued * ?`,
	`UPDATE hosts SET queued = queued * ?`,
}

// multiply makes every job so many times as long.
func (r *rows) multiply(ctx context.Context, jobs []string, times int) error {
	if times < 2 {
		return nil
	}
	for _, id := range jobs {
		if err := r.exec(ctx, copyCaptures, times, queueBase, id); err != nil {
			return err
		}
	}
	for i, statement := range multiplication {
		args := []any{times}
		if i == 0 {
			args = append(args, times)
		}
		if err := r.exec(ctx, statement, args...); err != nil {
			return err
		}
	}
	if r.db.Dialect() == database.PostgreSQL { // a backlog that grows by itself has been cleaned up after
		for _, statement := range []string{`VACUUM ANALYZE`, `CHECKPOINT`} {
			if _, err := r.db.PostgresPool().Exec(ctx, statement); err != nil {
				return fmt.Errorf("clean up: %w", err)
			}
		}
	}
	return nil
}

func (r *rows) exec(ctx context.Context, statement string, args ...any) error {
	err := r.db.Update(ctx, func(tx database.Tx) error {
		_, err := tx.Exec(ctx, statement, args...)
		return err
	})
	if err != nil {
		return fmt.Errorf("copy rows: %w", err)
	}
	return nil
}
