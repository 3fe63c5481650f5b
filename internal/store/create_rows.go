package store

import (
	"context"
	"fmt"
	"slices"
	"strings"

	"darkroom/internal/database"
)

// rowsAtOnce go into one statement; what is left over goes one by one, so that
// there are two statements to keep prepared and not one per length.
const rowsAtOnce = 50

// insertRows inserts rows of equal length. statement ends in VALUES, suffix
// follows the rows.
func insertRows(ctx context.Context, tx database.Tx, statement, suffix string, rows [][]any) error {
	if len(rows) == 0 {
		return nil
	}
	one := "(" + strings.TrimSuffix(strings.Repeat("?, ", len(rows[0])), ", ") + ")"
	many := strings.TrimSuffix(strings.Repeat(one+", ", rowsAtOnce), ", ")
	args := make([]any, 0, rowsAtOnce*len(rows[0]))
	for chunk := range slices.Chunk(rows, rowsAtOnce) {
		if len(chunk) < rowsAtOnce {
			for _, values := range chunk {
				if _, err := tx.Exec(ctx, statement+" "+one+" "+suffix, values...); err != nil {
					return err
				}
			}
			continue
		}
		args = args[:0]
		for _, values := range chunk {
			args = append(args, values...)
		}
		if _, err := tx.Exec(ctx, statement+" "+many+" "+suffix, args...); err != nil {
			return err
		}
	}
	return nil
}

func insertCaptures(ctx context.Context, tx database.Tx, jobID string, targets []Target) error {
	rows := make([][]any, len(targets))
	for i, target := range targets {
		rows[i] = []any{jobID, i + 1, target.URL, target.Host}
	}
	err := insertRows(ctx, tx, `INSERT INTO captures (job_id, ordinal, url, host) VALUES`, "", rows)
	return wrap(err, "insert the captures")
}

// insertLanes makes a lane for each host of the job, and the host itself when
// the key does not know it yet.
func insertLanes(ctx context.Context, tx database.Tx, job storedJob, targets []Target) error {
	type lane struct{ queued, ordinal int }
	lanes := map[string]*lane{}
	var hosts []string // in the order of their first ordinals
	for i, target := range targets {
		if lanes[target.Host] == nil {
			lanes[target.Host] = &lane{ordinal: i + 1}
			hosts = append(hosts, target.Host)
		}
		lanes[target.Host].queued++
	}
	laneRows, hostRows := make([][]any, len(hosts)), make([][]any, len(hosts))
	for i, host := range hosts {
		laneRows[i] = []any{job.ID, host, 0, job.KeyID, lanes[host].queued, 0, lanes[host].ordinal}
		hostRows[i] = []any{job.KeyID, host, lanes[host].queued}
	}
	err := insertRows(ctx, tx,
		`INSERT INTO lanes (job_id, host, solo, key_id, queued, due_at, ordinal) VALUES`, "", laneRows)
	if err != nil {
		return fmt.Errorf("insert the lanes: %w", err)
	}
	err = insertRows(ctx, tx, `INSERT INTO hosts (key_id, host, queued) VALUES`,
		`ON CONFLICT (key_id, host) DO UPDATE SET queued = hosts.queued + excluded.queued`, hostRows)
	return wrap(err, "count the captures of the hosts")
}
