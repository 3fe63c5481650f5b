package store

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"time"

	"darkroom"
	"darkroom/internal/database"
)

// candidate is a lane whose first capture may be claimed now, with what decides
// between it and others.
type candidate struct {
	keyID      string
	keyRunning int
	keyTurn    int64

	jobID      string
	kind       darkroom.JobKind
	status     darkroom.JobStatus
	priority   int
	jobRunning int
	jobTurn    int64
	jobStint   int64

	host  string
	solo  int
	delay int64 // ms that the host itself asks for between two captures
	rests int

	stays bool // the slot goes on with the job it has just served

	ordinal int // of the capture that can be shot from the slot's page; 0 = the lane's first
}

// stintLength is how long a slot may stay with a job although others wait as
// long: a change costs it a new browser context. It never delays a job that
// was not served at all.
const stintLength = 4 * time.Second

// The statements walk keys, jobs and lanes in the order of their indexes and
// stop at the first lane whose host may be asked: the length of the backlog
// does not matter. A host that has asked to be left alone is asked for one
// capture at a time until it gives another answer. CROSS JOIN keeps SQLite from
// choosing another order.
const (
	candidateColumns = `SELECT k.id, k.running, k.turn, j.id, j.kind, j.status, j.priority, j.running, j.turn, j.stint,
		l.host, l.solo, l.delay, h.rests `

	claimable = ` AND j.queued > 0 AND j.deadline > ? AND l.job_id = j.id AND l.queued > 0 AND l.due_at <= ?
		AND m.key_id = k.id AND m.host = l.host AND m.running < j.host_concurrency
		AND h.host = l.host AND h.running < CASE WHEN h.rests > 0 THEN 1 ELSE ? END AND h.next_at <= ? `

	pickOwed = candidateColumns + `FROM api_keys k CROSS JOIN jobs j CROSS JOIN lanes l CROSS JOIN key_hosts m CROSS JOIN hosts h
		WHERE k.queued > 0 AND j.key_id = k.id AND l.solo = 0` + claimable + `
		ORDER BY k.running, k.turn, k.id, j.priority, j.running, j.turn, j.id, l.due_at, l.ordinal, l.host LIMIT 1`

	pickOfJob = candidateColumns + `FROM jobs j CROSS JOIN api_keys k CROSS JOIN lanes l CROSS JOIN key_hosts m CROSS JOIN hosts h
		WHERE k.id = j.key_id AND l.solo = 0` + claimable + `AND j.id = ?
		ORDER BY l.due_at, l.ordinal, l.host LIMIT 1`

	pickOfHost = candidateColumns + `FROM jobs j CROSS JOIN api_keys k CROSS JOIN lanes l CROSS JOIN key_hosts m CROSS JOIN hosts h
		WHERE k.id = j.key_id AND l.solo = 0` + claimable + `AND j.id = ? AND l.host = ?`

	pickSolo = candidateColumns + `FROM lanes l CROSS JOIN jobs j CROSS JOIN api_keys k CROSS JOIN key_hosts m CROSS JOIN hosts h
		WHERE k.id = j.key_id AND l.solo = 1` + claimable + `ORDER BY l.due_at LIMIT 1`
)

// pick chooses what the instance claims next. held says that there is
// something, but that a capture which must run alone is running or waiting for
// the instance to be empty.
func (s *Store) pick(
	ctx context.Context, tx database.Tx, instance string, hint Hint, now time.Time,
) (choice candidate, found, held bool, err error) {
	running, alone, err := load(ctx, tx, instance)
	if err != nil || alone {
		return candidate{}, false, alone, err
	}
	choice, found, err = s.findCandidate(ctx, tx, pickSolo, now)
	if err != nil || found {
		return choice, found && running == 0, found && running > 0, err
	}
	choice, found, err = s.findCandidate(ctx, tx, s.picks.owed, now)
	if err != nil || hint.JobID == "" {
		return choice, found, false, err
	}
	next, follows, err := s.findFollower(ctx, tx, hint, now)
	switch {
	case err != nil:
		return candidate{}, false, false, err
	case follows && !(found && choice.owedMoreThan(next, milliseconds(now))):
		next.stays = found && next.jobID != choice.jobID
		return next, true, false, nil
	case !found:
		return candidate{}, false, false, nil
	}
	choice, err = s.preferHint(ctx, tx, choice, hint, now)
	return choice, true, false, err
}

// load counts what the instance is running, and says whether one of it must
// run alone.
func load(ctx context.Context, tx database.Tx, instance string) (running int, alone bool, err error) {
	err = tx.QueryRow(ctx, `SELECT count(*), coalesce(max(solo), 0) FROM captures WHERE state = 'running' AND instance = ?`,
		instance).Scan(&running, &alone)
	return running, alone, wrap(err, "count the running captures of %s", instance)
}

func (s *Store) findCandidate(
	ctx context.Context, q database.Querier, query string, now time.Time, where ...any,
) (c candidate, found bool, err error) {
	ms := milliseconds(now)
	return scanCandidate(q.QueryRow(ctx, query, append([]any{ms, ms, s.perHost, ms}, where...)...))
}

// scanCandidate reads candidateColumns, and into more what follows them.
func scanCandidate(r row, more ...any) (c candidate, found bool, err error) {
	err = r.Scan(append([]any{
		&c.keyID, &c.keyRunning, &c.keyTurn, &c.jobID, &c.kind, &c.status,
		&c.priority, &c.jobRunning, &c.jobTurn, &c.jobStint, &c.host, &c.solo, &c.delay, &c.rests,
	}, more...)...)
	if errors.Is(err, sql.ErrNoRows) {
		return candidate{}, false, nil
	}
	if err != nil {
		return candidate{}, false, fmt.Errorf("choose the next capture: %w", err)
	}
	return c, true, nil
}

// preferHint keeps the slot where it is unless owed, the first in fair order,
// is owed more.
func (s *Store) preferHint(ctx context.Context, tx database.Tx, owed candidate, hint Hint, now time.Time) (candidate, error) {
	stay, found, err := s.findCandidate(ctx, tx, pickOfHost, now, hint.JobID, hint.Host)
	if err == nil && !found {
		stay, found, err = s.findCandidate(ctx, tx, pickOfJob, now, hint.JobID)
	}
	if err != nil {
		return candidate{}, err
	}
	if !found || owed.owedMoreThan(stay, milliseconds(now)) {
		return owed, nil
	}
	stay.stays = stay.jobID != owed.jobID
	return stay, nil
}

// owedMoreThan compares c, the first in fair order, with where a slot would
// like to stay.
func (c candidate) owedMoreThan(stay candidate, now int64) bool {
	const stint = int64(stintLength / time.Millisecond)
	switch {
	case c.jobID == stay.jobID:
		return false
	case c.keyID != stay.keyID:
		if c.keyRunning != stay.keyRunning {
			return c.keyRunning < stay.keyRunning
		}
		return c.jobTurn == 0 || now-c.keyTurn >= stint
	case c.priority != stay.priority:
		return c.priority < stay.priority
	case c.jobRunning != stay.jobRunning:
		return c.jobRunning < stay.jobRunning
	}
	return c.jobTurn == 0 || now-stay.jobStint >= stint
}
