package store

import (
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	"darkroom"
	"darkroom/internal/queue"
)

func TestASitemapJobGrowsWhileItRuns(t *testing.T) {
	f := newFixture(t, 2)
	crawl := darkroom.Crawl{SitemapURL: "https://host0.test/", MaxPages: 10, Include: []string{"/a"}, PerTemplate: 3, LastmodAfter: f.clock.now}
	job := f.submit(NewJob{Crawl: crawl, CallbackURL: "https://hook.test/"})
	if job.Status != darkroom.StatusPending || job.Progress != (darkroom.Progress{Expanding: true}) || f.tasks(queue.Expand) != 1 || f.tasks(queue.Shift) != 0 {
		t.Fatalf("new job %+v, %d tasks", job, f.tasks(queue.Expand))
	}
	f.audit()

	begun, ok, err := f.BeginDiscovery(t.Context(), job.ID)
	if !must(t, ok, err) || begun.Status != darkroom.StatusProcessing || !begun.StartedAt.Equal(f.clock.now) ||
		begun.HostConcurrency != darkroom.DefaultCrawlHostConcurrency || fmt.Sprint(begun.Crawl) != fmt.Sprint(crawl) {
		t.Errorf("begun: %+v", begun)
	}
	job = f.add(job, 3)
	if job.Progress != (darkroom.Progress{Total: 3, Expanding: true}) || job.Discovery.Found != 3 || f.tasks(queue.Shift) != 2 {
		t.Errorf("after a page: %+v", job)
	}
	f.audit()
	claim := f.claim(Hint{})
	if claim.Kind != darkroom.KindSitemap || claim.Ordinal != 1 {
		t.Errorf("claimed %+v", claim)
	}
	f.end(claim, success(claim))
	if job = f.job(job.ID); job.Progress.Percentage(job.Status) != 0 || job.Answer(f.clock.now).Discovery.Ended {
		t.Errorf("while more may come: %+v", job)
	}
	f.add(job, 2)
	f.endDiscovery(job, nil)
	if job = f.job(job.ID); job.Progress.Percentage(job.Status) != 20 || !job.Discovery.Ended || job.Discovery.Found != 5 {
		t.Errorf("when all is known: %+v", job)
	}
	for range 4 {
		claim := f.claim(Hint{})
		f.end(claim, success(claim))
	}
	if ended := f.finish(job.ID); ended.Status != darkroom.StatusCompleted || ended.Progress != (darkroom.Progress{Total: 5, Completed: 5}) {
		t.Errorf("ended: %+v", ended)
	}
	if _, ok, err := f.BeginDiscovery(t.Context(), job.ID); must(t, ok, err) {
		t.Error("the sitemap of a job that has ended is read again")
	}
	f.audit()
}

// The finish task comes when the last capture has ended and the sitemap is
// read, whichever is later, and not before.
func TestASitemapJobIsFinishedOnce(t *testing.T) {
	for name, last := range map[string]string{"capture": "capture", "reading": "reading"} {
		t.Run("the last is the "+name, func(t *testing.T) {
			f := newFixture(t, 1)
			job := f.add(f.crawl(2), 2)
			claim := f.claim(Hint{})
			f.end(claim, success(claim))
			claim = f.claim(Hint{})
			steps := []func(){func() { f.end(claim, success(claim)) }, func() { f.endDiscovery(job, nil) }}
			if last == "capture" {
				slices.Reverse(steps)
			}
			steps[0]()
			if f.tasks(queue.Finish) != 0 {
				t.Error("too early")
			}
			f.audit()
			if _, err := f.FinishJob(t.Context(), job.ID, nil, body); darkroom.CodeOf(err) != darkroom.CodeConflict {
				t.Errorf("finishing too early: %v", err)
			}
			f.recoverAllOf(0)
			if f.tasks(queue.Finish) != 0 {
				t.Error("the sweep inserts it too early")
			}
			steps[1]()
			if f.tasks(queue.Finish) != 1 {
				t.Errorf("%d finish tasks", f.tasks(queue.Finish))
			}
			f.audit()
			if ended := f.finish(job.ID); ended.Status != darkroom.StatusCompleted {
				t.Errorf("ended: %+v", ended)
			}
			f.audit()
		})
	}
}

// recoverAllOf recovers as a sweep does, without losing what is running.
func (f *fixture) recoverAllOf(lost int) {
	f.t.Helper()
	f.beat()
	n, err := f.RecoverLost(f.t.Context(), 20*time.Second)
	if must(f.t, n, err) != lost {
		f.t.Fatalf("%d were lost, want %d", n, lost)
	}
}

func TestTwoWhoReadTheSameSitemap(t *testing.T) {
	f := newFixture(t, 1)
	job := f.add(f.crawl(100), 10)
	pages := targets(30, 1)
	total, err := f.AddTargets(t.Context(), job.ID, 10, pages[10:20], darkroom.Discovery{})
	if must(t, total, err) != 20 {
		t.Fatalf("total %d", total)
	}
	if _, err := f.AddTargets(t.Context(), job.ID, 10, pages[10:20], darkroom.Discovery{}); darkroom.CodeOf(err) != darkroom.CodeConflict {
		t.Errorf("the slower one: %v", err)
	}
	if err := f.EndDiscovery(t.Context(), job.ID, 10, darkroom.Discovery{}, nil); darkroom.CodeOf(err) != darkroom.CodeConflict {
		t.Errorf("the slower one ends it: %v", err)
	}
	known, err := f.TargetURLs(t.Context(), job.ID)
	if len(must(t, known, err)) != 20 || !known[pages[19].URL] || known[pages[20].URL] {
		t.Errorf("known: %v", known)
	}
	f.endDiscovery(job, nil)
	if _, err := f.AddTargets(t.Context(), job.ID, 20, pages[20:], darkroom.Discovery{}); darkroom.CodeOf(err) != darkroom.CodeConflict {
		t.Errorf("after the end: %v", err)
	}
	if got := f.job(job.ID).Progress.Total; got != 20 {
		t.Errorf("%d captures", got)
	}
	f.audit()
}

func TestNoMorePagesThanWereAskedFor(t *testing.T) {
	f := newFixture(t, 1)
	job := f.add(f.crawl(5), 4)
	if _, err := f.AddTargets(t.Context(), job.ID, 4, targets(6, 1)[4:], darkroom.Discovery{}); err == nil {
		t.Error("a sixth page was added")
	}
	if got := f.job(job.ID).Progress.Total; got != 4 {
		t.Errorf("%d captures", got)
	}
	f.audit()
}

// An empty page only tells how far the reading has come.
func TestProgressOfAReadingWithoutPages(t *testing.T) {
	f := newFixture(t, 1)
	job := f.add(f.crawl(5), 0)
	d := darkroom.Discovery{Sitemaps: 7, Found: 900, Skipped: map[darkroom.SkipReason]int{darkroom.SkipOtherHost: 900}, Ended: true}
	total, err := f.AddTargets(t.Context(), job.ID, 0, nil, d)
	if must(t, total, err) != 0 {
		t.Errorf("total %d", total)
	}
	got := f.job(job.ID)
	if got.Discovery.Found != 900 || got.Discovery.Ended || !got.Progress.Expanding || f.tasks(queue.Shift) != 0 {
		t.Errorf("job %+v", got)
	}
	f.audit()
}

func TestRefusedPagesFailFromTheStart(t *testing.T) {
	f := newFixture(t, 4)
	job := f.crawl(3)
	_, ok, err := f.BeginDiscovery(t.Context(), job.ID)
	must(t, ok, err)
	page := targets(3, 1)
	page[1].Refusal = &darkroom.Failure{Code: darkroom.CodeRobotsDenied, Message: "robots.txt disallows it"}
	total, err := f.AddTargets(t.Context(), job.ID, 0, page, darkroom.Discovery{})
	must(t, total, err)
	f.audit()
	if p := f.job(job.ID).Progress; p.Failed != 1 || f.tasks(queue.Shift) != 2 {
		t.Errorf("progress %+v, %d shifts", p, f.tasks(queue.Shift))
	}
	for _, ordinal := range []int{1, 3} {
		claim := f.claim(Hint{})
		if claim.Ordinal != ordinal {
			t.Errorf("claimed %d", claim.Ordinal)
		}
		f.end(claim, success(claim))
	}
	f.endDiscovery(job, nil)
	if ended := f.finish(job.ID); ended.Status != darkroom.StatusPartial {
		t.Errorf("ended %+v", ended)
	}
	if c := f.captures(job.ID)[1]; c.State != darkroom.CaptureFailed || c.Attempt != 0 || c.Code != darkroom.CodeRobotsDenied || c.Message == "" {
		t.Errorf("refused: %+v", c)
	}
	f.audit()
}

func TestWhenEveryPageIsRefused(t *testing.T) {
	f := newFixture(t, 1)
	job := f.crawl(3)
	page := targets(3, 2)
	for i := range page {
		page[i].Refusal = &darkroom.Failure{Code: darkroom.CodeRobotsDenied, Message: "No"}
	}
	total, err := f.AddTargets(t.Context(), job.ID, 0, page, darkroom.Discovery{})
	must(t, total, err)
	f.endDiscovery(job, nil)
	f.audit()
	if ended := f.finish(job.ID); ended.Status != darkroom.StatusFailed || ended.Error != "All 3 captures failed, the first with robots_denied: No" {
		t.Errorf("ended %+v", ended)
	}
	f.audit()
}

func TestASitemapThatFails(t *testing.T) {
	broken := &darkroom.Error{Code: darkroom.CodeSitemapInvalid, Message: "The sitemap is no XML", Hint: "Look at it"}
	for name, c := range map[string]struct {
		pages   int
		failure *darkroom.Error
		status  darkroom.JobStatus
		error   string
		warning string
	}{
		"without a page":         {0, broken, darkroom.StatusFailed, "sitemap_invalid: The sitemap is no XML. Look at it", ""},
		"empty":                  {0, nil, darkroom.StatusFailed, "no_urls: The sitemap has no page to capture", ""},
		"after it gave a page":   {1, broken, darkroom.StatusCompleted, "", "sitemap_invalid: The sitemap is no XML. Look at it"},
		"after all it has given": {2, nil, darkroom.StatusCompleted, "", ""},
	} {
		t.Run(name, func(t *testing.T) {
			f := newFixture(t, 1)
			job := f.add(f.crawl(5), c.pages)
			d := darkroom.Discovery{}
			if c.failure != nil {
				d.Warnings = []string{c.failure.Sentence()} // told twice by the reader
			}
			check(t, f.EndDiscovery(t.Context(), job.ID, c.pages, d, c.failure))
			f.audit()
			for range c.pages {
				claim := f.claim(Hint{})
				f.end(claim, success(claim))
			}
			if before := f.job(job.ID); before.Answer(f.clock.now).Error != nil || f.tasks(queue.Finish) != 1 {
				t.Errorf("before its end: %+v", before)
			}
			f.finish(job.ID)
			ended := f.job(job.ID)
			if ended.Status != c.status || ended.Error != c.error || strings.Join(ended.Discovery.Warnings, "; ") != c.warning {
				t.Errorf("ended %s, %q, warnings %q", ended.Status, ended.Error, ended.Discovery.Warnings)
			}
			f.audit()
		})
	}
}

func TestAnOverdueSitemapJobEnds(t *testing.T) {
	for name, c := range map[string]struct {
		begun bool
		pages int
		error string
	}{
		"never begun":   {false, 0, "timeout: The job's deadline passed before its sitemap was read"},
		"without pages": {true, 0, "timeout: The job's deadline passed before its sitemap was read"},
		"with pages":    {true, 2, "All 2 captures failed, the first with timeout: The job's deadline passed before this capture's turn came"},
	} {
		t.Run(name, func(t *testing.T) {
			f := newFixture(t, 1)
			job := f.submit(NewJob{Crawl: crawlOf(9), Deadline: time.Minute})
			if c.begun {
				f.add(job, c.pages)
			}
			f.clock.forward(time.Minute)
			if n, err := f.FailOverdue(t.Context()); must(t, n, err) != c.pages {
				t.Errorf("%d captures failed", n)
			}
			f.audit()
			if f.tasks(queue.Finish) != 1 {
				t.Errorf("%d finish tasks", f.tasks(queue.Finish))
			}
			if _, err := f.AddTargets(t.Context(), job.ID, c.pages, targets(1, 1), darkroom.Discovery{}); darkroom.CodeOf(err) != darkroom.CodeConflict {
				t.Errorf("whoever reads on: %v", err)
			}
			ended := f.finish(job.ID)
			if ended.Status != darkroom.StatusFailed || ended.Error != c.error || ended.StartedAt.IsZero() == c.begun {
				t.Errorf("ended %+v", ended)
			}
			f.audit()
		})
	}
}

func TestALostExpandTaskComesBack(t *testing.T) {
	f := newFixture(t, 1)
	f.add(f.crawl(5), 1)
	f.crawl(5)
	f.dropTasks()
	for range 2 {
		f.recoverAll()
		if f.tasks(queue.Expand) != 2 || f.tasks(queue.Finish) != 0 {
			t.Errorf("%d expand and %d finish tasks", f.tasks(queue.Expand), f.tasks(queue.Finish))
		}
	}
	f.audit()
}

// New pages come before what waits for a retry, and their host may have been
// forgotten meanwhile.
func TestPagesThatComeLate(t *testing.T) {
	f := newFixture(t, 1)
	job := f.add(f.crawl(9), 1)
	first := f.claim(Hint{})
	retry := failure(darkroom.CodeTimeout)
	retry.RetryAt = f.clock.now.Add(time.Second)
	f.end(first, retry)
	f.clock.forward(2 * time.Second)
	f.add(job, 2)
	f.audit()
	for _, ordinal := range []int{2, 3, 1} {
		claim := f.claim(Hint{})
		if claim.Ordinal != ordinal {
			t.Errorf("claimed %d, want %d", claim.Ordinal, ordinal)
		}
		f.end(claim, success(claim))
	}
	n, err := f.PurgeHistory(t.Context(), time.Hour)
	must(t, n, err)
	if f.number(`SELECT count(*) FROM hosts`) != 0 {
		t.Error("the host is still known")
	}
	f.add(job, 1)
	f.audit()
	f.claim(Hint{})
}

func TestASitemapJobMustBeWhole(t *testing.T) {
	f := newFixture(t, 1)
	for name, request := range map[string]NewJob{
		"no sitemap":  {Crawl: darkroom.Crawl{MaxPages: 1}},
		"no pages":    {Crawl: darkroom.Crawl{SitemapURL: "https://host0.test/"}},
		"URLs of its": {Crawl: crawlOf(1), Targets: targets(1, 1)},
	} {
		request.KeyID, request.Kind = f.key.ID, darkroom.KindSitemap
		if _, _, err := f.CreateJob(t.Context(), request); darkroom.CodeOf(err) != darkroom.CodeValidation {
			t.Errorf("%s: %v", name, err)
		}
	}
}

// The overdue jobs must be found by their index, however many there are.
func TestOverdueJobsAreFoundByIndex(t *testing.T) {
	f := newLiteFixture(t, 1)
	for name, query := range map[string]string{"late": lateJobs, "ended": endedJobs, "expanding": expandingJobs} {
		args := make([]any, strings.Count(query, "?"))
		for i := range args {
			args[i] = 1
		}
		steps, err := queryAll(t.Context(), f.db.Read(t.Context()), scanStep, "EXPLAIN QUERY PLAN "+query, args...)
		if plan := strings.Join(must(t, steps, err), "; "); !strings.Contains(plan, "INDEX jobs_") {
			t.Errorf("%s: %s", name, plan)
		}
	}
}
