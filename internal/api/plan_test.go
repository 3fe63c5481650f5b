package api_test

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync"
	"testing"
	"time"

	"darkroom"
	"darkroom/internal/api"
	"darkroom/internal/egress"
	"darkroom/internal/sitemap"
)

// onThisMachine lets the rig's site be read, which is not public.
func onThisMachine() egress.Config { return egress.Config{Allow: []string{"127.0.0.1"}} }

// serveSite starts a web site; its address stands for $SITE in its files and
// in the requests of a scenario.
func (r *rig) serveSite(files map[string]string) {
	r.t.Helper()
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, q *http.Request) {
		body, found := files[q.URL.Path]
		body = strings.ReplaceAll(body, "$SITE", r.site)
		if target, elsewhere := strings.CutPrefix(body, "to "); elsewhere {
			http.Redirect(w, q, target, http.StatusFound)
			return
		}
		if !found {
			w.WriteHeader(http.StatusNotFound)
		}
		_, _ = io.WriteString(w, body)
	}))
	r.t.Cleanup(server.Close)
	r.site = server.URL
}

const anIndex = `<?xml version="1.0"?><sitemapindex xmlns="http://www.sitemaps.org/schemas/sitemap/0.9">
	<sitemap><loc>$SITE/pages.xml</loc></sitemap><sitemap><loc>$SITE/gone.xml</loc></sitemap></sitemapindex>`

const aList = `<?xml version="1.0"?><urlset xmlns="http://www.sitemaps.org/schemas/sitemap/0.9">
	<url><loc>$SITE/a</loc><lastmod>2026-04-01T10:00:00Z</lastmod></url>
	<url><loc>$SITE/private/b</loc></url>
	<url><loc>$SITE/A/../a</loc></url>
	<url><loc>file:///etc/passwd</loc></url>
	<url><loc>https://example.com/</loc></url>
	<url><loc>$SITE/old</loc><lastmod>2020-01-01</lastmod></url>
	<url><loc>$SITE/tag/x</loc></url>
	<url><loc>$SITE/c</loc></url>
	<url><loc>$SITE/d</loc></url>
</urlset>`

func (r *rig) siteWithSitemap() string {
	r.serveSite(map[string]string{
		"/sitemap.xml": anIndex, "/pages.xml": aList,
		"/robots.txt": "User-agent: *\nDisallow: /private/\nCrawl-delay: 2\nSitemap: $SITE/sitemap.xml\n",
	})
	return ""
}

// siteSeenBefore has captures from which a speed is known.
func (r *rig) siteSeenBefore() string {
	r.took = 1500 * time.Millisecond
	r.done("https://example.com/1", "https://example.com/2")
	return r.siteWithSitemap()
}

func (r *rig) siteWithoutSitemap() string {
	r.serveSite(map[string]string{
		"/": "<!doctype html><title>A page</title>", "/page": "<!doctype html><title>A page</title>",
		"/empty.xml": `<urlset xmlns="http://www.sitemaps.org/schemas/sitemap/0.9"></urlset>`,
		"/elsewhere": "to http://10.0.0.1/sitemap.xml",
	})
	return ""
}

// siteThatIsGone leaves an address at which nothing listens.
func (r *rig) siteThatIsGone() string {
	server := httptest.NewServer(http.NotFoundHandler())
	r.site = server.URL
	server.Close()
	return ""
}

func planScenarios() []scenario {
	ask := func(name string, before func(*rig) string, body string) scenario {
		return scenario{name: name, before: before, method: "POST", path: "/v1/sitemap", body: body, policy: onThisMachine()}
	}
	return []scenario{
		ask("plan", (*rig).siteWithSitemap, `{"sitemap_url":"$SITE/sitemap.xml","plan":true}`),
		ask("plan-of-some", (*rig).siteSeenBefore, `{"sitemap_url":"$SITE/","plan":"true","max_pages":2,"exclude_pattern":["/tag/"],
			"include_lastmod_after":"2021-01-01","same_host":true,"respect_robots":true,"zebra":1}`),
		ask("plan-of-a-sample", (*rig).siteSeenBefore, `{"sitemap_url":"$SITE/pages.xml","plan":true,"sample":{"per_template":1},"host_delay":1000}`),
		ask("plan-with-nothing-left", (*rig).siteWithSitemap, `{"sitemap_url":"$SITE/pages.xml","plan":true,"include_pattern":"/nowhere/"}`),
		ask("plan-without-urls", (*rig).siteWithoutSitemap, `{"sitemap_url":"$SITE/empty.xml","plan":true}`),
		ask("plan-of-a-page", (*rig).siteWithoutSitemap, `{"sitemap_url":"$SITE/page","plan":true}`),
		ask("plan-of-nothing-there", (*rig).siteWithoutSitemap, `{"sitemap_url":"$SITE/no.xml","plan":true}`),
		ask("plan-led-elsewhere", (*rig).siteWithoutSitemap, `{"sitemap_url":"$SITE/elsewhere","plan":true}`),
		ask("plan-unreachable", (*rig).siteThatIsGone, `{"sitemap_url":"$SITE/sitemap.xml","plan":true}`),
		ask("plan-too-slow", (*rig).slowSitemap, `{"sitemap_url":"https://example.com/","plan":true}`),
		ask("plan-while-stopping", (*rig).notReady, `{"sitemap_url":"https://example.com/","plan":true}`),
		ask("plan-strict", nil, `{"sitemap_url":"https://example.com/","plan":true,"max_page":1}`).with("Darkroom-Strict", "1"),
	}
}

func (s scenario) with(headers ...string) scenario {
	s.headers = headers
	return s
}

// walks makes plans come to that instead of reading anything.
func (r *rig) walks(found darkroom.Discovery, err error) string {
	r.walk = func(context.Context, darkroom.Crawl, sitemap.Visitor) (darkroom.Discovery, error) { return found, err }
	return ""
}

func (r *rig) slowSitemap() string {
	return r.walks(darkroom.Discovery{}, &darkroom.Error{Code: darkroom.CodeTimeout, Message: "The sitemap was not read within 60 s"})
}

// plan asks for a plan of a sitemap, with further fields.
func (r *rig) plan(fields string) answer {
	r.t.Helper()
	return r.send("POST", "/v1/sitemap", `{"sitemap_url":"`+aSitemap+`","plan":true`+fields+`}`)
}

func TestPlanCreatesNothing(t *testing.T) {
	t.Parallel()
	r := newRigWith(t, conditions{policy: onThisMachine()})
	r.shoot = func(context.Context, darkroom.CaptureRequest) (darkroom.Shot, error) {
		t.Error("a page was opened")
		return darkroom.Shot{}, nil
	}
	r.siteWithSitemap()
	for range 2 {
		got := r.send("POST", "/v1/sitemap", `{"sitemap_url":"`+r.site+`/pages.xml","plan":true}`, "Idempotency-Key", "k")
		expect(t, "status", got.status, http.StatusOK)
	}
	expect(t, "jobs", r.jobs(t), 0)
	expect(t, "the key is free", r.createSitemap("Idempotency-Key", "k") != "", true)
}

func TestPlanFailures(t *testing.T) {
	t.Parallel()
	r := newRig(t)
	for _, code := range append(darkroom.CaptureCodes(), darkroom.SitemapCodes()...) {
		r.walks(darkroom.Discovery{}, fmt.Errorf("wrapped: %w", &darkroom.Error{Code: code, Message: "The reason", HTTPStatus: 404}))
		got := r.plan("")
		if code == darkroom.CodeTimeout {
			expect(t, "timeout", got.status, http.StatusGatewayTimeout)
			continue
		}
		expect(t, string(code), got.status, http.StatusUnprocessableEntity)
		expect(t, string(code), got.code(t), darkroom.CodeCaptureFailed)
		var failure struct {
			ErrorCode  darkroom.Code `json:"error_code"`
			HTTPStatus int           `json:"http_status"`
			Message    string
		}
		got.json(t, &failure)
		expect(t, "error_code", failure.ErrorCode, code)
		expect(t, "http_status", failure.HTTPStatus, 404)
		expect(t, "message", failure.Message, "The reason")
	}
	r.walks(darkroom.Discovery{}, &darkroom.Error{Code: darkroom.CodeQueueUnavailable})
	expect(t, "a dependency", r.plan("").status, http.StatusServiceUnavailable)
	r.walks(darkroom.Discovery{}, errors.New("out of ink"))
	got := r.plan("")
	expect(t, "an error without a code", got.code(t), darkroom.CodeCaptureFailed)
	if strings.Contains(string(got.body), "ink") || !strings.Contains(r.log.String(), "out of ink") {
		t.Errorf("what happened inside belongs into the log and not into the answer: %s", got.body)
	}
}

// At most so many sitemaps are read at once; further ones wait for their turn.
func TestPlansTakeTurns(t *testing.T) {
	t.Parallel()
	const atOnce, all = 4, 7
	r := newRigWith(t, conditions{limits: api.Limits{PlanWait: time.Minute}})
	begun, gate := make(chan int, all), make(chan struct{})
	var mu sync.Mutex
	reading, most := 0, 0
	r.walk = func(context.Context, darkroom.Crawl, sitemap.Visitor) (darkroom.Discovery, error) {
		mu.Lock()
		reading++
		most = max(most, reading)
		mu.Unlock()
		begun <- 1
		<-gate
		mu.Lock()
		reading--
		mu.Unlock()
		return darkroom.Discovery{Ended: true}, nil
	}
	var group sync.WaitGroup
	for range all {
		group.Go(func() { expect(t, "status", r.plan("").status, http.StatusOK) })
	}
	for range atOnce {
		<-begun
	}
	close(gate)
	group.Wait()
	expect(t, "read at once", most, atOnce)
}

func TestPlanWhoseTurnDoesNotCome(t *testing.T) {
	t.Parallel()
	r := newRigWith(t, conditions{limits: api.Limits{Plans: 1, PlanWait: time.Millisecond}})
	begun, gate := make(chan struct{}), make(chan struct{})
	r.walk = func(context.Context, darkroom.Crawl, sitemap.Visitor) (darkroom.Discovery, error) {
		close(begun)
		<-gate
		return darkroom.Discovery{Ended: true}, nil
	}
	var group sync.WaitGroup
	group.Go(func() { expect(t, "first", r.plan("").status, http.StatusOK) })
	<-begun
	got := r.plan("")
	expect(t, "status", got.status, http.StatusTooManyRequests)
	expect(t, "code", got.code(t), darkroom.CodeRateLimited)
	expect(t, "Retry-After", got.header.Get("Retry-After"), "5")
	matchesDocument(t, "POST", "/v1/sitemap", got)
	expect(t, "a job meanwhile", r.createSitemap() != "", true)
	close(gate)
	group.Wait()
}

// untilTheEnd makes reading a sitemap last until somebody ends it, and tells
// when it has begun and when it has ended.
func (r *rig) untilTheEnd() (begun, ended chan struct{}) {
	begun, ended = make(chan struct{}), make(chan struct{})
	r.walk = func(ctx context.Context, _ darkroom.Crawl, _ sitemap.Visitor) (darkroom.Discovery, error) {
		close(begun)
		<-ctx.Done()
		close(ended)
		return darkroom.Discovery{}, ctx.Err()
	}
	return begun, ended
}

func TestPlanEndsWhenTheServerStops(t *testing.T) {
	t.Parallel()
	r := newRig(t)
	begun, _ := r.untilTheEnd()
	var group sync.WaitGroup
	group.Go(func() {
		got := r.plan("")
		expect(t, "status", got.status, http.StatusServiceUnavailable)
		expect(t, "code", got.code(t), darkroom.CodeQueueUnavailable)
	})
	<-begun
	close(r.stopping)
	group.Wait()
}

func TestPlanEndsWhenTheClientGoesAway(t *testing.T) {
	t.Parallel()
	r := newRig(t)
	begun, ended := r.untilTheEnd()
	ctx, leave := context.WithCancel(t.Context())
	request := must(http.NewRequestWithContext(ctx, http.MethodPost, r.server.URL+"/v1/sitemap",
		strings.NewReader(`{"sitemap_url":"https://example.com/","plan":true}`)))(t)
	request.Header.Set("Authorization", "Bearer "+r.key)
	var group sync.WaitGroup
	group.Go(func() {
		if response, err := r.server.Client().Do(request); err == nil {
			_ = response.Body.Close()
			t.Errorf("answered %d", response.StatusCode)
		}
	})
	<-begun
	leave()
	<-ended
	group.Wait()
	r.server.Close() // waits for every request to be answered
	if strings.Contains(r.log.String(), "ERROR") {
		t.Errorf("nobody did anything wrong: %s", r.log.String())
	}
}

// However much a sitemap lists, the answer stays bounded; the counts are
// complete.
func TestPlanOfAVeryLongSitemap(t *testing.T) {
	t.Parallel()
	r := newRig(t)
	const pages, skipped = 3000, darkroom.MaxPlanSkipped + 5
	long := strings.Repeat("&", darkroom.MaxURLBytes-100)
	r.walk = func(_ context.Context, _ darkroom.Crawl, visit sitemap.Visitor) (darkroom.Discovery, error) {
		for i := range pages {
			if err := visit.Page(sitemap.Page{URL: fmt.Sprintf("https://example.com/%06d?%s", i, long), Host: "example.com:443"}); err != nil {
				return darkroom.Discovery{}, err
			}
		}
		tooLate := sitemap.Page{URL: "https://example.com/", Lastmod: time.Date(10000, 1, 1, 0, 0, 0, 0, time.UTC)} // which JSON cannot hold
		if err := visit.Page(tooLate); err != nil {
			return darkroom.Discovery{}, err
		}
		for range skipped {
			visit.Skip(sitemap.Skipped{URL: "x", Reason: darkroom.SkipInvalid})
		}
		return darkroom.Discovery{
			Ended: true, Found: pages + skipped, Skipped: map[darkroom.SkipReason]int{darkroom.SkipInvalid: skipped},
		}, nil
	}
	got := r.plan(`,"max_pages":3000`)
	expect(t, "status", got.status, http.StatusOK)
	var plan darkroom.PlanAnswer
	got.json(t, &plan)
	expect(t, "total", plan.Total, pages+1)
	expect(t, "listed", len(plan.URLs), 8<<20/len(plan.URLs[0].URL))
	expect(t, "skipped", len(plan.Skipped), darkroom.MaxPlanSkipped)
	expect(t, "counted", plan.Discovery.Skipped[darkroom.SkipInvalid], skipped)
	if len(plan.Warnings) != 1 || !strings.Contains(plan.Warnings[0], fmt.Sprint(pages+1-len(plan.URLs))) {
		t.Errorf("warnings %q", plan.Warnings)
	}
	if !json.Valid(got.body) || len(got.body) > 16<<20 {
		t.Errorf("an answer of %d bytes", len(got.body))
	}
}
