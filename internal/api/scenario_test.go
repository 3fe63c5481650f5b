package api_test

import (
	"bytes"
	"context"
	"encoding/json"
	"flag"
	"fmt"
	"net/http"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"
	"time"

	"darkroom"
	"darkroom/internal/api"
	"darkroom/internal/egress"
)

var update = flag.Bool("update", false, "write testdata/golden anew")

// scenario is a request after something has happened; the whole answer is
// compared with testdata/golden/<name>.txt.
type scenario struct {
	name    string
	policy  egress.Config            // of the rig
	before  func(r *rig) (id string) // what has happened; id stands for $JOB in the path, the rig's site for $SITE in the body
	method  string
	path    string
	body    string
	headers []string
}

func scenarios() []scenario {
	const batch = `{"urls":["https://example.com/","https://example.com/b"]}`
	return []scenario{
		{name: "create", method: "POST", path: "/v1/batch", body: batch},
		{name: "create-by-the-alias", method: "POST", path: "/v1/batch/screenshot", body: batch},
		{name: "create-with-everything", method: "POST", path: "/v1/batch", body: `{"urls":["https://example.com/"],
			"format":"webp","width":"800","full_page":"true","headers":{"X-A":"secret"},"callback_url":"https://example.org/hook#x",
			"name":"Nightly","tags":["a","b"],"priority":"low","retention":3600,"host_concurrency":2,"host_delay":"250"}`},
		{name: "create-with-warnings", method: "POST", path: "/v1/batch", body: `{"urls":["https://example.com/"],
			"formt":"png","fullPage":true,"block_ads":true,"stealth":false,"cache_ttl":0,"api_key":"sk_live_secret","zebra":1}`},
		{
			name: "create-strict", method: "POST", path: "/v1/batch", headers: []string{"Darkroom-Strict", "1"},
			body: `{"urls":["https://example.com/"],"formt":"png","block_ads":true}`,
		},
		{
			name: "create-with-refused-urls", method: "POST", path: "/v1/batch",
			body: `{"urls":["https://example.com/","http://127.0.0.1/","file:///etc/passwd",7,"https://u:p@example.com/"]}`,
		},
		{name: "create-with-a-bad-option", method: "POST", path: "/v1/batch", body: `{"urls":["https://example.com/"],"width":10}`},
		{
			name: "create-replayed", before: (*rig).remember, method: "POST", path: "/v1/batch",
			body: `{ "urls": ["https://example.com/fail"] }`, headers: []string{"Idempotency-Key", "k1"},
		},
		{
			name: "create-with-a-used-key", before: (*rig).remember, method: "POST", path: "/v1/batch",
			body: batch, headers: []string{"Idempotency-Key", "k1"},
		},
		{name: "create-on-a-full-disk", before: (*rig).fill, method: "POST", path: "/v1/batch", body: batch},
		{name: "create-while-stopping", before: (*rig).notReady, method: "POST", path: "/v1/batch", body: batch},

		{name: "sitemap", method: "POST", path: "/v1/sitemap", body: `{"sitemap_url":"https://example.com/sitemap.xml#top"}`},
		{name: "sitemap-by-the-alias", method: "POST", path: "/v1/sitemap/crawl", body: `{"sitemap_url":"https://example.com/","max_urls":"10"}`},
		{name: "sitemap-with-everything", method: "POST", path: "/v1/sitemap", body: `{"sitemap_url":"https://example.com/robots.txt",
			"max_pages":5000,"include_pattern":"/blog/","exclude_pattern":["/tag/","[?]page="],"same_host":false,"respect_robots":true,
			"include_lastmod_after":"2026-04-01","sample":{"per_template":3},"format":"webp","callback_url":"https://example.org/hook",
			"name":"Nightly","tags":["a","b"],"priority":"low","retention":3600,"host_concurrency":2,"host_delay":"250"}`},
		{name: "sitemap-with-warnings", method: "POST", path: "/v1/sitemap", body: `{"sitemap_url":"https://example.com/",
			"max_page":3,"urls":["https://example.com/"],"sample":{"per_templat":2},"zebra":1}`},
		{
			name: "sitemap-strict", method: "POST", path: "/v1/sitemap", headers: []string{"Darkroom-Strict", "1"},
			body: `{"sitemap_url":"https://example.com/","sample":{"per_templat":2}}`,
		},
		{name: "sitemap-refused", method: "POST", path: "/v1/sitemap", body: `{"sitemap_url":"http://192.168.1.1/sitemap.xml"}`},
		{name: "sitemap-missing", method: "POST", path: "/v1/sitemap", body: `{"urls":["https://example.com/"]}`},
		{name: "sitemap-of-too-many-pages", method: "POST", path: "/v1/sitemap", body: `{"sitemap_url":"https://example.com/","max_pages":5001}`},
		{
			name: "sitemap-with-a-bad-pattern", method: "POST", path: "/v1/sitemap",
			body: `{"sitemap_url":"https://example.com/","include_pattern":["/blog/","/(?!tag)"]}`,
		},
		{
			name: "sitemap-replayed", before: (*rig).sitemapAfterwards, method: "POST", path: "/v1/sitemap",
			body: `{ "sitemap_url": "https://example.com/sitemap.xml" }`, headers: []string{"Idempotency-Key", "k1"},
		},
		{name: "sitemap-on-a-full-disk", before: (*rig).fill, method: "POST", path: "/v1/sitemap", body: `{"sitemap_url":"https://example.com/"}`},

		{name: "job-of-a-sitemap-being-read", before: (*rig).sitemapReading, method: "GET", path: "/v1/jobs/$JOB"},
		{name: "job-of-a-sitemap", before: (*rig).sitemapCaptured, method: "GET", path: "/v1/jobs/$JOB"},
		{name: "job-of-no-sitemap", before: (*rig).sitemapUnreadable, method: "GET", path: "/v1/jobs/$JOB"},
		{name: "list-of-sitemaps", before: (*rig).sitemapCaptured, method: "GET", path: "/v1/jobs?type=sitemap"},

		{name: "job-pending", before: (*rig).pending, method: "GET", path: "/v1/jobs/$JOB"},
		{name: "job-processing", before: (*rig).halfway, method: "GET", path: "/v1/jobs/$JOB"},
		{name: "job-before-the-finish", before: (*rig).unfinished, method: "GET", path: "/v1/jobs/$JOB"},
		{name: "job-completed", before: (*rig).completed, method: "GET", path: "/v1/jobs/$JOB"},
		{name: "job-partial", before: (*rig).partial, method: "GET", path: "/v1/jobs/$JOB"},
		{name: "job-failed", before: (*rig).failed, method: "GET", path: "/v1/jobs/$JOB"},
		{name: "job-expired", before: (*rig).expired, method: "GET", path: "/v1/jobs/$JOB"},
		{name: "job-unknown", method: "GET", path: "/v1/jobs/0195d4a2-0000-7000-8000-000000000000"},
		{name: "list-empty", method: "GET", path: "/v1/jobs"},
		{name: "list", before: (*rig).several, method: "GET", path: "/v1/jobs?limit=2&offset=1"},
		{name: "list-last-page", before: (*rig).several, method: "GET", path: "/v1/jobs?limit=2&offset=2"},
		{name: "list-behind-the-end", before: (*rig).several, method: "GET", path: "/v1/jobs?offset=99"},
		{name: "list-of-failed", before: (*rig).several, method: "GET", path: "/v1/jobs?status=failed&type=batch&limit=500"},
		{name: "list-by-tag", before: (*rig).several, method: "GET", path: "/v1/jobs?tag=blue&q=NIGHT"},

		{name: "download-too-early", before: (*rig).unfinished, method: "GET", path: "/v1/jobs/$JOB/download"},
		{name: "download-of-failures", before: (*rig).failed, method: "GET", path: "/v1/jobs/$JOB/download"},
		{name: "download-too-late", before: (*rig).expired, method: "GET", path: "/v1/jobs/$JOB/download"},
		{name: "download-of-failures-too-late", before: (*rig).failedAndExpired, method: "GET", path: "/v1/jobs/$JOB/download"},

		{name: "screenshot", method: "GET", path: "/v1/screenshot?url=https://example.com/%23top&format=jpeg&width=&formt=x"},
		{
			name: "screenshot-as-strings", method: "POST", path: "/v1/screenshot",
			body: `{"url":"https://example.com/","width":"800","height":"0","full_page":"false","quality":"","device":""}`,
		},
		{name: "screenshot-deterministic", method: "GET", path: "/v1/screenshot?url=https://example.com/&deterministic=true&block_ads=1"},
		{name: "screenshot-timeout", before: (*rig).slowPage, method: "GET", path: "/v1/screenshot?url=https://example.com/"},
		{name: "screenshot-failed", before: (*rig).brokenPage, method: "GET", path: "/v1/screenshot?url=https://example.com/"},
		{name: "screenshot-without-a-browser", before: (*rig).noBrowser, method: "GET", path: "/v1/screenshot?url=https://example.com/"},
		{name: "screenshot-refused", method: "GET", path: "/v1/screenshot?url=http://localhost/"},

		{name: "usage", before: (*rig).several, method: "GET", path: "/v1/usage"},
		{name: "health", before: (*rig).later, method: "GET", path: "/health"},
		{name: "status", method: "GET", path: "/status"},
		{name: "healthz", method: "GET", path: "/healthz"},
		{name: "readyz", method: "GET", path: "/readyz"},
		{name: "readyz-verbose", method: "GET", path: "/readyz?verbose"},
		{name: "readyz-verbose-without-a-key", method: "GET", path: "/readyz?verbose", headers: []string{"Authorization", "Bearer x"}},
		{name: "readyz-not-ready", before: (*rig).notReady, method: "GET", path: "/readyz?verbose=1"},
		{name: "readyz-not-ready-without-a-key", before: (*rig).notReady, method: "GET", path: "/readyz", headers: []string{"Authorization", ""}},
		{name: "unknown-path", method: "GET", path: "/v1/nothing"},
		{name: "wrong-method", method: "DELETE", path: "/v1/batch"},
		{name: "no-key", method: "GET", path: "/v1/jobs", headers: []string{"Authorization", ""}},
	}
}

func TestScenarios(t *testing.T) {
	for _, one := range slices.Concat(
		scenarios(), planScenarios(), resultScenarios(), keyScenarios(), actScenarios(), webhookScenarios(), streamScenarios(),
	) {
		t.Run(one.name, func(t *testing.T) {
			t.Parallel()
			r := newRigWith(t, conditions{policy: one.policy})
			id := "none"
			if one.before != nil {
				id = one.before(r)
			}
			path := strings.ReplaceAll(one.path, "$JOB", id)
			got := r.send(one.method, path, strings.ReplaceAll(one.body, "$SITE", r.site), one.headers...)
			matchesDocument(t, one.method, path, got)
			golden(t, one.name, got)
		})
	}
}

// golden compares the answer with a file, ids and request ids replaced.
func golden(t *testing.T, name string, got answer) {
	t.Helper()
	file := filepath.Join("testdata", "golden", name+".txt")
	text := plain(t, got)
	if *update {
		if err := os.WriteFile(file, []byte(text), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	want := must(os.ReadFile(file))(t)
	if text != string(want) {
		t.Errorf("%s differs; run with -update if the new one is right\ngot:\n%s\nwant:\n%s", file, text, want)
	}
}

func plain(t *testing.T, got answer) string {
	t.Helper()
	var b strings.Builder
	fmt.Fprintf(&b, "%d %s\n", got.status, http.StatusText(got.status))
	names := make([]string, 0, len(got.header))
	for name := range got.header {
		names = append(names, name)
	}
	slices.Sort(names)
	for _, name := range names {
		switch name {
		case "Date", "X-Request-Id", "Content-Length":
		default:
			fmt.Fprintf(&b, "%s: %s\n", name, strings.Join(got.header[name], " | "))
		}
	}
	b.WriteString("\n")
	if strings.HasPrefix(got.header.Get("Content-Type"), "image/") {
		fmt.Fprintf(&b, "<%d bytes>\n", len(got.body))
	} else if len(got.body) == 0 {
		b.WriteString("<nothing>\n")
	} else if err := indent(&b, got.body); err != nil {
		t.Fatal(err)
	}
	return unnamed(b.String())
}

func indent(b *strings.Builder, text []byte) error {
	var out bytes.Buffer
	if err := json.Indent(&out, text, "", "  "); err != nil {
		return fmt.Errorf("%w: %s", err, text)
	}
	b.WriteString(strings.TrimSpace(out.String()) + "\n")
	return nil
}

// unnamed replaces what differs from run to run: ids by the order in which
// they appear, ports, and measured times.
func unnamed(text string) string {
	seen := map[string]string{}
	text = regexp.MustCompile(`[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}`).ReplaceAllStringFunc(text, func(id string) string {
		if seen[id] == "" {
			seen[id] = fmt.Sprintf("ID-%d", len(seen)+1)
		}
		return seen[id]
	})
	text = regexp.MustCompile(`(sk_live_|whsec_)[0-9A-Za-z+/=]{16,}`).ReplaceAllString(text, "${1}SECRET")
	text = regexp.MustCompile(`sha256=[0-9a-f]{64}`).ReplaceAllString(text, "sha256=SIGNATURE")
	text = regexp.MustCompile(`v1,[0-9A-Za-z+/]{43}=`).ReplaceAllString(text, "v1,SIGNATURE")
	text = regexp.MustCompile(`("duration_ms": )\d+(,\s+"request_headers")`).ReplaceAllString(text, "${1}0$2")
	text = regexp.MustCompile(`"prefix": "sk_live_[0-9a-f]{4}"`).ReplaceAllString(text, `"prefix": "sk_live_PREF"`)
	text = regexp.MustCompile(`127\.0\.0\.1:\d+`).ReplaceAllString(text, "127.0.0.1:PORT")
	text = regexp.MustCompile(`"request_id": "[A-Z2-7]{26}"`).ReplaceAllString(text, `"request_id": "REQUEST"`)
	return regexp.MustCompile(`"avg_response_time_ms": \d+`).ReplaceAllString(text, `"avg_response_time_ms": 0`)
}

func (r *rig) pending() string { return r.create("https://example.com/", "https://example.com/b") }

func (r *rig) halfway() string {
	id := r.create("https://example.com/", "https://example.com/b", "https://example.com/c")
	r.clock.advance(1500 * time.Millisecond)
	r.workOne()
	return id
}

func (r *rig) unfinished() string {
	id := r.create("https://example.com/", "https://example.com/b")
	r.clock.advance(time.Second)
	r.work()
	return id
}

func (r *rig) completed() string {
	id := r.unfinished()
	r.clock.advance(90*time.Second + time.Millisecond)
	r.finish(id)
	return id
}

func (r *rig) partial() string { return r.done("https://example.com/", "https://example.com/fail") }

func (r *rig) failed() string { return r.done("https://example.com/fail") }

func (r *rig) expired() string {
	id := r.completed()
	r.clock.advance(24 * time.Hour)
	return id
}

func (r *rig) failedAndExpired() string {
	id := r.failed()
	r.clock.advance(24 * time.Hour)
	return id
}

// several leaves a completed, a failed, a named and tagged pending job.
func (r *rig) several() string {
	r.done("https://example.com/1")
	r.clock.advance(time.Minute)
	r.done("https://example.com/fail")
	r.clock.advance(time.Minute)
	created := r.send("POST", "/v1/batch", `{"urls":["https://example.com/2"],"name":"Nightly run","tags":["blue"]}`)
	expect(r.t, "status", created.status, http.StatusAccepted)
	return created.job(r.t).ID
}

// remember makes a job under the idempotency key k1 and lets it end.
func (r *rig) remember() string {
	created := r.send("POST", "/v1/batch", `{"urls":["https://example.com/fail"]}`, "Idempotency-Key", "k1")
	expect(r.t, "status", created.status, http.StatusAccepted)
	expect(r.t, "Idempotent-Replayed", created.header.Get("Idempotent-Replayed"), "")
	id := created.job(r.t).ID
	r.clock.advance(time.Minute)
	r.work()
	r.finish(id)
	return id
}

func (r *rig) fill() string {
	r.full = true
	return ""
}

func (r *rig) later() string {
	r.clock.advance(90*time.Minute + 500*time.Millisecond)
	return ""
}

func (r *rig) notReady() string {
	r.checks = []api.Check{{Name: "work", Message: "the browser does not start"}}
	close(r.stopping)
	return ""
}

func (r *rig) fails(shot darkroom.Shot, err error) string {
	r.shoot = func(context.Context, darkroom.CaptureRequest) (darkroom.Shot, error) { return shot, err }
	return ""
}

func (r *rig) slowPage() string {
	return r.fails(darkroom.Shot{}, &darkroom.Error{Code: darkroom.CodeTimeout, Message: "The page was not ready after 30 s", Hint: "Raise timeout"})
}

func (r *rig) brokenPage() string {
	return r.fails(darkroom.Shot{HTTPStatus: 404}, &darkroom.Error{Code: darkroom.CodeHTTPError, Message: "The page answered 404", HTTPStatus: 404})
}

func (r *rig) noBrowser() string {
	return r.fails(darkroom.Shot{}, &darkroom.Error{Code: darkroom.CodeQueueUnavailable, Message: "the browser does not start"})
}
