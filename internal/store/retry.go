package store

import (
	"context"
	"fmt"
	"time"

	"github.com/google/uuid"

	"darkroom"
	"darkroom/internal/database"
	"darkroom/internal/queue"
)

// NewRetry is a request to capture again what failed in a job.
type NewRetry struct {
	KeyID    string
	JobID    string        // of the job that has ended
	Deadline time.Duration // from now; 0 = darkroom.DefaultJobDeadline

	IdempotencyKey string // "" = none
	BodyHash       string // of the request, compared when the key is used again
}

// RetryJob makes a job that captures again what failed in another, in one
// transaction. What was good there is completed in it from the start and holds
// the same artifacts, which therefore outlive the other job. A sitemap that was
// not read to its end is read again. What robots.txt refused stays failed.
//
// A job that has not ended is a CodeJobNotReady, one whose results have expired
// a CodeExpired; one with nothing to try again, and one whose secrets were wiped
// at its end, are a CodeConflict; an unknown one and one of another key are the
// same CodeNotFound. The IdempotencyKey works as in CreateJob.
func (s *Store) RetryJob(ctx context.Context, request NewRetry) (job darkroom.Job, replayed bool, err error) {
	again := NewJob{KeyID: request.KeyID, IdempotencyKey: request.IdempotencyKey, BodyHash: request.BodyHash}
	err = s.update(ctx, func(tx database.Tx) error {
		job, replayed = darkroom.Job{}, false
		if err := tx.Lock(ctx, newJobsLock(request.KeyID)); err != nil {
			return err
		}
		earlier, found, err := s.replay(ctx, tx, again)
		if err != nil || found {
			job, replayed = earlier, found
			return err
		}
		old, err := s.findOwn(ctx, tx, request.KeyID, request.JobID)
		if err != nil {
			return err
		}
		if err := s.retryable(old); err != nil {
			return err
		}
		job, err = s.retryJob(ctx, tx, old, request.Deadline)
		if err != nil {
			return err
		}
		return rememberRequest(ctx, tx, again, job)
	})
	if err != nil {
		return darkroom.Job{}, false, wrap(err, "capture the failures of job %s again", request.JobID)
	}
	if !replayed {
		s.created(job.Kind)
	}
	return job, replayed, nil
}

func (s *Store) retryable(old storedJob) error {
	switch {
	case !old.Status.Terminal():
		return &darkroom.Error{
			Code: darkroom.CodeJobNotReady, Message: "The job is " + string(old.Status),
			Hint: "What fails can be captured again when it has ended", RetryAfter: 2 * time.Second,
		}
	case old.Expired(s.now()):
		return &darkroom.Error{
			Code: darkroom.CodeExpired, Message: "The results of this job have expired, so they cannot be completed",
			Hint: "Create the job again to have them taken anew",
		}
	case old.wiped:
		return &darkroom.Error{
			Code: darkroom.CodeConflict, Message: "The job had headers, cookies or other secrets, which were wiped at its end",
			Hint: "Send the URLs that failed as a new batch, with their secrets",
		}
	}
	return nil
}

// retryJob makes the job and all that belongs to it.
func (s *Store) retryJob(ctx context.Context, tx database.Tx, old storedJob, deadline time.Duration) (darkroom.Job, error) {
	job, err := s.retryOf(old, deadline)
	if err != nil {
		return darkroom.Job{}, err
	}
	var total, completed, queued int
	err = tx.QueryRow(ctx, `SELECT count(*), coalesce(sum(CASE WHEN state = 'completed' THEN 1 ELSE 0 END), 0),
		coalesce(sum(CASE WHEN `+triedAgain+` THEN 1 ELSE 0 END), 0) FROM captures WHERE job_id = ?`, old.ID).
		Scan(&total, &completed, &queued)
	if err != nil {
		return darkroom.Job{}, fmt.Errorf("count what failed: %w", err)
	}
	if queued == 0 && !job.Progress.Expanding {
		return darkroom.Job{}, &darkroom.Error{
			Code: darkroom.CodeConflict, Message: "Nothing in this job can be tried again",
			Hint: "No capture failed, or only such that robots.txt refuses",
		}
	}
	job.Progress.Total, job.Progress.Completed, job.Progress.Failed = total, completed, total-completed-queued
	if err := s.insertRetry(ctx, tx, old.ID, job, queued); err != nil {
		return darkroom.Job{}, err
	}
	if job.Progress.Expanding {
		if err := s.queue.Insert(ctx, tx, queue.Task{Kind: queue.Expand, ID: job.ID}); err != nil {
			return darkroom.Job{}, err
		}
	}
	return job.Job, s.wake(ctx, tx, queued, s.now())
}

// retryOf is the job as it will be stored, without its progress.
func (s *Store) retryOf(old storedJob, deadline time.Duration) (storedJob, error) {
	id, err := uuid.NewV7()
	if err != nil {
		return storedJob{}, fmt.Errorf("make a job id: %w", err)
	}
	job := storedJob{Job: old.Job}
	job.ID, job.RetryOf, job.Status = id.String(), old.ID, darkroom.StatusPending
	job.Error, job.Cancelled, job.Layout = "", false, 0
	job.CreatedAt = moment(milliseconds(s.now()))
	job.Deadline = job.CreatedAt.Add(orDefault(deadline, darkroom.DefaultJobDeadline))
	job.StartedAt, job.CompletedAt, job.ExpiresAt = time.Time{}, time.Time{}, time.Time{}
	// A sample is of all pages: one that is there cannot be added to.
	job.Progress = darkroom.Progress{Expanding: old.unread && (old.Progress.Total == 0 || old.Crawl.PerTemplate == 0)}
	if job.Progress.Expanding {
		job.Discovery = darkroom.Discovery{}
	}
	return job, nil
}

// What is tried again of a job that has ended.
const triedAgain = `state = 'failed' AND code <> '` + string(darkroom.CodeRobotsDenied) + `'`

func (s *Store) insertRetry(ctx context.Context, tx database.Tx, old string, job storedJob, queued int) error {
	if err := insertJobRow(ctx, tx, job); err != nil {
		return err
	}
	if job.Kind == darkroom.KindSitemap && !job.Progress.Expanding {
		if err := keepDiscovery(ctx, tx, job.ID, job.Discovery); err != nil {
			return err
		}
	}
	for _, step := range []struct {
		what, statement string
		args            []any
	}{
		{
			"link it to the other", `UPDATE jobs SET retry_of = ?, queued = ?, completed = ?, failed = ? WHERE id = ?`,
			[]any{old, queued, job.Progress.Completed, job.Progress.Failed, job.ID},
		},
		{"copy the option sets", copyOptionSets, []any{job.ID, old}},
		{"take over what has ended", copyEnded, []any{job.ID, old}},
		{"take over the evidence", copyEvidence, []any{job.ID, job.ID, old}},
		{"hold the artifacts", holdArtifacts, []any{job.ID, job.ID}},
		{"queue what failed", copyFailed, []any{job.ID, old}},
		{"hold back what shares a page", holdBack, []any{heldBack, old, job.ID, old, job.ID}},
		{"make the lanes", copyLanes, []any{job.ID, job.KeyID, old, job.ID}},
		{"count with the key", `UPDATE api_keys SET queued = queued + ? WHERE id = ?`, []any{queued, job.KeyID}},
		{"count with the hosts of the key", countLanesOfKey, []any{job.KeyID, job.ID}},
		{"count with the hosts", countLanes, []any{job.ID}},
	} {
		if _, err := tx.Exec(ctx, step.statement, step.args...); err != nil {
			return fmt.Errorf("%s: %w", step.what, err)
		}
	}
	if err := countJobs(ctx, tx, job.Job, +1); err != nil {
		return err
	}
	if err := noteChange(ctx, tx, job.KeyID, job.ID, hasBegun); err != nil {
		return err
	}
	accepted := job.Job
	accepted.Progress.Total = queued
	return countAccepted(ctx, tx, accepted)
}

// What a retry takes over from the other job. Attempts and losses of what is
// queued begin anew.
const (
	copyOptionSets = `INSERT INTO option_sets (job_id, number, variant, options, secrets, page_of)
		SELECT ?, number, variant, options, '', page_of FROM option_sets WHERE job_id = ?`

	endedColumns = `ordinal, url, host, option_set, variant, state, attempt, erred, lost, instance, claimed_at, code, message,
		artifact_key, final_url, http_status, title, warnings, pixel_hash, stable, blocked, duration, captured_at, cache_key, cached`
	copyEnded = `INSERT INTO captures (job_id, ` + endedColumns + `) SELECT ?, ` + endedColumns + `
		FROM captures WHERE job_id = ? AND NOT (` + triedAgain + `)`
	copyFailed = `INSERT INTO captures (job_id, ordinal, url, host, option_set, variant)
		SELECT ?, ordinal, url, host, option_set, variant FROM captures WHERE job_id = ? AND ` + triedAgain
	// What is shot after a capture that is not taken again loads its own page.
	holdBack = `UPDATE captures SET due_at = ?, page_of = (SELECT old.page_of FROM captures old WHERE old.job_id = ? AND old.ordinal = captures.ordinal)
		WHERE job_id = ? AND state = 'queued' AND (SELECT old.page_of FROM captures old WHERE old.job_id = ? AND old.ordinal = captures.ordinal)
		IN (SELECT before.ordinal FROM captures before WHERE before.job_id = ? AND before.state = 'queued')`

	copyEvidence = `INSERT INTO capture_evidence (job_id, ordinal, evidence, requested, frame_key)
		SELECT ?, e.ordinal, e.evidence, e.requested, e.frame_key FROM captures c
		JOIN capture_evidence e ON e.ordinal = c.ordinal WHERE c.job_id = ? AND e.job_id = ?`
	holdArtifacts = `UPDATE artifacts SET uses = uses + taken.over FROM (
		SELECT artifact_key, count(*) AS over FROM (
			SELECT artifact_key FROM captures WHERE job_id = ? AND artifact_key <> ''
			UNION ALL SELECT frame_key FROM capture_evidence WHERE job_id = ? AND frame_key <> '') AS held
		GROUP BY artifact_key) AS taken WHERE artifacts.key = taken.artifact_key`

	copyLanes = `INSERT INTO lanes (job_id, host, solo, key_id, queued, due_at, ordinal, delay)
		SELECT ?, c.host, 0, ?, count(*), 0, min(CASE WHEN c.due_at = 0 THEN c.ordinal END),
		coalesce((SELECT l.delay FROM lanes l WHERE l.job_id = ? AND l.host = c.host AND l.solo = 0), 0)
		FROM captures c WHERE c.job_id = ? AND c.state = 'queued' GROUP BY c.host`
	countLanesOfKey = `INSERT INTO key_hosts (key_id, host, queued) SELECT ?, host, queued FROM lanes WHERE job_id = ? ORDER BY host
		ON CONFLICT (key_id, host) DO UPDATE SET queued = key_hosts.queued + excluded.queued`
	countLanes = `INSERT INTO hosts (host, queued) SELECT host, queued FROM lanes WHERE job_id = ? ORDER BY host
		ON CONFLICT (host) DO UPDATE SET queued = hosts.queued + excluded.queued`
)
