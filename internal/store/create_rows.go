package store

import (
	"context"
	"fmt"
	"slices"
	"strings"

	"darkroom"
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

// insertTargets makes the captures of targets that follow the first after
// ones, and their lanes. See countTargets.
func insertTargets(ctx context.Context, tx database.Tx, job darkroom.Job, after int, targets []Target) error {
	pages, err := pagesOf(ctx, tx, job)
	if err != nil {
		return err
	}
	targets, after = inVariants(targets, pages), after*job.CapturesPerURL()
	if err := insertCaptures(ctx, tx, job, after, targets); err != nil {
		return err
	}
	return insertLanes(ctx, tx, job.ID, job.KeyID, after, targets)
}

// countTargets makes every counter but those of the job follow insertTargets.
// It comes after all that takes long: each claim waits for these rows.
func countTargets(ctx context.Context, tx database.Tx, job darkroom.Job, targets []Target) error {
	pages, err := pagesOf(ctx, tx, job)
	if err != nil {
		return err
	}
	targets = inVariants(targets, pages)
	_, err = tx.Exec(ctx, `UPDATE api_keys SET queued = queued + ? WHERE id = ?`, len(targets)-refused(targets), job.KeyID)
	if err != nil {
		return fmt.Errorf("count the captures of the key: %w", err)
	}
	lanes := lanesOf(0, targets)
	slices.SortFunc(lanes, func(a, b *newLane) int { return strings.Compare(a.host, b.host) })
	keyRows, hostRows := make([][]any, len(lanes)), make([][]any, len(lanes))
	for i, lane := range lanes {
		keyRows[i] = []any{job.KeyID, lane.host, lane.queued}
		hostRows[i] = []any{lane.host, lane.queued}
	}
	err = insertRows(ctx, tx, `INSERT INTO key_hosts (key_id, host, queued) VALUES`,
		`ON CONFLICT (key_id, host) DO UPDATE SET queued = key_hosts.queued + excluded.queued`, keyRows)
	if err != nil {
		return fmt.Errorf("count the captures of the key's hosts: %w", err)
	}
	err = insertRows(ctx, tx, `INSERT INTO hosts (host, queued) VALUES`,
		`ON CONFLICT (host) DO UPDATE SET queued = hosts.queued + excluded.queued`, hostRows)
	return wrap(err, "count the captures of the hosts")
}

// inVariants gives each target once in each variant, all of the first before
// those of the second. pages has for each variant the one that it is shot after.
func inVariants(targets []Target, pages []int) []Target {
	if len(pages) == 0 {
		return targets
	}
	all := make([]Target, 0, len(targets)*len(pages))
	for _, target := range targets {
		for i, page := range pages {
			target.variant, target.page = i+1, page
			all = append(all, target)
		}
	}
	return all
}

// refused counts the targets that are never taken.
func refused(targets []Target) (n int) {
	for _, target := range targets {
		if target.Refusal != nil {
			n++
		}
	}
	return n
}

func insertCaptures(ctx context.Context, tx database.Tx, job darkroom.Job, after int, targets []Target) error {
	rows := make([][]any, len(targets))
	for i, target := range targets {
		state, failure := darkroom.CaptureQueued, darkroom.Failure{}
		if target.Refusal != nil {
			state, failure = darkroom.CaptureFailed, *target.Refusal
		}
		set := 0
		if target.Set > 0 {
			set = job.Variants + target.Set
		}
		ordinal, page, due := after+i+1, 0, int64(0)
		if target.follows() {
			page, due = ordinal+target.page-target.variant, heldBack
		}
		rows[i] = []any{
			job.ID, ordinal, target.URL, target.Host, set, target.variant, page, due,
			string(state), string(failure.Code), failure.Message,
		}
	}
	err := insertRows(ctx, tx, `INSERT INTO captures (job_id, ordinal, url, host, option_set, variant, page_of, due_at, state, code, message) VALUES`, "", rows)
	return wrap(err, "insert the captures")
}

// newLane is what the targets of one host add to it.
type newLane struct {
	host    string
	queued  int
	ordinal int   // of the first that is not held back
	delay   int64 // ms
}

// lanesOf groups the targets that are taken, in the order of their first
// ordinals.
func lanesOf(after int, targets []Target) []*newLane {
	var lanes []*newLane
	byHost := map[string]*newLane{}
	for i, target := range targets {
		if target.Refusal != nil {
			continue
		}
		lane := byHost[target.Host]
		if lane == nil {
			lane = &newLane{host: target.Host}
			byHost[target.Host], lanes = lane, append(lanes, lane)
		}
		if lane.ordinal == 0 && !target.follows() {
			lane.ordinal = after + i + 1
		}
		lane.queued++
		lane.delay = max(lane.delay, target.Delay.Milliseconds())
	}
	return lanes
}

// insertLanes makes a lane for each host of the targets, or makes it longer.
// What is new was never put back, so it comes before what waits for a retry.
func insertLanes(ctx context.Context, tx database.Tx, jobID, keyID string, after int, targets []Target) error {
	lanes := lanesOf(after, targets)
	rows := make([][]any, len(lanes))
	for i, lane := range lanes {
		rows[i] = []any{jobID, lane.host, 0, keyID, lane.queued, 0, lane.ordinal, lane.delay}
	}
	err := insertRows(ctx, tx,
		`INSERT INTO lanes (job_id, host, solo, key_id, queued, due_at, ordinal, delay) VALUES`,
		`ON CONFLICT (job_id, host, solo) DO UPDATE SET queued = lanes.queued + excluded.queued, due_at = 0,
			ordinal = CASE WHEN lanes.queued > 0 AND lanes.due_at = 0 THEN lanes.ordinal ELSE excluded.ordinal END,
			delay = CASE WHEN lanes.delay > excluded.delay THEN lanes.delay ELSE excluded.delay END`, rows)
	return wrap(err, "insert the lanes")
}
