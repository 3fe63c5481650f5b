package store

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"time"

	"darkroom/internal/database"
)

// picks are the statements that differ between the databases.
type picks struct {
	owed string // pickOwed, or the same in another form

	// firstFree is owed without the lanes that others hold, and holds the one that
	// it finds; "" = nobody else can hold one.
	firstFree string
}

func picksOf(dialect database.Dialect) picks {
	if dialect == database.PostgreSQL {
		return picks{owed: fmt.Sprintf(pickOwedNested, ""), firstFree: fmt.Sprintf(pickOwedNested, "FOR NO KEY UPDATE OF l SKIP LOCKED")}
	}
	return picks{owed: pickOwed}
}

// pickOwedNested is pickOwed for PostgreSQL, which would join everything and
// sort it: nested, each level stops at the first that has something.
const pickOwedNested = `SELECT k.id, k.running, k.turn, j.id, j.kind, j.status, j.priority, j.running, j.turn, j.stint,
	j.host, j.solo, j.delay, j.rests FROM api_keys k CROSS JOIN LATERAL (
		SELECT jobs.id, jobs.kind, jobs.status, jobs.priority, jobs.running, jobs.turn, jobs.stint, lane.host, lane.solo, lane.delay, lane.rests
		FROM jobs CROSS JOIN LATERAL (
			SELECT l.host, l.solo, l.delay, h.rests FROM lanes l
			JOIN key_hosts m ON m.key_id = jobs.key_id AND m.host = l.host JOIN hosts h ON h.host = l.host
			WHERE l.job_id = jobs.id AND l.solo = 0 AND l.queued > 0 AND l.due_at <= $2
			AND m.running < jobs.host_concurrency AND h.running < CASE WHEN h.rests > 0 THEN 1 ELSE $3 END AND h.next_at <= $4
			ORDER BY l.due_at, l.ordinal, l.host LIMIT 1 %s) AS lane
		WHERE jobs.key_id = k.id AND jobs.queued > 0 AND jobs.deadline > $1
		ORDER BY jobs.priority, jobs.running, jobs.turn, jobs.id LIMIT 1) AS j
	WHERE k.queued > 0 ORDER BY k.running, k.turn, k.id LIMIT 1`

// hold makes the lane of a choice this transaction's own to its end. Where
// another claim has it, it takes the first in fair order that is free, and waits
// only when there is none. When others have changed what the choice rested on,
// the claim begins again.
func (s *Store) hold(ctx context.Context, tx database.Tx, choice candidate, now time.Time) (candidate, error) {
	if s.picks.firstFree == "" {
		return choice, nil
	}
	if choice.ordinal > 0 {
		now = time.UnixMilli(heldBack) // the page is there: the lane's first capture does not matter
	}
	held, err := holdLane(ctx, tx, choice, now, " SKIP LOCKED")
	if err == nil && !held && choice.solo == 0 && choice.ordinal == 0 {
		var free candidate
		if free, held, err = s.findCandidate(ctx, tx, s.picks.firstFree, now); held {
			choice = free
		}
	}
	if err == nil && !held {
		held, err = holdLane(ctx, tx, choice, now, "")
	}
	if err == nil && !held {
		err = database.ErrOvertaken
	}
	return choice, err
}

func holdLane(ctx context.Context, tx database.Tx, choice candidate, now time.Time, how string) (bool, error) {
	var one int
	err := tx.QueryRow(ctx, `SELECT 1 FROM lanes WHERE job_id = ? AND host = ? AND solo = ? AND queued > 0 AND due_at <= ?
		FOR NO KEY UPDATE`+how, choice.jobID, choice.host, choice.solo, milliseconds(now)).Scan(&one)
	if errors.Is(err, sql.ErrNoRows) {
		return false, nil
	}
	return err == nil, wrap(err, "hold a lane")
}
