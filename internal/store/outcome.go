package store

import (
	"cmp"
	"context"
	"database/sql"
	"encoding/json"
	"errors"
	"fmt"
	"slices"

	"darkroom"
	"darkroom/internal/database"
	"darkroom/internal/trace"
)

// FinishCapture writes how an attempt ended, in one transaction with every
// counter. It writes only while the capture still belongs to this claim: kept
// is false when it was lost to another attempt meanwhile, and then nothing has
// changed and the artifact is an orphan. A nil outcome.Err needs a stored
// artifact. The last capture of a job inserts the job's finish task. What ends
// while another transaction of this is under way shares the next one.
func (s *Store) FinishCapture(ctx context.Context, claim darkroom.Claim, outcome Outcome) (kept bool, err error) {
	ctx, span := trace.Start(ctx, "finish")
	defer func() { span.End(err) }()
	if outcome.Err == nil && outcome.Result.Key == "" {
		return false, fmt.Errorf("finish capture %s: it has no artifact", claim.CaptureID)
	}
	one := &attempt{claim: claim, outcome: outcome}
	err = s.attempts.join(one, func(together []*attempt) (int, error) { return len(together), s.finishAll(ctx, together) })
	if err != nil {
		return false, wrap(err, "finish capture %s", claim.CaptureID)
	}
	return one.kept, nil
}

// mostFinishes bounds one transaction.
const mostFinishes = 64

// attempt is one that has ended.
type attempt struct {
	claim   darkroom.Claim
	outcome Outcome
	kept    bool
}

func (s *Store) finishAll(ctx context.Context, together []*attempt) error {
	slices.SortFunc(together, func(a, b *attempt) int {
		return cmp.Or(cmp.Compare(a.claim.JobID, b.claim.JobID), cmp.Compare(a.claim.Ordinal, b.claim.Ordinal))
	})
	return s.update(ctx, func(tx database.Tx) error {
		if err := tx.PlanOnce(ctx); err != nil {
			return err
		}
		all, err := s.guard(ctx, tx, together)
		if err != nil || len(all) == 0 {
			return err
		}
		ended := slices.Clone(all)
		if err := s.settleAll(ctx, tx, ended); err != nil {
			return err
		}
		for _, one := range together {
			if !one.kept {
				continue
			}
			if err := s.pace(ctx, tx, one.claim, one.outcome); err != nil {
				return err
			}
		}
		for _, c := range all {
			if err := s.wakeAfter(ctx, tx, c); err != nil {
				return err
			}
		}
		return nil
	})
}

// guard holds the captures that are still their claims', and stores what the
// attempts have left of them.
func (s *Store) guard(ctx context.Context, tx database.Tx, together []*attempt) ([]settled, error) {
	for i, one := range together {
		if i > 0 && one.claim.JobID == together[i-1].claim.JobID {
			continue
		}
		if err := tx.Share(ctx, jobLock(one.claim.JobID)); err != nil {
			return nil, err
		}
	}
	all := make([]settled, len(together))
	for i, one := range together {
		one.kept = true
		all[i] = outcomeState(one.claim, one.outcome)
		read := func(r database.Row) error {
			err := all[i].scan(r)
			if errors.Is(err, sql.ErrNoRows) {
				one.kept = false
				return nil
			}
			return err
		}
		err := tx.LaterRow(ctx, read, `SELECT `+settledColumns+` FROM captures WHERE job_id = ? AND ordinal = ?
			AND state = 'running' AND attempt = ? AND instance = ?`+s.picks.hold,
			one.claim.JobID, one.claim.Ordinal, one.claim.Attempt, one.claim.Instance)
		if err != nil {
			return nil, err
		}
	}
	if err := tx.Flush(); err != nil {
		return nil, err
	}
	held := all[:0]
	for i, one := range together {
		if !one.kept {
			continue
		}
		if err := all[i].leave(ctx, tx, one.claim, one.outcome); err != nil {
			return nil, err
		}
		held = append(held, all[i])
	}
	return held, nil
}

// leave stores what an attempt has left, and prepares the capture's row.
func (c *settled) leave(ctx context.Context, tx database.Tx, claim darkroom.Claim, outcome Outcome) error {
	row, err := rowOf(claim, outcome, c.state)
	if err != nil {
		return err
	}
	c.row = row
	if err := keepEvidence(ctx, tx, claim, outcome); err != nil {
		return err
	}
	switch picture := row.result.Artifact; {
	case picture.Key == "":
		return nil
	case row.result.Cached:
		return holdArtifact(ctx, tx, picture)
	default:
		return insertPicture(ctx, tx, picture, outcome.Thumbnail)
	}
}

// outcomeRow is what a capture's row says of an attempt that has ended.
type outcomeRow struct {
	claim                             darkroom.Claim
	result                            darkroom.Result
	code, message, warnings, cacheKey string
}

func rowOf(claim darkroom.Claim, outcome Outcome, state darkroom.CaptureState) (r *outcomeRow, err error) {
	r = &outcomeRow{claim: claim, result: outcome.Result}
	if outcome.Err != nil {
		r.code, r.message = string(outcome.Err.Code), outcome.Err.Sentence()
		if r.result.HTTPStatus == 0 {
			r.result.HTTPStatus = outcome.Err.HTTPStatus
		}
	}
	if state == darkroom.CaptureQueued {
		r.result.Artifact = darkroom.Artifact{} // only the last attempt's picture is kept
	}
	if state == darkroom.CaptureCompleted {
		r.cacheKey, _ = claim.Options.CacheKey(claim.KeyID, claim.URL)
	}
	r.warnings, err = encodeWarnings(r.result.Warnings)
	return r, err
}

// write is guarded as well: who forgets to hold the capture overwrites nothing.
// An earlier picture costs no attempt.
func (r *outcomeRow) write(ctx context.Context, tx database.Tx, c settled, more string) error {
	if more != "" {
		more = ", " + more
	}
	result, claim := r.result, r.claim
	return tx.LaterRow(ctx, mustChange, `UPDATE captures SET state = ?, due_at = ?, erred = erred + ?, code = ?, message = ?,
		artifact_key = ?, final_url = ?, http_status = ?, title = ?, warnings = ?,
		pixel_hash = ?, stable = ?, blocked = ?, duration = ?, captured_at = ?, cache_key = ?, cached = ?, attempt = attempt - ?`+more+`
		WHERE job_id = ? AND ordinal = ? AND state = 'running' AND attempt = ? AND instance = ? RETURNING 1`,
		string(c.state), c.dueAt, c.erred, r.code, r.message,
		result.Key, result.FinalURL, result.HTTPStatus, result.Title, r.warnings,
		result.PixelHash, result.Stable, result.Blocked, result.Duration.Milliseconds(), milliseconds(result.CapturedAt),
		r.cacheKey, result.Cached, result.Cached,
		claim.JobID, claim.Ordinal, claim.Attempt, claim.Instance)
}

func outcomeState(claim darkroom.Claim, outcome Outcome) settled {
	c := settled{jobID: claim.JobID, ordinal: claim.Ordinal, state: darkroom.CaptureCompleted, kept: outcome.Kept}
	c.erred = outcome.Err != nil && !outcome.Waits(claim)
	switch {
	case outcome.Err == nil:
	case outcome.Waits(claim):
		c.state, c.dueAt = darkroom.CaptureQueued, milliseconds(outcome.Rest)
	case !outcome.RetryAt.IsZero() && outcome.RetryAt.Before(claim.Deadline):
		c.state, c.dueAt = darkroom.CaptureQueued, milliseconds(outcome.RetryAt)
	default:
		c.state = darkroom.CaptureFailed
	}
	return c
}

// Waits reports whether the capture of that claim goes back into the queue because its host
// asked for that, and not because the attempt failed.
func (o Outcome) Waits(claim darkroom.Claim) bool {
	return o.Err != nil && claim.Kind == darkroom.KindSitemap && !o.Rest.IsZero() && o.Rest.Before(claim.Deadline)
}

// pace makes everybody leave a host alone that asked for it, and wakes the
// slots when it answers otherwise again. What was claimed before a host asked
// says nothing about how it fares since.
func (s *Store) pace(ctx context.Context, tx database.Tx, claim darkroom.Claim, outcome Outcome) error {
	if !outcome.Rest.IsZero() {
		ms := milliseconds(outcome.Rest)
		_, err := tx.Exec(ctx, `UPDATE hosts SET next_at = CASE WHEN next_at < ? THEN ? ELSE next_at END,
			rests = CASE WHEN rests < ? THEN ? ELSE rests END WHERE host = ?`, ms, ms, claim.Rests+1, claim.Rests+1, claim.Host)
		return wrap(err, "leave a host alone")
	}
	silent := outcome.Err != nil && outcome.Err.HTTPStatus == 0 && outcome.Result.HTTPStatus == 0
	if claim.Rests == 0 || silent {
		return nil
	}
	changed, err := tx.Exec(ctx, `UPDATE hosts SET rests = 0 WHERE host = ? AND rests = ?`, claim.Host, claim.Rests)
	if err != nil || changed == 0 {
		return wrap(err, "ask a host as before")
	}
	return s.wakeAll(ctx, tx)
}

func encodeWarnings(warnings []string) (string, error) {
	if len(warnings) == 0 {
		return "", nil
	}
	text, err := json.Marshal(warnings)
	return string(text), wrap(err, "store the warnings")
}

func insertArtifact(ctx context.Context, tx database.Tx, a darkroom.Artifact) error {
	err := tx.Later(ctx, `INSERT INTO artifacts (key, content_type, size, crc32, sha256, width, height, uses)
		VALUES (?, ?, ?, ?, ?, ?, ?, 1)`, a.Key, a.ContentType, a.Size, int64(a.CRC32), a.SHA256, a.Width, a.Height)
	return wrap(err, "store artifact %s", a.Key)
}

// ReleaseCapture gives a capture back unharmed, as if it had not been claimed:
// the worker is stopping. It does nothing when the capture is not this claim's
// any more.
func (s *Store) ReleaseCapture(ctx context.Context, claim darkroom.Claim) error {
	err := s.update(ctx, func(tx database.Tx) error {
		if err := tx.Share(ctx, jobLock(claim.JobID)); err != nil {
			return err
		}
		c := settled{jobID: claim.JobID, ordinal: claim.Ordinal, state: darkroom.CaptureQueued}
		row := tx.QueryRow(ctx, `UPDATE captures SET state = 'queued', attempt = attempt - 1
			WHERE job_id = ? AND ordinal = ? AND state = 'running' AND attempt = ? AND instance = ?
			RETURNING `+settledColumns, claim.JobID, claim.Ordinal, claim.Attempt, claim.Instance)
		err := c.scan(row)
		if errors.Is(err, sql.ErrNoRows) {
			return nil
		}
		if err != nil {
			return err
		}
		if err := s.settle(ctx, tx, c); err != nil {
			return err
		}
		return s.wakeAfter(ctx, tx, c)
	})
	return wrap(err, "release capture %s", claim.CaptureID)
}
