package store

import (
	"errors"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"darkroom"
)

func (f *fixture) limited(limits darkroom.KeyLimits) NewKey {
	f.t.Helper()
	grant := darkroom.DefaultGrant()
	grant.Limits = limits
	key, err := f.GrantKey(f.t.Context(), "limited", grant)
	return must(f.t, key, err)
}

func (f *fixture) try(keyID string, captures int) error {
	f.t.Helper()
	_, _, err := f.CreateJob(f.t.Context(), NewJob{KeyID: keyID, Kind: darkroom.KindBatch, Targets: targets(captures, 1)})
	return err
}

func TestTheMonthsCaptures(t *testing.T) {
	f := newFixture(t, 1)
	f.clock.now = time.Date(2030, 1, 31, 23, 0, 0, 0, time.UTC)
	key := f.limited(darkroom.KeyLimits{CapturesPerMonth: 10})
	check(t, f.try(key.ID, 7))
	check(t, f.TakeScreenshot(t.Context(), key.APIKey))
	err := f.try(key.ID, 3)
	failure, ok := errors.AsType[*darkroom.Error](err)
	if !ok || failure.Code != darkroom.CodeQuotaExceeded || failure.RetryAfter != time.Hour {
		t.Fatalf("beyond the limit: %+v", err)
	}
	check(t, f.try(key.ID, 2))
	if err := f.TakeScreenshot(t.Context(), key.APIKey); darkroom.CodeOf(err) != darkroom.CodeQuotaExceeded {
		t.Errorf("the eleventh: %v", err)
	}
	if n := f.number(`SELECT sum(screenshots) FROM usage_days WHERE key_id = ?`, key.ID); n != 10 {
		t.Errorf("%d counted", n)
	}
	f.clock.forward(time.Hour)
	check(t, f.try(key.ID, 10))
	check(t, f.try(f.key.ID, 50)) // without a limit
}

// A sitemap may give as many pages as it was asked for; until it is read, they
// count.
func TestASitemapReservesItsPages(t *testing.T) {
	f := newFixture(t, 1)
	key := f.limited(darkroom.KeyLimits{CapturesPerMonth: 10})
	job := f.submit(NewJob{KeyID: key.ID, Crawl: crawlOf(8)})
	if err := f.try(key.ID, 3); darkroom.CodeOf(err) != darkroom.CodeQuotaExceeded {
		t.Errorf("while the sitemap is read: %v", err)
	}
	f.add(job, 4)
	if err := f.try(key.ID, 3); darkroom.CodeOf(err) != darkroom.CodeQuotaExceeded {
		t.Errorf("in the middle of the sitemap: %v", err)
	}
	f.endDiscovery(job, nil)
	check(t, f.try(key.ID, 6))
	if err := f.try(key.ID, 1); darkroom.CodeOf(err) != darkroom.CodeQuotaExceeded {
		t.Errorf("at the end: %v", err)
	}
}

func TestActiveJobs(t *testing.T) {
	f := newFixture(t, 1)
	key := f.limited(darkroom.KeyLimits{ActiveJobs: 2})
	job := f.submit(NewJob{KeyID: key.ID, Targets: targets(1, 1), IdempotencyKey: "k", BodyHash: "h"})
	check(t, f.try(key.ID, 1))
	if err := f.try(key.ID, 1); darkroom.CodeOf(err) != darkroom.CodeQuotaExceeded {
		t.Errorf("the third: %v", err)
	}
	again := NewJob{KeyID: key.ID, Kind: darkroom.KindBatch, Targets: targets(1, 1), IdempotencyKey: "k", BodyHash: "h"}
	if _, replayed, err := f.CreateJob(t.Context(), again); err != nil || !replayed {
		t.Errorf("a request that was accepted is refused when it is repeated: %v", err)
	}
	claim := f.claim(Hint{})
	f.end(claim, success(claim))
	f.finish(job.ID)
	check(t, f.try(key.ID, 1))
}

// The last place is taken once, whoever asks.
func TestQuotasHoldOverProcesses(t *testing.T) {
	f := newFixture(t, 1)
	key := f.limited(darkroom.KeyLimits{CapturesPerMonth: 20, ActiveJobs: 7})
	stores := []*Store{f.Store, f.another()}
	var accepted atomic.Int32
	var group sync.WaitGroup
	for i := range 20 {
		group.Go(func() {
			request := NewJob{KeyID: key.ID, Kind: darkroom.KindBatch, Targets: targets(2, 1)}
			if _, _, err := stores[i%2].CreateJob(t.Context(), request); err == nil {
				accepted.Add(1)
			} else if darkroom.CodeOf(err) != darkroom.CodeQuotaExceeded {
				t.Error(err)
			}
		})
	}
	group.Wait()
	if n := accepted.Load(); n != 7 {
		t.Errorf("%d jobs were accepted", n)
	}
	f.audit()
}
