package store

import (
	"reflect"
	"slices"
	"testing"
	"time"

	"darkroom"
)

func evidence() *darkroom.Evidence {
	return &darkroom.Evidence{
		Redirects: []darkroom.Redirect{{URL: "https://host0.test/old", Status: 301}},
		Pending:   []string{"https://host0.test/slow.js"},
		Failed:    []darkroom.FailedRequest{{URL: "https://host0.test/gone.png", Status: 404}},
		Console:   []darkroom.ConsoleMessage{{Text: "Uncaught Error", URL: "https://host0.test/app.js", Line: 7}},
	}
}

// witnessed adds to an outcome what the engine may tell besides: evidence, of
// a failure a last frame, of a success a thumbnail.
func witnessed(claim darkroom.Claim, outcome Outcome) Outcome {
	key := success(claim).Result.Key
	outcome.Evidence = evidence()
	if outcome.Err != nil {
		outcome.LastFrame = darkroom.Artifact{Key: key + ".last", ContentType: "image/jpeg", Size: 99, SHA256: "cd"}
	} else {
		outcome.Thumbnail = darkroom.Artifact{Key: key + ".thumb", ContentType: "image/jpeg", Size: 33, SHA256: "ef", Width: 320, Height: 180}
	}
	return outcome
}

func (f *fixture) result(jobID string, ordinal int) Result {
	f.t.Helper()
	result, err := f.Result(f.t.Context(), jobID, ordinal)
	return must(f.t, result, err)
}

func TestTheEvidenceOfTheLastAttemptWins(t *testing.T) {
	f := newFixture(t, 1)
	job := f.submit(NewJob{Targets: targets(1, 1), Options: darkroom.Options{Evidence: true}, Retention: time.Hour})
	attempt := func(outcome func(darkroom.Claim) Outcome) Result {
		f.clock.forward(time.Second)
		claim := f.claim(Hint{})
		f.end(claim, outcome(claim))
		f.audit()
		return f.result(job.ID, 1)
	}
	retried := func(claim darkroom.Claim) Outcome {
		outcome := failure(darkroom.CodeTimeout)
		outcome.RetryAt = f.clock.now
		return outcome
	}
	first := attempt(func(c darkroom.Claim) Outcome { return witnessed(c, retried(c)) })
	if first.State != darkroom.CaptureQueued || !reflect.DeepEqual(first.Evidence, evidence()) || !first.Requested || first.LastFrame.Size != 99 {
		t.Errorf("after the first attempt %+v", first)
	}
	second := attempt(func(c darkroom.Claim) Outcome { return witnessed(c, retried(c)) })
	if second.LastFrame.Key == first.LastFrame.Key || second.LastFrame.Key == "" {
		t.Errorf("last frames %q and %q", first.LastFrame.Key, second.LastFrame.Key)
	}
	if third := attempt(retried); third.Evidence != nil || third.LastFrame.Key != "" || third.Requested {
		t.Errorf("an attempt that told nothing has left %+v", third)
	}
	last := attempt(func(c darkroom.Claim) Outcome { return witnessed(c, success(c)) })
	if last.State != darkroom.CaptureCompleted || last.Evidence == nil || last.LastFrame.Key != "" {
		t.Errorf("after the success %+v", last)
	}
	if keys := f.expiredKeys(9); !slices.Equal(keys, []string{first.LastFrame.Key, second.LastFrame.Key}) {
		t.Errorf("not needed any more: %v", keys)
	}
	check(t, f.ForgetKeys(t.Context(), f.expiredKeys(9)))
	f.finish(job.ID)
	f.clock.forward(time.Hour)
	if keys := f.expiredKeys(9); len(keys) != 2 { // shot and manifest: the thumbnail goes after them
		t.Errorf("expired: %v", keys)
	}
	f.audit()
	if gone := f.result(job.ID, 1); gone.Evidence != nil || gone.State != darkroom.CaptureCompleted || gone.Result.Title != "Title" {
		t.Errorf("after the expiry %+v", gone)
	}
}

func TestFramesInFilesAreHeldTwice(t *testing.T) {
	f := newFixture(t, 1)
	job := f.submit(NewJob{Targets: targets(1, 1), Retention: time.Hour})
	claim := f.claim(Hint{})
	f.end(claim, witnessed(claim, failure(darkroom.CodeTLSError)))
	frame := f.result(job.ID, 1).LastFrame
	files := []File{
		{Name: "index.json", Artifact: darkroom.Artifact{Key: "m", Size: 2}},
		{Name: "failures/001_0.jpeg", Artifact: frame, Held: true},
	}
	ended, err := f.FinishJob(t.Context(), job.ID, files, body)
	must(t, ended, err)
	f.audit()
	if n := f.number(`SELECT uses FROM artifacts WHERE key = ?`, frame.Key); n != 2 {
		t.Errorf("the frame is used %d times", n)
	}
	f.clock.forward(time.Hour)
	if keys := f.expiredKeys(9); len(keys) != 2 {
		t.Errorf("expired: %v", keys)
	}
	f.audit()
}

func TestThumbnails(t *testing.T) {
	f := newFixture(t, 1)
	job := f.completed(2)
	picture := f.captures(job.ID)[0].Result.Key
	small := darkroom.Artifact{Key: "small", ContentType: "image/jpeg", Size: 5, SHA256: "aa", CRC32: 3, Width: 320, Height: 180}
	keep := func(picture, key string) bool {
		a := small
		a.Key = key
		kept, err := f.KeepThumbnail(t.Context(), picture, a)
		f.audit()
		return must(t, kept, err)
	}
	find := func(picture string) (darkroom.Artifact, bool) {
		a, found, err := f.Thumbnail(t.Context(), picture)
		return must(t, a, err), found
	}
	if _, found := find(picture); found {
		t.Error("there is a thumbnail that nobody has made")
	}
	if !keep(picture, "small") || keep(picture, "another") || keep("no such picture", "third") {
		t.Error("exactly the first thumbnail of a picture that is there must be kept")
	}
	if got, found := find(picture); !found || got != small {
		t.Errorf("got %+v, want %+v", got, small)
	}
	f.clock.forward(2 * time.Hour)
	if keys := f.expiredKeys(9); slices.Contains(keys, "small") {
		t.Error("the thumbnail expires before its picture")
	}
	if keep(f.captures(job.ID)[1].Result.Key, "late") {
		t.Error("a thumbnail was kept of a picture that has expired")
	}
	check(t, f.ForgetKeys(t.Context(), f.expiredKeys(9)))
	f.audit()
	if keys := f.expiredKeys(9); !slices.Equal(keys, []string{"small"}) {
		t.Errorf("then expired: %v", keys)
	}
	check(t, f.ForgetKeys(t.Context(), []string{"small"}))
	if n := f.number(`SELECT count(*) FROM artifacts`); n != 0 {
		t.Errorf("%d artifacts left", n)
	}
}

func TestResultsInPages(t *testing.T) {
	f := newFixture(t, 1)
	job := f.submit(NewJob{Targets: targets(5, 1)})
	for i := range 4 {
		claim := f.claim(Hint{})
		if i%2 == 0 {
			f.end(claim, witnessed(claim, failure(darkroom.CodeTLSError)))
		} else {
			f.end(claim, success(claim))
		}
	}
	for name, test := range map[string]struct {
		filter ResultFilter
		want   []int
		more   bool
	}{
		"all":              {ResultFilter{}, []int{1, 2, 3, 4, 5}, false},
		"the first":        {ResultFilter{Limit: 2}, []int{1, 2}, true},
		"the next":         {ResultFilter{Limit: 2, After: 2}, []int{3, 4}, true},
		"the last":         {ResultFilter{Limit: 2, After: 4}, []int{5}, false},
		"exactly the rest": {ResultFilter{Limit: 3, After: 2}, []int{3, 4, 5}, false},
		"behind the last":  {ResultFilter{After: 5}, nil, false},
		"failed":           {ResultFilter{State: darkroom.CaptureFailed}, []int{1, 3}, false},
		"failed, in pages": {ResultFilter{State: darkroom.CaptureFailed, Limit: 1}, []int{1}, true},
		"queued":           {ResultFilter{State: darkroom.CaptureQueued}, []int{5}, false},
		"running":          {ResultFilter{State: darkroom.CaptureRunning}, nil, false},
	} {
		page, more, err := f.Results(t.Context(), job.ID, test.filter)
		check(t, err)
		var got []int
		for _, result := range page {
			got = append(got, result.Ordinal)
			if (result.Evidence != nil) != (result.State == darkroom.CaptureFailed) {
				t.Errorf("%s: evidence of %s is %v", name, result.ID, result.Evidence)
			}
		}
		if !slices.Equal(got, test.want) || more != test.more {
			t.Errorf("%s: got %v, more %v; want %v, %v", name, got, more, test.want, test.more)
		}
	}
	if _, err := f.Result(t.Context(), job.ID, 6); darkroom.CodeOf(err) != darkroom.CodeNotFound {
		t.Errorf("a capture that is not there: %v", err)
	}
}
