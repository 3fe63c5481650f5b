package database

import (
	"context"
	"database/sql"
	"errors"
	"math/rand/v2"
	"time"

	"github.com/jackc/pgx/v5"
)

// Querier runs statements: a transaction, or the readers.
type Querier interface {
	// Query gives rows, which the caller closes before the next statement.
	Query(ctx context.Context, query string, args ...any) (Rows, error)

	// QueryRow gives at most one row: Scan gives sql.ErrNoRows when there is none.
	QueryRow(ctx context.Context, query string, args ...any) Row

	// Exec gives the number of rows that changed.
	Exec(ctx context.Context, query string, args ...any) (int64, error)
}

// Rows are what a statement gave, one after the other.
type Rows interface {
	Row
	Next() bool
	Err() error
	Close() error
}

// Row is one row. A 0 or 1 may be scanned into a bool.
type Row interface{ Scan(dest ...any) error }

// Tx is a write transaction. It is valid until the function that got it
// returns, in one goroutine. A cancelled context does not interrupt its
// statements: they are short, and half a transaction helps nobody.
type Tx struct {
	Querier

	lite *sql.Tx // one of the two
	pg   pgx.Tx
	line *pipeline // of a transaction on PostgreSQL that is ours
}

// Later runs a statement whose result nobody waits for: before the next whose
// result somebody does, or before the commit. On PostgreSQL they go there in one
// message, on SQLite it runs at once. What is wrong with it fails the next, or
// the commit.
func (t Tx) Later(ctx context.Context, query string, args ...any) error {
	if t.line == nil {
		_, err := t.Exec(ctx, query, args...)
		return err
	}
	t.line.later(query, args)
	return nil
}

// LaterRow is Later for a statement that gives at most one row: read is called
// with it, by Flush or the commit at the latest, and its error ends the
// transaction. To Scan
// gives sql.ErrNoRows when there is none.
func (t Tx) LaterRow(ctx context.Context, read func(Row) error, query string, args ...any) error {
	if t.line == nil {
		return read(t.QueryRow(ctx, query, args...))
	}
	t.line.asked = true
	t.line.later(query, args).QueryRow(func(row pgx.Row) error {
		t.line.failed = read(postgresRow{row})
		return t.line.failed
	})
	return nil
}

// Flush runs what Later and LaterRow have put off.
func (t Tx) Flush() error {
	if t.line == nil {
		return nil
	}
	return t.line.flush()
}

// ErrOvertaken is what fn gives to Update when another transaction has changed
// what its decision rested on: nothing is committed, and fn runs again.
var ErrOvertaken = errors.New("another transaction was faster")

// How often a transaction is run, and how long it waits between. What others
// have committed in the meantime cannot stand in its way again, so many tries
// mean very many others.
const (
	mostTries = 20
	firstWait = time.Millisecond
	mostWait  = 64 * time.Millisecond
)

// Update runs fn in a write transaction: committed, and durable, when fn gives
// nil; else rolled back, and fn's error is given back. ctx bounds the wait for
// the transaction, not the transaction. fn must not call Update, nor anything
// that does: it would wait for itself.
//
// On PostgreSQL transactions run at once, each statement seeing what was
// committed when it began (READ COMMITTED). A transaction that ends in a
// deadlock, cannot be serialized, or gives ErrOvertaken is run again, so fn
// must begin with all of its variables as if it had not run before.
func (db *DB) Update(ctx context.Context, fn func(Tx) error) (err error) {
	began := time.Now()
	defer func() { db.tell("write", time.Since(began), isFault(err)) }()
	wait := firstWait
	for try := 1; ; try++ {
		err = db.once(ctx, fn)
		if err == nil || try == mostTries || !worthAnotherTry(err) {
			return err
		}
		select {
		case <-ctx.Done():
			return err
		case <-time.After(rand.N(wait)):
		}
		wait = min(2*wait, mostWait)
	}
}

// isFault reports whether it is the database that failed, and not what fn found.
func isFault(err error) bool {
	fault, ok := errors.AsType[*Fault](err)
	return ok && fault != nil
}

// Lock waits until no other transaction holds the name, in any process, and
// holds it to the end of the transaction; when Share is asked for, alone. Locks
// are taken before rows are changed. On SQLite, where one transaction runs at a
// time, it does nothing.
func (t Tx) Lock(ctx context.Context, name string) error {
	if t.pg == nil {
		return nil
	}
	_, err := t.Exec(ctx, `SELECT pg_advisory_xact_lock(hashtextextended($1, 0))`, name)
	return err
}

// Share is like Lock, but others may share the name at the same time, and the
// wait is that of the next statement: see Later.
func (t Tx) Share(ctx context.Context, name string) error {
	if t.pg == nil {
		return nil
	}
	return t.Later(ctx, `SELECT pg_advisory_xact_lock_shared(hashtextextended($1, 0))`, name)
}

// TryShare is like Share, but does not wait: held is false when somebody has
// locked the name. A transaction that has changed rows may ask for it.
func (t Tx) TryShare(ctx context.Context, name string) (held bool, err error) {
	if err := t.LaterTryShare(ctx, name, &held); err != nil {
		return false, err
	}
	return held, t.Flush()
}

// LaterTryShare is TryShare whose answer is there after Flush.
func (t Tx) LaterTryShare(ctx context.Context, name string, held *bool) error {
	if t.pg == nil {
		*held = true
		return nil
	}
	return t.LaterRow(ctx, func(r Row) error { return r.Scan(held) },
		`SELECT pg_try_advisory_xact_lock_shared(hashtextextended($1, 0))`, name)
}

// PlanOnce has PostgreSQL plan the statements of the transaction once for all
// values, and not for each value anew, which it does as soon as that promises to
// be a little better, and which costs more than running them. It is for
// statements that find few rows by an index.
func (t Tx) PlanOnce(ctx context.Context) error {
	if t.pg == nil {
		return nil
	}
	return t.Later(ctx, `SET LOCAL plan_cache_mode = force_generic_plan`)
}

// SQLite gives the transaction to the queue's driver, which shares it; nil on
// PostgreSQL.
func (t Tx) SQLite() *sql.Tx { return t.lite }

// Postgres is SQLite's counterpart.
func (t Tx) Postgres() pgx.Tx { return t.pg }

// WrapSQLite makes a Tx of a transaction that the queue's driver began. It keeps
// nothing prepared.
func WrapSQLite(tx *sql.Tx) Tx { return sqliteTx(tx, &statements{}) }

// WrapPostgres is WrapSQLite's counterpart.
func WrapPostgres(tx pgx.Tx) Tx { return postgresTx(tx) }
