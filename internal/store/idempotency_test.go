package store

import (
	"sync"
	"testing"
	"time"

	"darkroom"
)

func TestIdempotency(t *testing.T) {
	f := newFixture(t, 1)
	request := NewJob{KeyID: f.key.ID, Kind: darkroom.KindBatch, Targets: targets(2, 1), IdempotencyKey: "k", BodyHash: "h"}
	first := f.submit(request)
	again, replayed, err := f.CreateJob(t.Context(), request)
	check(t, err)
	if !replayed || again.ID != first.ID || again.Progress.Total != 2 || !again.CreatedAt.Equal(first.CreatedAt) {
		t.Errorf("replayed %v: %+v", replayed, again)
	}
	other := request
	other.BodyHash = "other"
	if _, _, err := f.CreateJob(t.Context(), other); darkroom.CodeOf(err) != darkroom.CodeIdempotencyMismatch {
		t.Errorf("another body: %v", err)
	}
	foreign := request
	foreign.KeyID = f.newKey("other").ID
	if job := f.submit(foreign); job.ID == first.ID {
		t.Error("keys share their idempotency keys")
	}
	if n := f.number(`SELECT count(*) FROM jobs`); n != 2 {
		t.Errorf("%d jobs", n)
	}
	f.audit()
}

func TestIdempotencyEndsAfterItsTime(t *testing.T) {
	for name, sweep := range map[string]bool{"swept": true, "not swept yet": false} {
		t.Run(name, func(t *testing.T) {
			f := newFixture(t, 1)
			request := NewJob{Targets: targets(1, 1), IdempotencyKey: "k", BodyHash: "h"}
			first := f.submit(request)
			f.clock.forward(darkroom.IdempotencyKeyLife)
			if f.submit(request).ID != first.ID {
				t.Error("forgotten too early")
			}
			f.clock.forward(time.Second)
			if sweep {
				n, err := f.PurgeHistory(t.Context(), time.Hour)
				must(t, n, err)
				if rows := f.number(`SELECT count(*) FROM idempotency`); rows != 0 {
					t.Errorf("%d records left", rows)
				}
			}
			second := f.submit(request)
			if second.ID == first.ID {
				t.Error("remembered too long")
			}
			if f.submit(request).ID != second.ID {
				t.Error("the new one is not remembered")
			}
		})
	}
}

func TestParallelRequestsMakeOneJob(t *testing.T) {
	f := newFixture(t, 1)
	request := NewJob{KeyID: f.key.ID, Kind: darkroom.KindBatch, Targets: targets(20, 3), IdempotencyKey: "k", BodyHash: "h"}
	const requests = 8
	ids, replays := make([]string, requests), make([]bool, requests)
	var all sync.WaitGroup
	for i := range requests {
		all.Go(func() {
			job, replayed, err := f.CreateJob(t.Context(), request)
			if err != nil {
				t.Errorf("request %d: %v", i, err)
			}
			ids[i], replays[i] = job.ID, replayed
		})
	}
	all.Wait()
	made := 0
	for i := range requests {
		if ids[i] != ids[0] {
			t.Errorf("request %d made %s, the first %s", i, ids[i], ids[0])
		}
		if !replays[i] {
			made++
		}
	}
	if made != 1 {
		t.Errorf("%d of them say that they made it", made)
	}
	f.audit()
}
