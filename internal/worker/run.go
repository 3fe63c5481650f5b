package worker

import (
	"context"
	"errors"
	"fmt"
	"sync"
	"time"

	"darkroom/internal/store"
)

const (
	beatEvery  = 5 * time.Second
	silentFor  = 20 * time.Second // without a heartbeat an instance counts as dead
	idleFor    = 2 * time.Minute  // then a browser is closed
	spareSlots = 1                // but so many are kept warm
)

// Run keeps the instance's heartbeat and one warm slot until ctx ends. Then it
// waits for the slots that are in use and closes them all; Drain must have
// been called by then, or that waits for the end of every shift.
func (w *Worker) Run(ctx context.Context) error {
	if err := w.announce(ctx); err != nil {
		return err
	}
	var beside sync.WaitGroup
	beside.Go(func() { w.keepWarm(ctx) })
	beside.Go(func() { w.adapt(ctx) })
	ticker := time.NewTicker(beatEvery)
	defer ticker.Stop()
	for ctx.Err() == nil {
		select {
		case <-ticker.C:
			if err := w.beat(ctx); err != nil && ctx.Err() == nil {
				w.Log.Error("the heartbeat failed", "err", err)
			}
			w.watchOthers(ctx)
			w.coolDown()
		case <-ctx.Done():
		}
	}
	beside.Wait()
	return errors.Join(w.pool.close(), w.leave(ctx))
}

// watchOthers sets back what instances held that are gone. The sweep does so
// too, but not as often, and not before another instance leads the queue.
func (w *Worker) watchOthers(ctx context.Context) {
	if !w.Store.Shared() {
		return
	}
	if err := w.recoverLost(ctx); err != nil && ctx.Err() == nil {
		w.Log.Error("what lost instances held was not set back", "err", err)
	}
}

// Drain ends the work. Nothing is claimed from now on; what is in flight may
// finish until ctx ends, and is handed back then without costing an attempt.
// Drain returns when nothing is in flight.
func (w *Worker) Drain(ctx context.Context) {
	w.drained.happen()
	landed := w.flights.close()
	select {
	case <-landed:
	case <-ctx.Done():
		w.aborted.happen()
		<-landed
	}
}

// Trouble tells why nothing is claimed at the moment; nil when nothing stands
// in the way.
func (w *Worker) Trouble() error {
	if err := w.space.trouble(w.Now()); err != nil {
		return err
	}
	return w.pool.trouble(w.Now())
}

// announce makes sure that the first heartbeat is written before the first
// claim: captures of an instance without one count as lost.
func (w *Worker) announce(ctx context.Context) error {
	w.announced.Lock()
	defer w.announced.Unlock()
	if w.beaten {
		return nil
	}
	if err := w.beat(ctx); err != nil {
		return err
	}
	w.beaten = true
	return nil
}

func (w *Worker) beat(ctx context.Context) error {
	slots, _ := w.pool.short()
	err := w.Store.Beat(ctx, store.Instance{
		ID: w.Instance, Version: w.Version, Slots: slots, StartedAt: w.startedAt,
	})
	if err != nil {
		return fmt.Errorf("write the heartbeat: %w", err)
	}
	return nil
}

// leave takes the heartbeat away. Whoever starts next need not wait until it
// is old.
func (w *Worker) leave(ctx context.Context) error {
	if err := w.Store.Leave(context.WithoutCancel(ctx), w.Instance); err != nil {
		return fmt.Errorf("take the heartbeat away: %w", err)
	}
	return nil
}

// keepWarm starts the first browser, so that the first capture need not wait.
// While none starts it tries again: a server that is not ready may be given no
// work that would find out that it could do it.
func (w *Worker) keepWarm(ctx context.Context) {
	w.warm(ctx)
	ticker := time.NewTicker(beatEvery)
	defer ticker.Stop()
	for {
		select {
		case <-ticker.C:
			if w.pool.trouble(w.Now()) != nil {
				w.warm(ctx)
			}
		case <-ctx.Done():
			return
		}
	}
}

func (w *Worker) warm(ctx context.Context) {
	ctx, release := w.drained.bind(ctx)
	defer release()
	first, err := w.pool.acquire(ctx, false)
	if err != nil {
		return
	}
	defer func() { w.pool.release(first, w.Now()) }()
	_ = w.ready(ctx, first) // it is logged, and tried again
}

// coolDown closes the browsers that nobody has needed for a while.
func (w *Worker) coolDown() { w.closeIdle(w.Now().Add(-idleFor)) }

func (w *Worker) closeIdle(since time.Time) {
	for _, engine := range w.pool.cool(since, spareSlots) {
		if err := engine.Close(); err != nil {
			w.Log.Warn("an idle browser did not close", "err", err)
		}
	}
}
