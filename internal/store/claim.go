package store

import (
	"context"
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
	one := &asking{instance: instance, hint: hint}
	err = s.claims.join(one, func(all []*asking) (n int, err error) {
		s.solo.RLock()
		defer s.solo.RUnlock()
		return s.claimAll(ctx, all, false)
	})
	if errors.Is(err, errAlone) {
		s.solo.Lock()
		_, err = s.claimAll(ctx, []*asking{one}, true)
		s.solo.Unlock()
	}
	if err != nil {
		return darkroom.Claim{}, false, wrap(explain(err), "claim a capture")
	}
	if one.claim.Cached {
		s.idle.end() // it makes room for others
	}
	return one.claim, one.ok, nil
}

// errAlone is how a claim finds out that what it would take must run alone:
// it begins again while no other claim of this process is under way.
var errAlone = errors.New("the next capture must run alone")

// mostClaims bounds one transaction, which holds the row of a key from its first
// claim on.
const mostClaims = 8

// asking is a slot that wants a capture.
type asking struct {
	instance string
	hint     Hint

	claim darkroom.Claim
	ok    bool
}

// claimAll claims for several slots, one after the other, in one transaction. It
// does only the first when that has to begin again, and ends before a claim that
// is of another key or would wait: it holds rows that others want.
func (s *Store) claimAll(ctx context.Context, all []*asking, alone bool) (n int, err error) {
	of := turnOfClaim{now: s.now(), alone: alone}
	seen := s.idle.ends.Load()
	tries := 0
	err = s.db.Update(ctx, func(tx database.Tx) error {
		if tries++; tries > 1 {
			all = all[:1]
		}
		if err := tx.PlanOnce(ctx); err != nil {
			return err
		}
		if of.busy != "" {
			if err := tx.Share(ctx, jobLock(of.busy)); err != nil {
				return err
			}
		}
		of.holds, of.rest = "", nil
		for n = 0; n < len(all); n++ {
			err := s.claim(ctx, tx, all[n], &of)
			if n > 0 && (errors.Is(err, errAlone) || errors.Is(err, errOther)) {
				return nil
			}
			if err != nil {
				return err
			}
		}
		return nil
	})
	if err == nil && of.rest != nil {
		s.idle.begin(seen, of.now, of.rest.until, of.rest.event)
	}
	if errors.Is(err, database.ErrOvertaken) {
		return 1, nil // each time, so others are at work; the slot looks again
	}
	return n, err
}

// turnOfClaim is what claims of one transaction know of one another.
type turnOfClaim struct {
	now   time.Time
	alone bool   // no other claim of this process is under way
	holds string // the key whose row the transaction holds; "" = none
	busy  string // a job that is being changed as a whole: the next try waits for that, before it holds anything
	rest  *nap   // nothing can be claimed any more; nil = that is not known
}

// nap is until when nothing can be claimed.
type nap struct {
	until time.Time
	event bool // something can be claimed then
}

// errOther is how a claim finds out that it must wait for the next transaction.
var errOther = errors.New("the next claim is one for another transaction")

func (s *Store) claim(ctx context.Context, tx database.Tx, one *asking, of *turnOfClaim) error {
	one.claim, one.ok = darkroom.Claim{}, false
	choice, found, held, err := s.pick(ctx, tx, one.instance, one.hint, of.now)
	if err != nil || held {
		return err
	}
	if !found {
		of.rest = new(nap)
		of.rest.until, of.rest.event, err = nextEvent(ctx, tx, of.now)
		return err
	}
	if choice.solo == 1 && !of.alone {
		return errAlone
	}
	got, err := s.hold(ctx, tx, choice, of)
	if err != nil {
		return err
	}
	if !got.shared {
		of.busy = got.jobID
		return database.ErrOvertaken
	}
	one.claim, err = s.take(ctx, tx, got, one.instance, of.now)
	one.ok, of.holds = err == nil, got.keyID
	return err
}

func (s *Store) take(
	ctx context.Context, tx database.Tx, got grip, instance string, now time.Time,
) (claim darkroom.Claim, err error) {
	claim = darkroom.Claim{
		JobID: got.jobID, KeyID: got.keyID, Kind: got.kind, Host: got.host, Rests: got.rests, Instance: instance,
		CaptureID: captureID(got.jobID, got.taken), Ordinal: got.taken, URL: got.url,
		Attempt: got.attempt + 1, Failed: got.erred, Lost: got.lost, Deadline: moment(got.deadline), Trace: got.trace,
	}
	if err := json.Unmarshal([]byte(got.options), &claim.Options); err != nil {
		return claim, fmt.Errorf("read the options of job %s: %w", got.jobID, err)
	}
	if claim.Options.Secrets, err = s.openSecrets(got.jobID, got.secrets); err != nil {
		return claim, err
	}
	if err := s.layOver(ctx, tx, &claim, got.set, got.variant); err != nil {
		return claim, err
	}
	if got.variant > 0 {
		if claim.Followed, err = followed(ctx, tx, claim); err != nil {
			return claim, err
		}
	}
	var earlier darkroom.Result
	if got.again == 0 { // a picture that is taken again because one had gone is new
		if earlier, claim.Cached, err = s.findCached(ctx, tx, claim); err != nil {
			return claim, err
		}
	}
	if err := s.countClaim(ctx, tx, got, claim, milliseconds(now)); err != nil || !claim.Cached {
		return claim, err
	}
	c := settled{
		jobID: claim.JobID, ordinal: claim.Ordinal, host: claim.Host, solo: got.solo, again: got.again,
		variants: got.variants, keyID: claim.KeyID, kept: got.ordinal > 0,
	}
	return claim, s.endCached(ctx, tx, claim, earlier, c)
}

// countClaim makes the capture, its lane and every counter follow a claim. Rows
// that everybody changes are held for one message and the commit. That the
// capture is queued was read while its lane was held.
func (s *Store) countClaim(ctx context.Context, tx database.Tx, got grip, claim darkroom.Claim, now int64) error {
	err := tx.Later(ctx, `UPDATE api_keys SET queued = queued - 1, running = running + 1, turn = ?, changes = changes + 1 WHERE id = ?`,
		now, got.keyID)
	if err != nil {
		return fmt.Errorf("count the claim in its key: %w", err)
	}
	if got.status == darkroom.StatusPending {
		job := darkroom.Job{ID: got.jobID, KeyID: got.keyID, Kind: got.kind, Status: got.status}
		if err := changeStatus(ctx, tx, job, darkroom.StatusProcessing); err != nil {
			return err
		}
	}
	stint := now
	if got.stays {
		stint = got.jobStint
	}
	err = tx.Later(ctx, `UPDATE jobs SET queued = queued - 1, running = running + 1, turn = ?, stint = ?,
		started_at = CASE WHEN started_at = 0 THEN ? ELSE started_at END, `+changedWithKey+` WHERE id = ?`, now, stint, now, got.jobID)
	if err != nil {
		return fmt.Errorf("count the claim in its job: %w", err)
	}
	err = tx.LaterRow(ctx, mustChange, `UPDATE captures SET state = 'running', attempt = attempt + 1, instance = ?, claimed_at = ?, due_at = 0,
		`+changedWithJob+` WHERE job_id = ? AND ordinal = ? AND attempt = ? RETURNING 1`,
		claim.Instance, now, claim.JobID, claim.Ordinal, got.attempt)
	if err != nil {
		return fmt.Errorf("take a capture: %w", err)
	}
	if err := refreshLane(ctx, tx, got.jobID, got.host, got.solo, -1); err != nil {
		return err
	}
	delay := max(got.hostDelay, got.delay)
	if claim.Cached || got.ordinal > 0 {
		delay = 0 // the host is not asked for anything
	}
	return s.countClaimOfHost(ctx, tx, got, now, delay)
}

// countClaimOfHost counts a claim with its host, which is not asked again
// before delay has passed, by nobody. Others may have taken the last place at
// the host since it was picked.
func (s *Store) countClaimOfHost(ctx context.Context, tx database.Tx, got grip, now, delay int64) error {
	err := tx.LaterRow(ctx, mustChange, `UPDATE key_hosts SET queued = queued - 1, running = running + 1
		WHERE key_id = ? AND host = ? AND running < ? RETURNING 1`, got.keyID, got.host, got.hostConcurrency)
	if err != nil {
		return fmt.Errorf("count the claim in its key's host: %w", err)
	}
	err = tx.LaterRow(ctx, mustChange, `UPDATE hosts SET queued = queued - 1, running = running + 1,
		next_at = CASE WHEN ? > 0 THEN ? ELSE next_at END
		WHERE host = ? AND (next_at <= ? OR ? > 0) AND running < CASE WHEN rests > 0 THEN 1 ELSE ? END RETURNING 1`,
		delay, now+delay, got.host, now, got.ordinal, s.perHost)
	if err == nil {
		err = tx.Flush()
	}
	return wrap(err, "count the claim in its host")
}
