package api_test

import (
	"io"
	"net/http"
	"testing"
	"time"

	"darkroom"
	"darkroom/internal/store"
)

func actScenarios() []scenario {
	const nobody = "/v1/jobs/0195d4a2-0000-7000-8000-000000000000"
	return []scenario{
		{name: "cancel-pending", before: (*rig).pending, method: "POST", path: "/v1/jobs/$JOB/cancel"},
		{name: "cancel-halfway", before: (*rig).halfway, method: "POST", path: "/v1/jobs/$JOB/cancel"},
		{name: "cancel-again", before: (*rig).cancelled, method: "POST", path: "/v1/jobs/$JOB/cancel"},
		{name: "cancel-a-sitemap-being-read", before: (*rig).sitemapReading, method: "POST", path: "/v1/jobs/$JOB/cancel"},
		{name: "cancel-before-the-finish", before: (*rig).unfinished, method: "POST", path: "/v1/jobs/$JOB/cancel"},
		{name: "cancel-completed", before: (*rig).completed, method: "POST", path: "/v1/jobs/$JOB/cancel"},
		{name: "cancel-another-keys", before: (*rig).foreign, method: "POST", path: "/v1/jobs/$JOB/cancel"},
		{name: "cancel-unknown", method: "POST", path: nobody + "/cancel"},
		{name: "job-cancelled", before: (*rig).cancelled, method: "GET", path: "/v1/jobs/$JOB"},
		{name: "job-cancelled-at-once", before: (*rig).cancelledAtOnce, method: "GET", path: "/v1/jobs/$JOB"},
		{name: "results-of-a-cancelled", before: (*rig).cancelled, method: "GET", path: "/v1/jobs/$JOB/results?limit=2"},
		{name: "download-of-a-job-cancelled-at-once", before: (*rig).cancelledAtOnce, method: "GET", path: "/v1/jobs/$JOB/download"},

		{name: "delete-halfway", before: (*rig).halfway, method: "DELETE", path: "/v1/jobs/$JOB"},
		{name: "delete-completed", before: (*rig).completed, method: "DELETE", path: "/v1/jobs/$JOB"},
		{name: "delete-again", before: (*rig).deleted, method: "DELETE", path: "/v1/jobs/$JOB"},
		{name: "delete-another-keys", before: (*rig).foreign, method: "DELETE", path: "/v1/jobs/$JOB"},
		{name: "delete-no-job", method: "DELETE", path: "/v1/jobs/nothing"},

		{name: "retry", before: (*rig).partial, method: "POST", path: "/v1/jobs/$JOB/retry"},
		{name: "retry-a-sitemap-not-read", before: (*rig).sitemapUnreadable, method: "POST", path: "/v1/jobs/$JOB/retry"},
		{name: "retry-too-early", before: (*rig).halfway, method: "POST", path: "/v1/jobs/$JOB/retry"},
		{name: "retry-completed", before: (*rig).completed, method: "POST", path: "/v1/jobs/$JOB/retry"},
		{name: "retry-too-late", before: (*rig).failedAndExpired, method: "POST", path: "/v1/jobs/$JOB/retry"},
		{name: "retry-with-secrets", before: (*rig).secretive, method: "POST", path: "/v1/jobs/$JOB/retry"},
		{name: "retry-another-keys", before: (*rig).foreign, method: "POST", path: "/v1/jobs/$JOB/retry"},
		{
			name: "retry-replayed", before: (*rig).retried, method: "POST", path: "/v1/jobs/$JOB/retry",
			headers: []string{"Idempotency-Key", "k1"},
		},
		{
			name: "retry-with-a-used-key", before: (*rig).remember, method: "POST", path: "/v1/jobs/$JOB/retry",
			headers: []string{"Idempotency-Key", "k1"},
		},
		{name: "retry-on-a-full-disk", before: func(r *rig) string { id := r.partial(); r.fill(); return id }, method: "POST", path: "/v1/jobs/$JOB/retry"},
		{name: "keep", before: func(r *rig) string { id := r.completed(); r.clock.advance(time.Hour); return id }, method: "POST", path: "/v1/jobs/$JOB/keep"},
		{name: "keep-too-early", before: (*rig).halfway, method: "POST", path: "/v1/jobs/$JOB/keep"},
		{name: "keep-too-late", before: (*rig).expired, method: "POST", path: "/v1/jobs/$JOB/keep"},
		{name: "keep-another-keys", before: (*rig).foreign, method: "POST", path: "/v1/jobs/$JOB/keep"},
		{name: "job-retried", before: (*rig).retriedToTheEnd, method: "GET", path: "/v1/jobs/$JOB"},
	}
}

func (r *rig) act(method, path string, want int, headers ...string) answer {
	r.t.Helper()
	got := r.send(method, path, "", headers...)
	if got.status != want {
		r.t.Fatalf("%s %s: %d %s", method, path, got.status, got.body)
	}
	return got
}

func (r *rig) cancelled() string {
	id := r.halfway()
	r.act("POST", darkroom.CancelPath(id), http.StatusOK)
	r.clock.advance(time.Second)
	r.finish(id)
	return id
}

func (r *rig) cancelledAtOnce() string {
	id := r.pending()
	r.act("POST", darkroom.CancelPath(id), http.StatusOK)
	r.finish(id)
	return id
}

func (r *rig) deleted() string {
	id := r.completed()
	r.act("DELETE", darkroom.JobPath(id), http.StatusNoContent)
	return id
}

// foreign leaves a job of another key, which has ended as partial.
func (r *rig) foreign() string {
	own := r.key
	r.key = must(r.store.CreateKey(r.t.Context(), "other"))(r.t).Secret
	id := r.partial()
	r.key = own
	return id
}

func (r *rig) secretive() string {
	created := r.send("POST", "/v1/batch", `{"urls":["https://example.com/fail"],"headers":{"Authorization":"secret"}}`)
	expect(r.t, "status", created.status, http.StatusAccepted)
	id := created.job(r.t).ID
	r.work()
	r.finish(id)
	return id
}

// retried leaves a job that was tried again under the key k1, and is gone since.
func (r *rig) retried() string {
	id := r.partial()
	r.act("POST", darkroom.RetryPath(id), http.StatusAccepted, "Idempotency-Key", "k1")
	r.work()
	r.act("DELETE", darkroom.JobPath(id), http.StatusNoContent)
	return id
}

func (r *rig) retriedToTheEnd() string {
	again := r.act("POST", darkroom.RetryPath(r.partial()), http.StatusAccepted).job(r.t).ID
	r.clock.advance(time.Minute)
	r.work()
	r.finish(again)
	return again
}

// From the answer on nothing of a deleted job is there, on any route.
func TestADeletedJobIsGone(t *testing.T) {
	t.Parallel()
	r := newRig(t)
	id, other := r.completed(), r.done("https://example.com/other")
	r.act("DELETE", darkroom.JobPath(id), http.StatusNoContent)
	for _, one := range [][2]string{
		{"GET", darkroom.JobPath(id)},
		{"GET", darkroom.JobPath(id) + "?wait=1"},
		{"DELETE", darkroom.JobPath(id)},
		{"GET", darkroom.DownloadPath(id)},
		{"GET", darkroom.ResultsPath(id)},
		{"GET", darkroom.ViewPath(id, 1, darkroom.ViewImage)},
		{"GET", darkroom.ViewPath(id, 1, darkroom.ViewThumbnail)},
		{"POST", darkroom.CancelPath(id)},
		{"POST", darkroom.RetryPath(id)},
	} {
		got := r.act(one[0], one[1], http.StatusNotFound)
		expect(t, one[0]+" "+one[1], got.code(t), darkroom.CodeNotFound)
	}
	expect(t, "jobs", r.jobs(t), 1)
	r.act("GET", darkroom.DownloadPath(other), http.StatusOK)
}

// Whoever waits for a job is told at once that it was deleted.
func TestADeleteEndsAWait(t *testing.T) {
	t.Parallel()
	r := newRig(t)
	id := r.pending()
	answered := make(chan int, 1)
	go func() { answered <- r.send("GET", darkroom.JobPath(id)+"?wait=60", "").status }()
	r.act("DELETE", darkroom.JobPath(id), http.StatusNoContent)
	select {
	case status := <-answered:
		expect(t, "status", status, http.StatusNotFound)
	case <-time.After(30 * time.Second):
		t.Fatal("the wait has not ended in 30 s")
	}
}

// The archive of a retry has all pictures, also when the first job is gone.
func TestTheArchiveOfARetryIsComplete(t *testing.T) {
	t.Parallel()
	r := newRig(t)
	old := r.create("https://example.com/a", "https://example.com/fail", "https://example.com/c")
	r.work()
	r.finish(old)
	created := r.act("POST", darkroom.RetryPath(old), http.StatusAccepted)
	job := created.job(t)
	expect(t, "Location", created.header.Get("Location"), darkroom.JobPath(job.ID))
	expect(t, "retry_of", job.RetryOf, old)
	r.act("DELETE", darkroom.JobPath(old), http.StatusNoContent)
	keys, err := r.store.ExpiredKeys(t.Context(), 100)
	for _, key := range must(keys, err)(t) {
		if err := r.bucket.Delete(t.Context(), key); err != nil {
			t.Fatal(err)
		}
	}
	claim, ok, err := r.store.Claim(t.Context(), "test", store.Hint{})
	if err != nil || !ok || claim.Ordinal != 2 {
		t.Fatalf("claimed %v %+v, %v", ok, claim, err)
	}
	claim.URL = "https://example.com/good-now"
	must(r.store.FinishCapture(t.Context(), claim, r.capture(claim)))(t)
	expect(t, "another capture is due", r.workOne(), false)
	r.finish(job.ID)
	status := r.get(darkroom.JobPath(job.ID)).job(t)
	expect(t, "status", status.Status, darkroom.StatusCompleted)
	archive := r.act("GET", darkroom.DownloadPath(job.ID), http.StatusOK).body
	files := readZip(t, archive).File
	expect(t, "files", len(files), 4) // three pictures and index.json
	for _, file := range files {
		content := must(file.Open())(t)
		must(io.ReadAll(content))(t)
	}
}

func TestDownloadIsNeverHalfOfARetry(t *testing.T) {
	t.Parallel()
	r := newRig(t)
	again := r.act("POST", darkroom.RetryPath(r.partial()), http.StatusAccepted).job(t).ID
	got := r.act("GET", darkroom.DownloadPath(again), http.StatusConflict)
	expect(t, "code", got.code(t), darkroom.CodeJobNotReady)
	expect(t, "progress", r.get(darkroom.JobPath(again)).job(t).Progress.Percentage, 50)
}
