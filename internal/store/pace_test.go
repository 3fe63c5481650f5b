package store

import (
	"testing"
	"time"

	"darkroom"
	"darkroom/internal/queue"
)

// busy is what a host says that asks to be left alone for so long.
func (f *fixture) busy(claim darkroom.Claim, asked time.Duration) Outcome {
	outcome := failure(darkroom.CodeHTTPError)
	outcome.Rest = f.clock.now.Add(darkroom.HostRest(claim.Rests+1, asked, 0))
	return outcome
}

func TestAHostThatAsksForItIsLeftAloneByEveryone(t *testing.T) {
	f := newFixture(t, 8)
	f.endDiscovery(f.add(f.crawl(9), 6), nil)
	claim := f.claim(Hint{})
	f.submit(NewJob{KeyID: f.newKey("other").ID, Targets: targets(3, 1)})
	f.dropTasks()
	f.end(claim, f.busy(claim, 30*time.Second))
	f.audit()
	f.claimNothing()
	if at, ok, err := f.NextDue(t.Context()); !must(t, ok, err) || !at.Equal(f.clock.now.Add(30*time.Second)) {
		t.Errorf("next due %v", at)
	}
	if f.tasks(queue.Shift) != 1 {
		t.Errorf("%d shifts wait for the end of the rest", f.tasks(queue.Shift))
	}
	f.submit(NewJob{Targets: []Target{{URL: "https://else.test/", Host: "else.test:443"}}})
	if c := f.claim(Hint{}); c.Host != "else.test:443" {
		t.Errorf("claimed %+v", c)
	}

	f.clock.forward(30 * time.Second)
	probe := f.claim(Hint{})
	if probe.Rests != 1 {
		t.Errorf("claimed %+v", probe)
	}
	f.claimNothing() // one at a time until it answers otherwise
	f.dropTasks()
	f.end(probe, success(probe))
	if f.tasks(queue.Shift) != 8 {
		t.Errorf("%d shifts after the host has answered", f.tasks(queue.Shift))
	}
	f.claim(Hint{})
	f.claim(Hint{})
	f.audit()
}

func TestAnAnswerThatAsksToWaitCosts(t *testing.T) {
	for name, c := range map[string]struct {
		kind   darkroom.JobKind
		failed int
	}{
		"nothing in a sitemap job": {darkroom.KindSitemap, 0},
		"an attempt in a batch":    {darkroom.KindBatch, 1},
	} {
		t.Run(name, func(t *testing.T) {
			f := newFixture(t, 1)
			var job darkroom.Job
			if c.kind == darkroom.KindSitemap {
				job = f.add(f.crawl(1), 1)
			} else {
				job = f.submit(NewJob{Targets: targets(1, 1)})
			}
			waited := time.Duration(0)
			for rests := range 8 {
				claim := f.claim(Hint{})
				if claim.Rests != rests || claim.Failed != rests*c.failed || claim.Attempt != rests+1 {
					t.Fatalf("after %d rests: %+v", rests, claim)
				}
				outcome := f.busy(claim, 0)
				outcome.RetryAt = f.clock.now.Add(time.Second)
				rest := outcome.Rest.Sub(f.clock.now)
				if rest < waited || rest > 5*time.Minute {
					t.Errorf("rest %d is %v", rests, rest)
				}
				waited = rest
				f.end(claim, outcome)
				f.audit()
				f.clock.forward(rest - time.Millisecond)
				f.claimNothing()
				f.clock.forward(time.Millisecond)
			}
			if capture := f.captures(job.ID)[0]; capture.Code != darkroom.CodeHTTPError || capture.State != darkroom.CaptureQueued {
				t.Errorf("capture %+v", capture)
			}
			claim := f.claim(Hint{})
			f.end(claim, success(claim))
			if n := f.number(`SELECT rests FROM hosts`); n != 0 {
				t.Errorf("%d rests after an answer", n)
			}
			f.audit()
		})
	}
}

func TestNothingWaitsForAHostBeyondTheDeadline(t *testing.T) {
	f := newFixture(t, 1)
	job := f.submit(NewJob{Crawl: crawlOf(1), Deadline: time.Minute})
	f.add(job, 1)
	f.endDiscovery(job, nil)
	claim := f.claim(Hint{})
	f.end(claim, f.busy(claim, time.Minute))
	if c := f.captures(job.ID)[0]; c.State != darkroom.CaptureFailed || c.Code != darkroom.CodeHTTPError {
		t.Errorf("capture %+v", c)
	}
	f.audit()
	if f.finish(job.ID).Status != darkroom.StatusFailed {
		t.Error("the job did not fail")
	}
}

// Four captures that were running when the host asked count as one rest, and
// those that succeed among them do not end it.
func TestWhatWasClaimedBeforeARestSaysNothing(t *testing.T) {
	f := newFixture(t, 4)
	f.add(f.crawl(9), 9)
	var claims []darkroom.Claim
	for range 4 {
		claims = append(claims, f.claim(Hint{}))
	}
	for _, claim := range claims[:3] {
		f.end(claim, f.busy(claim, 0))
	}
	f.end(claims[3], success(claims[3]))
	if n := f.number(`SELECT rests FROM hosts`); n != 1 {
		t.Errorf("%d rests in a row", n)
	}
	f.clock.forward(darkroom.HostRest(1, 0, 0))
	probe := f.claim(Hint{})
	silent := failure(darkroom.CodeTimeout)
	silent.Err.HTTPStatus = 0
	f.end(probe, silent)
	if n := f.number(`SELECT rests FROM hosts`); n != 1 {
		t.Errorf("%d rests after no answer", n)
	}
	probe = f.claim(Hint{})
	f.end(probe, failure(darkroom.CodeHTTPError)) // an answer, though no page
	if n := f.number(`SELECT rests FROM hosts`); n != 0 {
		t.Errorf("%d rests after an answer", n)
	}
	f.audit()
}

func TestDelaysHoldOverJobsAndKeys(t *testing.T) {
	for name, slow := range map[string]func(f *fixture){
		"host_delay": func(f *fixture) { f.submit(NewJob{Targets: targets(3, 1), HostDelay: 10 * time.Second}) },
		"crawl delay": func(f *fixture) {
			job := f.crawl(3)
			page := targets(3, 1)
			page[1].Delay = 10 * time.Second
			total, err := f.AddTargets(f.t.Context(), job.ID, 0, page, darkroom.Discovery{})
			must(f.t, total, err)
		},
	} {
		t.Run(name, func(t *testing.T) {
			f := newFixture(t, 8)
			slow(f)
			first := f.claim(Hint{})
			f.submit(NewJob{Targets: targets(3, 1)})
			f.submit(NewJob{KeyID: f.newKey("other").ID, Targets: targets(3, 1)})
			f.claimNothing()
			f.end(first, success(first))
			f.clock.forward(10*time.Second - time.Millisecond)
			f.claimNothing()
			f.clock.forward(time.Millisecond)
			f.claim(Hint{})
			f.audit()
		})
	}
}

// A capture that is put among those that run alone keeps the pace of its host.
func TestACrawlDelayHoldsForWhatRunsAlone(t *testing.T) {
	f := newFixture(t, 1)
	job := f.crawl(2)
	page := targets(2, 1)
	page[0].Delay = 10 * time.Second
	total, err := f.AddTargets(t.Context(), job.ID, 0, page, darkroom.Discovery{})
	must(t, total, err)
	for range darkroom.LostBeforeAlone {
		if c := f.claim(Hint{}); c.Ordinal != 1 {
			t.Fatalf("claimed %+v", c)
		}
		f.recoverAll()
		f.clock.forward(10 * time.Second)
	}
	alone := f.claim(Hint{})
	if alone.Lost != darkroom.LostBeforeAlone {
		t.Fatalf("claimed %+v", alone)
	}
	f.end(alone, success(alone))
	f.claimNothing()
	f.clock.forward(10 * time.Second)
	f.claim(Hint{})
	f.audit()
}

func TestTheServersCapHoldsOverKeys(t *testing.T) {
	f := newFixture(t, 8)
	f.perHost = 3
	claims := []darkroom.Claim{}
	for _, keyID := range []string{f.key.ID, f.newKey("second").ID, f.newKey("third").ID} {
		f.submit(NewJob{KeyID: keyID, Targets: targets(4, 1), HostConcurrency: 2})
	}
	for range 3 {
		claims = append(claims, f.claim(Hint{}))
	}
	f.claimNothing()
	if _, ok, err := f.NextDue(t.Context()); must(t, ok, err) {
		t.Error("something is due although its host is full")
	}
	f.submit(NewJob{Targets: []Target{{URL: "https://else.test/", Host: "else.test:443"}}})
	if c := f.claim(Hint{}); c.Host != "else.test:443" {
		t.Errorf("claimed %+v", c)
	}
	for range 9 {
		f.end(claims[0], success(claims[0]))
		claims = append(claims[1:], f.claim(Hint{}))
		f.claimNothing()
		f.audit()
	}
}

func TestTheServersCapHasADefault(t *testing.T) {
	f := newFixture(t, 8)
	f.submit(NewJob{Targets: targets(40, 1), HostConcurrency: 64})
	for range darkroom.DefaultServerHostConcurrency {
		f.claim(Hint{})
	}
	f.claimNothing()
}
