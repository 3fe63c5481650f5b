package store

import (
	"fmt"
	"strings"
	"testing"
	"time"

	"darkroom"
	"darkroom/internal/database"
	"darkroom/internal/queue"
)

func TestASmallJobStartsAtTheNextFreeSlot(t *testing.T) {
	for name, sameKey := range map[string]bool{"of another key": false, "of the same key": true} {
		t.Run(name, func(t *testing.T) {
			f := newFixture(t, 4)
			for range 40 {
				f.submit(NewJob{Targets: targets(50, 3)})
			}
			var slots []darkroom.Claim
			for range 4 {
				slots = append(slots, f.claim(Hint{}))
			}
			for range 200 { // every job was served
				f.clock.forward(250 * time.Millisecond)
				f.end(slots[0], success(slots[0]))
				slots = append(slots[1:], f.claim(hintOf(slots[0])))
			}
			keyID := f.key.ID
			if !sameKey {
				keyID = f.newKey("small").ID
			}
			small := f.submit(NewJob{KeyID: keyID, Targets: targets(1, 1)})
			f.end(slots[0], success(slots[0]))
			if got := f.claim(hintOf(slots[0])); got.JobID != small.ID {
				t.Errorf("the next free slot took %s", got.CaptureID)
			}
			f.audit()
		})
	}
}

func TestKeysTakeTurns(t *testing.T) {
	f := newFixture(t, 2)
	second := f.newKey("second")
	f.submit(NewJob{Targets: targets(100, 4), HostConcurrency: 64})
	f.submit(NewJob{KeyID: second.ID, Targets: targets(100, 4), HostConcurrency: 64})
	served := map[string]int{}
	for range 40 {
		f.clock.forward(time.Millisecond)
		served[f.claim(Hint{}).KeyID]++
	}
	if served[f.key.ID] != 20 || served[second.ID] != 20 {
		t.Errorf("served %v", served)
	}
}

func TestNormalJobsComeBeforeLowOnes(t *testing.T) {
	f := newFixture(t, 1)
	low := f.submit(NewJob{Targets: targets(2, 1), Priority: darkroom.PriorityLow})
	normal := f.submit(NewJob{Targets: targets(2, 1)})
	var order []string
	hint := Hint{JobID: low.ID, Host: "host0.test:443"}
	for range 4 {
		claim := f.claim(hint)
		order, hint = append(order, claim.JobID), hintOf(claim)
		f.end(claim, success(claim))
	}
	if order[0] != normal.ID || order[1] != normal.ID || order[2] != low.ID || order[3] != low.ID {
		t.Errorf("order %v, normal is %s", order, normal.ID)
	}
}

// A slot that stays does not change its browser context at every capture, but
// nobody waits longer than a stint for that.
func TestASlotStaysForAStint(t *testing.T) {
	f := newFixture(t, 1)
	f.submit(NewJob{Targets: targets(100, 2)})
	f.submit(NewJob{Targets: targets(100, 2)})
	claim := f.claim(Hint{})
	changes, inRow := 0, 0
	for range 40 {
		f.clock.forward(500 * time.Millisecond)
		f.end(claim, success(claim))
		next := f.claim(hintOf(claim))
		if next.JobID == claim.JobID {
			inRow++
			if next.Host != claim.Host {
				t.Error("the slot left its host without need")
			}
		} else {
			changes++
			inRow = 0
		}
		if limit := int(stintLength / (500 * time.Millisecond)); inRow > limit {
			t.Fatalf("%d captures in a row of one job", inRow)
		}
		claim = next
	}
	if changes < 3 || changes > 7 {
		t.Errorf("%d changes in 20 seconds", changes)
	}
}

func TestHostsAreAskedAtTheirPace(t *testing.T) {
	t.Run("at most so many at once, over all jobs of the key", func(t *testing.T) {
		f := newFixture(t, 8)
		f.submit(NewJob{Targets: targets(5, 1), HostConcurrency: 2})
		f.submit(NewJob{Targets: targets(5, 1), HostConcurrency: 2})
		first := f.claim(Hint{})
		f.claim(Hint{})
		f.claimNothing()
		if _, ok, err := f.NextDue(t.Context()); must(t, ok, err) {
			t.Error("something is due although its host is full")
		}
		f.dropTasks()
		check(t, f.SucceedShift(t.Context(), instance))
		if f.tasks(queue.Shift) != 0 {
			t.Error("a shift was inserted that would find nothing")
		}
		f.submit(NewJob{KeyID: f.newKey("other").ID, Targets: targets(1, 1)})
		f.claim(Hint{}) // another key asks on its own account
		f.end(first, success(first))
		f.claim(Hint{})
		f.claimNothing()
		f.audit()
	})
	t.Run("not sooner than so long after the last", func(t *testing.T) {
		f := newFixture(t, 8)
		f.submit(NewJob{Targets: targets(3, 1), HostDelay: 2 * time.Second})
		f.submit(NewJob{Targets: targets(3, 1), HostDelay: 2 * time.Second})
		first := f.claim(Hint{})
		f.end(first, success(first))
		f.claimNothing()
		at, ok, err := f.NextDue(t.Context())
		if !must(t, ok, err) || !at.Equal(f.clock.now.Add(2*time.Second)) {
			t.Errorf("next due %v, want 2 s after %v", at, f.clock.now)
		}
		f.dropTasks()
		check(t, f.SucceedShift(t.Context(), instance))
		if f.tasks(queue.Shift) != 1 {
			t.Errorf("%d shifts wait for the host", f.tasks(queue.Shift))
		}
		f.clock.forward(2 * time.Second)
		f.claim(Hint{})
		f.claimNothing()
		f.audit()
	})
	t.Run("other hosts meanwhile", func(t *testing.T) {
		f := newFixture(t, 8)
		f.submit(NewJob{Targets: targets(4, 2), HostConcurrency: 1})
		if a, b := f.claim(Hint{}), f.claim(Hint{}); a.Ordinal != 1 || b.Ordinal != 2 {
			t.Errorf("claimed %d and %d", a.Ordinal, b.Ordinal)
		}
		f.claimNothing()
	})
}

func TestNextDue(t *testing.T) {
	f := newFixture(t, 4)
	if _, ok, err := f.NextDue(t.Context()); must(t, ok, err) {
		t.Error("something is due in an empty store")
	}
	f.submit(NewJob{Targets: targets(2, 2)})
	if at, ok, err := f.NextDue(t.Context()); !must(t, ok, err) || at.After(f.clock.now) {
		t.Errorf("next due %v, want now", at)
	}
	for _, wait := range []time.Duration{20 * time.Second, 5 * time.Second} {
		outcome := failure(darkroom.CodeTimeout)
		outcome.RetryAt = f.clock.now.Add(wait)
		f.end(f.claim(Hint{}), outcome)
	}
	if at, ok, err := f.NextDue(t.Context()); !must(t, ok, err) || !at.Equal(f.clock.now.Add(5*time.Second)) {
		t.Errorf("next due %v, want 5 s after %v", at, f.clock.now)
	}
}

// Without this the claim would look at every queued capture.
func TestTheClaimWalksIndexes(t *testing.T) {
	f := newLiteFixture(t, 1)
	for name, c := range map[string]struct {
		query string
		args  int
	}{"owed": {pickOwed, 4}, "of a job": {pickOfJob, 5}, "of a host": {pickOfHost, 6}, "solo": {pickSolo, 4}} {
		args := make([]any, c.args)
		for i := range args {
			args[i] = 0
		}
		steps, err := queryAll(t.Context(), f.db.Read(t.Context()), scanStep, "EXPLAIN QUERY PLAN "+c.query, args...)
		plan := strings.Join(must(t, steps, err), "; ")
		if strings.Contains(plan, "TEMP B-TREE") {
			t.Errorf("%s: the claim sorts: %s", name, plan)
		}
		for _, step := range steps {
			if strings.HasPrefix(step, "SCAN") && !strings.Contains(step, "USING INDEX") {
				t.Errorf("%s: the claim scans: %s", name, plan)
			}
		}
	}
}

// scanStep reads a row of a query plan.
func scanStep(r row) (text string, err error) {
	var a, b, c int
	err = r.Scan(&a, &b, &c, &text)
	return text, err
}

func TestShiftsAreInsertedAsSlotsCanUseThem(t *testing.T) {
	f := newFixture(t, 3)
	f.submit(NewJob{Targets: targets(1, 1)})
	if n := f.tasks(queue.Shift); n != 1 {
		t.Errorf("%d shifts for one capture", n)
	}
	f.submit(NewJob{Targets: targets(10, 1)})
	f.submit(NewJob{Targets: targets(10, 1)})
	if n := f.tasks(queue.Shift); n != 3 {
		t.Errorf("%d shifts for 21 captures and 3 slots", n)
	}
	check(t, f.SucceedShift(t.Context(), instance))
	if n := f.tasks(queue.Shift); n != 3 {
		t.Errorf("%d shifts after a successor nobody needs", n)
	}
	f.dropTasks()
	check(t, f.SucceedShift(t.Context(), instance))
	check(t, f.SucceedShift(t.Context(), instance))
	if n := f.tasks(queue.Shift); n != 2 {
		t.Errorf("%d shifts after two ended with work left", n)
	}
	check(t, f.Beat(t.Context(), Instance{ID: "second", Slots: 5}))
	f.submit(NewJob{Targets: targets(10, 1)})
	if n := f.tasks(queue.Shift); n != 8 {
		t.Errorf("%d shifts for two instances with 3 and 5 slots", n)
	}
	check(t, f.InsertShifts(t.Context(), 2))
	if n := f.tasks(queue.Shift); n != 10 {
		t.Errorf("%d shifts after two more", n)
	}
}

func TestAnEmptyStoreNeedsNoShift(t *testing.T) {
	f := newFixture(t, 3)
	check(t, f.SucceedShift(t.Context(), instance))
	f.recoverAll()
	if n := f.tasks(queue.Shift); n != 0 {
		t.Errorf("%d shifts for nothing", n)
	}
}

// A failed transaction must leave nothing behind.
func TestAFailedCreateLeavesNothing(t *testing.T) {
	f := newFixture(t, 1)
	if f.db.Dialect() == database.PostgreSQL {
		f.exec(`CREATE FUNCTION refuse() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN RAISE 'refused'; END $$`)
		f.exec(`CREATE TRIGGER refuse BEFORE INSERT ON idempotency FOR EACH ROW EXECUTE FUNCTION refuse()`)
	} else {
		f.exec(`CREATE TRIGGER refuse BEFORE INSERT ON idempotency BEGIN SELECT RAISE(ABORT, 'refused'); END`)
	}
	_, _, err := f.CreateJob(t.Context(), NewJob{
		KeyID: f.key.ID, Kind: darkroom.KindBatch, Targets: targets(60, 7), IdempotencyKey: "k", BodyHash: "h",
	})
	if err == nil || !strings.Contains(err.Error(), "refused") {
		t.Fatalf("error %v", err)
	}
	for _, table := range []string{"jobs", "captures", "lanes", "hosts", "job_counts", "usage_days", "river_job"} {
		if n := f.number(fmt.Sprintf(`SELECT count(*) FROM %s`, table)); n != 0 {
			t.Errorf("%d rows in %s", n, table)
		}
	}
	f.audit()
}

// A slot that finds nothing looks again cheaply, and still sees everything.
func TestRestingSlotsSeeNewWork(t *testing.T) {
	f := newFixture(t, 2)
	f.claimNothing()
	f.submit(NewJob{Targets: targets(1, 1)})
	claim := f.claim(Hint{}) // what this process commits is seen at once

	f.claimNothing()
	retry := failure(darkroom.CodeTimeout)
	retry.RetryAt = f.clock.now.Add(restMost / 2)
	f.end(claim, retry)
	f.claimNothing()
	if at, ok, err := f.NextDue(t.Context()); !must(t, ok, err) || !at.Equal(retry.RetryAt) {
		t.Errorf("next due %v, want %v", at, retry.RetryAt)
	}
	f.clock.forward(restMost / 2)
	claim = f.claim(Hint{})
	f.end(claim, success(claim))

	f.claimNothing()
	elsewhere := openStore(t, f.config, Config{SecretKey: secretKey})
	_, _, err := elsewhere.CreateJob(t.Context(), NewJob{KeyID: f.key.ID, Kind: darkroom.KindBatch, Targets: targets(1, 1)})
	check(t, err)
	f.clock.forward(restMost)
	f.claim(Hint{}) // what another one commits, soon after
}
