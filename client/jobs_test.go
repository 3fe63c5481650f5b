package client_test

import (
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"reflect"
	"slices"
	"strconv"
	"testing"
	"time"

	"darkroom"
	"darkroom/client"
)

func TestBatchOnTheWire(t *testing.T) {
	var got map[string]any
	var header http.Header
	c, _ := serve(t, map[string]http.HandlerFunc{
		"POST /v1/batch": func(w http.ResponseWriter, r *http.Request) {
			got, header = decode(t, r), r.Header
			answer(202, job("pending", 0))(w, r)
		},
	})
	created, err := c.Batch(t.Context(), []string{"http://127.0.0.1/a", "http://127.0.0.1/b"}, client.Params{
		Options:     darkroom.Options{FullPage: true, Secrets: darkroom.Secrets{Headers: map[string]string{"X-A": "b"}}},
		CallbackURL: "http://127.0.0.1/hook", Tags: []string{"nightly"},
		HostDelay: 1500 * time.Millisecond, Retention: time.Hour,
	})
	if err != nil {
		t.Fatal(err)
	}
	if created.ID != jobID || created.JobID != jobID || created.Status != darkroom.StatusPending {
		t.Errorf("the job is %+v", created)
	}
	want := map[string]any{
		"urls": []any{"http://127.0.0.1/a", "http://127.0.0.1/b"}, "full_page": true,
		"headers": map[string]any{"X-A": "b"}, "callback_url": "http://127.0.0.1/hook",
		"tags": []any{"nightly"}, "host_delay": 1500.0, "retention": 3600.0,
	}
	if !reflect.DeepEqual(got, want) {
		t.Errorf("sent %v\nwant %v", got, want)
	}
	if header.Get("Authorization") != "Bearer sk_live_test" || header.Get("Idempotency-Key") == "" {
		t.Errorf("the headers are %v", header)
	}
}

func TestSitemapOnTheWire(t *testing.T) {
	everything := client.SitemapParams{
		MaxPages: 10, Include: []string{"/blog/", "/docs/"}, Exclude: []string{"[?]page="}, AnyHost: true, RespectRobots: true,
		LastmodAfter: time.Date(2026, 4, 1, 12, 0, 0, 0, time.FixedZone("", 3600)), PerTemplate: 3,
	}
	everything.Format, everything.HostDelay, everything.Tags = "webp", 2*time.Second, []string{"nightly"}
	const url = "http://127.0.0.1/sitemap.xml"
	for name, test := range map[string]struct {
		params client.SitemapParams
		want   map[string]any
	}{
		"nothing set": {client.SitemapParams{}, map[string]any{"sitemap_url": url}},
		"everything": {everything, map[string]any{
			"sitemap_url": url, "max_pages": 10.0, "include_pattern": []any{"/blog/", "/docs/"}, "exclude_pattern": []any{"[?]page="},
			"same_host": false, "respect_robots": true, "include_lastmod_after": "2026-04-01T11:00:00Z",
			"sample": map[string]any{"per_template": 3.0}, "format": "webp", "host_delay": 2000.0, "tags": []any{"nightly"},
		}},
	} {
		t.Run(name, func(t *testing.T) {
			var got map[string]any
			c, _ := serve(t, map[string]http.HandlerFunc{
				"POST /v1/sitemap": func(w http.ResponseWriter, r *http.Request) {
					if got = decode(t, r); r.Header.Get("Idempotency-Key") == "" {
						t.Error("no Idempotency-Key: a repetition would make a second job")
					}
					answer(202, job("pending", 0))(w, r)
				},
			})
			created, err := c.Sitemap(t.Context(), url, test.params)
			if err != nil || created.ID != jobID {
				t.Fatalf("got %v, %v", created.ID, err)
			}
			if !reflect.DeepEqual(got, test.want) {
				t.Errorf("sent %v\nwant %v", got, test.want)
			}
		})
	}
}

func TestPlanSitemap(t *testing.T) {
	const plan = `{"sitemap_url":"http://127.0.0.1/sitemap.xml","max_pages":50,"total":1,
		"urls":[{"url":"http://127.0.0.1/a","lastmod":"2026-04-01T10:00:00Z"},{"url":"http://127.0.0.1/b","refused":"robots_denied"}],
		"discovery":{"ended":true,"sitemaps":2,"found":4,"skipped":{"duplicate":1,"other_host":1}},
		"skipped":[{"url":"http://127.0.0.2/","reason":"other_host"},{"url":"http://127.0.0.1/a#b","reason":"duplicate","detail":"d"}],
		"estimate":{"seconds":3,"captures_per_second":0.5,"based_on":"the last 10 captures"}}`
	var got map[string]any
	c, _ := serve(t, map[string]http.HandlerFunc{
		"POST /v1/sitemap": func(w http.ResponseWriter, r *http.Request) {
			got = decode(t, r)
			answer(200, plan)(w, r)
		},
	})
	read, err := c.PlanSitemap(t.Context(), "http://127.0.0.1/sitemap.xml", client.SitemapParams{MaxPages: 50})
	if err != nil {
		t.Fatal(err)
	}
	if want := (map[string]any{"sitemap_url": "http://127.0.0.1/sitemap.xml", "max_pages": 50.0, "plan": true}); !reflect.DeepEqual(got, want) {
		t.Errorf("sent %v", got)
	}
	changed := time.Date(2026, 4, 1, 10, 0, 0, 0, time.UTC)
	want := client.Plan{
		SitemapURL: "http://127.0.0.1/sitemap.xml", MaxPages: 50, Total: 1,
		URLs: []darkroom.PlannedURL{
			{URL: "http://127.0.0.1/a", Lastmod: &changed},
			{URL: "http://127.0.0.1/b", Refused: darkroom.CodeRobotsDenied},
		},
		Discovery: darkroom.Discovery{
			Ended: true, Sitemaps: 2, Found: 4,
			Skipped: map[darkroom.SkipReason]int{darkroom.SkipDuplicate: 1, darkroom.SkipOtherHost: 1},
		},
		Skipped: []darkroom.SkippedURL{
			{URL: "http://127.0.0.2/", Reason: darkroom.SkipOtherHost},
			{URL: "http://127.0.0.1/a#b", Reason: darkroom.SkipDuplicate, Detail: "d"},
		},
		Estimate: &darkroom.Estimate{Seconds: 3, CapturesPerSecond: 0.5, BasedOn: "the last 10 captures"},
	}
	if !reflect.DeepEqual(read, want) {
		t.Errorf("read %+v\nwant %+v", read, want)
	}
}

func TestPlanThatFails(t *testing.T) {
	busy := answer(429, failure(429, "rate_limited"), "Retry-After", "5")
	for name, test := range map[string]struct {
		handler  http.HandlerFunc
		requests int
		want     client.Kind
		sitemap  darkroom.Code
	}{
		"no sitemap": {
			answer(422, `{"error":"capture_failed","message":"m","status":422,"error_code":"sitemap_invalid"}`),
			1, client.ErrCaptureFailed, darkroom.CodeSitemapInvalid,
		},
		"its time":   {answer(504, failure(504, "timeout")), 1, client.ErrTimeout, ""},
		"other ones": {busy, 3, client.ErrRateLimited, ""},
	} {
		t.Run(name, func(t *testing.T) {
			requests := 0
			c, _ := serve(t, map[string]http.HandlerFunc{
				"POST /v1/sitemap": func(w http.ResponseWriter, r *http.Request) {
					requests++
					test.handler(w, r)
				},
			})
			_, err := c.PlanSitemap(t.Context(), "http://127.0.0.1/sitemap.xml", client.SitemapParams{})
			failed, ok := errors.AsType[*client.Error](err)
			if !ok || !errors.Is(err, test.want) || failed.CaptureCode != test.sitemap || requests != test.requests {
				t.Errorf("%d requests, %v", requests, err)
			}
		})
	}
}

func TestNoJobWithoutID(t *testing.T) {
	c, _ := serve(t, nil)
	if _, err := c.Job(t.Context(), ""); darkroom.CodeOf(err) != darkroom.CodeValidation {
		t.Errorf("the error is %v", err)
	}
}

func TestWait(t *testing.T) {
	var waits []string
	record := func(next http.HandlerFunc) http.HandlerFunc {
		return func(w http.ResponseWriter, r *http.Request) {
			waits = append(waits, r.URL.Query().Get("wait"))
			next(w, r)
		}
	}
	c, waited := serve(t, map[string]http.HandlerFunc{
		"GET /v1/jobs/" + jobID: record(script(
			answer(200, job("pending", 0)), answer(200, job("processing", 1)), answer(200, job("completed", 2)),
		)),
	})
	var seen []int
	ended, err := c.Wait(t.Context(), jobID, func(j client.Job) { seen = append(seen, j.Progress.Completed) })
	if err != nil || ended.Status != darkroom.StatusCompleted {
		t.Fatalf("ended %v, %v", ended.Status, err)
	}
	if !slices.Equal(seen, []int{0, 1, 2}) {
		t.Errorf("progress was %v", seen)
	}
	if !slices.Equal(waits, []string{"2", "2", "2"}) {
		t.Errorf("asked to wait %v", waits)
	}
	if len(waited.list) != 2 || waited.list[0] <= 0 || waited.list[0] > 2*time.Second {
		t.Errorf("a server that answers at once must be polled slowly, but the pauses were %v", waited.list)
	}
}

func TestWaitOutlivesARestart(t *testing.T) {
	down := answer(503, failure(503, "queue_unavailable"))
	c, _ := serve(t, map[string]http.HandlerFunc{
		"GET /v1/jobs/" + jobID: script(
			answer(200, job("processing", 1)), cut, down, cut, down, cut, answer(200, job("partial", 1)),
		),
	})
	ended, err := c.Wait(t.Context(), jobID, nil)
	if err != nil || ended.Status != darkroom.StatusPartial {
		t.Errorf("ended %v, %v", ended.Status, err)
	}
}

func TestWaitGivesUp(t *testing.T) {
	for name, test := range map[string]struct {
		handler http.HandlerFunc
		want    error
	}{
		"at once when the job is unknown":     {answer(404, failure(404, "not_found")), client.ErrNotFound},
		"in the end when the server is gone":  {cut, client.ErrConnection},
		"in the end when the server is broke": {answer(500, failure(500, "internal")), client.ErrServer},
	} {
		t.Run(name, func(t *testing.T) {
			c, _ := serve(t, map[string]http.HandlerFunc{"GET /v1/jobs/" + jobID: test.handler})
			if _, err := c.Wait(t.Context(), jobID, nil); !errors.Is(err, test.want) {
				t.Errorf("the error is %v", err)
			}
		})
	}
}

// list serves the jobs of the given ids, newest first; before each page after
// the first, a new job comes in front.
func list(ids *[]string) http.HandlerFunc {
	return func(w http.ResponseWriter, r *http.Request) {
		offset, _ := strconv.Atoi(r.URL.Query().Get("offset"))
		limit, _ := strconv.Atoi(r.URL.Query().Get("limit"))
		if offset > 0 {
			*ids = append([]string{fmt.Sprintf("new-%d", offset)}, *ids...)
		}
		page := client.Page{Jobs: []client.Job{}, Total: len(*ids), Limit: limit, Offset: offset}
		for _, id := range (*ids)[min(offset, len(*ids)):min(offset+limit, len(*ids))] {
			page.Jobs = append(page.Jobs, client.Job{ID: id})
		}
		page.HasMore = offset+limit < len(*ids)
		_ = json.NewEncoder(w).Encode(page)
	}
}

func TestJobsGoesThroughAllPages(t *testing.T) {
	ids := []string{"a", "b", "c", "d", "e"}
	c, _ := serve(t, map[string]http.HandlerFunc{"GET /v1/jobs": list(&ids)})
	var got []string
	for job, err := range c.Jobs(t.Context(), client.ListParams{Limit: 2}) {
		if err != nil {
			t.Fatal(err)
		}
		got = append(got, job.ID)
	}
	if want := []string{"a", "b", "c", "d", "e"}; !slices.Equal(got, want) {
		t.Errorf("got %v, want %v: none left out, none twice", got, want)
	}
}

func TestJobsYieldsAnErrorLast(t *testing.T) {
	page := `{"jobs":[` + job("failed", 0) + `],"total":9,"has_more":true}`
	c, _ := serve(t, map[string]http.HandlerFunc{
		"GET /v1/jobs": script(answer(200, page), answer(401, failure(401, "unauthorized"))),
	})
	var steps []string
	for job, err := range c.Jobs(t.Context(), client.ListParams{}) {
		steps = append(steps, fmt.Sprint(job.ID != "", errors.Is(err, client.ErrUnauthorized)))
	}
	if want := []string{"true false", "false true"}; !slices.Equal(steps, want) {
		t.Errorf("yielded %v", steps)
	}
}

func TestJobsCanBeLeft(t *testing.T) {
	ids := []string{"a", "b", "c"}
	c, _ := serve(t, map[string]http.HandlerFunc{"GET /v1/jobs": list(&ids)})
	for range c.Jobs(t.Context(), client.ListParams{Limit: 1}) {
		break
	}
	if len(ids) != 3 {
		t.Errorf("a second page was asked for")
	}
}

func TestListParamsOnTheWire(t *testing.T) {
	var query string
	c, _ := serve(t, map[string]http.HandlerFunc{
		"GET /v1/jobs": func(w http.ResponseWriter, r *http.Request) {
			query = r.URL.RawQuery
			answer(200, `{"jobs":[],"total":0,"limit":5,"offset":0,"has_more":false}`)(w, r)
		},
	})
	params := client.ListParams{
		Status: darkroom.StatusFailed, Type: darkroom.KindBatch, Tag: "a b", Query: "q",
		CreatedAfter: time.Date(2026, 4, 1, 12, 0, 0, 0, time.FixedZone("", 3600)), Limit: 5, Offset: 10,
	}
	if _, err := c.Page(t.Context(), params); err != nil {
		t.Fatal(err)
	}
	if want := "created_after=2026-04-01T11%3A00%3A00Z&limit=5&offset=10&q=q&status=failed&tag=a+b&type=batch"; query != want {
		t.Errorf("the query is %s", query)
	}
}
