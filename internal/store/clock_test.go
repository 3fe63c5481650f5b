package store

import (
	"testing"
	"time"

	"darkroom"
	"darkroom/internal/queue"
)

// jumps are what happens to a clock that somebody sets, or that was wrong when
// the machine started.
var jumps = map[string]time.Duration{
	"two hours ahead": 2 * time.Hour, "a day ahead": 25 * time.Hour,
	"two hours back": -2 * time.Hour, "a day back": -25 * time.Hour,
}

// jump moves the clock, and does what is done within seconds of that.
func (f *fixture) jump(by time.Duration) {
	f.t.Helper()
	f.clock.forward(by)
	f.beat()
	f.sweep()
}

func (f *fixture) sweep() {
	f.t.Helper()
	_, err := f.RecoverLost(f.t.Context(), silence)
	check(f.t, err)
}

func TestAJumpOfTheClockMovesNoExpiry(t *testing.T) {
	for name, by := range jumps {
		t.Run(name, func(t *testing.T) {
			f := newFixture(t, 1)
			job := f.completed(1)
			f.jump(by)
			if got := f.job(job.ID).ExpiresAt; !got.Equal(job.ExpiresAt) {
				t.Errorf("it expires at %v, and then at %v", job.ExpiresAt, got)
			}
		})
	}
}

func TestWhatHasExpiredStaysSoWhenTheClockGoesBack(t *testing.T) {
	f := newFixture(t, 1)
	job := f.completed(1)
	f.clock.forward(time.Hour)
	check(t, f.ForgetKeys(t.Context(), f.expiredKeys(100)))
	f.jump(-25 * time.Hour)
	if got := f.job(job.ID); !got.Expired(f.clock.now) {
		t.Errorf("a job whose pictures are deleted is there again: %+v", got)
	}
	if _, _, err := f.RetryJob(t.Context(), NewRetry{JobID: job.ID, KeyID: f.key.ID}); darkroom.CodeOf(err) != darkroom.CodeExpired {
		t.Errorf("a retry: %v", err)
	}
	f.audit()
}

// However the clock jumps, no wait is longer than it would have been, by more
// than a minute.
func TestAJumpOfTheClockHoldsNothingUp(t *testing.T) {
	waits := map[string]struct {
		make func(f *fixture) // something that waits, and only that
		most time.Duration
	}{
		"a capture that is tried again": {func(f *fixture) {
			f.submit(NewJob{Targets: targets(1, 1)})
			claim := f.claim(Hint{})
			outcome := failure(darkroom.CodeTimeout)
			outcome.RetryAt = f.clock.now.Add(2 * time.Second)
			f.end(claim, outcome)
		}, 2 * time.Second},
		"a host between two captures": {func(f *fixture) {
			f.submit(NewJob{Targets: targets(2, 1), HostDelay: 10 * time.Second})
			claim := f.claim(Hint{})
			f.end(claim, success(claim))
		}, 10 * time.Second},
		"a host that asks for rest": {func(f *fixture) {
			f.endDiscovery(f.add(f.crawl(1), 1), nil)
			claim := f.claim(Hint{})
			f.end(claim, f.busy(claim, 30*time.Second))
		}, 30 * time.Second},
		"a capture that was lost three times": {func(f *fixture) {
			f.submit(NewJob{Targets: targets(1, 1)})
			for range 3 {
				f.claim(Hint{})
				f.recoverAll()
				f.clock.forward(time.Minute)
			}
			f.claim(Hint{})
			f.recoverAll()
		}, time.Minute},
	}
	for what, wait := range waits {
		for name, by := range jumps {
			t.Run(what+", "+name, func(t *testing.T) {
				f := newFixture(t, 1)
				wait.make(f)
				f.audit()
				f.claimNothing()
				f.jump(by)
				f.clock.forward(wait.most)
				if by < 24*time.Hour { // then the job's own time is over
					f.claim(Hint{})
				}
				f.audit()
			})
		}
	}
}

func TestAJumpOfTheClockKeepsTheWaitOfADelivery(t *testing.T) {
	for name, by := range jumps {
		for attempts, wait := range map[int]time.Duration{0: 0, 1: 30 * time.Second, 4: 2 * time.Hour} {
			t.Run(name, func(t *testing.T) {
				f := newFixture(t, 1)
				f.completed(1)
				page, _, err := f.DeliveriesOf(t.Context(), f.key.ID, DeliveryFilter{})
				check(t, err)
				for n := range attempts {
					check(t, f.RecordAttempt(t.Context(), darkroom.DeliveryAttempt{DeliveryID: page[0].ID, Attempt: n + 1, StartedAt: f.clock.now},
						darkroom.DeliveryPending, f.clock.now.Add(wait)))
				}
				f.jump(by)
				latest := f.clock.now.Add(wait)
				for range 3 {
					f.clock.forward(silence)
					f.sweep()
				}
				got, err := f.Delivery(t.Context(), page[0].ID)
				check(t, err)
				if got.NextAt.After(latest.Add(time.Minute)) || by < 0 && got.NextAt.Before(latest) {
					t.Errorf("the next attempt is at %v and not at %v", got.NextAt, latest)
				}
				if f.tasks(queue.Deliver) == 0 {
					t.Error("nobody will make it")
				}
			})
		}
	}
}

// A key that was last served in the future is not the last one for hours.
func TestAJumpOfTheClockStarvesNobody(t *testing.T) {
	f := newFixture(t, 1)
	other := f.newKey("other")
	f.submit(NewJob{Targets: targets(20, 20)})
	first := f.claim(Hint{})
	f.end(first, success(first))
	f.jump(-2 * time.Hour)
	f.submit(NewJob{KeyID: other.ID, Targets: targets(20, 20)})
	served := map[string]int{}
	hint := Hint{}
	for range 12 {
		claim := f.claim(hint)
		f.clock.forward(2 * time.Second)
		f.end(claim, success(claim))
		served[claim.KeyID]++
		hint = hintOf(claim)
	}
	if served[f.key.ID] < 3 || served[other.ID] < 3 {
		t.Errorf("of 12 captures the keys have %v", served)
	}
}

// An instance that died with the clock ahead is not taken for alive until the
// time of its last heartbeat has come.
func TestAnInstanceWhoseHeartbeatLiesAheadIsLost(t *testing.T) {
	f := newFixture(t, 1)
	f.submit(NewJob{Targets: targets(2, 1)})
	check(t, f.Beat(t.Context(), Instance{ID: "dead", Slots: 1}))
	lost, ok, err := f.Claim(t.Context(), "dead", Hint{})
	if !must(t, ok, err) {
		t.Fatal("nothing could be claimed")
	}
	own := f.claim(Hint{})
	f.jump(-2 * time.Hour)
	if again := f.claim(Hint{}); again.Ordinal != lost.Ordinal {
		t.Errorf("claimed %+v", again)
	}
	f.end(own, success(own)) // it is alive, and has kept what it had
	f.audit()
}

// A sweep that waits by the clock before does not keep those from coming that
// set all else right.
func TestABeatWakesTheSweepWhenTheClockHasGoneBack(t *testing.T) {
	f := newFixture(t, 1)
	f.clock.forward(5 * time.Second)
	f.beat()
	if n := f.tasks(queue.Sweep); n != 0 {
		t.Errorf("%d sweeps by a clock that goes as it should", n)
	}
	f.clock.forward(-2 * time.Hour)
	f.beat()
	if n := f.tasks(queue.Sweep); n != 1 {
		t.Errorf("%d sweeps", n)
	}
}
