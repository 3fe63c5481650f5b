package database

import (
	"context"
	"errors"
	"fmt"
	"io/fs"

	"github.com/pressly/goose/v3"
)

// migrationsTable is goose's record of what was applied.
const migrationsTable = "darkroom_migrations"

// Migrate applies the migrations of the folder of the dialect in files that the
// database has not yet seen, each in a transaction of its own. A database that
// is ahead of files is a *Fault: an older program must not write it. Processes
// that start at once must call it inside Alone.
func (db *DB) Migrate(ctx context.Context, files fs.FS) (err error) {
	folder, err := fs.Sub(files, string(db.Dialect()))
	if err != nil {
		return fmt.Errorf("find the migrations: %w", err)
	}
	migrations, done, err := db.migrations(folder, goose.WithTableName(migrationsTable), goose.WithDisableGlobalRegistry(true))
	if err != nil {
		return fmt.Errorf("read the migrations: %w", err)
	}
	defer func() { err = errors.Join(err, done()) }()
	current, target, err := migrations.GetVersions(ctx)
	if err != nil {
		return fmt.Errorf("read the version of the tables: %w", db.fault(err))
	}
	if current > target {
		return &Fault{
			Reason: TooNew, Place: db.Place(), Shared: db.Dialect() == PostgreSQL,
			Err: fmt.Errorf("its tables have version %d, this program knows %d", current, target),
		}
	}
	if _, err := migrations.Up(ctx); err != nil {
		return fmt.Errorf("bring the tables up to date: %w", db.fault(err))
	}
	return nil
}
