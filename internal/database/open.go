package database

import (
	"context"
	"fmt"
	"io/fs"
	"time"

	"github.com/pressly/goose/v3"
)

// Config says where the database is.
type Config struct {
	Path string // data folder, made when it is missing; not looked at when there is a URL
	URL  string // of a PostgreSQL database; "" = SQLite in the data folder

	// Seen is told of each operation as it ends: "write" is a transaction with all
	// its tries, "read" a statement outside of one up to its first row; nil = nobody.
	Seen func(op string, took time.Duration, failed bool)
}

// Dialect is which database it is.
type Dialect string

// The dialects, which also name the folders of the migrations.
const (
	SQLite     Dialect = "sqlite"
	PostgreSQL Dialect = "postgres"
)

// DB is an open database. It is safe for concurrent use.
type DB struct {
	engine

	tell func(op string, took time.Duration, failed bool)
}

// engine is what differs between databases.
type engine interface {
	// Dialect is which database it is.
	Dialect() Dialect

	// Place names the database to a person: its file, or its host and name. No
	// password is in it.
	Place() string

	// Servers gives where the database may be reached over a network, as
	// "host:port"; none for a file.
	Servers() []string

	// Close ends every connection. Transactions in progress are rolled back.
	Close() error

	read() Querier
	once(ctx context.Context, fn func(Tx) error) error // Update without a second try
	check(ctx context.Context) error
	fault(err error) error
	alone(ctx context.Context, name string, fn func() error) error
	migrations(files fs.FS, options ...goose.ProviderOption) (provider *goose.Provider, done func() error, err error)
}

// Open opens the database in the data folder, or makes it; with a URL, that
// one. A damaged file, and a server that cannot be reached or that refuses, is
// a *Fault. Tables are not touched: see Migrate.
func Open(ctx context.Context, config Config) (*DB, error) {
	if config.URL != "" {
		pg, err := openPostgres(ctx, config.URL)
		if err != nil {
			return nil, err
		}
		return &DB{pg, config.tell()}, nil
	}
	lite, err := openSQLite(ctx, config.Path)
	if err != nil {
		return nil, err
	}
	return &DB{lite, config.tell()}, nil
}

func (c Config) tell() func(string, time.Duration, bool) {
	if c.Seen == nil {
		return func(string, time.Duration, bool) {}
	}
	return c.Seen
}

// Read gives the readers. Each statement sees what was committed when it began,
// so two statements may see different states.
func (db *DB) Read(context.Context) Querier { return timedReader{db.read(), db.tell} }

// Ping reports whether the database answers a reader and would let a writer
// begin.
func (db *DB) Ping(ctx context.Context) error {
	var one int
	if err := db.read().QueryRow(ctx, `SELECT 1`).Scan(&one); err != nil {
		return fmt.Errorf("read the database: %w", db.fault(err))
	}
	return db.Update(ctx, func(Tx) error { return nil })
}

// Check reads a whole SQLite database and compares its pages and indices with
// one another. What it finds wrong is a *Fault with the reason Damaged. It takes
// about a second per gigabyte and holds up nobody. A PostgreSQL server looks
// after its own pages: there it only asks whether the database answers.
func (db *DB) Check(ctx context.Context) error { return db.check(ctx) }

// Alone runs fn while no other process is inside an Alone of the same name on
// this database. fn may use the database. On SQLite, whose folder belongs to one
// server, it only runs fn.
func (db *DB) Alone(ctx context.Context, name string, fn func() error) error {
	return db.alone(ctx, name, fn)
}
