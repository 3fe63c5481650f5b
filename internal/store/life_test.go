package store

import (
	"errors"
	"slices"
	"strings"
	"testing"
	"time"

	"darkroom"
	"darkroom/internal/queue"
)

func darkroomClaim(jobID string, ordinal, attempt int) darkroom.Claim {
	return darkroom.Claim{JobID: jobID, Ordinal: ordinal, Attempt: attempt, Instance: instance}
}

func TestLifeOfAJob(t *testing.T) {
	f := newFixture(t, 2)
	options := darkroom.Options{Width: 800, FullPage: true, FailOnStatus: []string{}}
	options.Headers = map[string]string{"X-Token": "hush"}
	job := f.submit(NewJob{
		Name: "Name", Tags: []string{"a", "b"}, Priority: darkroom.PriorityLow, Options: options,
		CallbackURL: "https://hook.test/", Targets: targets(3, 1), Retention: time.Hour,
	})
	if job.Status != darkroom.StatusPending || job.Progress != (darkroom.Progress{Total: 3}) || !job.StartedAt.IsZero() {
		t.Errorf("new job = %+v", job)
	}
	if !job.Options.Secrets.Empty() {
		t.Error("the accepted job shows its secrets")
	}
	if f.tasks(queue.Shift) != 2 {
		t.Errorf("%d shifts for 3 captures and 2 slots", f.tasks(queue.Shift))
	}
	f.audit()

	first, second := f.claim(Hint{}), f.claim(Hint{})
	if first.Ordinal != 1 || second.Ordinal != 2 || first.Attempt != 1 || first.KeyID != f.key.ID || first.Instance != instance {
		t.Errorf("claims = %+v, %+v", first, second)
	}
	if first.Options.Headers["X-Token"] != "hush" || first.Options.Width != 800 || first.Options.FailOnStatus == nil {
		t.Errorf("options of the claim = %+v", first.Options)
	}
	if !first.Deadline.Equal(job.Deadline) || !job.Deadline.Equal(f.clock.now.Add(darkroom.DefaultJobDeadline)) {
		t.Errorf("deadline = %v, job's %v", first.Deadline, job.Deadline)
	}
	started := f.clock.now
	f.clock.forward(time.Second)
	f.end(second, failure(darkroom.CodeTLSError))
	f.end(first, success(first))
	if got := f.job(job.ID); got.Status != darkroom.StatusProcessing || !got.StartedAt.Equal(started) ||
		got.Progress != (darkroom.Progress{Total: 3, Completed: 1, Failed: 1}) {
		t.Errorf("job in the middle = %+v", got)
	}
	if f.tasks(queue.Finish) != 0 {
		t.Error("there is a finish task while a capture is left")
	}
	if _, err := f.FinishJob(t.Context(), job.ID, nil, body); darkroom.CodeOf(err) != darkroom.CodeConflict {
		t.Errorf("finishing too early gives %v", err)
	}
	third := f.claim(Hint{})
	f.end(third, success(third))
	if f.tasks(queue.Finish) != 1 {
		t.Errorf("%d finish tasks", f.tasks(queue.Finish))
	}
	if got := f.job(job.ID); got.Status != darkroom.StatusProcessing {
		t.Errorf("before the finish the job is %s", got.Status)
	}
	f.audit()

	told := f.Finished(strings.ToUpper(job.ID))
	f.clock.forward(time.Second)
	ended := f.finish(job.ID)
	select {
	case <-told:
	default:
		t.Error("nobody was told of the end")
	}
	if ended.Status != darkroom.StatusPartial || !ended.CompletedAt.Equal(f.clock.now) || !ended.ExpiresAt.Equal(f.clock.now.Add(time.Hour)) {
		t.Errorf("ended job = %+v", ended)
	}
	read, err := f.Job(t.Context(), f.key.ID, strings.ToUpper(job.ID))
	check(t, err)
	if read.Status != ended.Status || !read.ExpiresAt.Equal(ended.ExpiresAt) || read.Name != "Name" ||
		!slices.Equal(read.Tags, []string{"a", "b"}) || read.Priority != darkroom.PriorityLow {
		t.Errorf("job as read = %+v", read)
	}
	if got := f.job(job.ID); !got.Options.Secrets.Empty() {
		t.Error("the ended job has its secrets still")
	}
	f.audit()
}

func TestCapturesTellTheirResults(t *testing.T) {
	f := newFixture(t, 2)
	job := f.submit(NewJob{Targets: targets(2, 1)})
	first, second := f.claim(Hint{}), f.claim(Hint{})
	f.end(second, failure(darkroom.CodeHTTPError))
	outcome := success(first)
	f.end(first, outcome)
	got := f.captures(job.ID)
	if len(got) != 2 {
		t.Fatalf("%d captures", len(got))
	}
	want := outcome.Result
	if got[0].State != darkroom.CaptureCompleted || got[0].Result.Artifact != want.Artifact || got[0].Result.FinalURL != want.FinalURL ||
		got[0].Result.Duration != want.Duration || !got[0].Result.CapturedAt.Equal(want.CapturedAt) ||
		!slices.Equal(got[0].Result.Warnings, want.Warnings) || got[0].Result.Seen != want.Seen || got[0].Result.Title != "Title" || got[0].URL != first.URL {
		t.Errorf("first = %+v", got[0])
	}
	if got[1].State != darkroom.CaptureFailed || got[1].Code != darkroom.CodeHTTPError || got[1].Message != "It did not work. Try harder" ||
		got[1].Result.HTTPStatus != 503 || got[1].Result.Key != "" || got[1].ID == got[0].ID {
		t.Errorf("second = %+v", got[1])
	}
}

func TestCapturesAreReadInPages(t *testing.T) {
	f := newFixture(t, 1)
	job := f.submit(NewJob{Targets: targets(2*capturePage+1, 7)})
	for i, capture := range f.captures(job.ID) {
		if capture.Ordinal != i+1 {
			t.Fatalf("capture %d has ordinal %d", i+1, capture.Ordinal)
		}
	}
	if n := len(f.captures(job.ID)); n != 2*capturePage+1 {
		t.Errorf("%d captures", n)
	}
	for range f.Captures(t.Context(), job.ID) {
		break // the sequence must bear that
	}
}

func TestOutcomesOfAJob(t *testing.T) {
	for name, c := range map[string]struct {
		outcomes []Outcome
		status   darkroom.JobStatus
		error    string
	}{
		"all well":   {[]Outcome{{}, {}}, darkroom.StatusCompleted, ""},
		"one failed": {[]Outcome{failure(darkroom.CodeTimeout), {}}, darkroom.StatusPartial, ""},
		"all failed": {
			[]Outcome{failure(darkroom.CodeTimeout), failure(darkroom.CodeDNSError)},
			darkroom.StatusFailed,
			"All 2 captures failed, the first with timeout: It did not work. Try harder",
		},
		"the only one failed": {[]Outcome{failure(darkroom.CodeTimeout)}, darkroom.StatusFailed, "timeout: It did not work. Try harder"},
	} {
		t.Run(name, func(t *testing.T) {
			f := newFixture(t, 1)
			job := f.submit(NewJob{Targets: targets(len(c.outcomes), 1)})
			for _, outcome := range c.outcomes {
				claim := f.claim(Hint{})
				if outcome.Err == nil {
					outcome = success(claim)
				}
				f.end(claim, outcome)
			}
			ended := f.finish(job.ID)
			if ended.Status != c.status || ended.Error != c.error {
				t.Errorf("ended as %s with error %q", ended.Status, ended.Error)
			}
			if read := f.job(job.ID); read.Error != c.error {
				t.Errorf("error as read %q", read.Error)
			}
			f.audit()
		})
	}
}

func TestSuccessNeedsAnArtifact(t *testing.T) {
	f := newFixture(t, 1)
	f.submit(NewJob{Targets: targets(1, 1)})
	if kept, err := f.FinishCapture(t.Context(), f.claim(Hint{}), Outcome{}); err == nil || kept {
		t.Errorf("kept = %v, error %v", kept, err)
	}
}

func TestFinishingTwiceChangesNothing(t *testing.T) {
	f := newFixture(t, 1)
	job := f.submit(NewJob{Targets: targets(1, 1), CallbackURL: "https://hook.test/"})
	claim := f.claim(Hint{})
	f.end(claim, success(claim))
	first := f.finish(job.ID)
	f.clock.forward(time.Minute)
	second, err := f.FinishJob(t.Context(), job.ID,
		[]File{{Name: "index.json", Artifact: darkroom.Artifact{Key: "another"}}}, func(darkroom.Job) []byte { return []byte("another") })
	check(t, err)
	if !second.CompletedAt.Equal(first.CompletedAt) || !second.ExpiresAt.Equal(first.ExpiresAt) {
		t.Errorf("second finish gives %v, first %v", second.CompletedAt, first.CompletedAt)
	}
	deliveries, err := f.Deliveries(t.Context(), job.ID)
	check(t, err)
	if len(deliveries) != 1 || string(deliveries[0].Body) != string(body(first)) {
		t.Errorf("deliveries = %+v", deliveries)
	}
	files, err := f.Files(t.Context(), job.ID)
	check(t, err)
	if len(files) != 1 || files[0].Name != "index.json" || files[0].Artifact.Key != job.ID+"/index.json" {
		t.Errorf("files = %+v", files)
	}
	f.audit()
}

func TestJobsOfOthersAreUnknown(t *testing.T) {
	f := newFixture(t, 1)
	job := f.submit(NewJob{Targets: targets(1, 1)})
	other := f.newKey("other")
	_, unknown := f.Job(t.Context(), other.ID, "0198c0de-0000-7000-8000-000000000000")
	_, foreign := f.Job(t.Context(), other.ID, job.ID)
	if darkroom.CodeOf(unknown) != darkroom.CodeNotFound || darkroom.CodeOf(foreign) != darkroom.CodeNotFound {
		t.Fatalf("errors %v and %v", unknown, foreign)
	}
	if strings.ReplaceAll(foreign.Error(), job.ID, "") != strings.ReplaceAll(unknown.Error(), "0198c0de-0000-7000-8000-000000000000", "") {
		t.Errorf("the two can be told apart: %q and %q", foreign, unknown)
	}
}

func TestAJobNeedsTargetsAndAKey(t *testing.T) {
	f := newFixture(t, 1)
	if _, _, err := f.CreateJob(t.Context(), NewJob{KeyID: f.key.ID, Kind: darkroom.KindBatch}); darkroom.CodeOf(err) != darkroom.CodeValidation {
		t.Errorf("no targets: %v", err)
	}
	_, _, err := f.CreateJob(t.Context(), NewJob{KeyID: "nobody", Kind: darkroom.KindBatch, Targets: targets(1, 1)})
	if err == nil || errors.Is(err, t.Context().Err()) {
		t.Errorf("unknown key: %v", err)
	}
	if n := f.number(`SELECT count(*) FROM captures`); n != 0 {
		t.Errorf("%d captures of refused jobs", n)
	}
	f.audit()
}
