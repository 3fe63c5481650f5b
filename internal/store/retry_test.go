package store

import (
	"slices"
	"testing"
	"time"

	"darkroom"
	"darkroom/internal/queue"
)

func (f *fixture) retry(id string) darkroom.Job {
	f.t.Helper()
	job, replayed, err := f.RetryJob(f.t.Context(), NewRetry{KeyID: f.key.ID, JobID: id})
	if must(f.t, replayed, err) {
		f.t.Error("replayed")
	}
	f.audit()
	return job
}

func (f *fixture) retryIs(id string, want darkroom.Code) {
	f.t.Helper()
	if _, _, err := f.RetryJob(f.t.Context(), NewRetry{KeyID: f.key.ID, JobID: id}); darkroom.CodeOf(err) != want {
		f.t.Errorf("a retry: %v, want %s", err, want)
	}
	f.audit()
}

// partial brings a job to its end, in which the captures with these ordinals
// fail.
func (f *fixture) partial(request NewJob, failing ...int) darkroom.Job {
	f.t.Helper()
	job := f.submit(request)
	for range job.Progress.Total {
		claim := f.claim(Hint{})
		if slices.Contains(failing, claim.Ordinal) {
			f.end(claim, failure(darkroom.CodeTLSError))
		} else {
			f.end(claim, witnessed(claim, success(claim)))
		}
	}
	return f.finish(job.ID)
}

func TestRetryCapturesAgainWhatFailed(t *testing.T) {
	f := newFixture(t, 2)
	request := NewJob{
		Targets: targets(4, 2), Name: "Nightly", Tags: []string{"a"}, Priority: darkroom.PriorityLow, Retention: time.Hour,
		CallbackURL: "https://hook.test/", Variants: variantsOf(t, `{"full_page":true}`, `{"device":"iPhone 14"}`), HostConcurrency: 3,
	}
	request.Targets[1].Set, request.Sets = 1, []darkroom.OptionSet{setOf(t, `{"width":800}`)}
	old := f.partial(request, 3, 8)
	f.clock.forward(30 * time.Minute)
	f.dropTasks()
	job := f.retry(old.ID)
	if job.Status != darkroom.StatusPending || job.RetryOf != old.ID || job.Progress != (darkroom.Progress{Total: 8, Completed: 6}) ||
		job.Name != old.Name || !slices.Equal(job.Tags, old.Tags) || job.Priority != old.Priority || job.Retention != old.Retention ||
		job.CallbackURL != old.CallbackURL || job.Variants != 2 || job.HostConcurrency != 3 || job.CreatedAt.Equal(old.CreatedAt) || !job.ExpiresAt.IsZero() {
		t.Errorf("the new job is %+v", job)
	}
	if f.tasks(queue.Shift) != 2 {
		t.Errorf("%d shifts", f.tasks(queue.Shift))
	}

	// The old job goes; the pictures stay.
	f.deleteJob(old.ID)
	if keys := f.expiredKeys(10); len(keys) != 1 { // its index.json
		t.Errorf("%v would go", keys)
	}
	for _, want := range []struct{ ordinal, width int }{{3, 800}, {8, 0}} {
		claim := f.claim(Hint{})
		if claim.Ordinal != want.ordinal || claim.Attempt != 1 || claim.Failed != 0 || claim.Options.Width != want.width {
			t.Errorf("claimed %+v", claim)
		}
		f.end(claim, success(claim))
		f.audit()
	}
	f.claimNothing()
	if ended := f.finish(job.ID); ended.Status != darkroom.StatusCompleted || ended.RetryOf != old.ID {
		t.Errorf("ended %+v", ended)
	}
	f.audit()
	for _, capture := range f.captures(job.ID) {
		if capture.Result.Key == "" || capture.Result.Title != "Title" || capture.Attempt != 1 {
			t.Errorf("capture %+v", capture)
		}
	}
	f.retryIs(job.ID, darkroom.CodeConflict) // nothing failed
}

func TestRetryIsRefused(t *testing.T) {
	f := newFixture(t, 1)
	running := f.submit(NewJob{Targets: targets(1, 1)})
	f.retryIs(running.ID, darkroom.CodeJobNotReady)
	f.deleteJob(running.ID)
	f.retryIs(running.ID, darkroom.CodeNotFound)

	foreign := f.submit(NewJob{KeyID: f.newKey("other").ID, Targets: targets(1, 1)})
	f.end(f.claim(Hint{}), failure(darkroom.CodeTLSError))
	f.finish(foreign.ID)
	f.retryIs(foreign.ID, darkroom.CodeNotFound)

	secrets := darkroom.Options{Secrets: darkroom.Secrets{Headers: map[string]string{"Authorization": "x"}}}
	f.retryIs(f.partial(NewJob{Targets: targets(1, 1), Options: secrets}, 1).ID, darkroom.CodeConflict)
	ofVariant := variantsOf(t, `{"headers":{"X-A":"b"}}`)
	f.retryIs(f.partial(NewJob{Targets: targets(1, 1), Variants: ofVariant}, 1).ID, darkroom.CodeConflict)

	late := f.partial(NewJob{Targets: targets(2, 1)}, 1)
	f.clock.forward(darkroom.DefaultRetention)
	f.retryIs(late.ID, darkroom.CodeExpired)
}

func TestRetryOfACancelledJob(t *testing.T) {
	f := newFixture(t, 1)
	old := f.submit(NewJob{Targets: targets(3, 1)})
	claim := f.claim(Hint{})
	f.end(claim, success(claim))
	f.cancel(old.ID)
	f.finish(old.ID)
	job := f.retry(old.ID)
	if job.Cancelled || job.Progress != (darkroom.Progress{Total: 3, Completed: 1}) {
		t.Errorf("the new job is %+v", job)
	}
	// Cancelled in turn, it keeps what it has taken over.
	f.cancel(job.ID)
	if ended := f.finish(job.ID); ended.Status != darkroom.StatusPartial || ended.Progress.Completed != 1 {
		t.Errorf("ended %+v", ended)
	}
	f.audit()
}

func TestRetryOfASitemap(t *testing.T) {
	t.Run("that was read to its end", func(t *testing.T) {
		f := newFixture(t, 1)
		old := f.crawl(5)
		page := targets(3, 1)
		page[0].Delay = time.Second
		page[2].Refusal = &darkroom.Failure{Code: darkroom.CodeRobotsDenied, Message: "No"}
		_, _, err := f.BeginDiscovery(t.Context(), old.ID)
		check(t, err)
		total, err := f.AddTargets(t.Context(), old.ID, 0, page, darkroom.Discovery{Sitemaps: 1, Found: 3})
		must(t, total, err)
		f.endDiscovery(old, nil)
		claim := f.claim(Hint{})
		f.end(claim, success(claim))
		f.clock.forward(time.Second)
		f.end(f.claim(Hint{}), failure(darkroom.CodeTLSError))
		f.finish(old.ID)
		f.audit()
		job := f.retry(old.ID)
		if job.Progress != (darkroom.Progress{Total: 3, Completed: 1, Failed: 1}) || !job.Discovery.Ended || job.Discovery.Sitemaps != 1 {
			t.Errorf("the new job is %+v", job)
		}
		if f.number(`SELECT delay FROM lanes WHERE job_id = ?`, job.ID) != 1000 {
			t.Error("the delay of robots.txt is forgotten")
		}
		f.clock.forward(time.Second)
		claim = f.claim(Hint{})
		f.end(claim, failure(darkroom.CodeRobotsDenied))
		f.finish(job.ID)
	})
	t.Run("that could not be read", func(t *testing.T) {
		f := newFixture(t, 1)
		old := f.crawl(5)
		f.endDiscovery(old, darkroom.Errorf(darkroom.CodeDNSError, "No such host"))
		f.finish(old.ID)
		f.dropTasks()
		job := f.retry(old.ID)
		if !job.Progress.Expanding || job.Progress.Total != 0 || job.Discovery.Ended || f.tasks(queue.Expand) != 1 {
			t.Errorf("the new job is %+v", job)
		}
		f.add(job, 2)
		f.audit()
	})
	t.Run("that was cancelled while it was read", func(t *testing.T) {
		f := newFixture(t, 1)
		old := f.add(f.crawl(5), 2)
		claim := f.claim(Hint{})
		f.end(claim, success(claim))
		f.cancel(old.ID)
		f.finish(old.ID)
		job := f.retry(old.ID)
		if job.Progress != (darkroom.Progress{Total: 2, Completed: 1, Expanding: true}) {
			t.Errorf("the new job is %+v", job)
		}
		known, err := f.TargetURLs(t.Context(), job.ID)
		if len(must(t, known, err)) != 2 {
			t.Errorf("known are %v", known)
		}
		f.add(job, 2)
		f.audit()
		f.endDiscovery(job, nil)
		for range 3 {
			claim := f.claim(Hint{})
			f.end(claim, success(claim))
		}
		if ended := f.finish(job.ID); ended.Status != darkroom.StatusCompleted || ended.Progress.Total != 4 {
			t.Errorf("ended %+v", ended)
		}
		f.audit()
	})
}

func TestRetryIsIdempotent(t *testing.T) {
	f := newFixture(t, 1)
	old := f.partial(NewJob{Targets: targets(2, 1)}, 1)
	request := NewRetry{KeyID: f.key.ID, JobID: old.ID, IdempotencyKey: "k", BodyHash: "h"}
	first, replayed, err := f.RetryJob(t.Context(), request)
	if must(t, replayed, err) {
		t.Error("the first is a replay")
	}
	f.deleteJob(old.ID)
	again, replayed, err := f.RetryJob(t.Context(), request)
	if !must(t, replayed, err) || again.ID != first.ID {
		t.Errorf("replayed %v: %+v", replayed, again)
	}
	request.BodyHash = "other"
	if _, _, err := f.RetryJob(t.Context(), request); darkroom.CodeOf(err) != darkroom.CodeIdempotencyMismatch {
		t.Errorf("another request with the same key: %v", err)
	}
}

// What was taken over may be lost like any other picture, and is taken anew then.
func TestRetryWithALostPicture(t *testing.T) {
	f := newFixture(t, 1)
	old := f.partial(NewJob{Targets: targets(2, 1)}, 1)
	job := f.retry(old.ID)
	claim := f.claim(Hint{})
	f.end(claim, success(claim))
	f.retakeAll(job.ID, 1, f.captures(job.ID)[1])
	claim = f.claim(Hint{})
	f.end(claim, success(claim))
	if ended := f.finish(job.ID); ended.Status != darkroom.StatusCompleted {
		t.Errorf("ended %+v", ended)
	}
	f.audit()
}
