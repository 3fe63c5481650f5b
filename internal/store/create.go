package store

import (
	"context"
	"database/sql"
	"encoding/json"
	"errors"
	"fmt"

	"github.com/google/uuid"

	"darkroom"
	"darkroom/internal/database"
	"darkroom/internal/queue"
	"darkroom/internal/trace"
)

// CreateJob accepts a job in one transaction: when it returns, the job, its
// captures and what wakes the slots survive a loss of power. A request whose
// IdempotencyKey was used for the same body within darkroom.IdempotencyKeyLife
// gives the job of that time (replayed), for another body it is a
// CodeIdempotencyMismatch. One beyond a quota of its key is a
// CodeQuotaExceeded, and of a key that was revoked meanwhile a
// CodeUnauthorized.
func (s *Store) CreateJob(ctx context.Context, request NewJob) (job darkroom.Job, replayed bool, err error) {
	ctx, span := trace.Start(ctx, "job.create")
	defer func() { span.Text(trace.Job, job.ID).End(err) }()
	draft, err := s.draft(request)
	if err != nil {
		return darkroom.Job{}, false, err
	}
	err = s.update(ctx, func(tx database.Tx) error {
		job, replayed = draft.Job, false
		if err := tx.Lock(ctx, newJobsLock(request.KeyID)); err != nil {
			return err
		}
		earlier, found, err := s.replay(ctx, tx, request)
		if err != nil || found {
			job, replayed = earlier, found
			return err
		}
		if err := s.checkQuotas(ctx, tx, draft.Job); err != nil {
			return err
		}
		return s.insertJob(ctx, tx, request, draft)
	})
	if err != nil {
		return darkroom.Job{}, false, wrap(err, "create a job of %d captures", draft.Progress.Total)
	}
	if !replayed {
		s.created(job.Kind)
	}
	return job, replayed, nil
}

// draft is the job as it will be stored.
func (s *Store) draft(request NewJob) (storedJob, error) {
	crawls := request.Kind == darkroom.KindSitemap
	switch {
	case crawls && (request.Crawl.SitemapURL == "" || request.Crawl.MaxPages < 1 || len(request.Targets) > 0):
		return storedJob{}, darkroom.Invalid("sitemap_url", "a sitemap job needs a sitemap, at least one page, and no URL of its own")
	case !crawls && len(request.Targets) == 0:
		return storedJob{}, darkroom.Invalid("urls", "a job needs at least one URL")
	}
	perHost := darkroom.DefaultHostConcurrency
	if crawls {
		perHost = darkroom.DefaultCrawlHostConcurrency
	}
	id, err := uuid.NewV7()
	if err != nil {
		return storedJob{}, fmt.Errorf("make a job id: %w", err)
	}
	job := storedJob{Job: darkroom.Job{
		ID: id.String(), KeyID: request.KeyID, Kind: request.Kind, Status: darkroom.StatusPending,
		Name: request.Name, Tags: request.Tags, Priority: priorities[priorityNumber(request.Priority)],
		Options: request.Options.WithoutSecrets(), CallbackURL: request.CallbackURL, Gallery: request.Gallery,
		Variants: len(request.Variants), Crawl: request.Crawl,
		HostConcurrency: orDefault(request.HostConcurrency, perHost),
		HostDelay:       request.HostDelay,
		Retention:       orDefault(request.Retention, darkroom.DefaultRetention),
		Progress:        darkroom.Progress{Total: len(request.Targets) * max(1, len(request.Variants)), Expanding: crawls},
		CreatedAt:       moment(milliseconds(s.now())),
	}}
	job.Deadline = job.CreatedAt.Add(orDefault(request.Deadline, darkroom.DefaultJobDeadline))
	job.sealed, err = s.sealSecrets(job.ID, request.Options.Secrets)
	return job, err
}

func orDefault[T ~int | ~int64](value, fallback T) T {
	if value <= 0 {
		return fallback
	}
	return value
}

func (s *Store) insertJob(ctx context.Context, tx database.Tx, request NewJob, job storedJob) error {
	if err := insertJobRow(ctx, tx, job); err != nil {
		return err
	}
	if err := s.insertOptionSets(ctx, tx, job.ID, request); err != nil {
		return err
	}
	if err := insertTargets(ctx, tx, job.Job, 0, request.Targets); err != nil {
		return err
	}
	if err := countJobs(ctx, tx, job.Job, +1); err != nil {
		return err
	}
	if err := rememberRequest(ctx, tx, request, job.Job); err != nil {
		return err
	}
	if err := countAccepted(ctx, tx, job.Job); err != nil {
		return err
	}
	if err := countTargets(ctx, tx, job.Job, request.Targets); err != nil {
		return err
	}
	if err := noteChange(ctx, tx, job.KeyID, job.ID, hasBegun); err != nil {
		return err
	}
	if job.Progress.Expanding {
		return s.queue.Insert(ctx, tx, queue.Task{Kind: queue.Expand, ID: job.ID})
	}
	return s.wake(ctx, tx, job.Progress.Total, s.now())
}

func insertJobRow(ctx context.Context, tx database.Tx, job storedJob) error {
	if job.Tags == nil {
		job.Tags = []string{}
	}
	tags, err := json.Marshal(job.Tags)
	if err != nil {
		return fmt.Errorf("store the tags: %w", err)
	}
	options, err := json.Marshal(job.Options)
	if err != nil {
		return fmt.Errorf("store the options: %w", err)
	}
	crawl, err := encodeCrawl(job.Job)
	if err != nil {
		return err
	}
	_, err = tx.Exec(ctx, `INSERT INTO jobs (id, key_id, kind, status, name, tags, priority, options, secrets,
		variants, callback_url, crawl, expanding, host_concurrency, host_delay, retention, total, queued, gallery, created_at, deadline, trace)
		VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)`,
		job.ID, job.KeyID, string(job.Kind), string(job.Status), job.Name, string(tags), priorityNumber(job.Priority),
		string(options), job.sealed, job.Variants, job.CallbackURL, crawl, job.Progress.Expanding,
		job.HostConcurrency, job.HostDelay.Milliseconds(), job.Retention.Milliseconds(),
		job.Progress.Total, job.Progress.Total, job.Gallery, milliseconds(job.CreatedAt), milliseconds(job.Deadline), trace.Parent(ctx))
	if err != nil {
		return fmt.Errorf("insert the job: %w", err)
	}
	for _, tag := range job.Tags {
		if _, err := tx.Exec(ctx, `INSERT INTO job_tags (key_id, tag, job_id) VALUES (?, ?, ?) ON CONFLICT DO NOTHING`,
			job.KeyID, tag, job.ID); err != nil {
			return fmt.Errorf("insert a tag: %w", err)
		}
	}
	return nil
}

// replay finds the job that an earlier request with the same idempotency key
// made.
func (s *Store) replay(ctx context.Context, tx database.Tx, request NewJob) (job darkroom.Job, found bool, err error) {
	if request.IdempotencyKey == "" {
		return darkroom.Job{}, false, nil
	}
	var hash, jobID string
	var created int64
	err = tx.QueryRow(ctx, `SELECT body_hash, job_id, created_at FROM idempotency WHERE key_id = ? AND idempotency_key = ?`,
		request.KeyID, request.IdempotencyKey).Scan(&hash, &jobID, &created)
	switch {
	case errors.Is(err, sql.ErrNoRows):
		return darkroom.Job{}, false, nil
	case err != nil:
		return darkroom.Job{}, false, fmt.Errorf("look up the idempotency key: %w", err)
	case moment(created).Add(darkroom.IdempotencyKeyLife).Before(s.now()):
		return darkroom.Job{}, false, nil
	case hash != request.BodyHash:
		return darkroom.Job{}, false, &darkroom.Error{
			Code:    darkroom.CodeIdempotencyMismatch,
			Message: "This Idempotency-Key was used for another request",
			Hint:    "Use a new key for each request, and the same key only to repeat one unchanged",
			Param:   "Idempotency-Key",
		}
	}
	stored, err := s.findJob(ctx, tx, jobID)
	return stored.Job, err == nil, err
}

func rememberRequest(ctx context.Context, tx database.Tx, request NewJob, job darkroom.Job) error {
	if request.IdempotencyKey == "" {
		return nil
	}
	_, err := tx.Exec(ctx, `INSERT INTO idempotency (key_id, idempotency_key, body_hash, job_id, created_at)
		VALUES (?, ?, ?, ?, ?) ON CONFLICT (key_id, idempotency_key) DO UPDATE
		SET body_hash = excluded.body_hash, job_id = excluded.job_id, created_at = excluded.created_at`,
		request.KeyID, request.IdempotencyKey, request.BodyHash, job.ID, milliseconds(job.CreatedAt))
	return wrap(err, "remember the idempotency key")
}
