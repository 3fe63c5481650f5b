package store

import (
	"context"
	"fmt"
	"math"
	"time"

	"darkroom"
	"darkroom/internal/database"
)

// Captures of one URL that can be shot from the same page are taken one after
// the other: each is held back until the one before it has ended or failed.
// The slot that has the page comes for the next at once; when it does not,
// because others were owed more or it died, anybody takes it.
const (
	// heldBack is the due time of a capture that waits for the one before.
	heldBack = int64(math.MaxInt64)

	// pageGrace is how long the slot that has the page comes first.
	pageGrace = time.Second
)

// letFollow makes the capture due that was held back for c.
func (s *Store) letFollow(ctx context.Context, tx database.Tx, c settled) error {
	due := s.now()
	if c.kept {
		due = due.Add(pageGrace)
	}
	followers, err := tx.Exec(ctx, `UPDATE captures SET due_at = ? WHERE job_id = ? AND ordinal BETWEEN ? AND ? AND page_of = ?
		AND state = 'queued' AND due_at = ?`,
		dueTime(c.kept, due), c.jobID, c.ordinal-darkroom.MaxVariants, c.ordinal+darkroom.MaxVariants, c.ordinal, heldBack)
	if err != nil {
		return fmt.Errorf("let the next capture of a page follow: %w", err)
	}
	if followers == 0 {
		return nil
	}
	// Held first: what others have changed in it is seen then.
	if _, err := tx.Exec(ctx, `UPDATE lanes SET queued = queued WHERE job_id = ? AND host = ? AND solo = 0`, c.jobID, c.host); err != nil {
		return fmt.Errorf("hold a lane: %w", err)
	}
	if err := refreshLane(ctx, tx, c.jobID, c.host, 0, 0); err != nil {
		return err
	}
	return s.wake(ctx, tx, int(followers), due)
}

func dueTime(kept bool, due time.Time) int64 {
	if !kept {
		return 0
	}
	return milliseconds(due)
}

// followed reports whether a capture can be shot from the page of the claim's
// after it.
func followed(ctx context.Context, tx database.Tx, claim darkroom.Claim) (yes bool, err error) {
	err = tx.QueryRow(ctx, `SELECT EXISTS (SELECT 1 FROM captures WHERE job_id = ? AND ordinal BETWEEN ? AND ? AND page_of = ?
		AND state = 'queued' AND attempt = 0)`,
		claim.JobID, claim.Ordinal-darkroom.MaxVariants, claim.Ordinal+darkroom.MaxVariants, claim.Ordinal).Scan(&yes)
	return yes, wrap(err, "look who can be shot from the same page")
}

// pickFollower finds the capture that can be shot from the page that a slot
// has. Its host is not asked for anything, so its pace does not matter.
const pickFollower = candidateColumns + `, c.ordinal FROM captures c CROSS JOIN jobs j CROSS JOIN api_keys k CROSS JOIN lanes l CROSS JOIN key_hosts m CROSS JOIN hosts h
	WHERE c.job_id = ? AND c.ordinal BETWEEN ? AND ? AND c.page_of = ? AND c.state = 'queued' AND c.solo = 0 AND c.attempt = 0
	AND j.id = c.job_id AND j.deadline > ? AND k.id = j.key_id AND l.job_id = c.job_id AND l.host = c.host AND l.solo = 0
	AND m.key_id = k.id AND m.host = c.host AND m.running < j.host_concurrency
	AND h.host = c.host AND h.running < CASE WHEN h.rests > 0 THEN 1 ELSE ? END`

func (s *Store) findFollower(ctx context.Context, tx database.Tx, hint Hint, now time.Time) (c candidate, found bool, err error) {
	if hint.PageOf == 0 {
		return candidate{}, false, nil
	}
	ordinal := 0
	c, found, err = scanCandidate(tx.QueryRow(ctx, pickFollower, hint.JobID, hint.PageOf-darkroom.MaxVariants, hint.PageOf+darkroom.MaxVariants,
		hint.PageOf, milliseconds(now), s.perHost), &ordinal)
	c.ordinal = ordinal
	return c, found, err
}
