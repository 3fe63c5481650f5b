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
	Partial   bool               `json:"partial,omitempty"` // the job had not ended, and only captures that had are here
	CreatedAt time.Time          `json:"created_at"`
	StartedAt time.Time          `json:"started_at,omitzero"`

	// Only of sitemap jobs.
	SitemapURL string              `json:"sitemap_url,omitempty"`
	Discovery  *darkroom.Discovery `json:"discovery,omitempty"`
}

// Manifest makes index.json of a job whose captures have all ended: one entry
// for every capture, in order, one per line. The same rows always give the
// same bytes. captures is gone through twice; a capture that is missing, out of
// order or has not ended is an error, because the manifest is the proof that
// nothing was lost. files are those of the archive that tell of failures.
func Manifest(job darkroom.Job, captures iter.Seq2[darkroom.Capture, error], files ...Entry) ([]byte, error) {
	naming, err := NamingOf(job, captures)
	if err != nil {
		return nil, fmt.Errorf("name the images of job %s: %w", job.ID, err)
	}
	writer := &manifestWriter{naming: naming, files: map[string]bool{}}
	for _, file := range files {
		writer.files[file.Name] = true
	}
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
	partial bool
	files   map[string]bool // names of those in the failures' folder
	buffer  bytes.Buffer
	entries int
}

func (m *manifestWriter) begin(job darkroom.Job) error {
	head := manifestHead{
		JobID: job.ID, Type: job.Kind, Status: job.Outcome(), Name: job.Name, Tags: job.Tags,
		Total: job.Progress.Total, Completed: job.Progress.Completed, Failed: job.Progress.Failed,
		Cancelled: job.Cancelled, Partial: m.partial, CreatedAt: wholeSeconds(job.CreatedAt), StartedAt: wholeSeconds(job.StartedAt),
	}
	if m.partial {
		head.Status = job.Status
	}
	if job.Kind == darkroom.KindSitemap {
		head.SitemapURL, head.Discovery = job.Crawl.SitemapURL, &job.Discovery
	}
	if err := m.encode(head); err != nil {
		return err
	}
	m.buffer.Truncate(m.buffer.Len() - len("}")) // the head stays open for its results
	m.buffer.WriteString(`,"results":[`)
	return nil
}

func (m *manifestWriter) add(capture darkroom.Capture) error {
	if capture.Ordinal != m.entries+1 {
		return fmt.Errorf("capture %d stands at place %d", capture.Ordinal, m.entries+1)
	}
	if !capture.State.Terminal() {
		return fmt.Errorf("capture %d is still %s", capture.Ordinal, capture.State)
	}
	return m.append(capture)
}

func (m *manifestWriter) append(capture darkroom.Capture) error {
	if m.entries++; m.entries > 1 {
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

func wholeSeconds(t time.Time) time.Time {
	if t.IsZero() {
		return t
	}
	return t.UTC().Truncate(time.Second)
}
