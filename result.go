package darkroom

import (
	"strconv"
	"time"
)

// Limits of GET /v1/jobs/{id}/results.
const (
	DefaultResultLimit = 50  // captures per page
	MaxResultLimit     = 200 // captures per page; more is clamped
)

// ManifestEntry is a capture as index.json has it. Its names are on the wire.
type ManifestEntry struct {
	Index       int       `json:"index"` // from 1, in input order
	URL         string    `json:"url"`
	Variant     string    `json:"variant,omitempty"`
	Filename    *string   `json:"filename"` // in the archive; null without a picture
	Success     bool      `json:"success"`
	Error       *string   `json:"error"`
	ErrorCode   Code      `json:"error_code,omitempty"`
	FinalURL    string    `json:"final_url,omitempty"`
	HTTPStatus  int       `json:"http_status,omitempty"`
	ContentType string    `json:"content_type,omitempty"`
	SizeBytes   int64     `json:"size_bytes,omitempty"`
	Width       int       `json:"width,omitempty"`
	Height      int       `json:"height,omitempty"`
	DurationMS  int64     `json:"duration_ms"`
	Attempts    int       `json:"attempts"`
	CapturedAt  time.Time `json:"captured_at,omitzero"`
	Cached      bool      `json:"cached,omitempty"`
	Title       string    `json:"title,omitempty"`
	SHA256      string    `json:"sha256,omitempty"`
	PixelHash   string    `json:"pixel_hash,omitempty"`
	Stable      *bool     `json:"stable,omitempty"` // with a pixel_hash
	Blocked     int       `json:"blocked,omitempty"`
	Warnings    []string  `json:"warnings"`

	// Of a failure, with the option evidence: files of the archive beside the
	// images.
	EvidenceFile  string `json:"evidence_file,omitempty"`
	LastFrameFile string `json:"last_frame_file,omitempty"`
}

// CaptureReport is all that is known of a capture, without its bytes: what a
// failure's JSON file in the archive holds.
type CaptureReport struct {
	ManifestEntry

	State    CaptureState `json:"state"`
	Evidence *Evidence    `json:"evidence"` // null when nothing was noticed, or it has expired
}

// ResultAnswer is one capture of a job as it goes over the wire. While it is
// not done, its error is that of the last attempt. The paths are relative to
// the server, and null while there is nothing at them; each names one content
// that never changes.
type ResultAnswer struct {
	CaptureReport

	ImageURL     *string `json:"image_url"`
	ThumbnailURL *string `json:"thumbnail_url"`
	LastFrameURL *string `json:"last_frame_url"`
}

// ResultsAnswer is one page of a job's captures, by index.
type ResultsAnswer struct {
	JobID      string         `json:"job_id"`
	Status     JobStatus      `json:"status"`
	Results    []ResultAnswer `json:"results"`
	NextCursor *string        `json:"next_cursor"` // null on the last page, as far as the captures are known
}

// View is one of the pictures that may be kept of a capture; it ends the path
// at which the picture is.
type View string

// The views of a capture.
const (
	ViewImage     View = "image"
	ViewThumbnail View = "thumbnail"  // JPEG, at most ThumbnailWidth × ThumbnailHeight
	ViewLastFrame View = "last-frame" // JPEG: what the page showed when it failed
)

// ResultsPath is the path of a job's captures, relative to the server.
func ResultsPath(jobID string) string { return JobPath(jobID) + "/results" }

// ViewPath is the path of a view of a capture, relative to the server.
func ViewPath(jobID string, index int, view View) string {
	return JobPath(jobID) + "/captures/" + strconv.Itoa(index) + "/" + string(view)
}

// CaptureStates lists every state in the order of a capture's life.
func CaptureStates() []CaptureState {
	return []CaptureState{CaptureQueued, CaptureRunning, CaptureCompleted, CaptureFailed}
}
