package database

import (
	"context"
	"errors"
	"fmt"
	"time"
)

// patience is how long a reader waits for each row, and for a connection before
// the first. A server that is out of reach may neither answer nor refuse.
const patience = 10 * time.Second

var errNoAnswer = fmt.Errorf("no answer within %v", patience)

// waited tells what has ended a wait: the server's silence is a Fault, what the
// caller's own ctx ended is not.
func (db *postgres) waited(ctx, waiting context.Context, err error) error {
	if err != nil && ctx.Err() == nil && errors.Is(context.Cause(waiting), errNoAnswer) {
		return &Fault{Reason: Unreachable, Place: db.place, Shared: true, Err: errors.Join(errNoAnswer, err)}
	}
	return db.fault(err)
}

// postgresReader runs statements outside of transactions.
type postgresReader struct{ db *postgres }

// Query runs a statement that gives rows.
func (r postgresReader) Query(ctx context.Context, query string, args ...any) (Rows, error) {
	watched := r.watch(ctx)
	rows, err := postgresStatements{r.db.pool}.Query(watched.waiting, query, args...)
	if err != nil {
		return nil, watched.end(err)
	}
	return &watchedRows{rows, watched}, nil
}

// QueryRow runs a statement that gives at most one row.
func (r postgresReader) QueryRow(ctx context.Context, query string, args ...any) Row {
	watched := r.watch(ctx)
	return watchedRow{postgresStatements{r.db.pool}.QueryRow(watched.waiting, query, args...), watched}
}

// Exec runs a statement and gives the number of rows that changed.
func (r postgresReader) Exec(ctx context.Context, query string, args ...any) (int64, error) {
	watched := r.watch(ctx)
	n, err := postgresStatements{r.db.pool}.Exec(watched.waiting, query, args...)
	return n, watched.end(err)
}

// watch is the wait for a server's answer.
type watch struct {
	db      *postgres
	ctx     context.Context //nolint:containedctx // of one statement, as long as its rows are read
	waiting context.Context //nolint:containedctx // ends with ctx, and when the server is silent
	cancel  context.CancelCauseFunc
	alarm   *time.Timer
}

func (r postgresReader) watch(ctx context.Context) watch {
	waiting, cancel := context.WithCancelCause(ctx)
	return watch{r.db, ctx, waiting, cancel, time.AfterFunc(patience, func() { cancel(errNoAnswer) })}
}

func (w watch) end(err error) error {
	w.alarm.Stop()
	err = w.db.waited(w.ctx, w.waiting, err)
	w.cancel(nil)
	return err
}

type watchedRow struct {
	row   Row
	watch watch
}

// Scan reads the row.
func (r watchedRow) Scan(dest ...any) error { return r.watch.end(r.row.Scan(dest...)) }

type watchedRows struct {
	Rows
	watch watch
}

// Next waits for the next row.
func (r *watchedRows) Next() bool {
	r.watch.alarm.Reset(patience)
	return r.Rows.Next()
}

// Err tells what ended the rows.
func (r *watchedRows) Err() error {
	return r.watch.db.waited(r.watch.ctx, r.watch.waiting, r.Rows.Err())
}

// Close ends the statement.
func (r *watchedRows) Close() error { return r.watch.end(r.Rows.Close()) }
