package database

import (
	"context"
	"database/sql"
	"fmt"
)

// Querier runs statements: a transaction, or the read pool. QueryRow's Scan
// gives sql.ErrNoRows when there is no row.
type Querier interface {
	Query(ctx context.Context, query string, args ...any) (*sql.Rows, error)
	QueryRow(ctx context.Context, query string, args ...any) *sql.Row

	// Exec gives the number of rows that changed.
	Exec(ctx context.Context, query string, args ...any) (int64, error)
}

// Tx is a write transaction. It is valid until the function that got it
// returns, in one goroutine. A cancelled context does not interrupt its
// statements: they are short, and half a transaction helps nobody.
type Tx struct {
	tx         *sql.Tx
	statements *statements
	own        map[string]*sql.Stmt // by their text; closed with the transaction
}

var _ Querier = Tx{}

// Update runs fn in a write transaction: committed, and durable, when fn gives
// nil; else rolled back, and fn's error is given back. ctx bounds the wait for
// the transaction, not the transaction. fn must not call Update, nor anything
// that does: it would wait for itself.
func (db *DB) Update(ctx context.Context, fn func(Tx) error) error {
	err := db.update(ctx, fn)
	db.writes.prepareWanted(context.WithoutCancel(ctx))
	return err
}

func (db *DB) update(ctx context.Context, fn func(Tx) error) error {
	conn, err := db.write.Conn(ctx)
	if err != nil {
		return fmt.Errorf("begin a transaction: %w", db.fault(err))
	}
	defer func() { _ = conn.Close() }() // only gives it back to the pool
	tx, err := conn.BeginTx(context.WithoutCancel(ctx), nil)
	if err != nil {
		return fmt.Errorf("begin a transaction: %w", db.fault(err))
	}
	// After a commit this does nothing; after an error or a panic of fn that is
	// what the caller must hear of.
	defer func() { _ = tx.Rollback() }()
	if err := fn(Tx{tx: tx, statements: db.writes, own: map[string]*sql.Stmt{}}); err != nil {
		return db.fault(err)
	}
	if err := tx.Commit(); err != nil {
		return fmt.Errorf("commit a transaction: %w", db.fault(err))
	}
	return nil
}

// Query runs a statement that gives rows. The caller closes them before the
// next statement.
func (t Tx) Query(ctx context.Context, query string, args ...any) (*sql.Rows, error) {
	ctx = context.WithoutCancel(ctx)
	stmt, err := t.prepare(ctx, query)
	if err != nil {
		return nil, err
	}
	return stmt.QueryContext(ctx, args...)
}

// QueryRow runs a statement that gives at most one row.
func (t Tx) QueryRow(ctx context.Context, query string, args ...any) *sql.Row {
	ctx = context.WithoutCancel(ctx)
	stmt, err := t.prepare(ctx, query)
	if err != nil {
		return t.tx.QueryRowContext(ctx, query, args...) // gives the same error, as a row
	}
	return stmt.QueryRowContext(ctx, args...)
}

// Exec runs a statement and gives the number of rows that changed.
func (t Tx) Exec(ctx context.Context, query string, args ...any) (int64, error) {
	ctx = context.WithoutCancel(ctx)
	stmt, err := t.prepare(ctx, query)
	if err != nil {
		return 0, err
	}
	result, err := stmt.ExecContext(ctx, args...)
	if err != nil {
		return 0, err
	}
	return result.RowsAffected()
}

// prepare gives a statement that is valid in this transaction. One that is not
// kept yet is prepared for the transaction alone.
func (t Tx) prepare(ctx context.Context, query string) (stmt *sql.Stmt, err error) {
	if stmt := t.own[query]; stmt != nil {
		return stmt, nil
	}
	if kept := t.statements.find(query); kept != nil {
		stmt = t.tx.StmtContext(ctx, kept)
	} else if stmt, err = t.tx.PrepareContext(ctx, query); err != nil {
		return nil, err
	}
	t.own[query] = stmt
	return stmt, nil
}

// Unwrap gives the transaction to the queue's driver, which shares it.
func (t Tx) Unwrap() *sql.Tx { return t.tx }

// Wrap makes a Tx of a transaction that the queue's driver began. It keeps
// nothing prepared.
func Wrap(tx *sql.Tx) Tx { return Tx{tx: tx, statements: &statements{}, own: map[string]*sql.Stmt{}} }
