package webhook

import (
	"encoding/json"
	"time"

	"darkroom"
)

// event is the body, flat as published receivers read it.
type event struct {
	Event       string             `json:"event"`
	JobID       string             `json:"job_id"`
	Type        darkroom.JobKind   `json:"type"`
	Status      darkroom.JobStatus `json:"status"`
	Progress    progress           `json:"progress"`
	ResultURL   *string            `json:"result_url"` // null when there is nothing to download
	DownloadURL string             `json:"download_url"`
	ExpiresAt   *time.Time         `json:"expires_at"`
	Cancelled   bool               `json:"cancelled,omitempty"`
}

type progress struct {
	Total      int `json:"total"`
	Completed  int `json:"completed"`
	Failed     int `json:"failed"`
	Percentage int `json:"percentage"`
}

// Body is what is told of a terminal job. The same job always gives the same
// bytes, but the bytes of a delivery are stored once and never made again.
func Body(job darkroom.Job) []byte { return bodyOf(job, darkroom.EventOf(job.Status)) }

// TestBody is a test event: it has the shape of the others and tells of a job
// that does not exist, with one capture and nothing to download.
func TestBody() []byte {
	const nobody = "00000000-0000-0000-0000-000000000000"
	return bodyOf(darkroom.Job{
		ID: nobody, Kind: darkroom.KindBatch, Status: darkroom.StatusFailed, Progress: darkroom.Progress{Total: 1, Failed: 1},
	}, darkroom.EventTest)
}

func bodyOf(job darkroom.Job, name string) []byte {
	answer := job.Answer(job.CompletedAt)
	body, err := json.Marshal(event{
		Event:       name,
		JobID:       answer.ID,
		Type:        answer.Type,
		Status:      answer.Status,
		Progress:    progress(answer.Progress),
		ResultURL:   answer.ResultURL,
		DownloadURL: answer.DownloadURL,
		ExpiresAt:   answer.ExpiresAt,
		Cancelled:   answer.Cancelled,
	})
	if err != nil {
		panic("a webhook body of texts and numbers is always JSON: " + err.Error())
	}
	return body
}
