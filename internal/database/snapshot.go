package database

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"os"
	"path/filepath"
)

// Snapshot writes the database of a data folder, as it is at one moment, to a
// new file that its owner only can read. Who works on the database meanwhile is
// not held up. No database in the folder is an error, and none is made.
func Snapshot(ctx context.Context, folder, into string) (err error) {
	file := filepath.Join(folder, FileName)
	if _, err := os.Stat(file); err != nil {
		return fmt.Errorf("find the database: %w", err)
	}
	// A connection of its own: those that only read refuse to write the copy,
	// too, and the one that writes would hold up the work.
	source, err := sql.Open("sqlite", sqliteDSN(file, []string{"busy_timeout(10000)", "temp_store(MEMORY)"}))
	if err != nil {
		return fmt.Errorf("open the database: %w", err)
	}
	defer func() { err = errors.Join(err, source.Close()) }()
	if err := createPrivate(into); err != nil {
		return fmt.Errorf("make the copy: %w", err)
	}
	if _, err := source.ExecContext(ctx, `VACUUM INTO ?`, into); err != nil {
		return fmt.Errorf("copy the database: %w", err)
	}
	return nil
}
