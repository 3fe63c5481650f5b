package sitemap_test

import (
	"bytes"
	"context"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"net/netip"
	"net/url"
	"strings"
	"testing"
	"time"

	"darkroom"
	"darkroom/internal/egress"
	"darkroom/internal/sitemap"
)

// world is every web site that a test knows, by host and path with query. It
// answers in this process: nothing is ever sent.
type world map[string]http.HandlerFunc

func (w world) RoundTrip(r *http.Request) (*http.Response, error) {
	if err := r.Context().Err(); err != nil {
		return nil, err
	}
	answer, found := w[r.URL.Host+r.URL.RequestURI()]
	if !found {
		answer = http.NotFound
	}
	recorder := httptest.NewRecorder()
	answer(recorder, r)
	if err := r.Context().Err(); err != nil {
		return nil, err // nobody waits for the answer any more
	}
	response := recorder.Result()
	response.Request = r
	return response, nil
}

// text answers with that body.
func text(body string) http.HandlerFunc {
	return func(w http.ResponseWriter, _ *http.Request) { _, _ = io.WriteString(w, body) }
}

func status(code int) http.HandlerFunc {
	return func(w http.ResponseWriter, _ *http.Request) { w.WriteHeader(code) }
}

// never keeps whoever asks waiting until they give up.
func never(_ http.ResponseWriter, r *http.Request) { <-r.Context().Done() }

func redirect(to string) http.HandlerFunc {
	return func(w http.ResponseWriter, _ *http.Request) {
		w.Header().Set("Location", to)
		w.WriteHeader(http.StatusMovedPermanently)
	}
}

// urlset is a sitemap of these addresses, written as they are.
func urlset(locs ...string) string {
	var b strings.Builder
	b.WriteString(`<?xml version="1.0" encoding="UTF-8"?><urlset xmlns="http://www.sitemaps.org/schemas/sitemap/0.9">`)
	for _, loc := range locs {
		b.WriteString("<url><loc>" + loc + "</loc></url>\n")
	}
	b.WriteString("</urlset>")
	return b.String()
}

// index is a sitemap index of these addresses.
func index(locs ...string) string {
	inner := strings.NewReplacer("<urlset", "<sitemapindex", "</urlset", "</sitemapindex", "<url>", "<sitemap>", "</url>", "</sitemap>")
	return inner.Replace(urlset(locs...))
}

// numbered gives n addresses below base.
func numbered(base string, n int) []string {
	locs := make([]string, 0, n)
	for i := range n {
		locs = append(locs, fmt.Sprintf("%s%d", base, i))
	}
	return locs
}

// policy decides as the server's does. Names lead nowhere.
func policy(t testing.TB, allow ...string) *egress.Policy {
	t.Helper()
	p, err := egress.NewPolicy(egress.Config{Allow: allow, Resolver: nowhere{}})
	if err != nil {
		t.Fatal(err)
	}
	return p
}

// nowhere sends every name to this machine.
type nowhere struct{}

func (nowhere) LookupNetIP(context.Context, string, string) ([]netip.Addr, error) {
	return []netip.Addr{netip.AddrFrom4([4]byte{127, 0, 0, 1})}, nil
}

// found is what a walk came to.
type found struct {
	pages    []sitemap.Page
	skipped  []sitemap.Skipped
	reports  []darkroom.Discovery
	problems []*darkroom.Error
	last     darkroom.Discovery
	err      error
}

func (f found) urls() []string {
	var urls []string
	for _, page := range f.pages {
		urls = append(urls, page.URL)
	}
	return urls
}

// walk reads a world.
func (w world) walk(t testing.TB, crawl darkroom.Crawl, limits sitemap.Limits, readOn bool) found {
	t.Helper()
	return walk(t, sitemap.Config{Client: &http.Client{Transport: w, CheckRedirect: noRedirect, Timeout: sitemap.FileTime}, Admit: policy(t).Admit, Limits: limits}, crawl, readOn)
}

func noRedirect(*http.Request, []*http.Request) error { return http.ErrUseLastResponse }

func walk(t testing.TB, config sitemap.Config, crawl darkroom.Crawl, readOn bool) found {
	t.Helper()
	if crawl.MaxPages == 0 {
		crawl.MaxPages = darkroom.DefaultMaxPages
	}
	var f found
	f.last, f.err = sitemap.New(config).Walk(t.Context(), crawl, sitemap.Visitor{
		Page:     func(page sitemap.Page) error { f.pages = append(f.pages, page); return nil },
		Skip:     func(skipped sitemap.Skipped) { f.skipped = append(f.skipped, skipped) },
		Progress: func(sofar darkroom.Discovery) { f.reports = append(f.reports, sofar) },
		Problem:  func(problem *darkroom.Error) { f.problems = append(f.problems, problem) },
		ReadOn:   readOn,
	})
	f.check(t)
	return f
}

// check holds for every walk.
func (f found) check(t testing.TB) {
	t.Helper()
	if f.err == nil && !f.last.Ended {
		t.Error("it has not ended")
	}
	if got := len(f.pages) + f.last.SkippedInAll(); f.last.Found != got && f.err == nil {
		t.Errorf("%d URLs were found, but %d pages and %d skipped ones", f.last.Found, len(f.pages), f.last.SkippedInAll())
	}
	if len(f.skipped) != f.last.SkippedInAll() {
		t.Errorf("%d URLs were shown as skipped, %d counted", len(f.skipped), f.last.SkippedInAll())
	}
	known := make(map[string]bool)
	for _, page := range f.pages {
		if known[page.URL] {
			t.Errorf("%s was given twice", page.URL)
		}
		known[page.URL] = true
	}
}

// server is a real one, on loopback, that the policy permits under the name
// site.test.
func server(t testing.TB, handler http.Handler) (base string, config sitemap.Config) {
	t.Helper()
	listening := httptest.NewServer(handler)
	t.Cleanup(listening.Close)
	address, err := url.Parse(listening.URL)
	if err != nil {
		t.Fatal(err)
	}
	host := "site.test:" + address.Port()
	permitted := policy(t, host, "127.0.0.1:"+address.Port())
	client := permitted.Client(time.Minute)
	t.Cleanup(client.CloseIdleConnections)
	return "http://" + host, sitemap.Config{Client: client, Admit: permitted.Admit}
}

// write describes a walk for a golden file.
func (f found) write(t testing.TB) []byte {
	t.Helper()
	var b bytes.Buffer
	for _, page := range f.pages {
		fmt.Fprint(&b, page.URL)
		if !page.Lastmod.IsZero() {
			fmt.Fprint(&b, " ", page.Lastmod.Format(time.RFC3339Nano))
		}
		fmt.Fprintln(&b)
	}
	for _, skipped := range f.skipped {
		fmt.Fprintf(&b, "- %s %q %s\n", skipped.Reason, skipped.URL, skipped.Detail)
	}
	fmt.Fprintf(&b, "sitemaps %d found %d\n", f.last.Sitemaps, f.last.Found)
	for _, warning := range f.last.Warnings {
		fmt.Fprintln(&b, "warning:", warning)
	}
	if f.err != nil {
		fmt.Fprintln(&b, "error:", f.err)
	}
	return b.Bytes()
}
