package client

import (
	"context"
	"crypto/rand"
	"errors"
	"iter"
	"net/http"
	"net/url"
	"strconv"
	"time"

	"darkroom"
)

const idempotencyKey = "Idempotency-Key"

// Batch sends URLs to be captured and gives the job that does it, at once and
// before any page is opened. A URL that can be refused by its text alone makes
// the whole call fail: Error.Details then names every bad one.
func (c *Client) Batch(ctx context.Context, urls []string, params Params) (Job, error) {
	body := struct {
		URLs []string `json:"urls"`
		Params
		paceWire
	}{urls, params, params.pace()}
	return c.create(ctx, "/v1/batch", body, params.IdempotencyKey)
}

// Sitemap has the server read a sitemap and capture its pages, and gives the
// job that does it, at once and before the sitemap is read: that it cannot be
// read is a job that ends failed. sitemapURL may also be a robots.txt or a
// site's root. The job's total grows while the sitemap is being read.
func (c *Client) Sitemap(ctx context.Context, sitemapURL string, params SitemapParams) (Job, error) {
	return c.create(ctx, "/v1/sitemap", newSitemapWire(sitemapURL, params), params.IdempotencyKey)
}

// PlanSitemap has the server read a sitemap now and gives what Sitemap would
// capture, what it would skip and why, and about how long it would take.
// Nothing is created and no page is opened. A sitemap that cannot be read is
// ErrCaptureFailed, with the reason in Error.CaptureCode; one that takes too
// long is ErrTimeout and is not repeated.
func (c *Client) PlanSitemap(ctx context.Context, sitemapURL string, params SitemapParams) (Plan, error) {
	body := newSitemapWire(sitemapURL, params)
	body.Plan = true
	var plan Plan
	err := c.call(ctx, request{
		method: http.MethodPost, path: "/v1/sitemap", body: body, onePass: true, extra: planTime,
	}, &plan)
	return plan, err
}

// planTime is what the server may take to read a sitemap, waiting for its turn
// included.
const planTime = 75 * time.Second

// sitemapWire is the body of POST /v1/sitemap.
type sitemapWire struct {
	SitemapURL string `json:"sitemap_url"`
	SitemapParams
	paceWire
	crawlWire

	Plan bool `json:"plan,omitempty"`
}

func newSitemapWire(sitemapURL string, params SitemapParams) sitemapWire {
	return sitemapWire{SitemapURL: sitemapURL, SitemapParams: params, paceWire: params.pace(), crawlWire: params.crawl()}
}

func (c *Client) create(ctx context.Context, path string, body any, key string) (Job, error) {
	if key == "" {
		key = rand.Text()
	}
	var job Job
	err := c.call(ctx, request{
		method: http.MethodPost, path: path, body: body, header: http.Header{idempotencyKey: {key}},
	}, &job)
	return job, err
}

// Job gives a job as it is now.
func (c *Client) Job(ctx context.Context, id string) (Job, error) {
	return c.job(ctx, id, 0)
}

// job asks for a job and lets the server hold the answer for up to wait, in
// whole seconds, while the job runs.
func (c *Client) job(ctx context.Context, id string, wait time.Duration) (Job, error) {
	path, err := jobPath(id)
	if err != nil {
		return Job{}, err
	}
	r := request{method: http.MethodGet, path: path, extra: wait}
	if wait > 0 {
		r.query = url.Values{"wait": {strconv.Itoa(int(wait / time.Second))}}
	}
	var job Job
	err = c.call(ctx, r, &job)
	return job, err
}

func jobPath(id string) (string, error) {
	if err := checkID(id); err != nil {
		return "", err
	}
	return darkroom.JobPath(url.PathEscape(id)), nil
}

func checkID(id string) error {
	if id == "" {
		return darkroom.Invalid("id", "the id of the job is empty")
	}
	return nil
}

const (
	quietWait    = 30 * time.Second // asked of the server when nobody watches
	watchedWait  = 2 * time.Second  // when progress is shown
	waitPatience = 10               // calls in a row that may fail before a wait is given up
)

// Wait returns when the job has ended, however it ended: look at its Status.
// progress, when not nil, is called with every answer, the last one included,
// on the caller's goroutine. A server that restarts meanwhile is waited for,
// about half a minute.
func (c *Client) Wait(ctx context.Context, id string, progress func(Job)) (Job, error) {
	wait := quietWait
	if progress != nil {
		wait = watchedWait
	}
	for failed := 0; ; {
		asked := time.Now()
		job, err := c.job(ctx, id, wait)
		if err != nil {
			if failed++; ctx.Err() != nil || failed >= waitPatience || !passing(err) {
				return job, err
			}
		} else {
			failed = 0
			if progress != nil {
				progress(job)
			}
			if job.Status.Terminal() {
				return job, nil
			}
		}
		// A server that cannot hold the answer is polled, not flooded.
		if rest := watchedWait - time.Since(asked); rest > 0 {
			if err := c.pause(ctx, rest); err != nil {
				return job, err
			}
		}
	}
}

func passing(err error) bool {
	failure, ok := errors.AsType[*Error](err)
	return ok && request{}.mayPass(failure)
}

// Page gives one page of the key's jobs, newest first.
func (c *Client) Page(ctx context.Context, params ListParams) (Page, error) {
	var page Page
	err := c.call(ctx, request{method: http.MethodGet, path: "/v1/jobs", query: params.query()}, &page)
	return page, err
}

// Jobs goes through all pages of the key's jobs, newest first. A job that is
// created meanwhile may be left out, none comes twice. An error is the last
// thing it yields.
func (c *Client) Jobs(ctx context.Context, params ListParams) iter.Seq2[Job, error] {
	return func(yield func(Job, error) bool) {
		if params.Limit == 0 {
			params.Limit = darkroom.MaxListLimit
		}
		// New jobs push old ones over the page's border.
		seen := map[string]bool{}
		for {
			page, err := c.Page(ctx, params)
			if err != nil {
				yield(Job{}, err)
				return
			}
			for _, job := range page.Jobs {
				if seen[job.ID] {
					continue
				}
				seen[job.ID] = true
				if !yield(job, nil) {
					return
				}
			}
			if !page.HasMore || len(page.Jobs) == 0 {
				return
			}
			params.Offset += len(page.Jobs)
		}
	}
}
