package main

import (
	"encoding/json"
	"fmt"
	"time"

	"darkroom"
)

// The JSON lines of --json. message_type tells them apart; fields are only
// ever added.
type (
	jobLine struct {
		MessageType string             `json:"message_type"` // "job"
		JobID       string             `json:"job_id"`
		Status      darkroom.JobStatus `json:"status"`
		Total       int                `json:"total"`
		Server      string             `json:"server"`
		Warnings    []string           `json:"warnings,omitempty"`
	}
	urlLine struct {
		MessageType string `json:"message_type"` // "url"
		Index       int    `json:"index"`
		URL         string `json:"url"`
		Variant     string `json:"variant,omitempty"`
		Status      string `json:"status"` // completed or failed
		File        string `json:"file,omitempty"`
		Bytes       int64  `json:"bytes,omitempty"`
		DurationMS  int64  `json:"duration_ms,omitempty"`
		HTTPStatus  int    `json:"http_status,omitempty"`
		Error       string `json:"error,omitempty"`
		Message     string `json:"message,omitempty"`
	}
	statusLine struct {
		MessageType string  `json:"message_type"` // "status"
		Completed   int     `json:"completed"`
		Failed      int     `json:"failed"`
		Total       int     `json:"total"`
		PerSecond   float64 `json:"per_second"`
		ETASeconds  int     `json:"eta_seconds"`

		Discovery *darkroom.Discovery `json:"discovery,omitempty"` // of a sitemap job
	}
	summaryLine struct {
		MessageType string             `json:"message_type"` // "summary"
		JobID       string             `json:"job_id"`
		Status      darkroom.JobStatus `json:"status"`
		Completed   int                `json:"completed"`
		Failed      int                `json:"failed"`
		Total       int                `json:"total"`
		ZIP         string             `json:"zip,omitempty"`
		DurationMS  int64              `json:"duration_ms"`

		Error      string              `json:"error,omitempty"`       // why the whole job failed
		SitemapURL string              `json:"sitemap_url,omitempty"` // of a sitemap job, as are the next two
		Discovery  *darkroom.Discovery `json:"discovery,omitempty"`
		Warnings   []string            `json:"warnings,omitempty"`
	}
	shotLine struct {
		MessageType string `json:"message_type"` // "shot"
		URL         string `json:"url"`
		Status      string `json:"status"` // completed or failed
		File        string `json:"file,omitempty"`
		Bytes       int    `json:"bytes,omitempty"`
		Width       int    `json:"width,omitempty"`
		Height      int    `json:"height,omitempty"`
		DurationMS  int64  `json:"duration_ms"`
		Error       string `json:"error,omitempty"`
		Message     string `json:"message,omitempty"`
	}
)

// emit writes one JSON line to stdout.
func (p *program) emit(line any) error {
	encoder := json.NewEncoder(p.stdout)
	encoder.SetEscapeHTML(false)
	if err := encoder.Encode(line); err != nil {
		return fmt.Errorf("write to stdout: %w", err)
	}
	return nil
}

// statusLines writes a status line whenever the counts have changed.
func (p *program) statusLines() progress {
	started := time.Now()
	var said tally
	return progress{
		Update: func(job darkroom.JobAnswer) {
			t := newTally(job, 0)
			if t == said {
				return
			}
			said = t
			t.elapsed = time.Since(started)
			// A closed stdout is noticed at the summary, which can fail.
			_ = p.emit(statusLine{
				MessageType: "status", Completed: t.ok, Failed: t.failed, Total: t.total,
				PerSecond: float64(int(t.perSecond()*10)) / 10, ETASeconds: int(t.left().Seconds()), Discovery: job.Discovery,
			})
		},
		Tell:  func(string) {},
		Close: func() {},
	}
}
