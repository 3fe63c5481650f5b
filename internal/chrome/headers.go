package chrome

import (
	"context"
	"encoding/base64"
	"maps"
	"net/url"
	"slices"
	"strings"

	"github.com/chromedp/cdproto/cdp"
	"github.com/chromedp/cdproto/fetch"
	"github.com/chromedp/cdproto/network"

	"darkroom"
)

// headerRule is which headers go where: to one origin and to no other,
// redirects included. Network.setExtraHTTPHeaders is no substitute: it sends
// them to third parties.
type headerRule struct {
	origin  string // "https://example.com:8443"
	headers map[string]string

	// authorization is added to requests that have none of their own: it is
	// given unasked, because the browser would keep what it was asked for in a
	// place that nothing but a new context empties.
	authorization string
}

// addHeaders has every request to the target's own origin paused until the
// headers were added. Nothing is paused for a page without headers, because
// that costs up to an eighth of the speed.
func (t *tab) addHeaders(ctx context.Context, target *url.URL, secrets darkroom.Secrets) error {
	if len(secrets.Headers) == 0 && secrets.BasicAuth == nil {
		return nil
	}
	rule := headerRule{origin: originOf(target), headers: secrets.Headers}
	if auth := secrets.BasicAuth; auth != nil {
		rule.authorization = "Basic " + base64.StdEncoding.EncodeToString([]byte(auth.Username+":"+auth.Password))
	}
	t.mu.Lock()
	t.headers = rule
	t.mu.Unlock()
	return t.pauseRequests(ctx, []*fetch.RequestPattern{rule.pattern()})
}

func (r headerRule) pattern() *fetch.RequestPattern {
	return &fetch.RequestPattern{URLPattern: r.origin + "/*", RequestStage: fetch.RequestStageRequest}
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
		Resource network.ResourceType `json:"resourceType"`
		Frame    cdp.FrameID          `json:"frameId"`
	}
	if !m.into(&event) {
		return
	}
	t.mu.Lock()
	rule, blocker := t.headers, t.blocker
	t.mu.Unlock()
	if blocker != nil && blocker.blocks(pausedRequest{event.Request.URL, event.Resource, event.Frame}, t.frame) {
		t.keepBack(event.RequestID, event.Resource)
		return
	}
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
		if !named(r.headers, name) {
			merged = append(merged, &fetch.HeaderEntry{Name: name, Value: own[name]})
		}
	}
	for _, name := range slices.Sorted(maps.Keys(r.headers)) {
		merged = append(merged, &fetch.HeaderEntry{Name: name, Value: r.headers[name]})
	}
	if r.authorization != "" && !named(own, authorization) {
		merged = append(merged, &fetch.HeaderEntry{Name: authorization, Value: r.authorization})
	}
	return merged
}

const authorization = "Authorization"

func named(headers map[string]string, name string) bool {
	for known := range headers {
		if strings.EqualFold(known, name) {
			return true
		}
	}
	return false
}
