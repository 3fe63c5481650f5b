package store

import (
	"testing"
	"time"

	"darkroom"
	"darkroom/internal/queue"
)

// Whoever does not hold the capture any more cannot change it, whatever he
// brings.
func TestStaleClaimsAreThrownAway(t *testing.T) {
	for name, lose := range map[string]func(f *fixture, claim darkroom.Claim){
		"lost with its worker": func(f *fixture, _ darkroom.Claim) {
			n, err := f.RecoverAll(f.t.Context())
			if must(f.t, n, err) != 1 {
				f.t.Fatalf("%d recovered", n)
			}
		},
		"released": func(f *fixture, claim darkroom.Claim) { check(f.t, f.ReleaseCapture(f.t.Context(), claim)) },
		"lost and claimed by another instance": func(f *fixture, _ darkroom.Claim) {
			n, err := f.RecoverAll(f.t.Context())
			must(f.t, n, err)
			_, ok, err := f.Claim(f.t.Context(), "instance-2", Hint{})
			if !must(f.t, ok, err) {
				f.t.Fatal("nothing to claim")
			}
		},
		"released and claimed again with the same attempt by another": func(f *fixture, claim darkroom.Claim) {
			check(f.t, f.ReleaseCapture(f.t.Context(), claim))
			again, ok, err := f.Claim(f.t.Context(), "instance-2", Hint{})
			if !must(f.t, ok, err) || again.Attempt != claim.Attempt {
				f.t.Fatalf("claimed again: %+v", again)
			}
		},
		"completed": func(f *fixture, claim darkroom.Claim) { f.end(claim, success(claim)) },
		"failed":    func(f *fixture, claim darkroom.Claim) { f.end(claim, failure(darkroom.CodeTLSError)) },
		"to be retried": func(f *fixture, claim darkroom.Claim) {
			outcome := failure(darkroom.CodeTimeout)
			outcome.RetryAt = f.clock.now.Add(time.Second)
			f.end(claim, outcome)
		},
	} {
		t.Run(name, func(t *testing.T) {
			f := newFixture(t, 2)
			job := f.submit(NewJob{Targets: targets(2, 1)})
			claim := f.claim(Hint{})
			lose(f, claim)
			before, counters := f.captures(job.ID), f.job(job.ID).Progress
			late := success(claim)
			late.Result.Key = "late"
			for _, outcome := range []Outcome{late, failure(darkroom.CodeTimeout)} {
				if kept, err := f.FinishCapture(t.Context(), claim, outcome); must(t, kept, err) {
					t.Error("a stale result was kept")
				}
			}
			check(t, f.ReleaseCapture(t.Context(), claim))
			after := f.captures(job.ID)
			for i := range before {
				if before[i].State != after[i].State || before[i].Attempt != after[i].Attempt || before[i].Result.Key != after[i].Result.Key {
					t.Errorf("capture was %+v, is %+v", before[i], after[i])
				}
			}
			if f.job(job.ID).Progress != counters {
				t.Errorf("progress was %+v, is %+v", counters, f.job(job.ID).Progress)
			}
			if owned, err := f.Owned(t.Context(), "late"); must(t, owned, err) {
				t.Error("the stale artifact has a row")
			}
			f.audit()
		})
	}
}

func TestReleaseGivesTheAttemptBack(t *testing.T) {
	f := newFixture(t, 2)
	job := f.submit(NewJob{Targets: targets(2, 1)})
	claim := f.claim(Hint{})
	check(t, f.ReleaseCapture(t.Context(), claim))
	again := f.claim(Hint{})
	if again.Ordinal != claim.Ordinal || again.Attempt != 1 || again.Failed != 0 || again.Lost != 0 {
		t.Errorf("claimed again: %+v", again)
	}
	if c := f.captures(job.ID)[0]; c.Attempt != 1 || c.State != darkroom.CaptureRunning {
		t.Errorf("capture = %+v", c)
	}
	f.audit()
}

func TestRetriesWaitAndComeLast(t *testing.T) {
	f := newFixture(t, 1)
	job := f.submit(NewJob{Targets: targets(3, 1)})
	first := f.claim(Hint{})
	outcome := failure(darkroom.CodeTimeout)
	outcome.RetryAt = f.clock.now.Add(2 * time.Second)
	outcome.Result.Key = "picture of what was there"
	f.end(first, outcome)
	if c := f.captures(job.ID)[0]; c.State != darkroom.CaptureQueued || c.Code != darkroom.CodeTimeout || c.Result.Key != "" {
		t.Errorf("capture that waits for its retry = %+v", c)
	}
	f.audit()
	f.clock.forward(3 * time.Second)
	second := f.claim(Hint{})
	if second.Ordinal != 2 {
		t.Errorf("the retry came before ordinal 2: %+v", second)
	}
	f.end(second, success(second))
	third := f.claim(Hint{})
	f.end(third, success(third))
	again := f.claim(Hint{})
	if again.Ordinal != 1 || again.Attempt != 2 || again.Failed != 1 || again.Lost != 0 {
		t.Errorf("retry = %+v", again)
	}
	f.end(again, success(again))
	if c := f.captures(job.ID)[0]; c.State != darkroom.CaptureCompleted || c.Code != "" || c.Message != "" {
		t.Errorf("capture that succeeded in the end = %+v", c)
	}
	f.audit()
}

func TestRetriesAreNotClaimedEarly(t *testing.T) {
	f := newFixture(t, 1)
	f.submit(NewJob{Targets: targets(1, 1)})
	f.dropTasks()
	retryAt := f.clock.now.Add(10 * time.Second)
	outcome := failure(darkroom.CodeTimeout)
	outcome.RetryAt = retryAt
	f.end(f.claim(Hint{}), outcome)
	f.claimNothing()
	if at, ok, err := f.NextDue(t.Context()); !must(t, ok, err) || !at.Equal(retryAt) {
		t.Errorf("next due %v, want %v", at, retryAt)
	}
	if f.tasks(queue.Shift) != 1 {
		t.Errorf("%d shifts wait for the retry", f.tasks(queue.Shift))
	}
	f.clock.forward(10 * time.Second)
	f.claim(Hint{})
}

func TestNothingIsRetriedBeyondTheDeadline(t *testing.T) {
	f := newFixture(t, 1)
	job := f.submit(NewJob{Targets: targets(1, 1), Deadline: time.Minute})
	outcome := failure(darkroom.CodeTimeout)
	outcome.RetryAt = f.clock.now.Add(time.Minute)
	f.end(f.claim(Hint{}), outcome)
	if c := f.captures(job.ID)[0]; c.State != darkroom.CaptureFailed {
		t.Errorf("capture = %+v", c)
	}
	f.audit()
}

func TestOverdueJobsEnd(t *testing.T) {
	f := newFixture(t, 2)
	busy := f.submit(NewJob{Targets: targets(3, 1), Deadline: time.Minute})
	running := f.claim(Hint{})
	pending := f.submit(NewJob{Targets: targets(3, 2), Deadline: time.Minute})
	patient := f.submit(NewJob{Targets: targets(1, 1)})
	if n, err := f.FailOverdue(t.Context()); must(t, n, err) != 0 {
		t.Errorf("%d captures failed before the deadline", n)
	}
	f.clock.forward(2 * time.Minute)
	if n, err := f.FailOverdue(t.Context()); must(t, n, err) != 5 {
		t.Errorf("%d captures failed, want 5", n)
	}
	f.audit()
	if c := f.captures(pending.ID)[2]; c.State != darkroom.CaptureFailed || c.Code != darkroom.CodeTimeout || c.Message == "" {
		t.Errorf("capture = %+v", c)
	}
	if f.tasks(queue.Finish) != 1 {
		t.Errorf("%d finish tasks while one job still runs a capture", f.tasks(queue.Finish))
	}
	f.end(running, success(running))
	f.audit()
	if f.finish(pending.ID).Status != darkroom.StatusFailed || f.finish(busy.ID).Status != darkroom.StatusPartial {
		t.Error("the jobs did not end as they should")
	}
	if f.claim(Hint{}).JobID != patient.ID {
		t.Error("the job that has time left cannot go on")
	}
	f.audit()
}

// A job that nobody claimed from in time ends too.
func TestAnOverdueJobThatNeverStartedEnds(t *testing.T) {
	f := newFixture(t, 1)
	job := f.submit(NewJob{Targets: targets(2, 2), Deadline: time.Second})
	f.clock.forward(time.Second)
	f.claimNothing()
	if n, err := f.FailOverdue(t.Context()); must(t, n, err) != 2 {
		t.Errorf("%d captures failed", n)
	}
	f.audit()
	if got := f.finish(job.ID); got.Status != darkroom.StatusFailed || !got.StartedAt.IsZero() {
		t.Errorf("ended as %+v", got)
	}
	f.audit()
}
