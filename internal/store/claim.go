package store

import (
	"cmp"
	"context"
	"database/sql"
	"encoding/json"
	"errors"
	"fmt"
	"time"

	"darkroom"
	"darkroom/internal/database"
	"darkroom/internal/trace"
)

// Claim takes the next capture for a slot of the instance, and counts the
// attempt: of the least-served key (fewest running, then the longest
// unserved), its least-served job, normal priority before low, the lowest
// ordinal whose host may be asked. Retries come after what was never tried.
// The hint is followed while nobody is owed more, to what can be shot from the
// slot's page first. ok is false when nothing may
// be claimed now; see NextDue.
//
// A capture that was lost twice is claimed only while the instance runs
// nothing else, and while it runs, nothing else is. An instance must Beat
// before it claims. One that an earlier picture answers has ended at once: the
// claim is Cached.
func (s *Store) Claim(ctx context.Context, instance string, hint Hint) (claim darkroom.Claim, ok bool, err error) {
	now := s.now()
	if _, resting := s.idle.now(now); resting && hint.PageOf == 0 {
		return darkroom.Claim{}, false, nil
	}
	ctx, span := trace.Start(ctx, "claim")
	defer func() { span.Text(trace.Job, claim.JobID).Number(trace.Ordinal, claim.Ordinal).End(err) }()
	s.solo.RLock()
	claim, ok, err = s.claim(ctx, instance, hint, now, false)
	s.solo.RUnlock()
	if errors.Is(err, errAlone) {
		s.solo.Lock()
		claim, ok, err = s.claim(ctx, instance, hint, now, true)
		s.solo.Unlock()
	}
	if err != nil {
		return darkroom.Claim{}, false, wrap(explain(err), "claim a capture")
	}
	if claim.Cached {
		s.idle.end() // it makes room for others
	}
	return claim, ok, nil
}

// errAlone is how a claim finds out that what it would take must run alone:
// it begins again while no other claim of this process is under way.
var errAlone = errors.New("the next capture must run alone")

func (s *Store) claim(
	ctx context.Context, instance string, hint Hint, now time.Time, alone bool,
) (claim darkroom.Claim, ok bool, err error) {
	seen := s.idle.ends.Load()
	busy := "" // a job that is being changed as a whole: the next try waits for that, before it holds anything
	err = s.db.Update(ctx, func(tx database.Tx) error {
		claim, ok = darkroom.Claim{}, false
		if busy != "" {
			if err := tx.Share(ctx, jobLock(busy)); err != nil {
				return err
			}
		}
		choice, found, held, err := s.pick(ctx, tx, instance, hint, now)
		if err != nil || held {
			return err
		}
		if !found {
			return s.rest(ctx, tx, seen, now)
		}
		if choice.solo == 1 && !alone {
			return errAlone
		}
		if choice, err = s.hold(ctx, tx, choice, now); err != nil {
			return err
		}
		if held, err := tx.TryShare(ctx, jobLock(choice.jobID)); err != nil || !held {
			busy = choice.jobID
			return cmp.Or(err, database.ErrOvertaken)
		}
		claim, err = s.take(ctx, tx, choice, instance, now)
		ok = err == nil
		return err
	})
	if errors.Is(err, database.ErrOvertaken) {
		return darkroom.Claim{}, false, nil // each time, so others are at work; the slot looks again
	}
	return claim, ok, err
}

func (s *Store) rest(ctx context.Context, tx database.Tx, seen int64, now time.Time) error {
	next, event, err := nextEvent(ctx, tx, now)
	if err == nil {
		s.idle.begin(seen, now, next, event)
	}
	return err
}

func (s *Store) take(
	ctx context.Context, tx database.Tx, choice candidate, instance string, now time.Time,
) (darkroom.Claim, error) {
	var set, variant, again int
	claim := darkroom.Claim{
		JobID: choice.jobID, KeyID: choice.keyID, Kind: choice.kind, Host: choice.host, Rests: choice.rests, Instance: instance,
	}
	err := tx.QueryRow(ctx, `UPDATE captures SET state = 'running', attempt = attempt + 1, instance = ?, claimed_at = ?, due_at = 0
		WHERE job_id = ? AND state = 'queued'
		AND ordinal = CASE WHEN ? > 0 THEN ? ELSE (SELECT ordinal FROM lanes WHERE job_id = ? AND host = ? AND solo = ?) END
		RETURNING ordinal, url, option_set, variant, again, attempt, erred, lost`,
		instance, milliseconds(now), choice.jobID, choice.ordinal, choice.ordinal, choice.jobID, choice.host, choice.solo).
		Scan(&claim.Ordinal, &claim.URL, &set, &variant, &again, &claim.Attempt, &claim.Failed, &claim.Lost)
	if errors.Is(err, sql.ErrNoRows) {
		return darkroom.Claim{}, database.ErrOvertaken
	}
	if err != nil {
		return darkroom.Claim{}, fmt.Errorf("take the first capture of a lane: %w", err)
	}
	claim.CaptureID = captureID(claim.JobID, claim.Ordinal)
	if err := refreshLane(ctx, tx, choice.jobID, choice.host, choice.solo, -1); err != nil {
		return darkroom.Claim{}, err
	}
	delay, err := s.countClaim(ctx, tx, choice, &claim, now)
	if err != nil {
		return darkroom.Claim{}, err
	}
	if err := s.layOver(ctx, tx, &claim, set, variant); err != nil {
		return darkroom.Claim{}, err
	}
	if variant > 0 {
		if claim.Followed, err = followed(ctx, tx, claim); err != nil {
			return darkroom.Claim{}, err
		}
	}
	return s.answer(ctx, tx, choice, claim, again == 1, now, delay)
}

// answer ends a claim that an earlier picture answers, and makes the host of
// any other be left alone for delay. A picture that is taken again because one
// had gone is new.
func (s *Store) answer(
	ctx context.Context, tx database.Tx, choice candidate, claim darkroom.Claim, again bool, now time.Time, delay int64,
) (darkroom.Claim, error) {
	var earlier darkroom.Result
	var err error
	if !again {
		if earlier, claim.Cached, err = s.findCached(ctx, tx, claim); err != nil {
			return darkroom.Claim{}, err
		}
	}
	if claim.Cached || choice.ordinal > 0 {
		delay = 0 // the host is not asked for anything
	}
	err = s.countClaimOfHost(ctx, tx, choice, milliseconds(now), delay)
	if err == nil && claim.Cached {
		err = s.endCached(ctx, tx, claim, earlier, choice.ordinal > 0)
	}
	return claim, err
}

// countClaim makes the counters of job and key follow a claim, and reads from
// the job what the claim needs. delay is how long, in ms, the host is to be
// left alone after it.
func (s *Store) countClaim(
	ctx context.Context, tx database.Tx, choice candidate, claim *darkroom.Claim, now time.Time,
) (delay int64, err error) {
	if choice.status == darkroom.StatusPending {
		job := darkroom.Job{ID: choice.jobID, KeyID: choice.keyID, Kind: choice.kind, Status: choice.status}
		if err := changeStatus(ctx, tx, job, darkroom.StatusProcessing); err != nil {
			return 0, err
		}
	}
	ms, stint := milliseconds(now), choice.jobStint
	if !choice.stays {
		stint = ms
	}
	var options, sealed string
	var deadline int64
	err = tx.QueryRow(ctx, `UPDATE jobs SET queued = queued - 1, running = running + 1, turn = ?, stint = ?,
		started_at = CASE WHEN started_at = 0 THEN ? ELSE started_at END
		WHERE id = ? RETURNING options, secrets, deadline, host_delay`, ms, stint, ms, choice.jobID).
		Scan(&options, &sealed, &deadline, &delay)
	if err != nil {
		return 0, fmt.Errorf("count the claim in its job: %w", err)
	}
	if _, err := tx.Exec(ctx, `UPDATE api_keys SET queued = queued - 1, running = running + 1, turn = ? WHERE id = ?`,
		ms, choice.keyID); err != nil {
		return 0, fmt.Errorf("count the claim in its key: %w", err)
	}
	if err := noteChange(ctx, tx, choice.keyID, choice.jobID, `ordinal = ?`, claim.Ordinal); err != nil {
		return 0, err
	}
	claim.Deadline = moment(deadline)
	if err := json.Unmarshal([]byte(options), &claim.Options); err != nil {
		return 0, fmt.Errorf("read the options of job %s: %w", choice.jobID, err)
	}
	claim.Options.Secrets, err = s.openSecrets(choice.jobID, sealed)
	return max(delay, choice.delay), err
}

// countClaimOfHost counts a claim with its host, which is not asked again
// before delay has passed, by nobody. Others may have taken the last place at
// the host since it was picked.
func (s *Store) countClaimOfHost(ctx context.Context, tx database.Tx, choice candidate, now, delay int64) error {
	changed, err := tx.Exec(ctx, `UPDATE key_hosts SET queued = queued - 1, running = running + 1
		WHERE key_id = ? AND host = ? AND running < (SELECT host_concurrency FROM jobs WHERE id = ?)`,
		choice.keyID, choice.host, choice.jobID)
	if err != nil {
		return fmt.Errorf("count the claim in its key's host: %w", err)
	}
	if changed == 0 {
		return database.ErrOvertaken
	}
	changed, err = tx.Exec(ctx, `UPDATE hosts SET queued = queued - 1, running = running + 1,
		next_at = CASE WHEN ? > 0 THEN ? ELSE next_at END
		WHERE host = ? AND (next_at <= ? OR ? > 0) AND running < CASE WHEN rests > 0 THEN 1 ELSE ? END`,
		delay, now+delay, choice.host, now, choice.ordinal, s.perHost)
	if err == nil && changed == 0 {
		return database.ErrOvertaken
	}
	return wrap(err, "count the claim in its host")
}
