package client

import (
	"net/url"
	"strconv"
	"time"

	"darkroom"
)

// Job is a job as the server shows it.
type Job = darkroom.JobAnswer

// Plan is what a sitemap job would capture.
type Plan = darkroom.PlanAnswer

// Params say how a job is run and how each of its pictures is taken. The zero
// value asks for the server's defaults throughout.
type Params struct {
	darkroom.Options

	Name        string            `json:"name,omitempty"`
	Tags        []string          `json:"tags,omitempty"`
	Priority    darkroom.Priority `json:"priority,omitempty"`
	CallbackURL string            `json:"callback_url,omitempty"` // told by a signed POST when the job has ended

	// Variants are the ways in which each URL is captured; none = once, with
	// Options. Progress counts every picture.
	Variants []Variant `json:"variants,omitempty"`

	NoGallery bool `json:"-"` // leave index.html out of the archive

	// HostConcurrency is how many pictures of one host are taken at once, over
	// all jobs of the key; HostDelay is the least time between two of them.
	HostConcurrency int           `json:"host_concurrency,omitempty"`
	HostDelay       time.Duration `json:"-"` // whole milliseconds

	// Retention is how long the results are kept; at most what the server
	// allows.
	Retention time.Duration `json:"-"` // whole seconds

	// IdempotencyKey makes it safe to send the same job twice, also from two
	// processes: within a day the second is answered with the job of the first.
	// Empty means a random one for this call and its repetitions.
	IdempotencyKey string `json:"-"`
}

// SitemapParams say which pages of a sitemap are taken, and how. The zero value
// asks for the first 50 pages that are on the sitemap's own host.
type SitemapParams struct {
	Params

	MaxPages int      `json:"max_pages,omitempty"`       // 0 = the server's default, 50
	Include  []string `json:"include_pattern,omitempty"` // regular expressions (RE2): one must match the URL; none = every URL
	Exclude  []string `json:"exclude_pattern,omitempty"` // regular expressions (RE2): none may match
	AnyHost  bool     `json:"-"`                         // pages of other hosts than the sitemap's too

	// RespectRobots reads each host's robots.txt: pages that it refuses end as
	// robots_denied, and its Crawl-delay is kept.
	RespectRobots bool `json:"respect_robots,omitempty"`

	LastmodAfter time.Time `json:"-"` // leaves out pages that say they are older; pages that say nothing stay
	PerTemplate  int       `json:"-"` // pages of each path shape; 0 = all
}

// crawlWire is the part of SitemapParams that has another form on the wire.
type crawlWire struct {
	SameHost     *bool       `json:"same_host,omitempty"`
	LastmodAfter string      `json:"include_lastmod_after,omitempty"` // RFC 3339
	Sample       *sampleWire `json:"sample,omitempty"`
}

type sampleWire struct {
	PerTemplate int `json:"per_template"`
}

func (p SitemapParams) crawl() crawlWire {
	var wire crawlWire
	if p.AnyHost {
		wire.SameHost = new(false)
	}
	if !p.LastmodAfter.IsZero() {
		wire.LastmodAfter = p.LastmodAfter.UTC().Format(time.RFC3339)
	}
	if p.PerTemplate != 0 {
		wire.Sample = &sampleWire{p.PerTemplate}
	}
	return wire
}

// paceWire is the part of Params that has another form on the wire.
type paceWire struct {
	HostDelay int64 `json:"host_delay,omitempty"` // milliseconds
	Retention int64 `json:"retention,omitempty"`  // seconds
	Gallery   *bool `json:"gallery,omitempty"`    // nil = true
}

func (p Params) pace() paceWire {
	wire := paceWire{HostDelay: p.HostDelay.Milliseconds(), Retention: int64(p.Retention / time.Second)}
	if p.NoGallery {
		wire.Gallery = new(bool)
	}
	return wire
}

// ListParams filter the list of jobs. The zero value means all, newest first.
type ListParams struct {
	Status        darkroom.JobStatus
	Type          darkroom.JobKind
	Tag           string
	Query         string // part of the name
	CreatedAfter  time.Time
	CreatedBefore time.Time
	Limit         int // jobs per page, 1–100; 0 = the server's 20
	Offset        int // jobs to leave out at the beginning
}

func (p ListParams) query() url.Values {
	query := url.Values{}
	set := func(name, value string) {
		if value != "" {
			query.Set(name, value)
		}
	}
	set("status", string(p.Status))
	set("type", string(p.Type))
	set("tag", p.Tag)
	set("q", p.Query)
	if !p.CreatedAfter.IsZero() {
		set("created_after", p.CreatedAfter.UTC().Format(time.RFC3339))
	}
	if !p.CreatedBefore.IsZero() {
		set("created_before", p.CreatedBefore.UTC().Format(time.RFC3339))
	}
	if p.Limit > 0 {
		set("limit", strconv.Itoa(p.Limit))
	}
	if p.Offset > 0 {
		set("offset", strconv.Itoa(p.Offset))
	}
	return query
}

// Page is one page of the list of jobs.
type Page struct {
	Jobs    []Job `json:"jobs"`
	Total   int   `json:"total"` // jobs that match, on all pages
	Limit   int   `json:"limit"`
	Offset  int   `json:"offset"`
	HasMore bool  `json:"has_more"`
}

// Image is one picture.
type Image struct {
	Data        []byte
	ContentType string // image/png, image/jpeg or image/webp
}

// Health is what the server says of itself to anyone.
type Health struct {
	Status  string  `json:"status"` // "ok"
	Version string  `json:"version"`
	Uptime  float64 `json:"uptime"` // seconds
}

// Usage counts what a key has used in the current period.
type Usage struct {
	Plan   string `json:"plan"`
	Period struct {
		Start time.Time `json:"start"`
		End   time.Time `json:"end"`
	} `json:"period"`
	Usage struct {
		Requests   int     `json:"requests"`
		Limit      int     `json:"limit"`     // -1 = none
		Remaining  int     `json:"remaining"` // -1 = no limit
		Percentage float64 `json:"percentage"`
	} `json:"usage"`
	Captures struct {
		Used       int     `json:"used"`
		Limit      int     `json:"limit"`     // of the key, in a month; -1 = none
		Remaining  int     `json:"remaining"` // -1 = no limit
		Percentage float64 `json:"percentage"`
	} `json:"captures"`
	Breakdown         map[string]int `json:"breakdown"` // by kind: "screenshot", …
	CacheHitRate      float64        `json:"cache_hit_rate"`
	AvgResponseTimeMS float64        `json:"avg_response_time_ms"`
}

// Device is a preset of the device option, portrait.
type Device struct {
	Name      string  `json:"name"`
	Width     int     `json:"width"`               // CSS pixels
	Height    int     `json:"height"`              // CSS pixels
	Scale     float64 `json:"device_scale_factor"` // device pixels per CSS pixel
	Mobile    bool    `json:"is_mobile"`
	Touch     bool    `json:"has_touch"`
	UserAgent string  `json:"user_agent"` // with the version of the server's browser
}
