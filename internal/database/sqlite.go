package database

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"io/fs"
	"net/url"
	"os"
	"path/filepath"
	"runtime"

	"github.com/pressly/goose/v3"
	_ "modernc.org/sqlite" // registers the driver "sqlite"
)

// FileName is the name of the database in the data folder. SQLite keeps two
// more files beside it, with the suffixes -wal and -shm.
const FileName = "darkroom.db"

// sqlite is a database in one file.
type sqlite struct {
	file    string
	writer  *sql.DB // one connection
	readers *sql.DB // refuse to write

	writes *statements
	reads  *statements
}

func openSQLite(ctx context.Context, path string) (*sqlite, error) {
	folder, err := filepath.Abs(path)
	if err != nil {
		return nil, fmt.Errorf("find the data folder %s: %w", path, err)
	}
	if err := os.MkdirAll(folder, 0o700); err != nil {
		return nil, fmt.Errorf("make the data folder: %w", err)
	}
	db := &sqlite{file: filepath.Join(folder, FileName)}
	if err := db.checkLog(); err != nil {
		return nil, fmt.Errorf("open the database: %w", err)
	}
	if err := createPrivate(db.file); err != nil {
		return nil, fmt.Errorf("make the database file: %w", err)
	}
	if err := db.connect(ctx); err != nil {
		_ = db.Close() // why it could not be opened says more
		return nil, fmt.Errorf("open the database: %w", db.fault(err))
	}
	return db, nil
}

// checkLog tells a log that somebody has deleted. The index of the log goes
// before the log when the last user closes the database, so an index without a
// log is what a killed process has left and something else has then taken
// apart: SQLite would begin with an empty log and say nothing of what was in
// the old one.
func (db *sqlite) checkLog() error {
	if _, err := os.Stat(db.file + "-shm"); err != nil {
		return nil
	}
	_, err := os.Stat(db.file + "-wal")
	if !errors.Is(err, fs.ErrNotExist) {
		return nil
	}
	return &Fault{Reason: Damaged, Place: db.file, Err: fmt.Errorf("its write-ahead log %s-wal is missing, with what was written last", FileName)}
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

func (db *sqlite) connect(ctx context.Context) (err error) {
	if db.writer, err = sql.Open("sqlite", sqliteDSN(db.file, writePragmas())); err != nil {
		return err
	}
	db.writer.SetMaxOpenConns(1)
	db.writer.SetMaxIdleConns(1)
	if db.readers, err = sql.Open("sqlite", sqliteDSN(db.file, readPragmas())); err != nil {
		return err
	}
	db.writes, db.reads = newStatements(db.writer), newStatements(db.readers)
	readers := max(4, runtime.GOMAXPROCS(0))
	db.readers.SetMaxOpenConns(readers)
	db.readers.SetMaxIdleConns(readers)

	// The schema table is read, so that damage shows now and not in the middle
	// of a job.
	var tables int
	return db.writer.QueryRowContext(ctx, `SELECT count(*) FROM sqlite_schema`).Scan(&tables)
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
func (db *sqlite) Close() error {
	var errs []error
	for _, kept := range []*statements{db.reads, db.writes} {
		if kept != nil {
			errs = append(errs, kept.close())
		}
	}
	for _, pool := range []*sql.DB{db.readers, db.writer} {
		if pool != nil {
			errs = append(errs, pool.Close())
		}
	}
	return errors.Join(errs...)
}

// Dialect is SQLite.
func (*sqlite) Dialect() Dialect { return SQLite }

// Servers are none.
func (*sqlite) Servers() []string { return nil }

// Place is the path of the database file.
func (db *sqlite) Place() string { return db.file }

func (db *sqlite) read() Querier { return sqliteReader{db.reads} }

func (db *sqlite) check(ctx context.Context) error {
	var verdict string
	if err := db.readers.QueryRowContext(ctx, `PRAGMA integrity_check(1)`).Scan(&verdict); err != nil {
		return fmt.Errorf("check the database: %w", db.fault(err))
	}
	if verdict != "ok" {
		return &Fault{Reason: Damaged, Place: db.file, Err: fmt.Errorf("%s", verdict)}
	}
	return nil
}

func (*sqlite) alone(_ context.Context, _ string, fn func() error) error { return fn() }

func (db *sqlite) migrations(files fs.FS, options ...goose.ProviderOption) (*goose.Provider, func() error, error) {
	provider, err := goose.NewProvider(goose.DialectSQLite3, db.writer, files, options...)
	return provider, func() error { return nil }, err
}

// SQLiteWriter gives the write connection to the queue, which brings its own
// SQL; nil on PostgreSQL. It must not be used inside Update: there is only one
// connection.
func (db *DB) SQLiteWriter() *sql.DB {
	if lite, ok := db.engine.(*sqlite); ok {
		return lite.writer
	}
	return nil
}
