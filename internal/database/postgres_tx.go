package database

import (
	"context"
	"fmt"
	"time"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgconn"
	"github.com/jackc/pgx/v5/pgxpool"
)

// transactionTime bounds one transaction, so that a server that does not answer
// holds up nobody for longer. idleTime is how long its process may do something
// else between two statements: one that stands still holds rows.
const (
	transactionTime = time.Minute
	idleTime        = 5 * time.Second
)

func (db *postgres) once(ctx context.Context, fn func(Tx) error) error {
	conn, err := db.begin(ctx)
	if err != nil {
		return fmt.Errorf("begin a transaction: %w", err)
	}
	defer conn.Release()
	life, cancel := context.WithTimeout(context.WithoutCancel(ctx), transactionTime)
	defer cancel()
	line := newPipeline(life, conn.Conn())
	// After a commit this does nothing; after an error or a panic of fn that is
	// what the caller must hear of.
	defer line.rollback()
	if err := fn(Tx{Querier: line, line: line, pg: line.asPgx()}); err != nil {
		return db.fault(err)
	}
	if err := line.commit(); err != nil {
		return fmt.Errorf("commit a transaction: %w", db.fault(err))
	}
	return nil
}

// begin waits for a connection and for the server's first answer, no longer than
// a reader does.
func (db *postgres) begin(ctx context.Context) (*pgxpool.Conn, error) {
	waiting, cancel := context.WithTimeoutCause(ctx, patience, errNoAnswer)
	defer cancel()
	conn, err := db.pool.Acquire(waiting)
	if err != nil {
		return nil, db.waited(ctx, waiting, err)
	}
	if _, err := conn.Exec(waiting, `begin`); err != nil {
		conn.Release()
		return nil, db.waited(ctx, waiting, err)
	}
	return conn, nil
}

func postgresTx(tx pgx.Tx) Tx {
	return Tx{Querier: postgresStatements{tx}, pg: tx}
}

// postgresRunner is what a pool and a transaction have in common.
type postgresRunner interface {
	Exec(ctx context.Context, query string, args ...any) (pgconn.CommandTag, error)
	Query(ctx context.Context, query string, args ...any) (pgx.Rows, error)
	QueryRow(ctx context.Context, query string, args ...any) pgx.Row
}

// postgresStatements writes the statements as PostgreSQL reads them.
type postgresStatements struct{ run postgresRunner }

// Query runs a statement that gives rows.
func (p postgresStatements) Query(ctx context.Context, query string, args ...any) (Rows, error) {
	rows, err := p.run.Query(ctx, numbered(query), encoded(args)...)
	if err != nil {
		return nil, err
	}
	return postgresRows{rows}, nil
}

// QueryRow runs a statement that gives at most one row.
func (p postgresStatements) QueryRow(ctx context.Context, query string, args ...any) Row {
	return postgresRow{p.run.QueryRow(ctx, numbered(query), encoded(args)...)}
}

// Exec runs a statement and gives the number of rows that changed.
func (p postgresStatements) Exec(ctx context.Context, query string, args ...any) (int64, error) {
	tag, err := p.run.Exec(ctx, numbered(query), encoded(args)...)
	return tag.RowsAffected(), err
}

type postgresRows struct{ pgx.Rows }

// Scan reads the current row.
func (r postgresRows) Scan(dest ...any) error { return r.Rows.Scan(decoded(dest)...) }

// Close ends the statement. Err tells what there is to tell.
func (r postgresRows) Close() error {
	r.Rows.Close()
	return nil
}

type postgresRow struct{ row pgx.Row }

// Scan reads the row. That there is none is pgx.ErrNoRows, which is
// sql.ErrNoRows too.
func (r postgresRow) Scan(dest ...any) error { return r.row.Scan(decoded(dest)...) }
