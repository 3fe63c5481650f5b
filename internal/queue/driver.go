package queue

import (
	"github.com/riverqueue/river/riverdriver"
	"github.com/riverqueue/river/riverdriver/riversqlite"

	"darkroom/internal/database"
)

// sqliteDriver lets River work in our transactions: it is River's own driver
// but for the type of a transaction.
type sqliteDriver struct{ *riversqlite.Driver }

var _ riverdriver.Driver[database.Tx] = sqliteDriver{}

func newDriver(db *database.DB) riverdriver.Driver[database.Tx] {
	return sqliteDriver{riversqlite.New(db.Writer())}
}

// UnwrapExecutor gives River what it runs statements with inside tx.
func (d sqliteDriver) UnwrapExecutor(tx database.Tx) riverdriver.ExecutorTx {
	return d.Driver.UnwrapExecutor(tx.Unwrap())
}

// UnwrapTx is the way back.
func (d sqliteDriver) UnwrapTx(executor riverdriver.ExecutorTx) database.Tx {
	return database.Wrap(d.Driver.UnwrapTx(executor))
}

// sqliteWaiting: River keeps times as text on SQLite.
const sqliteWaiting = `SELECT count(*) FROM river_job
	WHERE state IN ('available', 'scheduled', 'retryable') AND queue = ?
	  AND unixepoch(scheduled_at, 'subsec') <= ?`
