package darkroom

import "time"

// JobAnswer is a job as it goes over the wire, on every route and in both
// clients. Both id and job_id are always there: some clients read only one.
type JobAnswer struct {
	ID          string         `json:"id"`
	JobID       string         `json:"job_id"`
	Type        JobKind        `json:"type"`
	Status      JobStatus      `json:"status"`
	Name        string         `json:"name,omitempty"`
	Tags        []string       `json:"tags,omitempty"`
	Progress    ProgressAnswer `json:"progress"`
	ResultURL   *string        `json:"result_url"` // null until there is something to download, and after expiry
	DownloadURL string         `json:"download_url"`
	Error       *string        `json:"error"`
	Cancelled   bool           `json:"cancelled,omitempty"`
	RetryOf     string         `json:"retry_of,omitempty"` // the job whose failures this one captures again
	CreatedAt   time.Time      `json:"created_at"`
	StartedAt   *time.Time     `json:"started_at"`
	CompletedAt *time.Time     `json:"completed_at"`
	ExpiresAt   *time.Time     `json:"expires_at"` // null before the end, except in the answer that created the job

	Variants int `json:"variants,omitempty"` // captures of each URL; progress counts every one

	// Only of sitemap jobs.
	SitemapURL string     `json:"sitemap_url,omitempty"`
	MaxPages   int        `json:"max_pages,omitempty"`
	Discovery  *Discovery `json:"discovery,omitempty"` // its warnings are those of the answer

	// Only in the answer that created the job.
	TotalURLs *int   `json:"total_urls,omitempty"`
	PollURL   string `json:"poll_url,omitempty"`

	// Of the request in the answer that created the job, of reading the sitemap
	// later.
	Warnings []string `json:"warnings,omitempty"`
}

// ProgressAnswer is the progress of a job as it goes over the wire. All are
// integer literals; one published client cannot read anything else.
type ProgressAnswer struct {
	Total      int `json:"total"`
	Completed  int `json:"completed"`
	Failed     int `json:"failed"`
	Percentage int `json:"percentage"`
}

// JobPath is the path of a job, relative to the server.
func JobPath(id string) string { return "/v1/jobs/" + id }

// DownloadPath is the path of a job's archive, relative to the server.
func DownloadPath(id string) string { return JobPath(id) + "/download" }

// CancelPath is the path that cancels a job, relative to the server.
func CancelPath(id string) string { return JobPath(id) + "/cancel" }

// RetryPath is the path that captures a job's failures again, relative to the
// server.
func RetryPath(id string) string { return JobPath(id) + "/retry" }

// KeepPath is the path that keeps a job's results longer, relative to the
// server.
func KeepPath(id string) string { return JobPath(id) + "/keep" }

// Answer gives the job as the status and list routes show it at that moment.
func (j *Job) Answer(now time.Time) JobAnswer {
	answer := JobAnswer{
		ID: j.ID, JobID: j.ID, Type: j.Kind, Status: j.Status, Name: j.Name, Tags: j.Tags,
		Progress: ProgressAnswer{
			Total: j.Progress.Total, Completed: j.Progress.Completed, Failed: j.Progress.Failed,
			Percentage: j.Progress.Percentage(j.Status),
		},
		DownloadURL: DownloadPath(j.ID),
		Cancelled:   j.Cancelled,
		RetryOf:     j.RetryOf,
		Variants:    j.Variants,
		CreatedAt:   wholeSeconds(j.CreatedAt),
		StartedAt:   timeOrNull(j.StartedAt),
		CompletedAt: timeOrNull(j.CompletedAt),
	}
	if j.Downloadable(now) {
		answer.ResultURL = &answer.DownloadURL
	}
	if j.Error != "" && j.Status.Terminal() {
		answer.Error = &j.Error
	}
	if !j.ExpiresAt.IsZero() {
		answer.ExpiresAt = new(roundUp(j.ExpiresAt))
	}
	if j.Kind == KindSitemap {
		answer.SitemapURL, answer.MaxPages = j.Crawl.SitemapURL, j.Crawl.MaxPages
		answer.Discovery, answer.Warnings = new(j.Discovery), j.Discovery.Warnings
		answer.Discovery.Warnings = nil
	}
	return answer
}

// CreatedAnswer gives the job as the route that created it answers: with the
// latest possible expiry, because some clients need one at once.
func (j *Job) CreatedAnswer(now time.Time, warnings []string) JobAnswer {
	answer := j.Answer(now)
	answer.TotalURLs = new(j.URLs())
	answer.PollURL = JobPath(j.ID)
	answer.ExpiresAt = new(roundUp(j.LatestExpiry()))
	answer.Warnings = warnings
	return answer
}

// Downloadable reports whether the archive can be had at that moment.
func (j *Job) Downloadable(now time.Time) bool {
	return (j.Status == StatusCompleted || j.Status == StatusPartial) && !j.Expired(now)
}

func timeOrNull(t time.Time) *time.Time {
	if t.IsZero() {
		return nil
	}
	return new(wholeSeconds(t))
}

func wholeSeconds(t time.Time) time.Time { return t.UTC().Truncate(time.Second) }

// roundUp keeps a client from believing that something has expired a moment
// before it has.
func roundUp(t time.Time) time.Time {
	return wholeSeconds(t.Add(time.Second - time.Nanosecond))
}
