package store

import (
	"context"
	"encoding/json"
	"fmt"
	"time"

	"darkroom"
	"darkroom/internal/database"
)

// Claim takes the next capture for a slot of the instance, and counts the
// attempt: of the least-served key (fewest running, then the longest
// unserved), its least-served job, normal priority before low, the lowest
// ordinal whose host may be asked. Retries come after what was never tried.
// The hint is followed while nobody is owed more. ok is false when nothing may
// be claimed now; see NextDue.
//
// A capture that was lost twice is claimed only while the instance runs
// nothing else, and while it runs, nothing else is. An instance must Beat
// before it claims.
func (s *Store) Claim(ctx context.Context, instance string, hint Hint) (claim darkroom.Claim, ok bool, err error) {
	now := s.now()
	if _, resting := s.idle.now(now); resting {
		return darkroom.Claim{}, false, nil
	}
	err = explain(s.db.Update(ctx, func(tx database.Tx) error {
		choice, found, held, err := s.pick(ctx, tx, instance, hint, now)
		if err != nil || held {
			return err
		}
		if !found {
			return s.rest(ctx, tx, now)
		}
		claim, err = s.take(ctx, tx, choice, instance, now)
		ok = err == nil
		return err
	}))
	if err != nil {
		return darkroom.Claim{}, false, wrap(err, "claim a capture")
	}
	return claim, ok, nil
}

func (s *Store) rest(ctx context.Context, tx database.Tx, now time.Time) error {
	next, event, err := nextEvent(ctx, tx, now)
	if err == nil {
		s.idle.begin(now, next, event)
	}
	return err
}

func (s *Store) take(
	ctx context.Context, tx database.Tx, choice candidate, instance string, now time.Time,
) (darkroom.Claim, error) {
	claim := darkroom.Claim{JobID: choice.jobID, KeyID: choice.keyID, Host: choice.host, Instance: instance}
	err := tx.QueryRow(ctx, `UPDATE captures SET state = 'running', attempt = attempt + 1, instance = ?, claimed_at = ?, due_at = 0
		WHERE job_id = ? AND state = 'queued'
		AND ordinal = (SELECT ordinal FROM lanes WHERE job_id = ? AND host = ? AND solo = ?)
		RETURNING ordinal, url, attempt, erred, lost`,
		instance, milliseconds(now), choice.jobID, choice.jobID, choice.host, choice.solo).
		Scan(&claim.Ordinal, &claim.URL, &claim.Attempt, &claim.Failed, &claim.Lost)
	if err != nil {
		return darkroom.Claim{}, fmt.Errorf("take the first capture of a lane: %w", err)
	}
	claim.CaptureID = captureID(claim.JobID, claim.Ordinal)
	if err := refreshLane(ctx, tx, choice.jobID, choice.host, choice.solo, -1); err != nil {
		return darkroom.Claim{}, err
	}
	return claim, s.countClaim(ctx, tx, choice, &claim, now)
}

// countClaim makes every counter follow a claim, and reads from the job what
// the claim needs.
func (s *Store) countClaim(ctx context.Context, tx database.Tx, choice candidate, claim *darkroom.Claim, now time.Time) error {
	if choice.status == darkroom.StatusPending {
		job := darkroom.Job{ID: choice.jobID, KeyID: choice.keyID, Kind: choice.kind, Status: choice.status}
		if err := changeStatus(ctx, tx, job, darkroom.StatusProcessing); err != nil {
			return err
		}
	}
	ms, stint := milliseconds(now), choice.jobStint
	if !choice.stays {
		stint = ms
	}
	var options, sealed string
	var deadline, delay int64
	err := tx.QueryRow(ctx, `UPDATE jobs SET queued = queued - 1, running = running + 1, turn = ?, stint = ?,
		started_at = CASE WHEN started_at = 0 THEN ? ELSE started_at END
		WHERE id = ? RETURNING options, secrets, deadline, host_delay`, ms, stint, ms, choice.jobID).
		Scan(&options, &sealed, &deadline, &delay)
	if err != nil {
		return fmt.Errorf("count the claim in its job: %w", err)
	}
	if _, err := tx.Exec(ctx, `UPDATE api_keys SET queued = queued - 1, running = running + 1, turn = ? WHERE id = ?`,
		ms, choice.keyID); err != nil {
		return fmt.Errorf("count the claim in its key: %w", err)
	}
	if _, err := tx.Exec(ctx, `UPDATE hosts SET queued = queued - 1, running = running + 1,
		next_at = CASE WHEN ? > 0 THEN ? ELSE next_at END WHERE key_id = ? AND host = ?`,
		delay, ms+delay, choice.keyID, choice.host); err != nil {
		return fmt.Errorf("count the claim in its host: %w", err)
	}
	claim.Deadline = moment(deadline)
	if err := json.Unmarshal([]byte(options), &claim.Options); err != nil {
		return fmt.Errorf("read the options of job %s: %w", choice.jobID, err)
	}
	claim.Options.Secrets, err = s.openSecrets(choice.jobID, sealed)
	return err
}
