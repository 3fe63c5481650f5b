package database

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"net/url"
	"os"
	"path/filepath"
	"runtime"

	_ "modernc.org/sqlite" // registers the driver "sqlite"
)

// FileName is the name of the database in the data folder. SQLite keeps two
// more files beside it, with the suffixes -wal and -shm.
const FileName = "darkroom.db"

// Config says where the database is.
type Config struct {
	Path string // data folder; made when it is missing
}

// DB is an open database. It is safe for concurrent use.
type DB struct {
	file  string
	write *sql.DB // one connection
	read  *sql.DB // refuses to write

	writes *statements
	reads  *statements
}

// Open opens the database in the data folder, or makes it. A damaged file is a
// *Fault. Tables are not touched: see Migrate.
func Open(ctx context.Context, config Config) (*DB, error) {
	folder, err := filepath.Abs(config.Path)
	if err != nil {
		return nil, fmt.Errorf("find the data folder %s: %w", config.Path, err)
	}
	if err := os.MkdirAll(folder, 0o700); err != nil {
		return nil, fmt.Errorf("make the data folder: %w", err)
	}
	db := &DB{file: filepath.Join(folder, FileName)}
	if err := createPrivate(db.file); err != nil {
		return nil, fmt.Errorf("make the database file: %w", err)
	}
	if err := db.connect(ctx); err != nil {
		_ = db.Close() // why it could not be opened says more
		return nil, fmt.Errorf("open the database: %w", db.fault(err))
	}
	return db, nil
}

// createPrivate makes the file before SQLite does, because SQLite would let
// everyone read it. The files beside it inherit its mode.
func createPrivate(file string) error {
	f, err := os.OpenFile(file, os.O_CREATE|os.O_RDWR, 0o600)
	if err != nil {
		return err
	}
	return f.Close()
}

func (db *DB) connect(ctx context.Context) (err error) {
	if db.write, err = sql.Open("sqlite", sqliteDSN(db.file, writePragmas())); err != nil {
		return err
	}
	db.write.SetMaxOpenConns(1)
	db.write.SetMaxIdleConns(1)
	if db.read, err = sql.Open("sqlite", sqliteDSN(db.file, readPragmas())); err != nil {
		return err
	}
	db.writes, db.reads = newStatements(db.write), newStatements(db.read)
	readers := max(4, runtime.GOMAXPROCS(0))
	db.read.SetMaxOpenConns(readers)
	db.read.SetMaxIdleConns(readers)

	// The schema table is read, so that damage shows now and not in the middle
	// of a job.
	var tables int
	return db.write.QueryRowContext(ctx, `SELECT count(*) FROM sqlite_schema`).Scan(&tables)
}

// Pragmas go into the DSN because a pool opens connections whenever it likes.
// synchronous=FULL makes a commit survive power loss, which is what an
// accepted job promises.
func writePragmas() []string {
	return []string{
		"busy_timeout(10000)", "journal_mode(WAL)", "synchronous(FULL)", "foreign_keys(1)",
		"temp_store(MEMORY)", "cache_size(-16000)", "journal_size_limit(67108864)",
	}
}

func readPragmas() []string {
	return []string{"busy_timeout(10000)", "query_only(1)", "temp_store(MEMORY)", "cache_size(-4000)"}
}

func sqliteDSN(file string, pragmas []string) string {
	query := url.Values{"_txlock": {"immediate"}, "_pragma": pragmas}
	dsn := url.URL{Scheme: "file", Path: file, RawQuery: query.Encode()}
	return dsn.String()
}

// Close ends every connection. Transactions in progress are rolled back.
func (db *DB) Close() error {
	var errs []error
	for _, kept := range []*statements{db.reads, db.writes} {
		if kept != nil {
			errs = append(errs, kept.close())
		}
	}
	for _, pool := range []*sql.DB{db.read, db.write} {
		if pool != nil {
			errs = append(errs, pool.Close())
		}
	}
	return errors.Join(errs...)
}

// File is the path of the database file.
func (db *DB) File() string { return db.file }

// Ping reports whether the database answers a reader and would let a writer
// begin.
func (db *DB) Ping(ctx context.Context) error {
	var one int
	if err := db.read.QueryRowContext(ctx, `SELECT 1`).Scan(&one); err != nil {
		return fmt.Errorf("read the database: %w", db.fault(err))
	}
	return db.Update(ctx, func(Tx) error { return nil })
}
