package database

import (
	"context"
	"database/sql"
)

// Writer gives the write connection to libraries that bring their own SQL: the
// queue and the migrations. It must not be used inside Update: there is only
// one connection.
func (db *DB) Writer() *sql.DB { return db.write }

// Read gives the read pool. Each statement sees what was committed when it
// began, so two statements may see different states.
func (db *DB) Read(context.Context) Querier { return reader{db.reads} }

type reader struct{ *statements }

func (r reader) Query(ctx context.Context, query string, args ...any) (*sql.Rows, error) {
	if stmt := r.prepare(ctx, query); stmt != nil {
		return stmt.QueryContext(ctx, args...)
	}
	return r.pool.QueryContext(ctx, query, args...)
}

func (r reader) QueryRow(ctx context.Context, query string, args ...any) *sql.Row {
	if stmt := r.prepare(ctx, query); stmt != nil {
		return stmt.QueryRowContext(ctx, args...)
	}
	return r.pool.QueryRowContext(ctx, query, args...)
}

// Exec exists so that a reader is a Querier; the database refuses whatever
// would change it.
func (r reader) Exec(ctx context.Context, query string, args ...any) (int64, error) {
	result, err := r.pool.ExecContext(ctx, query, args...)
	if err != nil {
		return 0, err
	}
	return result.RowsAffected()
}

// prepare may wait for a connection, unlike in a transaction: a reader holds
// none yet.
func (r reader) prepare(ctx context.Context, query string) *sql.Stmt {
	stmt := r.find(query)
	if stmt == nil {
		r.prepareWanted(ctx)
		stmt = r.find(query)
	}
	return stmt
}
