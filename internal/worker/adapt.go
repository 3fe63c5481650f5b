package worker

import (
	"context"
	"time"

	"darkroom/internal/load"
)

// A page that waits for the network needs no processor. While one is left
// over, more slots are opened, one at each look; while there is none, or too
// little memory, they become fewer again.
const (
	adaptEvery = time.Second

	growBelow   = 0.75 // share of the processors in use
	shrinkAbove = 0.97

	growRoom   = 1 << 30   // bytes of memory that are left
	shrinkRoom = 512 << 20 // below it browsers are closed, down to a single slot
)

// adapt looks at the machine until ctx ends.
func (w *Worker) adapt(ctx context.Context) {
	if w.Load == nil {
		return
	}
	ticker := time.NewTicker(adaptEvery)
	defer ticker.Stop()
	for {
		select {
		case <-ticker.C:
			w.weigh()
		case <-ctx.Done():
			return
		}
	}
}

func (w *Worker) weigh() {
	now, err := w.Load()
	if err != nil {
		w.Log.Debug("the load of the machine is not known", "err", err)
		return
	}
	limit, short := w.pool.short()
	next := slotsFor(now, limit, w.Slots, w.MaxSlots, short)
	if next == limit {
		return
	}
	w.Log.Debug("slots", "slots", next, "cpu", now.CPU, "memory", now.Memory)
	w.pool.setLimit(next)
	if now.Memory < shrinkRoom {
		w.closeIdle(w.Now())
	}
}

// slotsFor gives how many slots may be in use next. short says that more would
// be used.
func slotsFor(now load.Reading, limit, usual, most int, short bool) int {
	switch {
	case now.Memory < shrinkRoom:
		return max(limit-1, 1)
	case now.CPU > shrinkAbove && limit > usual:
		return limit - 1
	case now.Memory < growRoom:
		return limit
	case limit < usual:
		return limit + 1
	case short && now.CPU < growBelow:
		return min(limit+1, most)
	}
	return limit
}
