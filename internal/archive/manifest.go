package archive

import (
	"bytes"
	"encoding/json"
	"fmt"
	"iter"
	"time"

	"darkroom"
)

// manifestHead is index.json without its results.
type manifestHead struct {
	JobID     string             `json:"job_id"`
	Type      darkroom.JobKind   `json:"type"`
	Status    darkroom.JobStatus `json:"status"`
	Name      string             `json:"name,omitempty"`
	Tags      []string           `json:"tags,omitempty"`
	Total     int                `json:"total"`
	Completed int                `json:"completed"`
	Failed    int                `json:"failed"`
	Cancelled bool               `json:"cancelled,omitempty"`
	CreatedAt time.Time          `json:"created_at"`
	StartedAt time.Time          `json:"started_at,omitzero"`
}

// manifestEntry is one of the results of index.json.
type manifestEntry struct {
	Index       int           `json:"index"`
	URL         string        `json:"url"`
	Filename    *string       `json:"filename"`
	Success     bool          `json:"success"`
	Error       *string       `json:"error"`
	ErrorCode   darkroom.Code `json:"error_code,omitempty"`
	FinalURL    string        `json:"final_url,omitempty"`
	HTTPStatus  int           `json:"http_status,omitempty"`
	ContentType string        `json:"content_type,omitempty"`
	SizeBytes   int64         `json:"size_bytes,omitempty"`
	Width       int           `json:"width,omitempty"`
	Height      int           `json:"height,omitempty"`
	DurationMS  int64         `json:"duration_ms"`
	Attempts    int           `json:"attempts"`
	CapturedAt  time.Time     `json:"captured_at,omitzero"`
	Title       string        `json:"title,omitempty"`
	SHA256      string        `json:"sha256,omitempty"`
	Warnings    []string      `json:"warnings"`
}

// Manifest makes index.json of a job whose captures have all ended: one entry
// for every capture, in order, one per line. The same rows always give the
// same bytes. captures is gone through twice; a capture that is missing, out of
// order or has not ended is an error, because the manifest is the proof that
// nothing was lost.
func Manifest(job darkroom.Job, captures iter.Seq2[darkroom.Capture, error]) ([]byte, error) {
	naming, err := NamingOf(job, captures)
	if err != nil {
		return nil, fmt.Errorf("name the images of job %s: %w", job.ID, err)
	}
	writer := &manifestWriter{naming: naming}
	if err := writer.begin(job); err != nil {
		return nil, fmt.Errorf("write the manifest of job %s: %w", job.ID, err)
	}
	for capture, err := range captures {
		if err == nil {
			err = writer.add(capture)
		}
		if err != nil {
			return nil, fmt.Errorf("write the manifest of job %s: %w", job.ID, err)
		}
	}
	if writer.entries != job.Progress.Total {
		return nil, fmt.Errorf("write the manifest of job %s: it has %d captures, not %d", job.ID, writer.entries, job.Progress.Total)
	}
	return writer.end(), nil
}

type manifestWriter struct {
	naming  Naming
	buffer  bytes.Buffer
	entries int
}

func (m *manifestWriter) begin(job darkroom.Job) error {
	err := m.encode(manifestHead{
		JobID: job.ID, Type: job.Kind, Status: job.Progress.Outcome(), Name: job.Name, Tags: job.Tags,
		Total: job.Progress.Total, Completed: job.Progress.Completed, Failed: job.Progress.Failed,
		Cancelled: job.Cancelled, CreatedAt: wholeSeconds(job.CreatedAt), StartedAt: wholeSeconds(job.StartedAt),
	})
	if err != nil {
		return err
	}
	m.buffer.Truncate(m.buffer.Len() - len("}")) // the head stays open for its results
	m.buffer.WriteString(`,"results":[`)
	return nil
}

func (m *manifestWriter) add(capture darkroom.Capture) error {
	m.entries++
	if capture.Ordinal != m.entries {
		return fmt.Errorf("capture %d stands at place %d", capture.Ordinal, m.entries)
	}
	if !capture.State.Terminal() {
		return fmt.Errorf("capture %d is still %s", capture.Ordinal, capture.State)
	}
	if m.entries > 1 {
		m.buffer.WriteByte(',')
	}
	m.buffer.WriteByte('\n')
	return m.encode(m.entry(capture))
}

func (m *manifestWriter) end() []byte {
	m.buffer.WriteString("\n]}\n")
	return m.buffer.Bytes()
}

// encode appends a value as JSON, without the end of line.
func (m *manifestWriter) encode(value any) error {
	encoder := json.NewEncoder(&m.buffer)
	encoder.SetEscapeHTML(false) // it is no HTML, and "&" in URLs stays readable
	if err := encoder.Encode(value); err != nil {
		return err
	}
	m.buffer.Truncate(m.buffer.Len() - 1)
	return nil
}

func (m *manifestWriter) entry(capture darkroom.Capture) manifestEntry {
	result := capture.Result
	entry := manifestEntry{
		Index: capture.Ordinal, URL: capture.URL, Success: capture.State == darkroom.CaptureCompleted,
		FinalURL: result.FinalURL, HTTPStatus: result.HTTPStatus,
		DurationMS: result.Duration.Milliseconds(), Attempts: capture.Attempt,
		CapturedAt: wholeSeconds(result.CapturedAt), Title: result.Title,
		Warnings: append([]string{}, result.Warnings...), // [] and never null
	}
	if !entry.Success {
		entry.ErrorCode, entry.Error = capture.Code, &capture.Message
		return entry
	}
	entry.Filename = new(m.naming.Name(capture))
	entry.ContentType, entry.SizeBytes, entry.SHA256 = result.ContentType, result.Size, result.SHA256
	entry.Width, entry.Height = result.Width, result.Height
	return entry
}

func wholeSeconds(t time.Time) time.Time {
	if t.IsZero() {
		return t
	}
	return t.UTC().Truncate(time.Second)
}
