package worker

import (
	"context"
	"errors"
	"log/slog"
	"time"

	"darkroom"
	"darkroom/internal/bucket"
	"darkroom/internal/store"
	"darkroom/internal/trace"
)

// take makes one attempt and records how it ended. Nothing is returned,
// because nobody could do more about it.
func (w *Worker) take(ctx context.Context, own *slot, claim darkroom.Claim) {
	ctx, span := trace.Start(trace.Continue(ctx, claim.Trace), "attempt")
	span.Text(trace.Job, claim.JobID).Number(trace.Ordinal, claim.Ordinal).Number(trace.Attempt, claim.Attempt)
	defer func() { span.End(nil) }()
	flight, land := w.aborted.bind(ctx)
	defer land()
	began := time.Now()
	shot, held, err := w.captureWhileHeld(flight, own, claim)
	if shot.Kept {
		own.hint.PageOf = claim.Ordinal
	}
	switch {
	case err != nil && flight.Err() != nil:
		w.release(ctx, claim)
		return
	case err != nil && !held:
		w.Log.Info("a capture was stopped: it is not this worker's any more", "job", claim.JobID, "capture", claim.Ordinal,
			"attempt", claim.Attempt, "elapsed", time.Since(began).Round(time.Millisecond))
		return
	}
	outcome := outcomeOf(claim, shot, err, w.Now(), w.Jitter())
	outcome.Result.Duration = time.Since(began)
	if outcome.Err == nil {
		artifact, err := w.keep(flight, claim, shot)
		if isRefused(err) {
			w.Log.Error("a picture could not be stored; captures wait", "job", claim.JobID, "err", err)
			w.space.refused(w.Now(), len(shot.Image), err)
			w.release(flight, claim)
			return
		}
		if err != nil {
			err = darkroom.Errorf(darkroom.CodeInternal, "the picture could not be stored: %w", err)
			outcome = failureOf(claim, shot, err, w.Now(), w.Jitter())
		}
		w.space.written()
		outcome.Result.Artifact = artifact
	}
	w.witness(flight, claim, shot, &outcome)
	w.finishCapture(flight, claim, outcome)
}

func (w *Worker) capture(flight context.Context, own *slot, claim darkroom.Claim) (shot darkroom.Shot, err error) {
	ctx, cancel := context.WithTimeout(flight, claim.Options.AttemptTimeout())
	defer cancel()
	ctx, span := trace.Start(ctx, "capture")
	defer func() { span.Number(trace.Bytes, len(shot.Image)).End(err) }()
	return own.engine.Capture(ctx, darkroom.CaptureRequest{
		Session: claim.JobID, URL: claim.URL, Options: claim.Options, Thumbnail: onlyNow(claim.Options), Keep: claim.Followed,
	})
}

// keep stores the picture. It does not stop half-way when the worker does: the
// picture is there, and storing it takes milliseconds.
func (w *Worker) keep(ctx context.Context, claim darkroom.Claim, shot darkroom.Shot) (darkroom.Artifact, error) {
	ext := claim.Options.WithDefaults().Format
	contentType := shot.ContentType
	if contentType == "" {
		contentType = claim.Options.ContentType()
	}
	key := bucket.ShotKey(claim.JobID, claim.Ordinal, claim.Attempt, claim.Instance, ext)
	ctx, span := trace.Start(context.WithoutCancel(ctx), "put")
	artifact, err := w.put(ctx, key, shot.Image, contentType)
	span.Number(trace.Bytes, len(shot.Image)).End(err)
	artifact.Width, artifact.Height = shot.Width, shot.Height
	return artifact, err
}

// finishCapture records the outcome, however long it takes, and deletes what
// was stored for it when it came too late.
func (w *Worker) finishCapture(ctx context.Context, claim darkroom.Claim, outcome store.Outcome) {
	var kept bool
	err := w.insist(ctx, "recording a capture", func(ctx context.Context) (err error) {
		kept, err = w.Store.FinishCapture(ctx, claim, outcome)
		return err
	})
	if err == nil && kept {
		w.Seen.capture(claim, outcome)
	}
	log := w.logOf(claim, outcome)
	switch {
	case err != nil: // it was tried again until the process had to end
		log.Error("the result of a capture could not be recorded", "err", err)
	case !kept:
		log.Warn("a capture was not this worker's any more; its result is thrown away")
		for _, artifact := range []darkroom.Artifact{outcome.Result.Artifact, outcome.Thumbnail, outcome.LastFrame} {
			w.discard(ctx, artifact.Key)
		}
	case outcome.Err == nil:
		log.Debug("captured")
	case outcome.Waits(claim):
		log.Info("a host asked to be left alone; its capture waits", "err", outcome.Err)
	case outcome.RetryAt.IsZero():
		log.Info("a capture failed", "err", outcome.Err)
	default:
		log.Info("a capture failed and will be tried again", "err", outcome.Err)
	}
}

func (w *Worker) logOf(claim darkroom.Claim, outcome store.Outcome) *slog.Logger {
	log := w.Log.With("job", claim.JobID, "capture", claim.Ordinal, "attempt", claim.Attempt,
		"host", claim.Host, "elapsed", outcome.Result.Duration.Round(time.Millisecond))
	if outcome.Err != nil {
		log = log.With("code", outcome.Err.Code)
	}
	return log
}

// discard deletes bytes unless a row refers to them: a commit that was
// reported as failed may have happened. What fails here is left to the sweep.
func (w *Worker) discard(ctx context.Context, key string) {
	if key == "" {
		return
	}
	ctx = context.WithoutCancel(ctx)
	owned, err := w.Store.Owned(ctx, key)
	if err == nil && !owned {
		err = w.Bucket.Delete(ctx, key)
	}
	if err != nil {
		w.Log.Warn("an orphan could not be deleted; the sweep will", "err", err)
	}
}

// release hands a capture back without costing it an attempt.
func (w *Worker) release(ctx context.Context, claim darkroom.Claim) {
	err := w.insist(ctx, "handing back a capture", func(ctx context.Context) error {
		return w.Store.ReleaseCapture(ctx, claim)
	})
	if err != nil {
		w.Log.Error("a capture could not be handed back", "job", claim.JobID, "capture", claim.Ordinal, "err", err)
	}
}

// outcomeOf turns what the engine gave into what is recorded. The artifact and
// the duration are not known here.
func outcomeOf(claim darkroom.Claim, shot darkroom.Shot, err error, now time.Time, jitter float64) store.Outcome {
	if err == nil && len(shot.Image) == 0 {
		err = darkroom.Errorf(darkroom.CodeInternal, "the browser gave an empty picture")
	}
	if err != nil {
		return failureOf(claim, shot, err, now, jitter)
	}
	return store.Outcome{Result: resultOf(shot, now), Kept: shot.Kept, Rest: restOf(claim, shot.HTTPStatus, shot.RetryAfter, now, jitter)}
}

func failureOf(claim darkroom.Claim, shot darkroom.Shot, err error, now time.Time, jitter float64) store.Outcome {
	failure := captureError(err)
	result := resultOf(shot, now)
	if result.HTTPStatus == 0 {
		result.HTTPStatus = failure.HTTPStatus
	}
	wait := max(shot.RetryAfter, failure.RetryAfter)
	return store.Outcome{
		Result:  result,
		Err:     failure,
		RetryAt: retryAt(claim, failure.Code, result.HTTPStatus, wait, now, jitter),
		Rest:    restOf(claim, result.HTTPStatus, wait, now, jitter),
	}
}

// restOf is until when the host is to be left alone; zero when it did not ask
// for that.
func restOf(claim darkroom.Claim, status int, asked time.Duration, now time.Time, jitter float64) time.Time {
	if !darkroom.Resting(status, asked) {
		return time.Time{}
	}
	return now.Add(darkroom.HostRest(claim.Rests+1, asked, jitter))
}

// retryAt is when the capture is tried again; zero when it is not, because
// that would not help, no attempt is left, or the job would be over.
func retryAt(claim darkroom.Claim, code darkroom.Code, status int, asked time.Duration, now time.Time, jitter float64) time.Time {
	failed := claim.Failed + 1
	if !darkroom.Retryable(code, status) || failed >= claim.Options.WithDefaults().Attempts {
		return time.Time{}
	}
	at := now.Add(max(darkroom.CaptureBackoff(failed, jitter), asked))
	if !at.Before(claim.Deadline) {
		return time.Time{}
	}
	return at
}

// captureError makes sure that what is recorded has a code of the closed list.
func captureError(err error) *darkroom.Error {
	if known, ok := errors.AsType[*darkroom.Error](err); ok {
		for _, code := range darkroom.CaptureCodes() {
			if known.Code == code {
				return known
			}
		}
	}
	if errors.Is(err, context.DeadlineExceeded) {
		return darkroom.Errorf(darkroom.CodeTimeout, "the page did not finish in time: %w", err)
	}
	return darkroom.Errorf(darkroom.CodeInternal, "the capture failed: %w", err)
}

func resultOf(shot darkroom.Shot, now time.Time) darkroom.Result {
	return darkroom.Result{
		FinalURL: shot.FinalURL, HTTPStatus: shot.HTTPStatus, Title: shot.Title,
		Warnings: shot.Warnings, CapturedAt: now, Seen: shot.Seen,
	}
}
