package chrome

import (
	"context"
	"fmt"
	"maps"
	"net/url"
	"slices"
	"strings"

	"github.com/chromedp/cdproto/fetch"
)

// headerRule is which headers go where: to one origin and to no other,
// redirects included. Network.setExtraHTTPHeaders is no substitute: it sends
// them to third parties.
type headerRule struct {
	origin  string // "https://example.com:8443"
	headers map[string]string
}

// addHeaders has every request to the target's own origin paused until the
// headers were added. Nothing is paused for a page without headers, because
// that costs up to an eighth of the speed.
func (t *tab) addHeaders(ctx context.Context, target *url.URL, headers map[string]string) error {
	if len(headers) == 0 {
		return nil
	}
	rule := headerRule{origin: originOf(target), headers: headers}
	t.mu.Lock()
	t.headers = rule
	t.mu.Unlock()
	_, err := call(ctx, t.session, fetch.Enable, fetch.EnableParams{
		Patterns: []*fetch.RequestPattern{{URLPattern: rule.origin + "/*", RequestStage: fetch.RequestStageRequest}},
	})
	if err != nil {
		return fmt.Errorf("have requests paused: %w", err)
	}
	return nil
}

// originOf leaves out the port that the scheme implies, as the browser does.
func originOf(u *url.URL) string {
	host := strings.ToLower(u.Host)
	if port := u.Port(); u.Scheme == "http" && port == "80" || u.Scheme == "https" && port == "443" {
		host = strings.TrimSuffix(host, ":"+port)
	}
	return u.Scheme + "://" + host
}

func (t *tab) onPaused(m message) {
	var event struct {
		RequestID fetch.RequestID `json:"requestId"`
		Request   struct {
			URL     string            `json:"url"`
			Headers map[string]string `json:"headers"`
		} `json:"request"`
	}
	if !m.into(&event) {
		return
	}
	t.mu.Lock()
	rule := t.headers
	t.mu.Unlock()
	params := fetch.ContinueRequestParams{RequestID: event.RequestID}
	// The pattern is a text match; this is the origin.
	if asked, err := url.Parse(event.Request.URL); err == nil && asked.User == nil && originOf(asked) == rule.origin {
		params.Headers = rule.merge(event.Request.Headers)
	}
	post(t.session, fetch.ContinueRequest, params)
}

// merge puts the rule's headers in place of the browser's of the same name.
func (r headerRule) merge(own map[string]string) []*fetch.HeaderEntry {
	var merged []*fetch.HeaderEntry
	for _, name := range slices.Sorted(maps.Keys(own)) {
		if !r.has(name) {
			merged = append(merged, &fetch.HeaderEntry{Name: name, Value: own[name]})
		}
	}
	for _, name := range slices.Sorted(maps.Keys(r.headers)) {
		merged = append(merged, &fetch.HeaderEntry{Name: name, Value: r.headers[name]})
	}
	return merged
}

func (r headerRule) has(name string) bool {
	for own := range r.headers {
		if strings.EqualFold(own, name) {
			return true
		}
	}
	return false
}
