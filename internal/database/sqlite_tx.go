package database

import (
	"context"
	"database/sql"
	"fmt"
)

func (db *sqlite) once(ctx context.Context, fn func(Tx) error) error {
	err := db.transact(ctx, fn)
	db.writes.prepareWanted(context.WithoutCancel(ctx))
	return err
}

func (db *sqlite) transact(ctx context.Context, fn func(Tx) error) error {
	conn, err := db.writer.Conn(ctx)
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
	if err := fn(sqliteTx(tx, db.writes)); err != nil {
		return db.fault(err)
	}
	if err := tx.Commit(); err != nil {
		return fmt.Errorf("commit a transaction: %w", db.fault(err))
	}
	return nil
}

func sqliteTx(tx *sql.Tx, kept *statements) Tx {
	return Tx{Querier: sqliteStatements{tx: tx, statements: kept, own: map[string]*sql.Stmt{}}, lite: tx}
}

// sqliteStatements runs the statements of one transaction.
type sqliteStatements struct {
	tx         *sql.Tx
	statements *statements
	own        map[string]*sql.Stmt // by their text; closed with the transaction
}

// Query runs a statement that gives rows.
func (t sqliteStatements) Query(ctx context.Context, query string, args ...any) (Rows, error) {
	ctx = context.WithoutCancel(ctx)
	stmt, err := t.prepare(ctx, query)
	if err != nil {
		return nil, err
	}
	return rowsOf(stmt.QueryContext(ctx, args...))
}

// QueryRow runs a statement that gives at most one row.
func (t sqliteStatements) QueryRow(ctx context.Context, query string, args ...any) Row {
	ctx = context.WithoutCancel(ctx)
	stmt, err := t.prepare(ctx, query)
	if err != nil {
		return t.tx.QueryRowContext(ctx, query, args...) // gives the same error, as a row
	}
	return stmt.QueryRowContext(ctx, args...)
}

// Exec runs a statement and gives the number of rows that changed.
func (t sqliteStatements) Exec(ctx context.Context, query string, args ...any) (int64, error) {
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
func (t sqliteStatements) prepare(ctx context.Context, query string) (stmt *sql.Stmt, err error) {
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
