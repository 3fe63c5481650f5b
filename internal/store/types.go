package store

import (
	"log/slog"
	"time"

	"darkroom"
)

// Config is what a Store needs to know besides its database.
type Config struct {
	SecretKey [32]byte // seals secrets at rest; all zero is refused
	Slots     int      // captures at once on this machine: how many shifts are worth inserting; at least 1

	// HostConcurrency bounds the captures of one host at once over all keys and
	// instances; 0 = darkroom.DefaultServerHostConcurrency.
	HostConcurrency int

	Created func(kind darkroom.JobKind) // is told of each job that is made; nil = nobody

	Now func() time.Time // nil = time.Now
	Log *slog.Logger     // nil = slog.Default()
}

// NewKey is a key with its secrets, which are shown once.
type NewKey struct {
	darkroom.APIKey

	Secret        string // the bearer secret; not stored
	WebhookSecret string // stored sealed; see WebhookSecret
}

// Target is one URL of a job: one capture, or one in each variant.
type Target struct {
	URL  string // canonical
	Host string // host:port
	Set  int    // which of NewJob.Sets lies over the job's options, from 1; 0 = none

	// Refusal makes a capture that has failed from the start; nil = it is taken.
	Refusal *darkroom.Failure

	// Delay is the least time between two captures of the host that the host
	// itself asks for; the longest of a job counts. 0 = none.
	Delay time.Duration

	variant int // from 1; 0 = the job has none
	page    int // the variant that it is shot after, from the same page; 0 = it loads its own
}

// follows reports whether another capture is to be taken first.
func (t Target) follows() bool { return t.page > 0 && t.Refusal == nil }

// NewJob is a validated request for a job.
type NewJob struct {
	KeyID       string
	Kind        darkroom.JobKind
	Name        string
	Tags        []string
	Priority    darkroom.Priority // "" = normal
	Options     darkroom.Options
	CallbackURL string // canonical; "" = none
	Gallery     bool   // the archive gets index.html

	HostConcurrency int           // 0 = darkroom.DefaultHostConcurrency, of a sitemap job darkroom.DefaultCrawlHostConcurrency
	HostDelay       time.Duration // 0 = none
	Retention       time.Duration // 0 = darkroom.DefaultRetention
	Deadline        time.Duration // from now; 0 = darkroom.DefaultJobDeadline

	Variants []darkroom.Variant   // each URL is captured in each; none = once
	Sets     []darkroom.OptionSet // of single URLs; see Target.Set. A variant lies over them

	Targets []Target       // of a batch: at least one, in input order: ordinals 1, 2, … without variants
	Crawl   darkroom.Crawl // of a sitemap job, whose captures are added later

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
type Hint struct {
	JobID, Host string

	// PageOf is the ordinal of the capture whose page the slot still has, for the
	// next that can be shot from it; 0 = it has none.
	PageOf int
}

// Outcome is how an attempt ended.
type Outcome struct {
	Result darkroom.Result // what is known, after a failure too
	Err    *darkroom.Error // nil = success
	Kept   bool            // the slot has the page still, and comes for the next capture that can be shot from it

	Thumbnail darkroom.Artifact  // of the picture; Key "" = none was made
	Evidence  *darkroom.Evidence // nil = none; what an earlier attempt left goes
	LastFrame darkroom.Artifact  // with Evidence; Key "" = none

	// RetryAt is when to try again after a failure; zero, or not before the
	// job's deadline, makes the failure final.
	RetryAt time.Time

	// Rest is set when the host asked to be left alone until then. No job asks it
	// sooner. A capture of a sitemap job that failed so waits with it, unless the
	// job's deadline comes first, and that is no failed attempt; RetryAt does not
	// count then.
	Rest time.Time
}

// File is a stored file of a job besides its shots, such as index.json.
type File struct {
	Name     string // as in the archive
	Artifact darkroom.Artifact
	Held     bool // the artifact is one of the job already
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
	Cached      int64 // captures that an earlier picture answered, among Screenshots
}
