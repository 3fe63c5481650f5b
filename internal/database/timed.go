package database

import (
	"context"
	"database/sql"
	"errors"
	"time"
)

// timedReader tells how long readers wait for an answer.
type timedReader struct {
	Querier

	tell func(op string, took time.Duration, failed bool)
}

// Query runs a statement that gives rows.
func (r timedReader) Query(ctx context.Context, query string, args ...any) (Rows, error) {
	began := time.Now()
	rows, err := r.Querier.Query(ctx, query, args...)
	r.tell("read", time.Since(began), isFailure(ctx, err))
	return rows, err
}

// QueryRow runs a statement that gives at most one row.
func (r timedReader) QueryRow(ctx context.Context, query string, args ...any) Row {
	began := time.Now()
	return timedRow{r.Querier.QueryRow(ctx, query, args...), func(err error) {
		r.tell("read", time.Since(began), isFailure(ctx, err))
	}}
}

type timedRow struct {
	row   Row
	ended func(error)
}

// Scan reads the row.
func (r timedRow) Scan(dest ...any) error {
	err := r.row.Scan(dest...)
	r.ended(err)
	return err
}

// isFailure is false when there is no row, and when the caller has gone.
func isFailure(ctx context.Context, err error) bool {
	return err != nil && ctx.Err() == nil && !errors.Is(err, sql.ErrNoRows)
}
