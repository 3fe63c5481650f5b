package store

import (
	"context"
	"embed"
	"errors"
	"fmt"
	"log/slog"
	"sync"
	"time"

	"darkroom"
	"darkroom/internal/database"
	"darkroom/internal/queue"
)

//go:embed migrations
var migrations embed.FS

// Store is the only writer of our tables. It is safe for concurrent use.
type Store struct {
	db       *database.DB
	queue    *queue.Inserter
	seal     sealer
	slots    int
	perHost  int // captures of one host at once, over all keys
	now      func() time.Time
	created  func(darkroom.JobKind)
	log      *slog.Logger
	finished waiters
	stopped  waiters
	told     waiters // by key
	counts   tally
	rates    rates
	idle     rest
	picks    picks
	solo     *sync.RWMutex // held alone by a claim of what must run alone
	readers  readers
	attempts *together[*attempt]
	claims   *together[*asking]
}

// Open brings the tables up to date and gives the store over them. A database
// that this program must not use, because it is newer or was sealed with
// another secret key, is a *darkroom.Error that says what to do.
func Open(ctx context.Context, db *database.DB, inserter *queue.Inserter, config Config) (*Store, error) {
	seal, err := newSealer(config.SecretKey)
	if err != nil {
		return nil, err
	}
	s := &Store{
		db: db, queue: inserter, seal: seal, slots: max(1, config.Slots),
		perHost: orDefault(config.HostConcurrency, darkroom.DefaultServerHostConcurrency),
		now:     config.Now, log: config.Log, created: config.Created,
		finished: newWaiters(), stopped: newWaiters(), told: newWaiters(), counts: newTally(), rates: newRates(), idle: newRest(),
		picks: picksOf(db.Dialect()), solo: new(sync.RWMutex),
		attempts: &together[*attempt]{most: mostFinishes}, claims: &together[*asking]{most: mostClaims},
	}
	if s.now == nil {
		s.now = time.Now
	}
	if s.created == nil {
		s.created = func(darkroom.JobKind) {}
	}
	if s.log == nil {
		s.log = slog.Default()
	}
	if err := Migrate(ctx, db); err != nil {
		return nil, err
	}
	if err := s.checkSecretKey(ctx); err != nil {
		return nil, err
	}
	return s, nil
}

// Migrate makes the queue's tables and ours, or brings them up to date.
func Migrate(ctx context.Context, db *database.DB) error {
	files, err := migrationFiles()
	if err != nil {
		return err
	}
	return explain(db.Alone(ctx, "migrate", func() error {
		if err := db.Migrate(ctx, files); err != nil {
			return err
		}
		return queue.Migrate(ctx, db)
	}))
}

// Ping reports whether the database answers and can be written.
func (s *Store) Ping(ctx context.Context) error { return explain(s.db.Ping(ctx)) }

// update is a transaction whose errors a caller can show. It may make
// something claimable.
func (s *Store) update(ctx context.Context, fn func(database.Tx) error) error {
	err := s.db.Update(ctx, fn)
	s.idle.end()
	return explain(err)
}

// explain gives the conditions that a person must mend the shape that every
// caller can show.
func explain(err error) error {
	fault, ok := errors.AsType[*database.Fault](err)
	if !ok {
		return err
	}
	if shown, ok := errors.AsType[*darkroom.Error](err); ok && shown != nil {
		return err
	}
	code := darkroom.CodeQueueUnavailable
	if fault.Reason == database.Full {
		code = darkroom.CodeInsufficientStorage
	}
	return &darkroom.Error{Code: code, Message: fault.Message(), Hint: fault.Hint(), Err: err}
}

func notFound(noun, id string) error {
	return darkroom.Errorf(darkroom.CodeNotFound, "There is no %s %q", noun, id)
}

// milliseconds is how a time is stored; the zero time is 0.
func milliseconds(t time.Time) int64 {
	if t.IsZero() {
		return 0
	}
	return t.UnixMilli()
}

// moment is the way back.
func moment(ms int64) time.Time {
	if ms == 0 {
		return time.Time{}
	}
	return time.UnixMilli(ms).UTC()
}

func span(ms int64) time.Duration { return time.Duration(ms) * time.Millisecond }

// queryAll gives every row of a statement, read by scan.
func queryAll[T any](
	ctx context.Context, q database.Querier, scan func(row) (T, error), query string, args ...any,
) ([]T, error) {
	rows, err := q.Query(ctx, query, args...)
	if err != nil {
		return nil, err
	}
	defer func() { _ = rows.Close() }() // rows.Err tells what there is to tell
	var all []T
	for rows.Next() {
		one, err := scan(rows)
		if err != nil {
			return nil, err
		}
		all = append(all, one)
	}
	return all, rows.Err()
}

// row is what both one row and the current one of several can do.
type row interface{ Scan(dest ...any) error }

func scanText(r row) (text string, err error) {
	err = r.Scan(&text)
	return text, err
}

// wrap says what was attempted, and leaves nil and errors meant for the caller
// alone.
func wrap(err error, format string, args ...any) error {
	if err == nil {
		return nil
	}
	if shown, ok := errors.AsType[*darkroom.Error](err); ok && shown != nil {
		return err
	}
	return fmt.Errorf(format+": %w", append(args, err)...)
}
