package darkroom

import "time"

// MaxPlanSkipped is how many of the skipped URLs a plan lists. How many there
// are in all, by reason, is in its Discovery.
const MaxPlanSkipped = 10_000

// PlanAnswer is what a sitemap job with the same body would capture, as it
// goes over the wire: it is read from the sitemap now, and nothing is created.
type PlanAnswer struct {
	SitemapURL string       `json:"sitemap_url"` // canonical
	MaxPages   int          `json:"max_pages"`
	Total      int          `json:"total"`     // pages that would be captured: those of URLs that are not refused
	URLs       []PlannedURL `json:"urls"`      // the captures of the job, in their order
	Discovery  Discovery    `json:"discovery"` // complete, for a plan reads on behind the last page; its warnings are those of the answer
	Skipped    []SkippedURL `json:"skipped"`   // at most MaxPlanSkipped
	Estimate   *Estimate    `json:"estimate"`  // null when there is nothing to capture, or no speed is known yet
	Warnings   []string     `json:"warnings,omitempty"`
}

// PlannedURL is a page of a plan.
type PlannedURL struct {
	URL     string     `json:"url"`               // canonical
	Lastmod *time.Time `json:"lastmod,omitempty"` // when the page was changed, as the sitemap says
	Refused Code       `json:"refused,omitempty"` // robots_denied: this capture would fail without being taken
}

// SkippedURL is an entry of a sitemap that would not be captured.
type SkippedURL struct {
	URL    string     `json:"url"` // as it is written there
	Reason SkipReason `json:"reason"`
	Detail string     `json:"detail,omitempty"` // what makes it invalid, which pattern excludes it, …
}

// Estimate is how long a job would take if it had the server for itself.
type Estimate struct {
	Seconds           int     `json:"seconds"`             // rounded up
	CapturesPerSecond float64 `json:"captures_per_second"` // of this job
	BasedOn           string  `json:"based_on"`            // what the figures are taken from, for people
}
