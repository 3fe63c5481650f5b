package api

import (
	"net/http"
	"sync"
	"time"

	"darkroom"
)

// unlimited stands for the absence of a limit.
const unlimited = -1

// UsageAnswer is what a key has used this month, in the published API's shape.
// What this server does not offer is 0.
type UsageAnswer struct {
	Plan   string `json:"plan"`
	Period struct {
		Start time.Time `json:"start"`
		End   time.Time `json:"end" doc:"Exclusive."`
	} `json:"period"`
	Usage struct {
		Requests   int64 `json:"requests"`
		Limit      int64 `json:"limit" doc:"-1 = none."`
		Remaining  int64 `json:"remaining" doc:"-1 = without limit."`
		Percentage int   `json:"percentage"`
	} `json:"usage"`
	Captures struct {
		Used       int64 `json:"used"`
		Limit      int64 `json:"limit" doc:"captures_per_month of the key; -1 = none."`
		Remaining  int64 `json:"remaining" doc:"-1 = without limit."`
		Percentage int   `json:"percentage"`
	} `json:"captures" doc:"What counts against the key's limit of the month."`
	Breakdown struct {
		Screenshot  int64 `json:"screenshot" doc:"Captures of accepted jobs, and single screenshots."`
		OGImage     int64 `json:"og_image"`
		HTMLToImage int64 `json:"html_to_image"`
		SiteAudit   int64 `json:"site_audit"`
		Extract     int64 `json:"extract"`
		Batch       int64 `json:"batch" doc:"Accepted batch jobs; their captures count as screenshots."`
		Sitemap     int64 `json:"sitemap" doc:"Accepted sitemap jobs; their captures count as screenshots."`
	} `json:"breakdown"`
	CacheHitRate      int   `json:"cache_hit_rate" doc:"Percent of the screenshots that an earlier picture answered."`
	AvgResponseTimeMS int64 `json:"avg_response_time_ms" doc:"Of this key's requests since the server started, up to the first byte of the answer."`
}

func (s *server) usage(_ http.ResponseWriter, r *http.Request, key darkroom.APIKey) (reply, error) {
	now := s.Now().UTC()
	from := time.Date(now.Year(), now.Month(), 1, 0, 0, 0, 0, time.UTC)
	to := from.AddDate(0, 1, 0)
	used, err := s.Store.Usage(r.Context(), key.ID, from, to)
	if err != nil {
		return reply{}, unavailable(err)
	}
	answer := UsageAnswer{Plan: "self-hosted", AvgResponseTimeMS: s.pace.mean(key.ID).Milliseconds()}
	answer.Period.Start, answer.Period.End = from, to
	answer.Usage.Requests = used.Requests
	answer.Usage.Limit, answer.Usage.Remaining = unlimited, unlimited
	answer.Captures.Used, answer.Captures.Limit, answer.Captures.Remaining = used.Screenshots, unlimited, unlimited
	if limit := int64(key.Limits.CapturesPerMonth); limit > 0 {
		answer.Captures.Limit, answer.Captures.Remaining = limit, max(0, limit-used.Screenshots)
		answer.Captures.Percentage = int(min(100, used.Screenshots*100/limit))
	}
	if used.Screenshots > 0 {
		answer.CacheHitRate = int(used.Cached * 100 / used.Screenshots)
	}
	answer.Breakdown.Screenshot = used.Screenshots
	answer.Breakdown.Batch, answer.Breakdown.Sitemap = used.Batches, used.Sitemaps
	return reply{body: answer}, nil
}

// pace is how long the requests of each key took to be answered.
type pace struct {
	mu   sync.Mutex
	keys map[string]timing
}

type timing struct {
	requests int64
	total    time.Duration
}

func (p *pace) add(keyID string, took time.Duration) {
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.keys == nil {
		p.keys = map[string]timing{}
	}
	one := p.keys[keyID]
	p.keys[keyID] = timing{one.requests + 1, one.total + took}
}

func (p *pace) mean(keyID string) time.Duration {
	p.mu.Lock()
	defer p.mu.Unlock()
	one := p.keys[keyID]
	return one.total / time.Duration(max(one.requests, 1))
}
