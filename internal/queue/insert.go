package queue

import (
	"context"
	"fmt"
	"log/slog"
	"time"

	"github.com/riverqueue/river"
	"github.com/riverqueue/river/rivermigrate"
	"github.com/riverqueue/river/rivertype"

	"darkroom/internal/database"
)

// Inserter inserts tasks. It works none.
type Inserter struct {
	client  *river.Client[database.Tx]
	waiting string
}

// NewInserter makes an inserter over db. The queue's tables are made by
// Migrate.
func NewInserter(db *database.DB) (*Inserter, error) {
	client, err := river.NewClient(newDriver(db), &river.Config{Logger: slog.New(slog.DiscardHandler)})
	if err != nil {
		return nil, fmt.Errorf("make the queue's client: %w", err)
	}
	return &Inserter{client: client, waiting: waitingShifts(db.Dialect())}, nil
}

// Migrate makes the queue's tables, or brings them up to date. Processes that
// start at once must call it inside database.DB.Alone.
func Migrate(ctx context.Context, db *database.DB) error {
	migrator, err := rivermigrate.New(newDriver(db), &rivermigrate.Config{Logger: slog.New(slog.DiscardHandler)})
	if err != nil {
		return fmt.Errorf("read the queue's migrations: %w", err)
	}
	if _, err := migrator.Migrate(ctx, rivermigrate.DirectionUp, nil); err != nil {
		return fmt.Errorf("bring the queue's tables up to date: %w", err)
	}
	return nil
}

// lookAhead is how far in the future a task may lie and still be put among the
// available ones, which a worker polls by their time. River's own scheduler
// does the same, but runs only every five seconds.
const lookAhead = 5 * time.Second

// Insert puts tasks into the queue when tx commits. A free slot takes one that
// is due within some 50 ms.
func (i *Inserter) Insert(ctx context.Context, tx database.Tx, tasks ...Task) error {
	if len(tasks) == 0 {
		return nil
	}
	params := make([]river.InsertManyParams, len(tasks))
	for n, task := range tasks {
		params[n] = river.InsertManyParams{Args: task.args(), InsertOpts: task.options()}
	}
	inserted, err := i.client.InsertManyTx(ctx, tx, params)
	if err != nil {
		return fmt.Errorf("insert %d tasks, the first a %s: %w", len(tasks), tasks[0].Kind, err)
	}
	for n, result := range inserted {
		if result.UniqueSkippedAsDuplicate {
			err = i.bringForward(ctx, tx, result.Job, params[n])
		} else {
			err = advance(ctx, tx, result.Job)
		}
		if err != nil {
			return err
		}
	}
	return nil
}

// longestWait is more than a task waits that failed or stepped aside.
const longestWait = 2 * time.Minute

// bringForward replaces a task that waits much longer than the one that was to
// be inserted: the clock has gone back since it was given its time.
func (i *Inserter) bringForward(ctx context.Context, tx database.Tx, waiting *rivertype.JobRow, wanted river.InsertManyParams) error {
	due := wanted.InsertOpts.ScheduledAt
	if now := time.Now(); due.Before(now) {
		due = now
	}
	if waiting.State == rivertype.JobStateRunning || waiting.ScheduledAt.Before(due.Add(longestWait)) {
		return nil
	}
	if _, err := i.client.JobDeleteTx(ctx, tx, waiting.ID); err != nil {
		return fmt.Errorf("drop a task that waits too long: %w", err)
	}
	inserted, err := i.client.InsertTx(ctx, tx, wanted.Args, wanted.InsertOpts)
	if err != nil {
		return fmt.Errorf("insert a task for one that waits too long: %w", err)
	}
	return advance(ctx, tx, inserted.Job)
}

func advance(ctx context.Context, tx database.Tx, task *rivertype.JobRow) error {
	if task.State != rivertype.JobStateScheduled || time.Until(task.ScheduledAt) > lookAhead {
		return nil
	}
	_, err := tx.Exec(ctx, `UPDATE river_job SET state = 'available' WHERE id = ? AND state = 'scheduled'`, task.ID)
	if err != nil {
		return fmt.Errorf("make a task available: %w", err)
	}
	return nil
}

// Waiting counts the shifts that no slot has taken yet and that will be due by
// that time, up to most. None of them is taken before tx has ended.
func (i *Inserter) Waiting(ctx context.Context, tx database.Tx, by time.Time, most int) (shifts int, err error) {
	err = tx.QueryRow(ctx, i.waiting, string(Shift), float64(by.UnixMilli())/1000, most).Scan(&shifts)
	if err != nil {
		return 0, fmt.Errorf("count the waiting shifts: %w", err)
	}
	return shifts, nil
}
