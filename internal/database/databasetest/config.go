package databasetest

import (
	"context"
	"fmt"
	"io"
	"net/url"
	"os"
	"sync"
	"sync/atomic"
	"testing"

	"github.com/jackc/pgx/v5"

	"darkroom/internal/database"
)

// Variable names the variable in the environment that chooses where Config
// makes databases: "postgres", else SQLite.
const Variable = "DARKROOM_TEST_DATABASE"

// Prepare makes the tables of a new database. It runs once in a process; the
// databases of all tests are copies of what it left.
type Prepare func(ctx context.Context, config database.Config) error

// Config is an empty database for one test, of the kind that Variable asks for.
func Config(t testing.TB, prepare Prepare) database.Config {
	t.Helper()
	if os.Getenv(Variable) == string(database.PostgreSQL) {
		return Postgres(t, prepare)
	}
	return database.Config{Path: t.TempDir()}
}

// Postgres is an empty PostgreSQL database for one test, which is dropped at
// its end. Besides its URL it has a folder, for what else the test keeps.
func Postgres(t testing.TB, prepare Prepare) database.Config {
	t.Helper()
	one, err := theServer()
	if err != nil {
		t.Fatalf("no PostgreSQL server: %v; `scripts/setup test` installs one", err)
	}
	name, err := one.create(context.Background(), prepare)
	if err != nil {
		t.Fatalf("make a database: %v", err)
	}
	t.Cleanup(func() {
		if err := one.run(context.Background(), `DROP DATABASE `+name+` WITH (FORCE)`); err != nil {
			t.Error(err)
		}
	})
	return database.Config{URL: one.url(name), Path: t.TempDir()}
}

// Durable starts a PostgreSQL server for a benchmark, as it is installed: a
// commit is on disk. It ends with the process. create makes one more empty
// database.
func Durable() (create func(ctx context.Context) (database.Config, error), err error) {
	one, err := startServer(durable)
	if err != nil {
		return nil, err
	}
	return func(ctx context.Context) (database.Config, error) {
		name, err := one.create(ctx, nil)
		return database.Config{URL: one.url(name)}, err
	}, nil
}

var (
	theServer = sync.OnceValues(func() (*server, error) { return startServer(hasty) })
	serial    atomic.Int64
)

// server is a running PostgreSQL.
type server struct {
	folder string // its data, and its socket
	input  io.WriteCloser
	ended  chan error

	mu       sync.Mutex // one template at a time, and none while it is copied
	prepared bool
}

const (
	maintenance = "postgres"
	template    = "prepared"
)

func (s *server) url(name string) string {
	query := url.Values{"host": {s.folder}, "user": {owner}, "pool_max_conns": {"12"}}
	return "postgres:///" + name + "?" + query.Encode()
}

func (s *server) run(ctx context.Context, statement string) error {
	conn, err := pgx.Connect(ctx, fmt.Sprintf("host=%s user=%s dbname=%s", s.folder, owner, maintenance))
	if err != nil {
		return err
	}
	_, err = conn.Exec(ctx, statement)
	return joinClose(ctx, err, conn)
}

func joinClose(ctx context.Context, err error, conn *pgx.Conn) error {
	if closing := conn.Close(ctx); err == nil {
		return closing
	}
	return err
}

func (s *server) create(ctx context.Context, prepare Prepare) (name string, err error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	name = fmt.Sprintf("test_%d", serial.Add(1))
	if prepare == nil {
		return name, s.run(ctx, `CREATE DATABASE `+name)
	}
	if !s.prepared {
		if err := s.run(ctx, `CREATE DATABASE `+template); err != nil {
			return "", err
		}
		if err := prepare(ctx, database.Config{URL: s.url(template)}); err != nil {
			return "", err
		}
		s.prepared = true
	}
	return name, s.run(ctx, `CREATE DATABASE `+name+` TEMPLATE `+template)
}
