package darkroom

import (
	"time"
)

// Limits and defaults of a job. Each may be changed by the operator where a
// setting of that name exists (docs/config.md).
const (
	DefaultMaxURLs         = 500                 // URLs in one batch
	DefaultMaxPages        = 5000                // pages of one sitemap job
	DefaultRetention       = 24 * time.Hour      // how long results live after the end of a job
	DefaultJobDeadline     = 24 * time.Hour      // from acceptance; what is left then fails with CodeTimeout
	DefaultHistory         = 30 * 24 * time.Hour // how long a job's row stays readable after its results expired
	DefaultHostConcurrency = 8                   // captures of one host at once, batch jobs
	DefaultMaxBodyBytes    = 4 << 20             // request body, bytes
	DefaultListLimit       = 20                  // jobs per page
	MaxListLimit           = 100                 // jobs per page; more is clamped
	MaxWait                = 60 * time.Second    // longest ?wait= of GET /v1/jobs/{id}
	MaxTags                = 20                  // tags on one job
	MaxTagBytes            = 64                  // bytes in one tag
	MaxNameBytes           = 200                 // bytes in a job's name
	MaxIdempotencyKeyBytes = 255                 // visible ASCII
	IdempotencyKeyLife     = 24 * time.Hour      // how long an Idempotency-Key is remembered
	MaxURLBytes            = 8192                // bytes in a target URL
	MaxCallbackURLBytes    = 2048                // bytes in a callback URL
	MaxHostConcurrency     = 64
	MaxHostDelay           = time.Minute
)

// ArchiveLayout counts the ways in which the same rows have been laid out as an
// archive. A job keeps the number of its end, and the ETag holds it: whoever
// changes one byte of the layout must raise it and keep the older ways, or a
// download resumed after an upgrade would mix two layouts. Since 2 an archive
// may hold a gallery; the files of a job are rows, so nothing else differs.
const ArchiveLayout = 2

// DefaultServerHostConcurrency is how many captures of one host run at once,
// over all jobs of all keys.
const DefaultServerHostConcurrency = 16

// JobKind says where a job's URLs come from.
type JobKind string

// A batch brings its URLs; a sitemap job finds them.
const (
	KindBatch   JobKind = "batch"
	KindSitemap JobKind = "sitemap"
)

// Priority orders jobs of the same key: normal before low.
type Priority string

// The priorities a client may ask for; the default is normal.
const (
	PriorityNormal Priority = "normal"
	PriorityLow    Priority = "low"
)

// Job is one accepted request for many pictures.
type Job struct {
	ID          string // UUID, version 7
	KeyID       string // the API key that owns it
	Kind        JobKind
	Status      JobStatus
	Name        string
	Tags        []string
	Priority    Priority
	Options     Options // the options of every capture; secrets included while the job runs, wiped at its end
	CallbackURL string  // canonical; "" when the client did not ask for a webhook

	Variants int // captures of each URL that differ in their options; 0 = each is captured once

	Crawl     Crawl     // of a sitemap job
	Discovery Discovery // of a sitemap job

	HostConcurrency int           // captures of one host at once, over all jobs of the key
	HostDelay       time.Duration // least time between two captures of one host

	Progress Progress

	Gallery   bool   // its archive has index.html
	Layout    int    // of its archive; 0 before the end
	Error     string // why the whole job failed; "" otherwise
	Cancelled bool
	RetryOf   string // id of the job whose failures it captures again, which may be gone; "" = none

	Retention   time.Duration // from CompletedAt to ExpiresAt
	CreatedAt   time.Time
	StartedAt   time.Time // when the first capture was claimed, or the reading of the sitemap begun; zero before
	CompletedAt time.Time // when the finish was committed; zero before
	ExpiresAt   time.Time // zero before the end
	Released    bool      // its results were given up: they are gone, also when the clock has gone back since
	Deadline    time.Time // CreatedAt + the job deadline
	Trace       string    // traceparent of the step that made it; "" = nobody traces
}

// Outcome is the status in which the job ends when all its captures have ended.
// A cancelled one is never completed: pages of its sitemap may be missing.
func (j *Job) Outcome() JobStatus {
	outcome := j.Progress.Outcome()
	if j.Cancelled && outcome == StatusCompleted {
		return StatusPartial
	}
	return outcome
}

// Expired reports whether the job's results are gone at that moment: from
// ExpiresAt on, for every terminal job, and for good once they were given up.
func (j *Job) Expired(now time.Time) bool {
	return j.Released || !j.ExpiresAt.IsZero() && !now.Before(j.ExpiresAt)
}

// LatestExpiry is the latest moment at which the results can expire: known
// before the job ends.
func (j *Job) LatestExpiry() time.Time {
	if !j.ExpiresAt.IsZero() {
		return j.ExpiresAt
	}
	return j.Deadline.Add(j.Retention)
}

// Progress counts captures. Completed counts successes.
type Progress struct {
	Total     int // never shrinks
	Completed int
	Failed    int
	Expanding bool // a sitemap is being read: Total may still grow
}

// Done is the number of captures that have ended, either way.
func (p Progress) Done() int { return p.Completed + p.Failed }

// Percentage is floor(done·100/total), at most 99 until the job is terminal
// and 100 from then on; it is 0 while the total is not known.
func (p Progress) Percentage(status JobStatus) int {
	if status.Terminal() {
		return 100
	}
	if p.Total == 0 || p.Expanding {
		return 0
	}
	return min(p.Done()*100/p.Total, 99)
}

// Outcome is the status in which a job ends whose captures have all ended and
// that was not cancelled.
func (p Progress) Outcome() JobStatus {
	switch {
	case p.Completed == 0:
		return StatusFailed
	case p.Failed > 0:
		return StatusPartial
	}
	return StatusCompleted
}
