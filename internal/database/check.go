package database

import (
	"context"
	"fmt"
)

// Check reads the whole database and compares its pages and indices with one
// another. What it finds wrong is a *Fault with the reason Damaged. It takes
// about a second per gigabyte and holds up nobody.
func (db *DB) Check(ctx context.Context) error {
	var verdict string
	if err := db.read.QueryRowContext(ctx, `PRAGMA integrity_check(1)`).Scan(&verdict); err != nil {
		return fmt.Errorf("check the database: %w", db.fault(err))
	}
	if verdict != "ok" {
		return &Fault{Reason: Damaged, File: db.file, Err: fmt.Errorf("%s", verdict)}
	}
	return nil
}
