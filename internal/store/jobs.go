package store

import (
	"context"
	"database/sql"
	"encoding/json"
	"errors"
	"fmt"
	"strings"

	"darkroom"
	"darkroom/internal/database"
)

// Job gives a job of a key, without its secrets. An unknown id and one of
// another key are the same CodeNotFound.
func (s *Store) Job(ctx context.Context, keyID, id string) (darkroom.Job, error) {
	job, err := s.findJob(ctx, s.db.Read(ctx), id)
	if err == nil && job.KeyID != keyID {
		return darkroom.Job{}, notFound("job", id)
	}
	return job.Job, err
}

// JobForWork gives any job, with its secrets while it has them.
func (s *Store) JobForWork(ctx context.Context, id string) (darkroom.Job, error) {
	job, err := s.findJob(ctx, s.db.Read(ctx), id)
	if err != nil {
		return darkroom.Job{}, err
	}
	job.Options.Secrets, err = s.openSecrets(job.ID, job.sealed)
	return job.Job, err
}

// storedJob is a row of jobs.
type storedJob struct {
	darkroom.Job

	sealed string
	left   int  // captures that have not ended
	unread bool // its sitemap was not read to the end
	wiped  bool // it had secrets
}

const jobColumns = `id, key_id, kind, status, name, tags, priority, options, secrets, variants, callback_url,
	crawl, discovery, host_concurrency, host_delay, retention,
	total, completed + retaking, failed, expanding, queued + running, error, cancelled, retry_of, unread, wiped,
	gallery, layout, created_at, started_at, completed_at, expires_at, released = 1, deadline, trace`

func (s *Store) findJob(ctx context.Context, q database.Querier, id string) (storedJob, error) {
	job, err := scanJob(q.QueryRow(ctx, `SELECT `+jobColumns+` FROM jobs WHERE id = ?`, strings.ToLower(id)))
	if errors.Is(err, sql.ErrNoRows) {
		return storedJob{}, notFound("job", id)
	}
	return job, wrap(err, "read job %s", id)
}

func scanJob(r row) (job storedJob, err error) {
	var (
		tags, options, crawl, discovery                string
		priority, delay, retention                     int64
		created, started, completed, expires, deadline int64
	)
	err = r.Scan(&job.ID, &job.KeyID, &job.Kind, &job.Status, &job.Name, &tags, &priority, &options, &job.sealed,
		&job.Variants, &job.CallbackURL, &crawl, &discovery, &job.HostConcurrency, &delay, &retention,
		&job.Progress.Total, &job.Progress.Completed, &job.Progress.Failed, &job.Progress.Expanding, &job.left,
		&job.Error, &job.Cancelled, &job.RetryOf, &job.unread, &job.wiped,
		&job.Gallery, &job.Layout, &created, &started, &completed, &expires, &job.Released, &deadline, &job.Trace)
	if err != nil {
		return storedJob{}, err
	}
	job.Priority = priorities[min(priority, 1)]
	job.HostDelay, job.Retention = span(delay), span(retention)
	job.CreatedAt, job.StartedAt, job.CompletedAt = moment(created), moment(started), moment(completed)
	job.ExpiresAt, job.Deadline = moment(expires), moment(deadline)
	if err := json.Unmarshal([]byte(tags), &job.Tags); err != nil {
		return storedJob{}, fmt.Errorf("read the tags of job %s: %w", job.ID, err)
	}
	if err := json.Unmarshal([]byte(options), &job.Options); err != nil {
		return storedJob{}, fmt.Errorf("read the options of job %s: %w", job.ID, err)
	}
	return job, decodeCrawl(&job.Job, crawl, discovery)
}

// priorities by the number that the claim sorts by.
var priorities = [...]darkroom.Priority{darkroom.PriorityNormal, darkroom.PriorityLow}

func priorityNumber(p darkroom.Priority) int64 {
	if p == darkroom.PriorityLow {
		return 1
	}
	return 0
}

func (s *Store) sealSecrets(jobID string, secrets darkroom.Secrets) (string, error) {
	if secrets.Empty() {
		return "", nil
	}
	plain, err := json.Marshal(secrets)
	if err != nil {
		return "", fmt.Errorf("seal the secrets of job %s: %w", jobID, err)
	}
	return s.seal.close(plain, jobPurpose(jobID)), nil
}

func (s *Store) openSecrets(jobID, sealed string) (secrets darkroom.Secrets, err error) {
	if sealed == "" {
		return darkroom.Secrets{}, nil
	}
	plain, err := s.seal.open(sealed, jobPurpose(jobID))
	if err != nil {
		return darkroom.Secrets{}, fmt.Errorf("read the secrets of job %s: %w", jobID, err)
	}
	if err := json.Unmarshal(plain, &secrets); err != nil {
		return darkroom.Secrets{}, fmt.Errorf("read the secrets of job %s: %w", jobID, err)
	}
	return secrets, nil
}
