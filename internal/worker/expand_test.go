package worker

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"darkroom"
	"darkroom/internal/queue"
	"darkroom/internal/sitemap"
	"darkroom/internal/store"
	"darkroom/internal/webhook"
)

// walk is a reading of a sitemap that a test makes up.
type walk func(ctx context.Context, crawl darkroom.Crawl, visit sitemap.Visitor) (darkroom.Discovery, error)

// listing is a reading that gives these paths, as many as were asked for, and
// tells of its progress after every so many. at is called before each.
func listing(paths []string, every int, at func(ctx context.Context, n int) error) walk {
	return func(ctx context.Context, crawl darkroom.Crawl, visit sitemap.Visitor) (darkroom.Discovery, error) {
		found := darkroom.Discovery{Sitemaps: 1}
		for n, path := range paths {
			if n == crawl.MaxPages {
				break
			}
			if at != nil {
				if err := at(ctx, n); err != nil {
					return found, err
				}
			}
			found.Found++
			if err := visit.Page(sitemap.Page{URL: "http://site.test" + path, Host: "site.test:80"}); err != nil {
				return found, err
			}
			if found.Found%every == 0 {
				visit.Progress(found)
			}
		}
		found.Ended = true
		return found, nil
	}
}

// blocked waits for the end of ctx, as a reading of a slow site does.
func blocked(ctx context.Context) error {
	<-ctx.Done()
	return ctx.Err()
}

func (b *bench) crawl(t *testing.T, pages int, change func(*store.NewJob)) darkroom.Job {
	t.Helper()
	return b.create(t, func(request *store.NewJob) {
		request.Kind = darkroom.KindSitemap
		request.Crawl = darkroom.Crawl{SitemapURL: "http://site.test/sitemap.xml", MaxPages: pages}
		if change != nil {
			change(request)
		}
	})
}

func (b *bench) expandNow(t *testing.T, w *Worker, jobID string) {
	t.Helper()
	if err := w.Handlers().Expand(t.Context(), jobID); err != nil {
		t.Fatal(err)
	}
}

// requirePages checks that the job has these pages, each once, in order.
func (b *bench) requirePages(t *testing.T, jobID string, want []string) {
	t.Helper()
	var got []string
	for _, capture := range b.captures(t, jobID) {
		got = append(got, strings.TrimPrefix(capture.URL, "http://site.test"))
	}
	if !slices.Equal(got, want) {
		t.Errorf("%d captures, want %d: %v", len(got), len(want), got)
	}
}

func TestTheLifeOfASitemapJob(t *testing.T) {
	b := newBench(t, 3)
	url, got := newReceiver(t, 200)
	created, captured := make(chan darkroom.Job, 1), make(chan struct{})
	b.camera.answer = func(_ context.Context, request darkroom.CaptureRequest, _ int) (darkroom.Shot, error) {
		if path(request) == "/page/9" {
			close(captured)
		}
		return picture(request), nil
	}
	b.walk = func(ctx context.Context, crawl darkroom.Crawl, visit sitemap.Visitor) (darkroom.Discovery, error) {
		job := <-created
		return listing(pages(130), 20, func(ctx context.Context, n int) error {
			if n == 90 { // the first ones are taken while more are found
				<-captured
			}
			now, err := b.store.JobForWork(ctx, job.ID)
			if now.Progress.Percentage(now.Status) != 0 || now.Status.Terminal() {
				t.Errorf("while the sitemap is read: %+v", now)
			}
			return err
		})(ctx, crawl, visit)
	}
	b.running(t, b.Worker)
	job := b.crawl(t, 110, func(request *store.NewJob) { request.CallbackURL = url })
	created <- job
	var hook received
	select {
	case hook = <-got:
	case <-time.After(60 * time.Second):
		t.Fatalf("no webhook in 60 s: %+v", b.job(t, job.ID).Progress)
	}
	ended := b.job(t, job.ID)
	if ended.Status != darkroom.StatusCompleted || ended.Progress != (darkroom.Progress{Total: 110, Completed: 110}) {
		t.Errorf("job %+v", ended)
	}
	if d := ended.Discovery; !d.Ended || d.Found != 110 || d.Sitemaps != 1 {
		t.Errorf("discovery %+v", d)
	}
	b.requirePages(t, job.ID, pages(110))
	requireWebhook(t, b, ended, hook)
	if !strings.Contains(string(webhook.Body(ended)), `"type":"sitemap"`) {
		t.Errorf("the webhook says %s", webhook.Body(ended))
	}
	if results := b.manifest(t, job.ID, 110); results[109].URL != "http://site.test/page/110" {
		t.Errorf("last result %+v", results[109])
	}
}

// However often and wherever the process dies, in the end each page is there
// once, in order.
func TestAnExpandThatDiesGoesOn(t *testing.T) {
	b := newBench(t, 1)
	job := b.crawl(t, 300, nil)
	for life, dies := range []int{0, 7, 49, 50, 51, 130, 130, 299, 1} {
		ctx, die := context.WithCancel(t.Context())
		b.walk = listing(pages(400), 60, func(ctx context.Context, n int) error {
			if n == dies {
				die()
				return blocked(ctx)
			}
			return nil
		})
		total := b.job(t, job.ID).Progress.Total
		if err := b.process(1, fmt.Sprint("life ", life)).Handlers().Expand(ctx, job.ID); err == nil {
			t.Error("the task counts as done")
		}
		now := b.job(t, job.ID)
		if now.Progress.Total < total || !now.Progress.Expanding || now.Discovery.Ended {
			t.Errorf("after life %d: %+v", life, now)
		}
	}
	b.walk = listing(pages(400), 60, nil)
	b.expandNow(t, b.Worker, job.ID)
	b.requirePages(t, job.ID, pages(300))
	if now := b.job(t, job.ID); now.Progress.Expanding || !now.Discovery.Ended {
		t.Errorf("job %+v", now)
	}
	b.expandNow(t, b.Worker, job.ID) // a task that comes too late
	b.requirePages(t, job.ID, pages(300))
}

func TestASitemapThatChangesBetweenTwoReadings(t *testing.T) {
	b := newBench(t, 1)
	job := b.crawl(t, 100, nil)
	ctx, die := context.WithCancel(t.Context())
	b.walk = listing(pages(60), 60, func(ctx context.Context, n int) error {
		if n == 55 {
			die()
			return blocked(ctx)
		}
		return nil
	})
	if err := b.Handlers().Expand(ctx, job.ID); err == nil {
		t.Error("the task counts as done")
	}
	others := make([]string, 200)
	for i := range others {
		others[i] = fmt.Sprint("/new/", i)
	}
	b.walk = listing(others, 30, nil)
	b.expandNow(t, b.Worker, job.ID)
	b.requirePages(t, job.ID, append(pages(50), others[:50]...))
}

func TestTwoWhoExpandTheSameJob(t *testing.T) {
	b := newBench(t, 1)
	job := b.crawl(t, 2000, nil)
	var both, group sync.WaitGroup
	both.Add(2)
	b.walk = listing(pages(2000), 100, func(_ context.Context, n int) error {
		if n == 0 { // they know of nothing yet
			both.Done()
			both.Wait()
		}
		return nil
	})
	for _, w := range []*Worker{b.Worker, b.process(1, "second")} {
		group.Go(func() {
			if err := w.Handlers().Expand(t.Context(), job.ID); err != nil {
				t.Error(err)
			}
		})
	}
	group.Wait()
	b.requirePages(t, job.ID, pages(2000))
	if now := b.job(t, job.ID); now.Progress.Expanding {
		t.Errorf("job %+v", now)
	}
}

func TestDrainInterruptsAReading(t *testing.T) {
	b := newBench(t, 1)
	job := b.crawl(t, 100, nil)
	reading := make(chan struct{})
	b.walk = listing(pages(100), 10, func(ctx context.Context, n int) error {
		if n == 70 {
			close(reading)
			return blocked(ctx)
		}
		return nil
	})
	ended := make(chan error, 1)
	go func() { ended <- b.Handlers().Expand(t.Context(), job.ID) }()
	<-reading
	b.Drain(t.Context())
	if err := <-ended; err != nil {
		t.Errorf("the interrupted task: %v", err)
	}
	if now := b.job(t, job.ID); !now.Progress.Expanding || now.Progress.Total == 0 {
		t.Errorf("job %+v", now)
	}
	b.expandNow(t, b.Worker, job.ID) // reads nothing any more
	b.walk = listing(pages(100), 10, nil)
	if _, err := b.store.RecoverAll(t.Context()); err != nil { // as the next start does
		t.Fatal(err)
	}
	next := b.process(1, "second")
	b.running(t, next)
	eventually(t, "the job has ended", func() bool { return b.job(t, job.ID).Status == darkroom.StatusCompleted })
	b.requirePages(t, job.ID, pages(100))
}

func TestTheDeadlineEndsAReading(t *testing.T) {
	for name, c := range map[string]struct {
		stops, pages int
		deadline     time.Duration // long enough that a slow machine has added the pages
	}{"without pages": {0, 0, 100 * time.Millisecond}, "with pages": {60, 60, 2 * time.Second}} {
		t.Run(name, func(t *testing.T) {
			b := newBench(t, 1)
			b.walk = listing(pages(100), 20, func(ctx context.Context, n int) error {
				if n == c.stops {
					return blocked(ctx)
				}
				return nil
			})
			job := b.crawl(t, 100, func(request *store.NewJob) { request.Deadline = c.deadline })
			b.expandNow(t, b.Worker, job.ID)
			b.clock.advance(time.Minute)
			b.sweepNow(t)
			b.requirePages(t, job.ID, pages(c.pages))
			ended := b.end(t, job.ID)
			if ended.Status != darkroom.StatusFailed || !strings.Contains(ended.Error, "timeout: The job's deadline passed") {
				t.Errorf("ended %+v", ended)
			}
			if warned := len(ended.Discovery.Warnings) > 0; warned != (c.pages > 0) {
				t.Errorf("warnings %q", ended.Discovery.Warnings)
			}
		})
	}
}

func TestAReadingThatFails(t *testing.T) {
	broken := &darkroom.Error{Code: darkroom.CodeSitemapInvalid, Message: "http://site.test/sitemap.xml is not a sitemap that can be read"}
	for name, c := range map[string]struct {
		pages    int
		failure  error
		status   darkroom.JobStatus
		error    string
		warnings int
	}{
		"without pages":   {0, broken, darkroom.StatusFailed, "sitemap_invalid: " + broken.Message, 0},
		"wrapped":         {0, fmt.Errorf("walk: %w", broken), darkroom.StatusFailed, "sitemap_invalid: " + broken.Message, 0},
		"with pages":      {3, broken, darkroom.StatusCompleted, "", 1},
		"of our own":      {0, errors.New("odd"), darkroom.StatusFailed, "internal: the sitemap could not be read: odd", 0},
		"with no success": {0, nil, darkroom.StatusFailed, "no_urls: The sitemap has no page to capture", 0},
	} {
		t.Run(name, func(t *testing.T) {
			b := newBench(t, 1)
			inner := listing(pages(c.pages), 100, nil)
			b.walk = func(ctx context.Context, crawl darkroom.Crawl, visit sitemap.Visitor) (darkroom.Discovery, error) {
				found, _ := inner(ctx, crawl, visit)
				return found, c.failure
			}
			job := b.crawl(t, 100, nil)
			b.expandNow(t, b.Worker, job.ID)
			b.work(t, b.Worker)
			ended := b.end(t, job.ID)
			if ended.Status != c.status || ended.Error != c.error || len(ended.Discovery.Warnings) != c.warnings {
				t.Errorf("ended %s %q, warnings %q", ended.Status, ended.Error, ended.Discovery.Warnings)
			}
			b.requirePages(t, job.ID, pages(c.pages))
			b.manifest(t, job.ID, c.pages)
		})
	}
}

// A sample is known when all is read: every page comes at the end.
func TestASampledSitemapJob(t *testing.T) {
	b := newBench(t, 2)
	b.walk = func(ctx context.Context, crawl darkroom.Crawl, visit sitemap.Visitor) (darkroom.Discovery, error) {
		visit.Progress(darkroom.Discovery{Sitemaps: 40, Found: 40_000})
		b.clock.advance(2 * pageWaits)
		visit.Progress(darkroom.Discovery{Sitemaps: 50, Found: 50_000})
		if crawl.PerTemplate != 2 {
			t.Errorf("asked for %+v", crawl)
		}
		found, err := listing(pages(60), 1000, nil)(ctx, crawl, visit)
		found.Sitemaps, found.Found, found.Skipped = 50, 50_000, map[darkroom.SkipReason]int{darkroom.SkipNotSampled: 49_940}
		return found, err
	}
	job := b.crawl(t, 100, func(request *store.NewJob) { request.Crawl.PerTemplate = 2 })
	b.expandNow(t, b.Worker, job.ID)
	b.requirePages(t, job.ID, pages(60))
	if d := b.job(t, job.ID).Discovery; d.Found != 50_000 || d.Sitemaps != 50 || d.Skipped[darkroom.SkipNotSampled] != 49_940 {
		t.Errorf("discovery %+v", d)
	}
}

// What is found reaches the captures soon, and what the site asks for with it.
func TestPagesAreAddedSoon(t *testing.T) {
	b := newBench(t, 1)
	var jobID string
	total := func() int { return b.job(t, jobID).Progress.Total }
	b.walk = func(_ context.Context, _ darkroom.Crawl, visit sitemap.Visitor) (darkroom.Discovery, error) {
		give := func(n int, page sitemap.Page) {
			page.URL, page.Host = fmt.Sprint("http://site.test/", n), "site.test:80"
			if err := visit.Page(page); err != nil {
				t.Error(err)
			}
		}
		for n := range firstPage {
			give(n, sitemap.Page{Delay: 3 * time.Second})
		}
		if total() != firstPage {
			t.Errorf("%d captures after the first page", total())
		}
		refusal := &darkroom.Failure{Code: darkroom.CodeRobotsDenied, Message: "robots.txt disallows it"}
		give(firstPage, sitemap.Page{Refusal: refusal})
		if total() != firstPage {
			t.Errorf("%d captures: the second page is larger", total())
		}
		b.clock.advance(pageWaits)
		give(firstPage+1, sitemap.Page{})
		if total() != firstPage+2 {
			t.Errorf("%d captures after a while", total())
		}
		give(firstPage+2, sitemap.Page{})
		visit.Progress(darkroom.Discovery{Sitemaps: 1, Found: 60})
		if job := b.job(t, jobID); total() != firstPage+3 || job.Discovery.Found != 60 {
			t.Errorf("after a file: %+v", job)
		}
		return darkroom.Discovery{Sitemaps: 2, Found: 70}, nil
	}
	jobID = b.crawl(t, 100, nil).ID
	b.expandNow(t, b.Worker, jobID)
	if c := b.captures(t, jobID)[firstPage]; c.State != darkroom.CaptureFailed || c.Code != darkroom.CodeRobotsDenied {
		t.Errorf("the refused one: %+v", c)
	}
	claim := func() bool {
		if err := b.announce(t.Context()); err != nil {
			t.Fatal(err)
		}
		_, ok, err := b.store.Claim(t.Context(), b.Instance, store.Hint{})
		if err != nil {
			t.Fatal(err)
		}
		return ok
	}
	if !claim() || claim() {
		t.Error("the site's own delay is not kept")
	}
	b.clock.advance(3 * time.Second)
	if !claim() {
		t.Error("nothing can be claimed after the delay")
	}
}

func TestASitemapWhoseHostAsksForTime(t *testing.T) {
	b := newBench(t, 1)
	busy := &darkroom.Error{Code: darkroom.CodeHTTPError, Message: "the sitemap answered 503", HTTPStatus: 503, RetryAfter: 20 * time.Second}
	b.walk = func(context.Context, darkroom.Crawl, sitemap.Visitor) (darkroom.Discovery, error) {
		return darkroom.Discovery{}, busy
	}
	job := b.crawl(t, 10, nil)
	last := time.Duration(0)
	for {
		later, ok := errors.AsType[queue.Later](b.Handlers().Expand(t.Context(), job.ID))
		if !ok {
			break
		}
		wait := time.Duration(later)
		if wait < busy.RetryAfter || wait < last || !b.job(t, job.ID).Progress.Expanding {
			t.Errorf("it waits %v after %v", wait, last)
		}
		last = wait
		b.clock.advance(wait)
	}
	if last == 0 {
		t.Error("it was not waited for at all")
	}
	if ended := b.end(t, job.ID); ended.Status != darkroom.StatusFailed || ended.Error != "http_error: the sitemap answered 503" {
		t.Errorf("ended %+v", ended)
	}
}

func TestAFileWhoseHostAsksForTime(t *testing.T) {
	const all, first = 6, 4
	for name, c := range map[string]struct {
		status  int
		asks    time.Duration
		limit   int // pages of the job
		sampled int
		gives   int // readings until the file is there; 0 = never
		waits   int
		pages   int
	}{
		"once":                        {503, 20 * time.Second, 100, 0, 2, 1, all},
		"without saying for how long": {429, 0, 100, 0, 2, 1, all},
		"three times":                 {429, 20 * time.Second, 100, 0, 4, 3, all},
		"without end":                 {429, 4 * time.Minute, 100, 0, 0, 2, first},
		"a fault like others":         {503, 0, 100, 0, 2, 0, first},
		"there are enough pages":      {429, 20 * time.Second, first, 0, 2, 0, first},
		"a sample cannot be added to": {429, 20 * time.Second, 100, 1, 2, 0, first},
	} {
		t.Run(name, func(t *testing.T) {
			b := newBench(t, 1)
			busy := &darkroom.Error{Code: darkroom.CodeHTTPError, Message: "a file answered", HTTPStatus: c.status, RetryAfter: c.asks}
			readings := 0
			b.walk = func(ctx context.Context, crawl darkroom.Crawl, visit sitemap.Visitor) (darkroom.Discovery, error) {
				if readings++; readings == c.gives {
					return listing(pages(all), 100, nil)(ctx, crawl, visit)
				}
				found, err := listing(pages(first), 100, nil)(ctx, crawl, visit)
				visit.Problem(busy)
				found.Warnings = []string{busy.Message}
				return found, err
			}
			job := b.crawl(t, c.limit, func(request *store.NewJob) { request.Crawl.PerTemplate = c.sampled })
			waits := 0
			for {
				later, ok := errors.AsType[queue.Later](b.Handlers().Expand(t.Context(), job.ID))
				if !ok {
					break
				}
				waits++
				if wait := time.Duration(later); wait < max(c.asks, shortestReread) {
					t.Errorf("it waits %v", wait)
				}
				if now := b.job(t, job.ID); now.Progress.Total != first || now.Discovery.Found != first || now.Discovery.Ended {
					t.Errorf("while it waits: %+v, %+v", now.Progress, now.Discovery)
				}
				b.work(t, b.Worker) // what was found is captured meanwhile
				b.clock.advance(time.Duration(later))
			}
			b.work(t, b.Worker)
			ended := b.end(t, job.ID)
			missing := c.pages < all
			if waits != c.waits || ended.Status != darkroom.StatusCompleted || (len(ended.Discovery.Warnings) > 0) != missing {
				t.Errorf("it waited %d times and ended %s, warnings %q", waits, ended.Status, ended.Discovery.Warnings)
			}
			b.requirePages(t, job.ID, pages(c.pages))
			b.manifest(t, job.ID, c.pages)
		})
	}
}

func TestAnExpandOfAForgottenJob(t *testing.T) {
	b := newBench(t, 1)
	b.expandNow(t, b.Worker, "0198c0de-0000-7000-8000-000000000000")
	batch := b.create(t, nil, "/a")
	b.expandNow(t, b.Worker, batch.ID)
}

// Whoever has many slow sitemaps must not keep others from reading theirs.
func TestAKeyReadsFewSitemapsAtOnce(t *testing.T) {
	b := newBench(t, 1)
	other, err := b.store.CreateKey(t.Context(), "someone else")
	if err != nil {
		t.Fatal(err)
	}
	reading, proceed := make(chan struct{}, 10), make(chan struct{})
	b.walk = listing(pages(1), 1, func(context.Context, int) error {
		reading <- struct{}{}
		<-proceed
		return nil
	})
	var group sync.WaitGroup
	expand := func(jobID string) {
		group.Go(func() {
			if err := b.Handlers().Expand(t.Context(), jobID); err != nil {
				t.Error(err)
			}
		})
		<-reading
	}
	for range readingsPerKey {
		expand(b.crawl(t, 1, nil).ID)
	}
	late := b.crawl(t, 1, nil)
	if _, aside := errors.AsType[queue.Later](b.Handlers().Expand(t.Context(), late.ID)); !aside || b.job(t, late.ID).Status != darkroom.StatusPending {
		t.Error("it did not step aside")
	}
	expand(b.crawl(t, 1, func(request *store.NewJob) { request.KeyID = other.ID }).ID)
	close(proceed)
	group.Wait()
	b.expandNow(t, b.Worker, late.ID)
	b.requirePages(t, late.ID, pages(1))
}
