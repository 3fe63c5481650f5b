package queue

import (
	"github.com/riverqueue/river/riverdriver"
	"github.com/riverqueue/river/riverdriver/riverpgxv5"
	"github.com/riverqueue/river/riverdriver/riversqlite"

	"darkroom/internal/database"
)

// sqliteDriver lets River work in our transactions: it is River's own driver
// but for the type of a transaction.
type sqliteDriver struct{ *riversqlite.Driver }

// postgresDriver does the same on PostgreSQL.
type postgresDriver struct{ *riverpgxv5.Driver }

var (
	_ riverdriver.Driver[database.Tx] = sqliteDriver{}
	_ riverdriver.Driver[database.Tx] = postgresDriver{}
)

func newDriver(db *database.DB) riverdriver.Driver[database.Tx] {
	if pool := db.PostgresPool(); pool != nil {
		return postgresDriver{riverpgxv5.New(pool)}
	}
	return sqliteDriver{riversqlite.New(db.SQLiteWriter())}
}

// UnwrapExecutor gives River what it runs statements with inside tx.
func (d sqliteDriver) UnwrapExecutor(tx database.Tx) riverdriver.ExecutorTx {
	return d.Driver.UnwrapExecutor(tx.SQLite())
}

// UnwrapTx is the way back.
func (d sqliteDriver) UnwrapTx(executor riverdriver.ExecutorTx) database.Tx {
	return database.WrapSQLite(d.Driver.UnwrapTx(executor))
}

// UnwrapExecutor gives River what it runs statements with inside tx.
func (d postgresDriver) UnwrapExecutor(tx database.Tx) riverdriver.ExecutorTx {
	return d.Driver.UnwrapExecutor(tx.Postgres())
}

// UnwrapTx is the way back.
func (d postgresDriver) UnwrapTx(executor riverdriver.ExecutorTx) database.Tx {
	return database.WrapPostgres(d.Driver.UnwrapTx(executor))
}

// waitingShifts counts shifts that are due by a moment in Unix seconds. River
// keeps times as text on SQLite. On PostgreSQL transactions run at once: a
// shift that is counted is held, so that no slot takes it, and looks in vain,
// before the work is committed that made somebody count.
func waitingShifts(dialect database.Dialect) string {
	const due = `FROM river_job WHERE state IN ('available', 'scheduled', 'retryable') AND queue = ?`
	if dialect == database.PostgreSQL {
		return `SELECT count(*) FROM (SELECT id ` + due + ` AND scheduled_at <= to_timestamp(?) LIMIT ? FOR UPDATE SKIP LOCKED) AS held`
	}
	return `SELECT count(*) FROM (SELECT id ` + due + ` AND unixepoch(scheduled_at, 'subsec') <= ? LIMIT ?)`
}
