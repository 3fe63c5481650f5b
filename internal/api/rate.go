package api

import (
	"fmt"
	"net/http"
	"strconv"
	"strings"
	"time"

	"darkroom"
	"darkroom/internal/store"

	"github.com/danielgtaylor/huma/v2"
)

// takeRequest counts the request of a key that has a limit, and tells in the
// headers where it stands: in those of the published API and in those of the
// IETF's draft.
func (s *server) takeRequest(w http.ResponseWriter, r *http.Request, key darkroom.APIKey) error {
	limit := key.Limits.RequestsPerMinute
	setDefault(&limit, s.Limits.RequestsPerMinute)
	if limit <= 0 {
		return nil
	}
	rate := s.Store.TakeRequest(r.Context(), key.ID, limit)
	wait := rate.Reset.Sub(s.Now())
	writeRate(w.Header(), rate, wait)
	if !rate.Refused {
		return nil
	}
	return &darkroom.Error{
		Code:       darkroom.CodeRateLimited,
		Message:    fmt.Sprintf("This key may make %d requests a minute", limit),
		Hint:       "Slow down, or ask the operator for a higher limit; GET /v1/jobs/{id}?wait=30 polls with fewer requests",
		RetryAfter: max(wait, time.Second),
	}
}

func writeRate(header http.Header, rate store.Rate, wait time.Duration) {
	left := strconv.Itoa(rate.Remaining)
	header.Set("X-RateLimit-Limit", strconv.Itoa(rate.Limit))
	header.Set("X-RateLimit-Remaining", left)
	header.Set("X-RateLimit-Reset", strconv.FormatInt(rate.Reset.Unix(), 10))
	header.Set("RateLimit-Policy", fmt.Sprintf(`"requests";q=%d;w=60`, rate.Limit))
	header.Set("RateLimit", fmt.Sprintf(`"requests";r=%s;t=%d`, left, wholeSeconds(wait)))
}

// describeRates documents what writeRate writes.
func describeRates(response *huma.Response) {
	for name, about := range map[string]string{
		"X-RateLimit-Limit":     "Requests a minute, for a key with a limit.",
		"X-RateLimit-Remaining": "Requests left in this minute.",
		"X-RateLimit-Reset":     "When the next minute begins, in Unix seconds.",
	} {
		response.Headers[name] = &huma.Param{Description: about, Schema: &huma.Schema{Type: huma.TypeInteger}}
	}
	for name, about := range map[string]string{
		"RateLimit-Policy": `The limit as a structured field: "requests";q=60;w=60.`,
		"RateLimit":        `What is left of it, and for how many seconds: "requests";r=42;t=17.`,
	} {
		response.Headers[name] = &huma.Param{Description: about, Schema: &huma.Schema{Type: huma.TypeString}}
	}
}

// checkScope refuses what the key was not made for.
func checkScope(key darkroom.APIKey, scope darkroom.Scope) error {
	if key.Allows(scope) {
		return nil
	}
	words := make([]string, len(key.Scopes))
	for i, has := range key.Scopes {
		words[i] = string(has)
	}
	return forbidden("", fmt.Sprintf("This needs a key with the scope %s, and this one has only %s", scope, strings.Join(words, ", ")),
		fmt.Sprintf("Use another key; `darkroom keys create NAME --scope %s` makes one", scope))
}

// checkURLs bounds the URLs of one batch by the limit of the key. That of the
// server was checked when they were read.
func checkURLs(key darkroom.APIKey, urls int) error {
	limit := key.Limits.URLsPerBatch
	if limit == 0 || urls <= limit {
		return nil
	}
	err := darkroom.Invalid("urls", "the batch has %d URLs; this key may send at most %d in one", urls, limit)
	err.Hint = "Split it into several batches"
	return err
}

// pagesOf is how many pages a sitemap job of the key may have.
func (s *server) pagesOf(key darkroom.APIKey) int {
	if limit := key.Limits.PagesPerCrawl; limit > 0 {
		return min(limit, s.Limits.MaxPages)
	}
	return s.Limits.MaxPages
}
