package store

import (
	"fmt"
	"testing"
	"time"

	"darkroom"
	"darkroom/internal/queue"
)

// after is the hint of a slot that still has the page of a claim.
func after(claim darkroom.Claim) Hint {
	return Hint{JobID: claim.JobID, Host: claim.Host, PageOf: claim.Ordinal}
}

// kept ends a claim with a picture; its slot has the page.
func (f *fixture) kept(claim darkroom.Claim) {
	f.t.Helper()
	outcome := success(claim)
	outcome.Kept = true
	f.end(claim, outcome)
	f.audit()
}

func (f *fixture) wantClaim(hint Hint, ordinal int, followed bool) darkroom.Claim {
	f.t.Helper()
	claim := f.claim(hint)
	if claim.Ordinal != ordinal || claim.Followed != followed {
		f.t.Fatalf("claimed capture %d (followed: %v), want %d (%v)", claim.Ordinal, claim.Followed, ordinal, followed)
	}
	f.audit()
	return claim
}

// The window comes before the whole page, wherever it stands; what needs a load
// of its own waits for nobody.
func threeOfOnePage(t *testing.T) []darkroom.Variant {
	return variantsOf(t, `{"full_page":true}`, `{"device":"iPhone 14"}`, `{}`, `{"format":"webp"}`)
}

func TestVariantsOfOnePageFollowOneAnother(t *testing.T) {
	f := newFixture(t, 2)
	f.submit(NewJob{Targets: targets(2, 1), Variants: threeOfOnePage(t)})
	other := f.wantClaim(Hint{}, 2, false)
	first := f.wantClaim(Hint{}, 3, true)
	f.wantClaim(Hint{}, 6, false) // of the second URL: 4 and 1 wait for 3
	f.kept(first)
	f.end(other, success(other))
	f.wantClaim(hintOf(other), 7, true) // 4 is for the slot that has the page
	second := f.wantClaim(after(first), 4, true)
	f.kept(second)
	f.wantClaim(after(second), 1, false)
	f.claimNothing()
}

// When the slot does not come for what follows, anybody takes it a moment
// later.
func TestWhoFollowsIsNotForgotten(t *testing.T) {
	f := newFixture(t, 2)
	f.submit(NewJob{Targets: targets(1, 1), Variants: variantsOf(t, `{}`, `{"format":"webp"}`)})
	first := f.claim(Hint{})
	f.claimNothing()
	f.dropTasks()
	f.kept(first)
	if f.tasks(queue.Shift) != 1 {
		t.Errorf("%d shifts see to what follows", f.tasks(queue.Shift))
	}
	f.claimNothing()
	at, ok, err := f.NextDue(t.Context())
	if !must(t, ok, err) || !at.Equal(f.clock.now.Add(pageGrace)) {
		t.Errorf("the next is due at %v (%v)", at, ok)
	}
	f.clock.forward(pageGrace)
	f.wantClaim(Hint{}, 2, false)
}

// Nothing is due, ever, while only captures are left that follow running ones.
func TestWhatIsHeldBackWakesNobody(t *testing.T) {
	f := newFixture(t, 2)
	f.submit(NewJob{Targets: targets(1, 1), Variants: variantsOf(t, `{}`, `{"format":"webp"}`)})
	f.claim(Hint{})
	f.dropTasks()
	if _, ok, err := f.NextDue(t.Context()); must(t, ok, err) {
		t.Error("something is due")
	}
	check(t, f.SucceedShift(t.Context(), instance))
	if f.tasks(queue.Shift) != 0 {
		t.Error("a shift was inserted that can claim nothing")
	}
}

// A load that fails is the failure of one capture: the next loads the page
// itself, at once, with attempts of its own.
func TestAFailedLoadIsNotBlamedOnTheNext(t *testing.T) {
	f := newFixture(t, 2)
	job := f.submit(NewJob{Targets: targets(1, 1), Variants: variantsOf(t, `{}`, `{"format":"webp"}`, `{"format":"jpeg"}`)})
	first := f.claim(Hint{})
	failed := failure(darkroom.CodeTimeout)
	failed.RetryAt = f.clock.now.Add(2 * time.Second)
	f.end(first, failed)
	second := f.wantClaim(hintOf(first), 2, true)
	if second.Failed != 0 || second.Attempt != 1 {
		t.Errorf("the second is %+v", second)
	}
	f.end(second, failure(darkroom.CodeTLSError))
	third := f.wantClaim(Hint{}, 3, false)
	f.end(third, success(third))
	f.clock.forward(2 * time.Second)
	again := f.wantClaim(Hint{}, 1, false)
	f.end(again, success(again))
	for i, want := range []darkroom.CaptureState{darkroom.CaptureCompleted, darkroom.CaptureFailed, darkroom.CaptureCompleted} {
		if got := f.captures(job.ID)[i]; got.State != want {
			t.Errorf("capture %d is %s (%s)", i+1, got.State, got.Code)
		}
	}
}

// A worker that dies between two captures of a page loses nothing, and only
// what it held is counted as lost.
func TestADeathBetweenTwoCapturesOfAPage(t *testing.T) {
	for _, row := range []struct {
		name string
		die  func(f *fixture, first darkroom.Claim) // the worker has the first capture
		next int
	}{
		{"during the first", func(*fixture, darkroom.Claim) {}, 1},
		{"after the first", func(f *fixture, first darkroom.Claim) { f.kept(first) }, 2},
		{"during the second", func(f *fixture, first darkroom.Claim) { f.kept(first); f.claim(after(first)) }, 2},
		{"as it stops in order", func(f *fixture, first darkroom.Claim) {
			f.kept(first)
			check(f.t, f.ReleaseCapture(f.t.Context(), f.claim(after(first))))
		}, 2},
	} {
		t.Run(row.name, func(t *testing.T) {
			f := newFixture(t, 1)
			job := f.submit(NewJob{Targets: targets(1, 1), Variants: variantsOf(t, `{}`, `{"format":"webp"}`, `{"format":"jpeg"}`)})
			row.die(f, f.claim(Hint{}))
			f.recoverAll()
			f.audit()
			f.clock.forward(pageGrace)
			for next := row.next; next <= 3; next++ {
				claim := f.wantClaim(Hint{}, next, next < 3)
				f.end(claim, success(claim))
			}
			if got := f.job(job.ID).Progress; got.Completed != 3 {
				t.Errorf("%+v", got)
			}
		})
	}
}

// A page is no reason to keep others waiting.
func TestAPageDoesNotComeBeforeWhatIsOwed(t *testing.T) {
	f := newFixture(t, 1)
	f.submit(NewJob{Targets: targets(1, 1), Variants: variantsOf(t, `{}`, `{"format":"webp"}`)})
	first := f.claim(Hint{})
	small := f.submit(NewJob{KeyID: f.newKey("other").ID, Targets: targets(1, 1)})
	f.kept(first)
	if next := f.claim(after(first)); next.JobID != small.ID {
		t.Errorf("claimed %+v", next)
	}
}

// The pace of a host is that of its requests: a picture of a page that is there
// is none.
func TestAKeptPageNeedsNoLeaveOfItsHost(t *testing.T) {
	f := newFixture(t, 1)
	f.submit(NewJob{Targets: targets(2, 1), HostDelay: time.Minute, Variants: variantsOf(t, `{}`, `{"format":"webp"}`)})
	first := f.claim(Hint{})
	f.kept(first)
	f.wantClaim(after(first), 2, false)
	f.claimNothing()
	f.clock.forward(time.Minute)
	f.wantClaim(Hint{}, 3, true)
}

// What is captured again shares a page as before, where its leader is among it.
func TestARetrySharesPages(t *testing.T) {
	f := newFixture(t, 1)
	job := f.submit(NewJob{Targets: targets(2, 1), Variants: variantsOf(t, `{}`, `{"format":"webp"}`)})
	for range 4 {
		claim := f.claim(Hint{})
		outcome := failure(darkroom.CodeTLSError)
		if claim.Ordinal == 1 {
			outcome = success(claim)
		}
		f.end(claim, outcome)
	}
	f.finish(job.ID)
	_, _, err := f.RetryJob(t.Context(), NewRetry{KeyID: job.KeyID, JobID: job.ID})
	check(t, err)
	f.audit()
	f.wantClaim(Hint{}, 2, false)
	first := f.wantClaim(Hint{}, 3, true)
	f.claimNothing()
	f.kept(first)
	f.wantClaim(after(first), 4, false)
}

// servePage takes what can be shot from one page, as one slot does that nobody
// comes between.
func (w *world) servePage() {
	claim, ok, err := w.Claim(w.t.Context(), instance, Hint{})
	for must(w.t, ok, err) && !claim.Cached {
		outcome, hint := w.picture(claim), hintOf(claim)
		if outcome.Kept = claim.Followed; outcome.Kept {
			hint.PageOf = claim.Ordinal
		}
		w.slots[fmt.Sprint(claim.CaptureID, " ", claim.Attempt)] = true
		w.end(claim, outcome)
		w.audit()
		if !outcome.Kept {
			return
		}
		if claim, ok, err = w.Claim(w.t.Context(), instance, hint); ok && claim.JobID == hint.JobID {
			w.followed++
		}
	}
}

// someVariants are none, or some that are the same in every job.
func (w *world) someVariants() []darkroom.Variant {
	all := variantsOf(w.t, `{"full_page":true}`, `{}`, `{"format":"webp"}`, `{"device":"iPhone 14"}`, `{"cache":true,"cache_ttl":10,"headers":{"X-A":"b"}}`)
	return all[:w.random.IntN(2)*(1+w.random.IntN(len(all)))]
}
