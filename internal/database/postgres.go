package database

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"net"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/jackc/pgx/v5/pgxpool"
	"github.com/jackc/pgx/v5/stdlib"
	"github.com/pressly/goose/v3"
)

// Connections of one process. An URL may ask for others with pool_max_conns.
const (
	postgresConns   = 16
	connectPatience = 10 * time.Second
)

// postgres is a database on a server, shared by several processes.
type postgres struct {
	place string
	pool  *pgxpool.Pool
}

func openPostgres(ctx context.Context, url string) (*postgres, error) {
	config, err := pgxpool.ParseConfig(url)
	if err != nil {
		return nil, fmt.Errorf("read the URL of the database: %w", err) // pgx leaves the password out
	}
	if !strings.Contains(url, "pool_max_conns=") {
		config.MaxConns = postgresConns
	}
	if config.ConnConfig.ConnectTimeout == 0 {
		config.ConnConfig.ConnectTimeout = connectPatience
	}
	parameters := config.ConnConfig.RuntimeParams
	if parameters["application_name"] == "" {
		parameters["application_name"] = "darkroom"
	}
	// A process that hangs must not hold up the others for long.
	parameters["idle_in_transaction_session_timeout"] = strconv.Itoa(int(idleTime.Milliseconds()))

	db := &postgres{place: net.JoinHostPort(config.ConnConfig.Host, strconv.Itoa(int(config.ConnConfig.Port))) + "/" + config.ConnConfig.Database}
	if db.pool, err = pgxpool.NewWithConfig(ctx, config); err != nil {
		return nil, fmt.Errorf("open the database: %w", db.fault(err))
	}
	if err := db.pool.Ping(ctx); err != nil {
		db.pool.Close()
		return nil, fmt.Errorf("open the database: %w", db.fault(err))
	}
	return db, nil
}

// Dialect is PostgreSQL.
func (*postgres) Dialect() Dialect { return PostgreSQL }

// Servers gives every host of the URL. One that is reached by a socket in the
// file system may listen on this machine's addresses as well.
func (db *postgres) Servers() []string {
	config := db.pool.Config().ConnConfig
	servers := []string{serverOf(config.Host, config.Port)}
	for _, other := range config.Fallbacks {
		if server := serverOf(other.Host, other.Port); !slices.Contains(servers, server) {
			servers = append(servers, server)
		}
	}
	return servers
}

func serverOf(host string, port uint16) string {
	if strings.HasPrefix(host, "/") || strings.HasPrefix(host, "@") {
		host = "localhost"
	}
	return net.JoinHostPort(host, strconv.Itoa(int(port)))
}

// Place is host:port/name.
func (db *postgres) Place() string { return db.place }

// Close ends every connection, after the transactions in progress.
func (db *postgres) Close() error {
	db.pool.Close()
	return nil
}

func (db *postgres) read() Querier { return postgresReader{db} }

func (db *postgres) check(ctx context.Context) error {
	if err := db.pool.Ping(ctx); err != nil {
		return fmt.Errorf("check the database: %w", db.fault(err))
	}
	return nil
}

func (db *postgres) alone(ctx context.Context, name string, fn func() error) (err error) {
	conn, err := db.pool.Acquire(ctx)
	if err != nil {
		return fmt.Errorf("wait for other processes: %w", db.fault(err))
	}
	defer conn.Release()
	if _, err := conn.Exec(ctx, `SELECT pg_advisory_lock(hashtextextended($1, 0))`, name); err != nil {
		return fmt.Errorf("wait for other processes: %w", db.fault(err))
	}
	defer func() {
		_, unlock := conn.Exec(context.WithoutCancel(ctx), `SELECT pg_advisory_unlock(hashtextextended($1, 0))`, name)
		err = errors.Join(err, unlock)
	}()
	return fn()
}

func (db *postgres) migrations(files fs.FS, options ...goose.ProviderOption) (*goose.Provider, func() error, error) {
	plain := stdlib.OpenDBFromPool(db.pool)
	provider, err := goose.NewProvider(goose.DialectPostgres, plain, files, options...)
	if err != nil {
		return nil, nil, errors.Join(err, plain.Close())
	}
	return provider, plain.Close, nil
}

// PostgresPool gives the connections to the queue, which brings its own SQL;
// nil on SQLite.
func (db *DB) PostgresPool() *pgxpool.Pool {
	if pg, ok := db.engine.(*postgres); ok {
		return pg.pool
	}
	return nil
}
