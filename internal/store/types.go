package store

import (
	"log/slog"
	"time"

	"darkroom"
)

// Config is what a Store needs to know besides its database.
type Config struct {
	SecretKey [32]byte         // seals secrets at rest; all zero is refused
	Slots     int              // captures at once on this machine: how many shifts are worth inserting; at least 1
	Now       func() time.Time // nil = time.Now
	Log       *slog.Logger     // nil = slog.Default()
}

// NewKey is a key with its secrets, which are shown once.
type NewKey struct {
	darkroom.APIKey

	Secret        string // the bearer secret; not stored
	WebhookSecret string // stored sealed; see WebhookSecret
}

// Target is one capture of a new job.
type Target struct {
	URL  string // canonical
	Host string // host:port
}

// NewJob is a validated request for a job.
type NewJob struct {
	KeyID       string
	Kind        darkroom.JobKind
	Name        string
	Tags        []string
	Priority    darkroom.Priority // "" = normal
	Options     darkroom.Options
	CallbackURL string // canonical; "" = none

	HostConcurrency int           // 0 = darkroom.DefaultHostConcurrency
	HostDelay       time.Duration // 0 = none
	Retention       time.Duration // 0 = darkroom.DefaultRetention
	Deadline        time.Duration // from now; 0 = darkroom.DefaultJobDeadline

	Targets []Target // at least one, in input order: ordinals 1, 2, …

	IdempotencyKey string // "" = none
	BodyHash       string // of the request, compared when the key is used again
}

// JobFilter selects jobs of a list. Zero fields select everything.
type JobFilter struct {
	Status        darkroom.JobStatus
	Type          darkroom.JobKind
	Tag           string    // exact
	Query         string    // part of the name or of the id, whatever its case
	CreatedAfter  time.Time // inclusive
	CreatedBefore time.Time // exclusive

	Limit  int // 0 = darkroom.DefaultListLimit; more than darkroom.MaxListLimit is clamped
	Offset int
}

// JobPage is one page of a list, newest first.
type JobPage struct {
	Jobs  []darkroom.Job // without their secrets
	Total int            // of all pages
}

// Hint is what a slot has just served: staying there is cheaper for it. The
// zero value is a slot that has served nothing.
type Hint struct{ JobID, Host string }

// Outcome is how an attempt ended.
type Outcome struct {
	Result darkroom.Result // what is known, after a failure too
	Err    *darkroom.Error // nil = success

	// RetryAt is when to try again after a failure; zero, or not before the
	// job's deadline, makes the failure final.
	RetryAt time.Time
}

// File is a stored file of a job besides its shots, such as index.json.
type File struct {
	Name     string // as in the archive
	Artifact darkroom.Artifact
}

// Instance is one running process.
type Instance struct {
	ID        string // new at every start
	Version   string
	Slots     int
	StartedAt time.Time
}

// Usage counts what a key has asked for.
type Usage struct {
	Requests    int64 // authenticated requests
	Screenshots int64 // captures of accepted jobs, and single screenshots
	Batches     int64 // accepted batch jobs
	Sitemaps    int64 // accepted sitemap jobs
}
