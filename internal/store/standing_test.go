package store

import (
	"reflect"
	"testing"
	"time"

	"darkroom"
)

func TestStanding(t *testing.T) {
	f := newFixture(t, 1)
	f.completed(2)
	job := f.submit(NewJob{Targets: targets(3, 1)})
	f.claim(Hint{})
	now, err := f.Standing(t.Context())
	check(t, err)
	want := Standing{
		Jobs:   []JobCount{{darkroom.KindBatch, darkroom.StatusCompleted, 1}, {darkroom.KindBatch, f.job(job.ID).Status, 1}},
		Queued: 2, Running: 1, Pending: 1, Instances: 1,
	}
	if !reflect.DeepEqual(now, want) {
		t.Errorf("got %+v, want %+v", now, want)
	}
	f.clock.forward(90 * time.Second)
	now, err = f.Standing(t.Context())
	check(t, err)
	if now.Waited != 90*time.Second || now.Pending != 1 || now.Overdue != 90*time.Second || now.Instances != 0 {
		t.Errorf("a minute and a half later: %+v", now)
	}
}
