package queue

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"time"

	"github.com/riverqueue/river"

	"darkroom"
	"darkroom/internal/database"
)

// Handlers do the work of each kind of task. One that gives an error is called
// again later, one that gives a Later when that says. Each must obey its
// context and may be called twice for the same work.
type Handlers struct {
	Shift   func(ctx context.Context) error
	Expand  func(ctx context.Context, jobID string) error
	Finish  func(ctx context.Context, jobID string) error
	Deliver func(ctx context.Context, deliveryID string, turn int) error // turn is the task's Sequence
	Sweep   func(ctx context.Context) error

	Screenshot func(ctx context.Context, errandID string) error
}

// Later is what a handler gives as its error when the time has not come for the
// task: it is called again after so long, and that counts as no failure.
type Later time.Duration

// Error says how long.
func (l Later) Error() string { return fmt.Sprintf("not before %v have passed", time.Duration(l)) }

// Config says how much is worked at once.
type Config struct {
	Instance string       // name of this process among those that work on the database
	Slots    int          // shifts at once; at least 1
	Log      *slog.Logger // gets River's warnings and errors
}

const (
	expandWorkers = 4
	finishWorkers = 2
	sweepEvery    = 30 * time.Second

	fetchCooldown = 10 * time.Millisecond
	fetchPoll     = 500 * time.Millisecond // when a notification was missed, and for tasks that become due
	kept          = time.Hour              // finished tasks, for someone who looks
)

// Runner works tasks until it is stopped.
type Runner struct {
	client *river.Client[database.Tx]
	cancel context.CancelFunc
}

// Start begins to work. On SQLite, where it must be the only one, it first sets
// back what a dead predecessor was working on; on PostgreSQL see SetBackLost.
// ctx bounds the start only; call Stop to end it.
func Start(ctx context.Context, db *database.DB, handlers Handlers, config Config) (*Runner, error) {
	if db.Dialect() == database.SQLite {
		if err := setBack(ctx, db); err != nil {
			return nil, err
		}
	}
	client, err := river.NewClient(newDriver(db), riverConfig(handlers, config))
	if err != nil {
		return nil, fmt.Errorf("make the queue's client: %w", err)
	}
	running, cancel := context.WithCancel(context.WithoutCancel(ctx))
	if err := client.Start(running); err != nil {
		cancel()
		return nil, fmt.Errorf("start the queue: %w", err)
	}
	return &Runner{client: client, cancel: cancel}, nil
}

// setBack makes the tasks available that a dead process left running, and
// forgets its leadership, which would last for some 15 s more.
func setBack(ctx context.Context, db *database.DB) error {
	return db.Update(ctx, func(tx database.Tx) error {
		for _, statement := range []string{
			`UPDATE river_job SET state = 'available' WHERE state = 'running'`,
			`DELETE FROM river_leader`,
		} {
			if _, err := tx.Exec(ctx, statement); err != nil {
				return fmt.Errorf("set back the tasks of the last run: %w", err)
			}
		}
		return nil
	})
}

// SetBackLost makes the tasks available that were taken before that time by an
// instance that is not among those alive. It does nothing on SQLite.
func SetBackLost(ctx context.Context, tx database.Tx, alive []string, before time.Time) (n int, err error) {
	if tx.Postgres() == nil {
		return 0, nil
	}
	changed, err := tx.Exec(ctx, `UPDATE river_job SET state = 'available' WHERE state = 'running' AND attempted_at < to_timestamp(?)
		AND NOT (attempted_by[array_upper(attempted_by, 1)] = ANY (?))`, float64(before.UnixMilli())/1000, append([]string{}, alive...)) // a nil one would be NULL
	if err != nil {
		return 0, fmt.Errorf("set back the tasks of lost instances: %w", err)
	}
	return int(changed), nil
}

// SetBackOf makes the tasks available that an instance holds which has died. It
// does nothing on SQLite.
func SetBackOf(ctx context.Context, tx database.Tx, instance string) error {
	if tx.Postgres() == nil {
		return nil
	}
	_, err := tx.Exec(ctx, `UPDATE river_job SET state = 'available' WHERE state = 'running'
		AND attempted_by[array_upper(attempted_by, 1)] = ?`, instance)
	if err != nil {
		return fmt.Errorf("set back the tasks of a dead instance: %w", err)
	}
	return nil
}

func riverConfig(handlers Handlers, config Config) *river.Config {
	return &river.Config{
		ID:      config.Instance,
		Workers: workers(handlers),
		Queues: map[string]river.QueueConfig{
			string(Shift):      {MaxWorkers: max(1, config.Slots)},
			string(Expand):     {MaxWorkers: expandWorkers},
			string(Finish):     {MaxWorkers: finishWorkers},
			string(Deliver):    {MaxWorkers: darkroom.MaxDeliveries},
			string(Sweep):      {MaxWorkers: 1},
			string(Screenshot): {MaxWorkers: max(1, config.Slots)},
		},
		PeriodicJobs: []*river.PeriodicJob{
			river.NewPeriodicJob(river.PeriodicInterval(sweepEvery), sweepTask, &river.PeriodicJobOpts{RunOnStart: true}),
		},
		FetchCooldown:               fetchCooldown,
		FetchPollInterval:           fetchPoll,
		JobTimeout:                  sweepTimeout,
		RescueStuckJobsAfter:        rescueAfter,
		CompletedJobRetentionPeriod: kept,
		CancelledJobRetentionPeriod: kept,
		DiscardedJobRetentionPeriod: 24 * kept,
		Logger:                      slog.New(atLeast{config.Log.Handler(), slog.LevelWarn}),
	}
}

func sweepTask() (river.JobArgs, *river.InsertOpts) {
	task := Task{Kind: Sweep}
	return task.args(), task.options()
}

func workers(handlers Handlers) *river.Workers {
	bundle := river.NewWorkers()
	river.AddWorker(bundle, &worker[shiftArgs]{
		timeout: shiftTimeout,
		work:    func(ctx context.Context, _ shiftArgs) error { return handlers.Shift(ctx) },
	})
	river.AddWorker(bundle, &worker[expandArgs]{
		timeout: expandTimeout,
		work:    func(ctx context.Context, args expandArgs) error { return handlers.Expand(ctx, args.ID) },
	})
	river.AddWorker(bundle, &worker[finishArgs]{
		timeout: finishTimeout,
		work:    func(ctx context.Context, args finishArgs) error { return handlers.Finish(ctx, args.ID) },
	})
	river.AddWorker(bundle, &worker[deliverArgs]{
		timeout: deliverTimeout,
		work: func(ctx context.Context, args deliverArgs) error {
			return handlers.Deliver(ctx, args.ID, args.Sequence)
		},
	})
	river.AddWorker(bundle, &worker[sweepArgs]{
		timeout: sweepTimeout,
		work:    func(ctx context.Context, _ sweepArgs) error { return handlers.Sweep(ctx) },
	})
	river.AddWorker(bundle, &worker[screenshotArgs]{
		timeout: screenshotTimeout,
		work:    func(ctx context.Context, args screenshotArgs) error { return handlers.Screenshot(ctx, args.ID) },
	})
	return bundle
}

// worker is how River sees a handler.
type worker[T river.JobArgs] struct {
	river.WorkerDefaults[T]

	timeout time.Duration
	work    func(context.Context, T) error
}

// Work does one task. While the database is away it keeps the task and tries
// again: that it failed could not be written down either, and would be later
// than the database is back.
func (w *worker[T]) Work(ctx context.Context, task *river.Job[T]) error {
	err := w.work(ctx, task.Args)
	for isAway(err) && pause(ctx, awayLook) {
		err = w.work(ctx, task.Args)
	}
	if later, ok := errors.AsType[Later](err); ok {
		return river.JobSnooze(max(0, time.Duration(later)))
	}
	return err
}

// awayLook is between two tries while the database is away.
const awayLook = time.Second

func isAway(err error) bool {
	fault, ok := errors.AsType[*database.Fault](err)
	return ok && fault.Reason == database.Unreachable
}

func pause(ctx context.Context, wait time.Duration) bool {
	select {
	case <-time.After(wait):
		return true
	case <-ctx.Done():
		return false
	}
}

// Timeout is when the context of Work is cancelled.
func (w *worker[T]) Timeout(*river.Job[T]) time.Duration { return w.timeout }

// NextRetry doubles from one second to a minute: what makes our own tasks fail
// (a full disk, a database that is away) either passes soon or needs a person.
func (w *worker[T]) NextRetry(task *river.Job[T]) time.Time {
	return time.Now().Add(retryDelay(len(task.Errors) + 1)) // the last failure is not among them yet
}

func retryDelay(failed int) time.Duration {
	const doublings = 6
	return time.Second << min(failed-1, doublings)
}

// Stop takes no more tasks and waits for those in work. When ctx ends first,
// their contexts are cancelled, and what they leave is worked after the next
// start. It may be called twice.
func (r *Runner) Stop(ctx context.Context) error {
	defer r.cancel()
	if err := r.client.Stop(ctx); err == nil {
		return nil
	}
	const lastMoment = 5 * time.Second
	hard, cancel := context.WithTimeout(context.WithoutCancel(ctx), lastMoment)
	defer cancel()
	if err := r.client.StopAndCancel(hard); err != nil {
		return fmt.Errorf("stop the queue: %w", err)
	}
	return nil
}
