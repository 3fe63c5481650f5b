package databasetest

import (
	"context"
	"fmt"
	"net/url"
	"path/filepath"
	"strconv"
	"testing"

	"github.com/jackc/pgx/v5"

	"darkroom/internal/database"
)

// Server is a PostgreSQL server of one test, which may end it and start it
// again.
type Server struct {
	t   testing.TB
	one *server
}

// Own starts a server for one test. It ends with the test.
func Own(t testing.TB) *Server {
	t.Helper()
	one, err := startServer(hasty)
	if err != nil {
		t.Fatalf("no PostgreSQL server: %v; `scripts/setup test` installs one", err)
	}
	t.Cleanup(func() {
		if err := one.input.Close(); err != nil {
			t.Error(err)
		}
		if err := <-one.ended; err != nil {
			t.Error(err)
		}
	})
	return &Server{t: t, one: one}
}

// Socket is the file by which the server is reached.
func (s *Server) Socket() string { return filepath.Join(s.one.folder, ".s.PGSQL.5432") }

// Database makes an empty database. Its URL goes through the socket.
func (s *Server) Database() database.Config {
	s.t.Helper()
	name, err := s.one.create(context.Background(), nil)
	if err != nil {
		s.t.Fatalf("make a database: %v", err)
	}
	return database.Config{URL: s.one.url(name), Path: s.t.TempDir()}
}

// Over is the URL of a database of the server as it is reached over TCP, by
// something that the test puts in front of the socket.
func (s *Server) Over(port int, config database.Config) string {
	s.t.Helper()
	address, err := url.Parse(config.URL)
	if err != nil {
		s.t.Fatal(err)
	}
	query := address.Query()
	query.Set("host", "127.0.0.1")
	query.Set("port", strconv.Itoa(port))
	query.Set("sslmode", "disable")
	address.RawQuery = query.Encode()
	return address.String()
}

// Stop ends the server: every connection breaks, nothing that was committed is
// lost.
func (s *Server) Stop() {
	s.t.Helper()
	s.tell("INT") // what its own programs call fast
	for {
		conn, err := s.connect()
		if err != nil {
			return
		}
		_ = conn.Close(context.Background())
	}
}

// Start starts the server again after a Stop, and waits until it answers.
func (s *Server) Start() {
	s.t.Helper()
	s.tell("start")
	if err := s.one.await(); err != nil {
		s.t.Fatalf("start PostgreSQL again: %v", err)
	}
}

// Terminate ends every connection to the server but its own, as an
// administrator may, and gives their number.
func (s *Server) Terminate() (n int) {
	s.t.Helper()
	conn, err := s.connect()
	if err == nil {
		err = conn.QueryRow(context.Background(),
			`SELECT count(pg_terminate_backend(pid)) FROM pg_stat_activity WHERE backend_type = 'client backend' AND pid <> pg_backend_pid()`).Scan(&n)
		err = joinClose(context.Background(), err, conn)
	}
	if err != nil {
		s.t.Fatalf("terminate connections: %v", err)
	}
	return n
}

func (s *Server) connect() (*pgx.Conn, error) {
	return pgx.Connect(context.Background(), fmt.Sprintf("host=%s user=%s dbname=%s", s.one.folder, owner, maintenance))
}

func (s *Server) tell(line string) {
	s.t.Helper()
	if _, err := fmt.Fprintln(s.one.input, line); err != nil {
		s.t.Fatal(err)
	}
}
