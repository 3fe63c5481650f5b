package worker

import (
	"context"
	"sync/atomic"
	"testing"

	"darkroom"
	"darkroom/internal/load"
	"darkroom/internal/store"
)

func TestSlotsFor(t *testing.T) {
	const usual, most, plenty = 4, 12, 8 << 30
	for _, row := range []struct {
		name  string
		now   load.Reading
		limit int
		short bool
		want  int
	}{
		{"pages wait for the network", load.Reading{CPU: 0.3, Memory: plenty}, 4, true, 5},
		{"as many as there may be", load.Reading{CPU: 0.3, Memory: plenty}, 12, true, 12},
		{"nobody needs more", load.Reading{CPU: 0.3, Memory: plenty}, 4, false, 4},
		{"the processors are in use", load.Reading{CPU: 0.9, Memory: plenty}, 6, true, 6},
		{"the processors are overrun", load.Reading{CPU: 0.99, Memory: plenty}, 6, true, 5},
		{"never fewer than usual for want of processors", load.Reading{CPU: 1, Memory: plenty}, 4, true, 4},
		{"little memory is left", load.Reading{CPU: 0.3, Memory: 800 << 20}, 6, true, 6},
		{"too little memory is left", load.Reading{CPU: 0.3, Memory: 200 << 20}, 6, true, 5},
		{"far too little", load.Reading{CPU: 0.3, Memory: 200 << 20}, 4, true, 3},
		{"one is always left", load.Reading{CPU: 0.3, Memory: 0}, 1, true, 1},
		{"the memory is back", load.Reading{CPU: 1, Memory: plenty}, 1, false, 2},
	} {
		t.Run(row.name, func(t *testing.T) {
			if got := slotsFor(row.now, row.limit, usual, most, row.short); got != row.want {
				t.Errorf("%d slots, want %d", got, row.want)
			}
		})
	}
}

func TestPagesThatWaitGetMoreSlots(t *testing.T) {
	const usual, most = 2, 5
	b := newBench(t, most)
	var busy atomic.Bool
	config := b.config(usual, "adapting")
	config.MaxSlots = most
	config.Load = func() (load.Reading, error) {
		if busy.Load() {
			return load.Reading{CPU: 1, Memory: 8 << 30}, nil
		}
		return load.Reading{CPU: 0.2, Memory: 8 << 30}, nil
	}
	w := New(config)
	answered := make(chan struct{})
	b.camera.answer = func(ctx context.Context, request darkroom.CaptureRequest, _ int) (darkroom.Shot, error) {
		select {
		case <-answered:
			return picture(request), nil
		case <-ctx.Done():
			return cut(ctx)
		}
	}
	job := b.create(t, func(j *store.NewJob) { j.HostConcurrency = most }, pages(20)...)
	b.running(t, w)
	eventually(t, "every slot is in use", func() bool {
		b.camera.mu.Lock()
		defer b.camera.mu.Unlock()
		return b.camera.now == most
	})
	busy.Store(true)
	close(answered)
	eventually(t, "the slots are as many as usual again", func() bool { limit, _ := w.pool.short(); return limit == usual })
	eventually(t, "the job has ended", func() bool { return b.job(t, job.ID).Status.Terminal() })
	if b.camera.top > most {
		t.Errorf("%d captures were taken at once", b.camera.top)
	}
}
