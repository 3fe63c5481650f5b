package store

import (
	"context"
	"database/sql"
	"encoding/json"
	"errors"
	"fmt"

	"darkroom"
	"darkroom/internal/database"
	"darkroom/internal/trace"
)

// FinishCapture writes how an attempt ended, in one transaction with every
// counter. It writes only while the capture still belongs to this claim: kept
// is false when it was lost to another attempt meanwhile, and then nothing has
// changed and the artifact is an orphan. A nil outcome.Err needs a stored
// artifact. The last capture of a job inserts the job's finish task.
func (s *Store) FinishCapture(ctx context.Context, claim darkroom.Claim, outcome Outcome) (kept bool, err error) {
	ctx, span := trace.Start(ctx, "finish")
	defer func() { span.End(err) }()
	if outcome.Err == nil && outcome.Result.Key == "" {
		return false, fmt.Errorf("finish capture %s: it has no artifact", claim.CaptureID)
	}
	err = s.update(ctx, func(tx database.Tx) error {
		kept = false
		if err := tx.Share(ctx, jobLock(claim.JobID)); err != nil {
			return err
		}
		c, err := s.writeOutcome(ctx, tx, claim, outcome)
		if errors.Is(err, sql.ErrNoRows) {
			return nil
		}
		if err != nil {
			return err
		}
		kept = true
		if err := s.settle(ctx, tx, c); err != nil {
			return err
		}
		if err := s.pace(ctx, tx, claim, outcome); err != nil {
			return err
		}
		return s.wakeAfter(ctx, tx, c)
	})
	if err != nil {
		return false, wrap(err, "finish capture %s", claim.CaptureID)
	}
	return kept, nil
}

// writeOutcome gives sql.ErrNoRows when the capture is not this claim's any
// more.
func (s *Store) writeOutcome(ctx context.Context, tx database.Tx, claim darkroom.Claim, outcome Outcome) (settled, error) {
	c, result := outcomeState(claim, outcome), outcome.Result
	var code, message string
	if outcome.Err != nil {
		code, message = string(outcome.Err.Code), outcome.Err.Sentence()
		if result.HTTPStatus == 0 {
			result.HTTPStatus = outcome.Err.HTTPStatus
		}
	}
	if c.state == darkroom.CaptureQueued {
		result.Artifact = darkroom.Artifact{} // only the last attempt's picture is kept
	}
	cacheKey := ""
	if c.state == darkroom.CaptureCompleted {
		cacheKey, _ = claim.Options.CacheKey(claim.KeyID, claim.URL)
	}
	warnings, err := encodeWarnings(result.Warnings)
	if err != nil {
		return settled{}, err
	}
	err = tx.QueryRow(ctx, `UPDATE captures SET state = ?, due_at = ?, erred = erred + ?, code = ?, message = ?,
		artifact_key = ?, final_url = ?, http_status = ?, title = ?, warnings = ?,
		pixel_hash = ?, stable = ?, blocked = ?, duration = ?, captured_at = ?, cache_key = ?, cached = ?
		WHERE job_id = ? AND ordinal = ? AND state = 'running' AND attempt = ? AND instance = ?
		RETURNING host, solo, again`,
		string(c.state), c.dueAt, c.erred, code, message,
		result.Key, result.FinalURL, result.HTTPStatus, result.Title, warnings,
		result.PixelHash, result.Stable, result.Blocked, result.Duration.Milliseconds(), milliseconds(result.CapturedAt), cacheKey, result.Cached,
		claim.JobID, claim.Ordinal, claim.Attempt, claim.Instance).Scan(&c.host, &c.solo, &c.again)
	if err == nil {
		err = keepEvidence(ctx, tx, claim, outcome)
	}
	switch {
	case err != nil || result.Key == "":
		return c, err
	case result.Cached:
		return c, holdArtifact(ctx, tx, result.Artifact)
	}
	return c, insertPicture(ctx, tx, result.Artifact, outcome.Thumbnail)
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
	_, err := tx.Exec(ctx, `INSERT INTO artifacts (key, content_type, size, crc32, sha256, width, height, uses)
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
		err := tx.QueryRow(ctx, `UPDATE captures SET state = 'queued', attempt = attempt - 1
			WHERE job_id = ? AND ordinal = ? AND state = 'running' AND attempt = ? AND instance = ?
			RETURNING host, solo, again`, claim.JobID, claim.Ordinal, claim.Attempt, claim.Instance).Scan(&c.host, &c.solo, &c.again)
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
