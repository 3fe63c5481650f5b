package database

import (
	"context"
	"database/sql"
)

type sqliteReader struct{ *statements }

// Query runs a statement that gives rows.
func (r sqliteReader) Query(ctx context.Context, query string, args ...any) (Rows, error) {
	if stmt := r.prepare(ctx, query); stmt != nil {
		return rowsOf(stmt.QueryContext(ctx, args...))
	}
	return rowsOf(r.pool.QueryContext(ctx, query, args...))
}

// rowsOf keeps a missing result from becoming an interface that is not nil.
func rowsOf(rows *sql.Rows, err error) (Rows, error) {
	if err != nil {
		return nil, err
	}
	return rows, rows.Err()
}

// QueryRow runs a statement that gives at most one row.
func (r sqliteReader) QueryRow(ctx context.Context, query string, args ...any) Row {
	if stmt := r.prepare(ctx, query); stmt != nil {
		return stmt.QueryRowContext(ctx, args...)
	}
	return r.pool.QueryRowContext(ctx, query, args...)
}

// Exec exists so that a reader is a Querier; the database refuses whatever
// would change it.
func (r sqliteReader) Exec(ctx context.Context, query string, args ...any) (int64, error) {
	result, err := r.pool.ExecContext(ctx, query, args...)
	if err != nil {
		return 0, err
	}
	return result.RowsAffected()
}

// prepare may wait for a connection, unlike in a transaction: a reader holds
// none yet.
func (r sqliteReader) prepare(ctx context.Context, query string) *sql.Stmt {
	stmt := r.find(query)
	if stmt == nil {
		r.prepareWanted(ctx)
		stmt = r.find(query)
	}
	return stmt
}
