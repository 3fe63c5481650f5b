package store

import (
	"slices"
	"testing"
	"time"

	"darkroom"
)

// picture is a success that was captured now.
func (f *fixture) picture(claim darkroom.Claim) Outcome {
	outcome := success(claim)
	outcome.Result.CapturedAt = f.clock.now
	return outcome
}

// photograph makes a job of one URL and takes its picture.
func (f *fixture) photograph(request NewJob) darkroom.Capture {
	f.t.Helper()
	request.Targets = targets(1, 1)
	job := f.submit(request)
	claim := f.claim(Hint{})
	if claim.JobID != job.ID || claim.Cached {
		f.t.Fatalf("claimed %+v", claim)
	}
	f.end(claim, f.picture(claim))
	f.finish(job.ID)
	f.audit()
	return f.captures(job.ID)[0]
}

func cached(ttl int) darkroom.Options { return darkroom.Options{Cache: true, CacheTTL: ttl} }

func TestAnEarlierPictureAnswers(t *testing.T) {
	f := newFixture(t, 1)
	first := f.photograph(NewJob{})
	f.clock.forward(time.Minute)
	job := f.submit(NewJob{Targets: targets(2, 1), Options: cached(60), HostDelay: time.Hour})
	claim := f.claim(Hint{})
	f.audit()
	if !claim.Cached || claim.Ordinal != 1 {
		t.Fatalf("claimed %+v", claim)
	}
	second := f.claim(Hint{}) // the host was not asked, so its delay has not begun
	if second.Cached || second.Ordinal != 2 {
		t.Fatalf("claimed %+v", second)
	}
	f.end(second, f.picture(second))
	got := f.captures(job.ID)[0]
	want := first.Result
	want.Cached, want.Duration = true, 0
	if got.State != darkroom.CaptureCompleted || got.Attempt != 0 || got.Result.Title != want.Title || got.Result.Artifact != want.Artifact ||
		got.Result.Seen != want.Seen || !got.Result.CapturedAt.Equal(first.Result.CapturedAt) || !got.Result.Cached ||
		got.Result.Duration != 0 || !slices.Equal(got.Result.Warnings, want.Warnings) {
		t.Errorf("got %+v\nwant %+v", got, want)
	}
	if kept, err := f.FinishCapture(t.Context(), claim, f.picture(claim)); must(t, kept, err) {
		t.Error("a second result was kept")
	}
	f.finish(job.ID)
	f.audit()
	usage, err := f.Usage(t.Context(), f.key.ID, f.clock.now, f.clock.now)
	if must(t, usage, err).Cached != 1 || usage.Screenshots != 3 {
		t.Errorf("usage %+v", usage)
	}
}

func TestTheLastCaptureOfAJobMayBeAnsweredSo(t *testing.T) {
	f := newFixture(t, 1)
	f.photograph(NewJob{})
	job := f.submit(NewJob{Targets: targets(1, 1), Options: cached(60)})
	f.dropTasks()
	if claim := f.claim(Hint{}); !claim.Cached {
		t.Fatalf("claimed %+v", claim)
	}
	f.audit() // it has its finish task
	if ended := f.finish(job.ID); ended.Status != darkroom.StatusCompleted || ended.Progress.Completed != 1 {
		t.Errorf("ended %+v", ended)
	}
}

func TestWhatDoesNotAnswer(t *testing.T) {
	secret := darkroom.Secrets{Cookies: []darkroom.Cookie{{Name: "a", Value: "b"}}}
	for name, c := range map[string]struct {
		earlier, later darkroom.Options
		wait           time.Duration
		otherKey       bool
		hit            bool
	}{
		"the same":                    {later: cached(60), hit: true},
		"just young enough":           {later: cached(60), wait: time.Minute, hit: true},
		"too old":                     {later: cached(60), wait: time.Minute + time.Millisecond},
		"the default age":             {later: darkroom.Options{Cache: true}, wait: time.Hour, hit: true},
		"older than that":             {later: darkroom.Options{Cache: true}, wait: time.Hour + time.Millisecond},
		"nobody asked":                {later: darkroom.Options{CacheTTL: 60}},
		"other options":               {later: darkroom.Options{Cache: true, Width: 800}},
		"a default that is written":   {later: darkroom.Options{Cache: true, Width: darkroom.DefaultWidth}, hit: true},
		"other patience":              {later: darkroom.Options{Cache: true, Timeout: 5000, Attempts: 1}, hit: true},
		"another key":                 {later: cached(60), otherKey: true},
		"secrets then":                {earlier: darkroom.Options{Secrets: secret}, later: cached(60)},
		"secrets now":                 {later: darkroom.Options{Cache: true, Secrets: secret}},
		"the same secrets both times": {earlier: darkroom.Options{Secrets: secret}, later: darkroom.Options{Cache: true, Secrets: secret}},
	} {
		t.Run(name, func(t *testing.T) {
			f := newFixture(t, 1)
			f.photograph(NewJob{Options: c.earlier, Retention: 24 * time.Hour})
			f.clock.forward(c.wait)
			request := NewJob{Targets: targets(1, 1), Options: c.later}
			if c.otherKey {
				request.KeyID = f.newKey("second").ID
			}
			f.submit(request)
			if claim := f.claim(Hint{}); claim.Cached != c.hit {
				t.Errorf("cached %v", claim.Cached)
			}
			f.audit()
		})
	}
}

// A picture lives as long as any job that shows it, and no longer.
func TestASharedPictureLives(t *testing.T) {
	f := newFixture(t, 1)
	first := f.photograph(NewJob{Retention: time.Minute})
	f.clock.forward(30 * time.Second)
	second := f.submit(NewJob{Targets: targets(1, 1), Options: cached(600), Retention: 2 * time.Minute})
	if claim := f.claim(Hint{}); !claim.Cached {
		t.Fatalf("claimed %+v", claim)
	}
	f.finish(second.ID)
	f.clock.forward(time.Minute) // the first has expired, the second not
	if keys := f.expiredKeys(10); slices.Contains(keys, first.Result.Key) {
		t.Error("the picture is given up while a job shows it")
	}
	f.audit()
	third := f.submit(NewJob{Targets: targets(1, 1), Options: cached(600), Retention: time.Minute})
	if claim := f.claim(Hint{}); !claim.Cached {
		t.Error("it does not answer through the second job")
	}
	f.finish(third.ID)
	f.clock.forward(time.Hour)
	keys := f.expiredKeys(10)
	if !slices.Contains(keys, first.Result.Key) {
		t.Errorf("given up: %v", keys)
	}
	f.submit(NewJob{Targets: targets(1, 1), Options: cached(30 * 24 * 3600)})
	if claim := f.claim(Hint{}); claim.Cached {
		t.Error("a picture that nobody holds answers")
	}
	check(t, f.ForgetKeys(t.Context(), keys))
	f.audit()
}

// A picture that has gone is not offered to anyone again.
func TestALostPictureAnswersNobody(t *testing.T) {
	f := newFixture(t, 1)
	f.photograph(NewJob{})
	job := f.submit(NewJob{Targets: targets(1, 1), Options: cached(600)})
	if claim := f.claim(Hint{}); !claim.Cached {
		t.Fatalf("claimed %+v", claim)
	}
	f.retakeAll(job.ID, 1, f.captures(job.ID)...)
	claim := f.claim(Hint{})
	if claim.Cached {
		t.Fatal("the lost picture answers again")
	}
	f.end(claim, f.picture(claim))
	if got := f.captures(job.ID)[0]; got.Result.Cached || got.Attempt != 1 {
		t.Errorf("got %+v", got)
	}
	f.finish(job.ID)
	f.submit(NewJob{Targets: targets(1, 1), Options: cached(600)})
	f.claim(Hint{})
	f.audit()
	if key := f.captures(f.newest())[0].Result.Key; key != f.captures(job.ID)[0].Result.Key {
		t.Errorf("answered by %s", key)
	}
}

func (f *fixture) newest() (id string) {
	f.t.Helper()
	check(f.t, f.db.Read(f.t.Context()).QueryRow(f.t.Context(), `SELECT max(id) FROM jobs`).Scan(&id))
	return id
}
