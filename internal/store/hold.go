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

// picks are the statements that differ between the databases.
type picks struct {
	owed  string // pickOwed, or the same in another form
	ofJob string // pickOfJob, likewise

	// firstFree is owed without the lanes that others hold, and holds the one that
	// it finds; "" = nobody else can hold one.
	firstFree string

	hold string // ends a SELECT whose rows this transaction keeps to its end; "" = nobody else can have them
}

func picksOf(dialect database.Dialect) picks {
	if dialect != database.PostgreSQL {
		return picks{owed: pickOwed, ofJob: pickOfJob}
	}
	return picks{
		owed: fmt.Sprintf(pickOwedNested, ""), ofJob: fmt.Sprintf(pickOfJobNested, ""),
		firstFree: fmt.Sprintf(pickOwedNested, "FOR NO KEY UPDATE OF l SKIP LOCKED"), hold: ` FOR NO KEY UPDATE`,
	}
}

// PostgreSQL would join everything and sort it. Nested, each level stops at the
// first that has something.
const (
	nestedLane = `CROSS JOIN LATERAL (
			SELECT l.host, l.solo, l.delay, h.rests FROM lanes l
			JOIN key_hosts m ON m.key_id = jobs.key_id AND m.host = l.host JOIN hosts h ON h.host = l.host
			WHERE l.job_id = jobs.id AND l.solo = 0 AND l.queued > 0 AND l.due_at <= $2
			AND m.running < jobs.host_concurrency AND h.running < CASE WHEN h.rests > 0 THEN 1 ELSE $3 END AND h.next_at <= $4
			ORDER BY l.due_at, l.ordinal, l.host LIMIT 1 %s) AS lane `

	// pickOwedNested is pickOwed.
	pickOwedNested = `SELECT k.id, k.running, k.turn, j.id, j.kind, j.status, j.priority, j.running, j.turn, j.stint,
	j.host, j.solo, j.delay, j.rests FROM api_keys k CROSS JOIN LATERAL (
		SELECT jobs.id, jobs.kind, jobs.status, jobs.priority, jobs.running, jobs.turn, jobs.stint, lane.host, lane.solo, lane.delay, lane.rests
		FROM jobs ` + nestedLane + `
		WHERE jobs.key_id = k.id AND jobs.queued > 0 AND jobs.deadline > $1
		ORDER BY jobs.priority, jobs.running, jobs.turn, jobs.id LIMIT 1) AS j
	WHERE k.queued > 0 ORDER BY k.running, k.turn, k.id LIMIT 1`

	// pickOfJobNested is pickOfJob.
	pickOfJobNested = `SELECT k.id, k.running, k.turn, jobs.id, jobs.kind, jobs.status, jobs.priority, jobs.running, jobs.turn, jobs.stint,
	lane.host, lane.solo, lane.delay, lane.rests FROM jobs JOIN api_keys k ON k.id = jobs.key_id ` + nestedLane + `
	WHERE jobs.queued > 0 AND jobs.deadline > $1 AND jobs.id = $5`
)

// grip is a candidate that this transaction keeps, with what a claim of it needs
// to know of its capture and its job.
type grip struct {
	candidate

	held, shared bool // the lane, and the job's lock

	taken                       int // its ordinal
	url                         string
	set, variant                int
	again, attempt, erred, lost int
	options, secrets, trace     string
	variants, hostConcurrency   int
	deadline, hostDelay         int64
}

// hold makes the lane of a choice this transaction's own to its end. Where
// another claim has it, it takes the first in fair order that is free, and waits
// only when there is none. When others have changed what the choice rested on,
// the claim begins again. Where others hold rows too, a transaction that holds a
// key's claims nothing of another, and waits for no lane.
func (s *Store) hold(ctx context.Context, tx database.Tx, choice candidate, of *turnOfClaim) (grip, error) {
	if s.picks.hold != "" && of.holds != "" && of.holds != choice.keyID {
		return grip{}, errOther
	}
	now := of.now
	if choice.ordinal > 0 {
		now = time.UnixMilli(heldBack) // the page is there: the lane's first capture does not matter
	}
	got, err := s.grasp(ctx, tx, choice, now, " SKIP LOCKED")
	switch {
	case err != nil || got.held:
		return got, err
	case of.holds != "":
		return got, errOther
	case choice.solo == 0 && choice.ordinal == 0 && s.picks.firstFree != "":
		free, found, err := s.findCandidate(ctx, tx, s.picks.firstFree, now)
		if err != nil {
			return got, err
		}
		if found {
			choice = free
		}
	}
	got, err = s.grasp(ctx, tx, choice, now, "")
	if err == nil && !got.held {
		err = database.ErrOvertaken
	}
	return got, err
}

// grasp is one try, in one message: how says what is done when somebody else
// has the lane.
func (s *Store) grasp(ctx context.Context, tx database.Tx, choice candidate, now time.Time, how string) (got grip, err error) {
	got = grip{candidate: choice, held: true, shared: true}
	if s.picks.hold == "" {
		how = ""
	}
	var queued, due int64
	err = tx.LaterRow(ctx, unless(&got.held, func(r database.Row) error {
		if err := r.Scan(&queued, &due); err != nil || queued > 0 && due <= milliseconds(now) {
			return err
		}
		return sql.ErrNoRows
	}), `SELECT queued, due_at FROM lanes WHERE job_id = ? AND host = ? AND solo = ?`+s.picks.hold+how, choice.jobID, choice.host, choice.solo)
	if err != nil {
		return got, fmt.Errorf("hold a lane: %w", err)
	}
	if err := tx.LaterTryShare(ctx, jobLock(choice.jobID), &got.shared); err != nil {
		return got, err
	}
	err = tx.LaterRow(ctx, unless(&got.held, func(r database.Row) error {
		return r.Scan(&got.options, &got.secrets, &got.variants, &got.hostConcurrency, &got.deadline, &got.hostDelay, &got.trace)
	}), `SELECT options, secrets, variants, host_concurrency, deadline, host_delay, trace FROM jobs WHERE id = ?`, choice.jobID)
	if err != nil {
		return got, fmt.Errorf("read the job of a lane: %w", err)
	}
	// The state is read and not asked for: PostgreSQL would walk the index of all
	// that are queued.
	const columns = `SELECT ordinal, url, option_set, variant, again, attempt, erred, lost, state FROM captures WHERE job_id = ? AND ordinal = `
	read := unless(&got.held, func(r database.Row) error {
		var state darkroom.CaptureState
		err := r.Scan(&got.taken, &got.url, &got.set, &got.variant, &got.again, &got.attempt, &got.erred, &got.lost, &state)
		if err == nil && state != darkroom.CaptureQueued {
			return sql.ErrNoRows
		}
		return err
	})
	if choice.ordinal > 0 {
		err = tx.LaterRow(ctx, read, columns+`?`, choice.jobID, choice.ordinal)
	} else {
		err = tx.LaterRow(ctx, read, columns+`(SELECT ordinal FROM lanes WHERE job_id = ? AND host = ? AND solo = ?)`,
			choice.jobID, choice.jobID, choice.host, choice.solo)
	}
	if err == nil {
		err = tx.Flush()
	}
	return got, wrap(err, "read the first capture of a lane")
}

// unless makes held false when there is no row.
func unless(held *bool, read func(database.Row) error) func(database.Row) error {
	return func(r database.Row) error {
		err := read(r)
		if errors.Is(err, sql.ErrNoRows) {
			*held = false
			return nil
		}
		return err
	}
}
