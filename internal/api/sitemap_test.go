package api_test

import (
	"context"
	"fmt"
	"net/http"
	"reflect"
	"strings"
	"testing"
	"time"

	"darkroom"
	"darkroom/internal/sitemap"
	"darkroom/internal/store"
)

const aSitemap = "https://example.com/sitemap.xml"

// createSitemap makes a sitemap job and gives its id.
func (r *rig) createSitemap(headers ...string) string {
	r.t.Helper()
	created := r.send(http.MethodPost, "/v1/sitemap", `{"sitemap_url":"`+aSitemap+`"}`, headers...)
	if created.status != http.StatusAccepted {
		r.t.Fatalf("create a sitemap job: %d %s", created.status, created.body)
	}
	return created.job(r.t).ID
}

// discover reads as much of a job's sitemap as the URLs are, as the worker
// does.
func (r *rig) discover(id string, sofar darkroom.Discovery, urls ...string) {
	r.t.Helper()
	if _, ok, err := r.store.BeginDiscovery(r.t.Context(), id); err != nil || !ok {
		r.t.Fatalf("begin to read the sitemap: %v, %v", ok, err)
	}
	var targets []store.Target
	for _, url := range urls {
		targets = append(targets, store.Target{URL: url, Host: "example.com:443"})
	}
	if _, err := r.store.AddTargets(r.t.Context(), id, 0, targets, sofar); err != nil {
		r.t.Fatal(err)
	}
}

// endDiscovery ends the reading of a sitemap that gave so many pages.
func (r *rig) endDiscovery(id string, pages int, found darkroom.Discovery, failure *darkroom.Error) {
	r.t.Helper()
	if err := r.store.EndDiscovery(r.t.Context(), id, pages, found, failure); err != nil {
		r.t.Fatal(err)
	}
}

func (r *rig) sitemapReading() string {
	id := r.createSitemap()
	r.clock.advance(time.Second)
	r.discover(id, darkroom.Discovery{Sitemaps: 2, Found: 4, Skipped: map[darkroom.SkipReason]int{darkroom.SkipOtherHost: 1}},
		"https://example.com/", "https://example.com/a", "https://example.com/fail")
	r.workOne()
	return id
}

func (r *rig) sitemapCaptured() string {
	id := r.sitemapReading()
	r.endDiscovery(id, 3, darkroom.Discovery{
		Sitemaps: 3, Found: 5, Skipped: map[darkroom.SkipReason]int{darkroom.SkipOtherHost: 1, darkroom.SkipDuplicate: 1},
		Warnings: []string{"https://example.com/old.xml answered 404"},
	}, nil)
	r.work()
	r.clock.advance(90 * time.Second)
	r.finish(id)
	return id
}

func (r *rig) sitemapUnreadable() string {
	id := r.createSitemap()
	r.clock.advance(time.Second)
	r.discover(id, darkroom.Discovery{})
	r.endDiscovery(id, 0, darkroom.Discovery{Sitemaps: 1},
		&darkroom.Error{Code: darkroom.CodeSitemapInvalid, Message: aSitemap + " is a page and no sitemap"})
	r.finish(id)
	return id
}

// sitemapAfterwards makes a sitemap job under the idempotency key k1 and lets
// it find and capture its pages.
func (r *rig) sitemapAfterwards() string {
	id := r.createSitemap("Idempotency-Key", "k1")
	r.discover(id, darkroom.Discovery{}, "https://example.com/")
	r.endDiscovery(id, 1, darkroom.Discovery{Sitemaps: 1, Found: 1, Warnings: []string{"a warning"}}, nil)
	r.clock.advance(time.Minute)
	r.work()
	r.finish(id)
	return id
}

// What a client asks for is what the job has; the sitemap is not looked at
// before the answer.
func TestSitemapBecomesAJob(t *testing.T) {
	t.Parallel()
	r := newRig(t)
	r.walk = func(context.Context, darkroom.Crawl, sitemap.Visitor) (darkroom.Discovery, error) {
		t.Error("the sitemap was read before the answer")
		return darkroom.Discovery{}, nil
	}
	changed := time.Date(2026, 3, 31, 22, 0, 0, 0, time.UTC)
	for name, test := range map[string]struct {
		body string
		want darkroom.Crawl
	}{
		"nothing set": {
			`{"sitemap_url": " HTTPS://Example.com:443/sitemap.xml#part "}`,
			darkroom.Crawl{SitemapURL: aSitemap, MaxPages: 50},
		},
		"zero values": {
			`{"sitemap_url": "https://example.com/sitemap.xml", "max_pages": 0, "max_urls": 0, "include_pattern": "", "exclude_pattern": [],
				"same_host": "", "respect_robots": false, "include_lastmod_after": "", "sample": {}, "plan": false}`,
			darkroom.Crawl{SitemapURL: aSitemap, MaxPages: 50},
		},
		"everything": {
			`{"sitemap_url": "https://example.com/sitemap.xml", "max_pages": 7, "max_urls": 9, "include_pattern": ["/blog/", "", "a{2,3},b"],
				"exclude_pattern": "[?&]page=", "same_host": false, "respect_robots": true,
				"include_lastmod_after": "2026-04-01T00:00:00+02:00", "sample": {"per_template": 3}}`,
			darkroom.Crawl{
				SitemapURL: aSitemap, MaxPages: 7, Include: []string{"/blog/", "a{2,3},b"}, Exclude: []string{"[?&]page="},
				AnyHost: true, RespectRobots: true, LastmodAfter: changed, PerTemplate: 3,
			},
		},
		"text where something else belongs": {
			`{"sitemap_url": "https://example.com/sitemap.xml", "max_urls": "9", "same_host": "no", "respect_robots": "1",
				"include_lastmod_after": "2026-04-01", "sample": "{\"per_template\": \"3\"}"}`,
			darkroom.Crawl{
				SitemapURL: aSitemap, MaxPages: 9, AnyHost: true, RespectRobots: true,
				LastmodAfter: time.Date(2026, 4, 1, 0, 0, 0, 0, time.UTC), PerTemplate: 3,
			},
		},
	} {
		t.Run(name, func(t *testing.T) {
			created := r.send("POST", "/v1/sitemap", test.body)
			expect(t, "status", created.status, http.StatusAccepted)
			job := must(r.store.JobForWork(t.Context(), created.job(t).ID))(t)
			job.Crawl.LastmodAfter = job.Crawl.LastmodAfter.UTC()
			if !reflect.DeepEqual(job.Crawl, test.want) {
				t.Errorf("crawl %+v\nwant %+v", job.Crawl, test.want)
			}
			expect(t, "kind", job.Kind, darkroom.KindSitemap)
			expect(t, "progress", job.Progress, darkroom.Progress{Expanding: true})
			expect(t, "host concurrency", job.HostConcurrency, darkroom.DefaultCrawlHostConcurrency)
		})
	}
}

// A sitemap job has every field and option that a batch has.
func TestSitemapTakesWhatABatchTakes(t *testing.T) {
	t.Parallel()
	r := newRig(t)
	created := r.send("POST", "/v1/sitemap", `{"sitemap_url": "https://example.com/", "format": "webp", "full_page": "true",
		"headers": {"X-A": "b"}, "callback_url": "https://example.org/hook", "name": "Nightly", "tags": "one, two",
		"priority": "low", "retention": 3600, "host_concurrency": 2, "host_delay": 250}`, "Darkroom-Strict", "1")
	expect(t, "status", created.status, http.StatusAccepted)
	job := must(r.store.JobForWork(t.Context(), created.job(t).ID))(t)
	want := darkroom.Options{Format: "webp", FullPage: true, Secrets: darkroom.Secrets{Headers: map[string]string{"X-A": "b"}}}
	if !reflect.DeepEqual(job.Options, want) {
		t.Errorf("options %+v\nwant %+v", job.Options, want)
	}
	got := fmt.Sprint(job.CallbackURL, job.Name, job.Tags, job.Priority, job.Retention, job.HostConcurrency, job.HostDelay)
	expect(t, "job", got, "https://example.org/hookNightly[one two]low1h0m0s 2 250ms")
}

// The operator's limit is the limit, and the default is not above it.
func TestMaxPagesIsTheOperators(t *testing.T) {
	t.Parallel()
	r := newRigWith(t, conditions{limits: limitPages(20)})
	created := r.send("POST", "/v1/sitemap", `{"sitemap_url":"https://example.com/"}`)
	expect(t, "default", created.job(t).MaxPages, 20)
	refused := r.send("POST", "/v1/sitemap", `{"sitemap_url":"https://example.com/","max_pages":21}`)
	expect(t, "status", refused.status, http.StatusBadRequest)
}

// The same request again is the same job, under either path; the routes do not
// share what they remember.
func TestSitemapReplay(t *testing.T) {
	t.Parallel()
	r := newRig(t)
	first := r.send("POST", "/v1/sitemap", `{"sitemap_url":"https://example.com/sitemap.xml","max_pages":3}`, "Idempotency-Key", "k")
	expect(t, "status", first.status, http.StatusAccepted)
	id := first.job(t).ID
	r.discover(id, darkroom.Discovery{Found: 1}, "https://example.com/")
	r.endDiscovery(id, 1, darkroom.Discovery{Found: 1, Warnings: []string{"w"}}, nil)
	r.work()
	again := r.send("POST", "/v1/sitemap/crawl", ` {"max_pages": 3, "sitemap_url": "https:\/\/example.com/sitemap.xml"}`, "Idempotency-Key", "k")
	expect(t, "body", string(again.body), string(first.body))
	expect(t, "Idempotent-Replayed", again.header.Get("Idempotent-Replayed"), "true")
	for _, other := range []struct{ path, body string }{
		{"/v1/sitemap", `{"sitemap_url":"https://example.com/sitemap.xml","max_pages":4}`},
		{"/v1/batch", `{"urls":["https://example.com/"]}`},
	} {
		got := r.send("POST", other.path, other.body, "Idempotency-Key", "k")
		expect(t, other.path, got.code(t), darkroom.CodeIdempotencyMismatch)
	}
	expect(t, "jobs", r.jobs(t), 1)
}

// A job whose sitemap gave no page has no captures that could have failed.
func TestDownloadOfASitemapJobWithoutPages(t *testing.T) {
	t.Parallel()
	r := newRig(t)
	id := r.send("POST", "/v1/sitemap", `{"sitemap_url":"https://example.com/"}`).job(t).ID
	r.endDiscovery(id, 0, darkroom.Discovery{}, darkroom.Errorf(darkroom.CodeNoURLs, "https://example.com/ lists no URL"))
	r.finish(id)
	got := r.get(darkroom.DownloadPath(id))
	expect(t, "code", got.code(t), darkroom.CodeNoResult)
	if !strings.Contains(string(got.body), "The sitemap gave no page to capture") {
		t.Errorf("answered %s", got.body)
	}
}

func TestAnotherKeyCannotSeeASitemapJob(t *testing.T) {
	t.Parallel()
	r := newRig(t)
	id := r.sitemapCaptured()
	r.key = must(r.store.CreateKey(t.Context(), "other"))(t).Secret
	for _, rest := range []string{"", "?wait=30", "/download"} {
		theirs, nobodys := r.get("/v1/jobs/"+id+rest), r.get("/v1/jobs/0195d4a2-0000-7000-8000-000000000000"+rest)
		expect(t, "status", theirs.status, http.StatusNotFound)
		expect(t, "answer", plain(t, theirs), plain(t, nobodys))
	}
	var listed struct{ Total int }
	r.get("/v1/jobs?type=sitemap").json(t, &listed)
	expect(t, "jobs listed", listed.Total, 0)
}

// An accepted sitemap job counts when it is accepted, each of its captures
// when it is found, and a plan is a request like any other.
func TestUsageCountsSitemaps(t *testing.T) {
	t.Parallel()
	r := newRig(t)
	r.sitemapCaptured()
	r.create("https://example.com/")
	r.walk = func(context.Context, darkroom.Crawl, sitemap.Visitor) (darkroom.Discovery, error) {
		return darkroom.Discovery{Ended: true}, nil
	}
	expect(t, "plan", r.plan("").status, http.StatusOK)
	var used struct{ Breakdown map[string]int }
	r.get("/v1/usage").json(t, &used)
	expect(t, "sitemap", used.Breakdown["sitemap"], 1)
	expect(t, "batch", used.Breakdown["batch"], 1)
	expect(t, "screenshot", used.Breakdown["screenshot"], 4)
}
