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
	Variant string // name of the job's variant; "" = the job has none
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
	CapturedAt time.Time     // when the picture was taken
	Cached     bool          // the picture was there already: it was taken for an earlier capture
	Seen
}

// Seen are the facts of a picture that only some options bring.
type Seen struct {
	// PixelHash is the SHA-256 of a deterministic picture's pixels, lower-case
	// hex: of width and height in pixels (four bytes each, big-endian) and red,
	// green, blue and alpha of each pixel, row by row, before any lossy
	// compression. "" when the option was not given.
	PixelHash string
	Stable    bool // of a deterministic picture: the last two looks at the page agreed
	Blocked   int  // requests that the options block_… kept back
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
	Rests     int // how often in a row the host has asked to be left alone
	Kind      JobKind
	Instance  string
	Options   Options
	Deadline  time.Time // of the job: nothing is retried beyond it
	Trace     string    // of the job, see there

	// Followed says that another capture of the URL can be shot from the same
	// page after this one.
	Followed bool

	// Cached says that an earlier picture has answered the capture: it has ended,
	// and nothing is to be done.
	Cached bool
}

// DeterministicTime is what the clock of a deterministic page shows when its
// document begins, in Unix milliseconds: 2026-01-01T00:00:00Z.
const DeterministicTime = 1_767_225_600_000

// CaptureRequest is what the engine is asked for. Captures of one Session may
// share caches; nothing at all passes between different ones.
type CaptureRequest struct {
	Session   string // the job's id, or a unique one for a single screenshot
	URL       string // canonical
	Options   Options
	Thumbnail bool // make one too

	// Keep has the page kept for a little while after the picture: the next
	// request may be for the same URL, with options that CanFollow these.
	Keep bool
}

// Size of a thumbnail at most, in pixels. It shows the picture's whole width,
// and as much of its upper part as fits.
const (
	ThumbnailWidth  = 320
	ThumbnailHeight = 480
)

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
	Seen

	Thumbnail []byte    // JPEG; nil unless the request asked for it
	Evidence  *Evidence // with every failure, and where the option asks for it; else nil

	Kept bool // the page is there for another picture; never after a failure

	// RetryAfter is what the main document's Retry-After header asked for; zero
	// when it did not.
	RetryAfter time.Duration
}
