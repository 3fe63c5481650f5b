package store

import (
	"testing"
	"time"

	"darkroom"
)

// took takes the next capture, which lasts so long.
func (f *fixture) took(duration time.Duration) {
	f.t.Helper()
	claim := f.claim(Hint{})
	outcome := success(claim)
	outcome.Result.Duration, outcome.Result.CapturedAt = duration, f.clock.now
	f.end(claim, outcome)
}

func (f *fixture) recentPace() Pace {
	f.t.Helper()
	pace, known, err := f.RecentPace(f.t.Context())
	check(f.t, err)
	if known != (pace != Pace{}) {
		f.t.Errorf("known is %v of %+v", known, pace)
	}
	return pace
}

func (f *fixture) expectPace(want Pace) {
	f.t.Helper()
	if got := f.recentPace(); got != want {
		f.t.Errorf("the pace is %+v, want %+v", got, want)
	}
}

func TestRecentPace(t *testing.T) {
	f := newFixture(t, 3)
	f.expectPace(Pace{})
	f.submit(NewJob{Targets: targets(5, 1)})
	f.expectPace(Pace{})

	// What failed is not counted: it says more about the page than about us.
	claim := f.claim(Hint{})
	outcome := failure(darkroom.CodeTimeout)
	outcome.Result.Duration = time.Minute
	f.end(claim, outcome)
	f.expectPace(Pace{})
	f.took(time.Second)
	f.took(4 * time.Second)
	f.expectPace(Pace{Captures: 2, Each: 2500 * time.Millisecond, Slots: 3})

	// Slots are those of every instance that is alive.
	check(t, f.Beat(t.Context(), Instance{ID: "instance-2", Slots: 8, StartedAt: f.clock.now}))
	f.expectPace(Pace{Captures: 2, Each: 2500 * time.Millisecond, Slots: 11})
	f.clock.forward(10 * time.Minute)
	f.expectPace(Pace{Captures: 2, Each: 2500 * time.Millisecond, Slots: 3})
}

// A capture that is measured as nothing still takes some time.
func TestRecentPaceIsNeverEndless(t *testing.T) {
	f := newFixture(t, 1)
	f.submit(NewJob{Targets: targets(1, 1)})
	f.took(0)
	f.expectPace(Pace{Captures: 1, Each: time.Millisecond, Slots: 1})
}

// Only the last captures of the newest jobs count, whoever's they are.
func TestRecentPaceIsRecent(t *testing.T) {
	f := newFixture(t, 1)
	f.submit(NewJob{Targets: targets(1, 1)})
	f.took(time.Hour)
	other := f.newKey("other")
	for range paceJobs - 1 {
		f.submit(NewJob{KeyID: other.ID, Targets: targets(1, 1)})
		f.took(time.Second)
	}
	f.submit(NewJob{Targets: targets(paceCaptures, 1)})
	for range paceCaptures {
		f.clock.forward(time.Second)
		f.took(2 * time.Second)
	}
	f.expectPace(Pace{Captures: paceCaptures, Each: 2 * time.Second, Slots: 1})

	f.exec(`DELETE FROM captures WHERE job_id IN (SELECT id FROM jobs WHERE total = ?)`, paceCaptures)
	f.expectPace(Pace{Captures: paceJobs - 1, Each: time.Second, Slots: 1}) // but for the hour of the oldest job
}
