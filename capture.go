package darkroom

import "time"

// Capture is one URL in one variant: the unit that is taken, retried and
// counted.
type Capture struct {
	ID      string
	JobID   string
	Ordinal int    // position in the job, from 1, in input order
	URL     string // canonical, as admitted
	Host    string // host:port that pace and affinity go by
	State   CaptureState
	Attempt int // attempts claimed so far; the one in progress included
	Lost    int // attempts that died with their worker, among Attempt

	Result Result
	Failure
}

// Failure is why the last attempt of a capture failed; zero while there is
// none.
type Failure struct {
	Code    Code
	Message string // one sentence, safe to show
}

// Result is what is known of a capture after its last attempt. A failed one
// keeps the facts that were learned before it failed.
type Result struct {
	Artifact
	FinalURL   string // after redirects
	HTTPStatus int    // of the main document; 0 = no response
	Title      string // at most MaxTitleBytes
	Warnings   []string
	Duration   time.Duration // of the last attempt
	CapturedAt time.Time
}

// MaxTitleBytes is where a page's title is cut, on a rune border.
const MaxTitleBytes = 512

// Artifact is the stored bytes of one shot. Key is empty when there is none.
type Artifact struct {
	Key         string // in the bucket; never reused, never overwritten
	ContentType string
	Size        int64
	CRC32       uint32 // IEEE, as ZIP uses it
	SHA256      string // lower-case hex
	Width       int    // pixels of the image
	Height      int
}

// Claim is a capture in the hands of a worker: what it must take, and the
// attempt that fences its result.
type Claim struct {
	CaptureID string
	JobID     string
	KeyID     string
	Ordinal   int
	URL       string
	Host      string
	Attempt   int // of this claim, from 1
	Failed    int // earlier attempts that failed by themselves; lost ones do not count
	Lost      int // earlier attempts that died with their worker
	Instance  string
	Options   Options
	Deadline  time.Time // of the job: nothing is retried beyond it
}

// CaptureRequest is what the engine is asked for. Captures of one Session may
// share caches; nothing at all passes between different ones.
type CaptureRequest struct {
	Session string // the job's id, or a unique one for a single screenshot
	URL     string // canonical
	Options Options
}

// Shot is what the engine hands back. When the capture failed, the facts
// learned before the failure are set and Image is empty.
type Shot struct {
	Image       []byte
	ContentType string
	Width       int // pixels of the image
	Height      int
	FinalURL    string
	HTTPStatus  int
	Title       string
	Warnings    []string

	// RetryAfter is what the main document's Retry-After header asked for; zero
	// when it did not.
	RetryAfter time.Duration
}
