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
// does not matter. "<> 0" keeps PostgreSQL from the index of all lanes that have
// something queued, where there is one to look at. A host that has asked to be left alone is asked for one
// capture at a time until it gives another answer. CROSS JOIN keeps SQLite from
// choosing another order.
const (
	candidateColumns = `SELECT k.id, k.running, k.turn, j.id, j.kind, j.status, j.priority, j.running, j.turn, j.stint,
		l.host, l.solo, l.delay, h.rests `

	claimable  = ` AND j.queued > 0 AND j.deadline > ? AND l.job_id = j.id AND l.queued > 0` + mayBeAsked
	mayBeAsked = ` AND l.due_at <= ?
		AND m.key_id = k.id AND m.host = l.host AND m.running < j.host_concurrency
		AND h.host = l.host AND h.running < CASE WHEN h.rests > 0 THEN 1 ELSE ? END AND h.next_at <= ? `

	pickOwed = candidateColumns + `FROM api_keys k CROSS JOIN jobs j CROSS JOIN lanes l CROSS JOIN key_hosts m CROSS JOIN hosts h
		WHERE k.queued > 0 AND j.key_id = k.id AND l.solo = 0` + claimable + `
		ORDER BY k.running, k.turn, k.id, j.priority, j.running, j.turn, j.id, l.due_at, l.ordinal, l.host LIMIT 1`

	pickOfJob = candidateColumns + `FROM jobs j CROSS JOIN api_keys k CROSS JOIN lanes l CROSS JOIN key_hosts m CROSS JOIN hosts h
		WHERE k.id = j.key_id AND l.solo = 0` + claimable + `AND j.id = ?
		ORDER BY l.due_at, l.ordinal, l.host LIMIT 1`

	pickOfHost = candidateColumns + `FROM jobs j CROSS JOIN api_keys k CROSS JOIN lanes l CROSS JOIN key_hosts m CROSS JOIN hosts h
		WHERE k.id = j.key_id AND l.solo = 0 AND j.queued > 0 AND j.deadline > ? AND l.job_id = j.id AND l.queued <> 0` + mayBeAsked + `AND j.id = ? AND l.host = ?`

	pickSolo = candidateColumns + `FROM lanes l CROSS JOIN jobs j CROSS JOIN api_keys k CROSS JOIN key_hosts m CROSS JOIN hosts h
		WHERE k.id = j.key_id AND l.solo = 1` + claimable + `ORDER BY l.due_at LIMIT 1`
)

// pick chooses what the instance claims next. held says that there is
// something, but that a capture which must run alone is running or waiting for
// the instance to be empty.
func (s *Store) pick(
	ctx context.Context, tx database.Tx, instance string, hint Hint, now time.Time,
) (choice candidate, found, held bool, err error) {
	seen, err := s.look(ctx, tx, instance, hint, now)
	switch {
	case err != nil:
		return candidate{}, false, false, err
	case seen.alone:
		return candidate{}, false, true, nil
	case seen.solo.found:
		return seen.solo.candidate, seen.running == 0, seen.running > 0, nil
	}
	owed, next := seen.owed.candidate, seen.next.candidate
	switch {
	case seen.next.found && !(seen.owed.found && owed.owedMoreThan(next, milliseconds(now))):
		next.stays = seen.owed.found && next.jobID != owed.jobID
		return next, true, false, nil
	case !seen.owed.found:
		return candidate{}, false, false, nil
	}
	return seen.preferHint(milliseconds(now)), true, false, nil
}

// sight is what there is to choose from.
type sight struct {
	running int  // captures of the instance
	alone   bool // one of them must be

	solo glimpse // what must run alone
	owed glimpse // the first in fair order
	next glimpse // from the slot's page
	host glimpse // of the job and the host that the slot has just served
	job  glimpse // of that job
}

type glimpse struct {
	candidate

	found bool
}

func (g *glimpse) scan(r database.Row) (err error) {
	g.candidate, g.found, err = scanCandidate(r)
	return err
}

// look asks for everything at once: the answers cost less than asking for one
// after the other.
func (s *Store) look(ctx context.Context, tx database.Tx, instance string, hint Hint, now time.Time) (seen sight, err error) {
	err = tx.LaterRow(ctx, func(r database.Row) error { return r.Scan(&seen.running, &seen.alone) },
		`SELECT count(*), coalesce(max(solo), 0) FROM captures WHERE state = 'running' AND instance = ?`, instance)
	if err != nil {
		return seen, fmt.Errorf("count the running captures of %s: %w", instance, err)
	}
	ms := milliseconds(now)
	where := []any{ms, ms, s.perHost, ms}
	type question struct {
		read  func(database.Row) error
		query string
		args  []any
	}
	asked := []question{{seen.solo.scan, pickSolo, where}, {seen.owed.scan, s.picks.owed, where}}
	if hint.JobID != "" {
		asked = append(asked,
			question{seen.host.scan, pickOfHost, append(where[:4:4], hint.JobID, hint.Host)},
			question{seen.job.scan, s.picks.ofJob, append(where[:4:4], hint.JobID)})
	}
	for _, q := range asked {
		if err := tx.LaterRow(ctx, q.read, q.query, q.args...); err != nil {
			return seen, fmt.Errorf("choose the next capture: %w", err)
		}
	}
	if err := tx.Flush(); err != nil {
		return seen, fmt.Errorf("choose the next capture: %w", err)
	}
	if hint.JobID != "" {
		seen.next.candidate, seen.next.found, err = s.findFollower(ctx, tx, hint, now)
	}
	return seen, err
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

// preferHint keeps the slot where it is unless the first in fair order is owed
// more.
func (seen sight) preferHint(now int64) candidate {
	owed, stay := seen.owed.candidate, seen.host
	if !stay.found {
		stay = seen.job
	}
	if !stay.found || owed.owedMoreThan(stay.candidate, now) {
		return owed
	}
	stay.stays = stay.jobID != owed.jobID
	return stay.candidate
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
