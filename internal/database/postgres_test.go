package database_test

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"net"
	"slices"
	"strings"
	"sync"
	"testing"
	"testing/fstest"
	"time"

	"darkroom/internal/database"
	"darkroom/internal/database/databasetest"
)

func openPostgres(t *testing.T, config database.Config) *database.DB {
	t.Helper()
	db, err := database.Open(t.Context(), config)
	check(t, err)
	t.Cleanup(func() { check(t, db.Close()) })
	return db
}

func check(t *testing.T, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}

func withNotes(t *testing.T) *database.DB {
	t.Helper()
	db := openPostgres(t, databasetest.Postgres(t, nil))
	exec(t, db, `CREATE TABLE notes (id BIGINT PRIMARY KEY, n BIGINT NOT NULL, flag BIGINT NOT NULL DEFAULT 0)`)
	exec(t, db, `INSERT INTO notes (id, n) VALUES (1, 0), (2, 0)`)
	return db
}

func exec(t *testing.T, db *database.DB, query string, args ...any) {
	t.Helper()
	check(t, db.Update(t.Context(), func(tx database.Tx) error {
		_, err := tx.Exec(t.Context(), query, args...)
		return err
	}))
}

func number(t *testing.T, db *database.DB, query string, args ...any) (n int) {
	t.Helper()
	check(t, db.Read(t.Context()).QueryRow(t.Context(), query, args...).Scan(&n))
	return n
}

func TestPostgresSpeaksTheSameStatements(t *testing.T) {
	db := withNotes(t)
	exec(t, db, `UPDATE notes SET flag = ? WHERE id = ?`, true, 1)
	var flag, exists bool
	check(t, db.Read(t.Context()).QueryRow(t.Context(), `SELECT flag, EXISTS (SELECT 1 FROM notes WHERE id = 9) FROM notes WHERE id = ?`, 1).Scan(&flag, &exists))
	if !flag || exists {
		t.Errorf("flag %v, exists %v", flag, exists)
	}
	if n := number(t, db, `SELECT coalesce(sum(id), 0) FROM notes`); n != 3 {
		t.Errorf("sum %d", n)
	}
	var n int
	if err := db.Read(t.Context()).QueryRow(t.Context(), `SELECT n FROM notes WHERE id = 9`).Scan(&n); !errors.Is(err, sql.ErrNoRows) {
		t.Errorf("no row: %v", err)
	}
	refused := errors.New("refused")
	err := db.Update(t.Context(), func(tx database.Tx) error {
		changed, err := tx.Exec(t.Context(), `UPDATE notes SET n = 5`)
		if err != nil || changed != 2 {
			return fmt.Errorf("%d rows: %w", changed, err)
		}
		return refused
	})
	if !errors.Is(err, refused) || number(t, db, `SELECT sum(n) FROM notes`) != 0 {
		t.Errorf("a transaction that was given up: %v", err)
	}
	check(t, db.Ping(t.Context()))
	check(t, db.Check(t.Context()))
}

// Two transactions that wait for each other: one is run again, and nothing of
// its first run is left.
func TestADeadlockIsRunAgain(t *testing.T) {
	db := withNotes(t)
	var both, all sync.WaitGroup
	both.Add(2)
	for i := range 2 {
		all.Go(func() {
			first, runs := true, 0
			err := db.Update(context.Background(), func(tx database.Tx) error {
				runs++
				if _, err := tx.Exec(context.Background(), `UPDATE notes SET n = n + 1 WHERE id = ?`, 1+i); err != nil {
					return err
				}
				if first {
					first = false
					both.Done()
					both.Wait() // now each holds what the other wants
				}
				_, err := tx.Exec(context.Background(), `UPDATE notes SET n = n + 1 WHERE id = ?`, 2-i)
				return err
			})
			if err != nil {
				t.Errorf("after %d runs: %v", runs, err)
			}
		})
	}
	all.Wait()
	if n := number(t, db, `SELECT sum(n) FROM notes`); n != 4 {
		t.Errorf("%d changes, want 4", n)
	}
}

func TestWhoWasOvertakenRunsAgain(t *testing.T) {
	db := withNotes(t)
	runs := 0
	check(t, db.Update(t.Context(), func(tx database.Tx) error {
		if _, err := tx.Exec(t.Context(), `UPDATE notes SET n = n + 1`); err != nil {
			return err
		}
		if runs++; runs < 4 {
			return database.ErrOvertaken
		}
		return nil
	}))
	if n := number(t, db, `SELECT sum(n) FROM notes`); n != 2 || runs != 4 {
		t.Errorf("%d changes in %d runs", n, runs)
	}
	runs = 0
	err := db.Update(t.Context(), func(database.Tx) error { runs++; return database.ErrOvertaken })
	if !errors.Is(err, database.ErrOvertaken) || runs > 50 {
		t.Errorf("for ever: %v after %d runs", err, runs)
	}
}

func TestLocksAreSharedOrAlone(t *testing.T) {
	db := withNotes(t)
	inside, release := make(chan struct{}), make(chan struct{})
	var holder sync.WaitGroup
	holder.Go(func() {
		err := db.Update(context.Background(), func(tx database.Tx) error {
			if err := tx.Lock(context.Background(), "a"); err != nil {
				return err
			}
			close(inside)
			<-release
			_, err := tx.Exec(context.Background(), `UPDATE notes SET n = 7`)
			return err
		})
		if err != nil {
			t.Error(err)
		}
	})
	<-inside
	check(t, db.Update(t.Context(), func(tx database.Tx) error {
		if held, err := tx.TryShare(t.Context(), "a"); err != nil || held {
			t.Errorf("what is locked was shared (%v)", err)
		}
		if held, err := tx.TryShare(t.Context(), "b"); err != nil || !held {
			t.Errorf("another name: %v, %v", held, err)
		}
		return tx.Share(t.Context(), "b")
	}))
	close(release)
	check(t, db.Update(t.Context(), func(tx database.Tx) error {
		if err := tx.Share(t.Context(), "a"); err != nil {
			return err
		}
		var n int
		if err := tx.QueryRow(t.Context(), `SELECT n FROM notes WHERE id = 1`).Scan(&n); err != nil || n != 7 {
			t.Errorf("whoever waited sees %d (%v)", n, err)
		}
		return nil
	}))
	holder.Wait()
}

func TestPostgresMigrations(t *testing.T) {
	config := databasetest.Postgres(t, nil)
	db := openPostgres(t, config)
	first := fstest.MapFS{"postgres/00001_a.sql": {Data: []byte("-- +goose Up\nCREATE TABLE notes (id BIGINT);\n")}}
	second := fstest.MapFS{
		"postgres/00001_a.sql": first["postgres/00001_a.sql"],
		"postgres/00002_b.sql": {Data: []byte("-- +goose Up\nALTER TABLE notes ADD COLUMN more TEXT;\n")},
	}
	check(t, db.Migrate(t.Context(), first))
	check(t, db.Migrate(t.Context(), second))
	check(t, db.Migrate(t.Context(), second))
	fault, ok := errors.AsType[*database.Fault](db.Migrate(t.Context(), first))
	if !ok || fault.Reason != database.TooNew || !strings.Contains(fault.Hint(), "newer version") {
		t.Errorf("an older program: %v", fault)
	}
}

func TestServersOfAURL(t *testing.T) {
	config := databasetest.Postgres(t, nil)
	if got := openPostgres(t, config).Servers(); !slices.Equal(got, []string{"localhost:5432"}) {
		t.Errorf("behind a socket in the file system: %v", got)
	}
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	check(t, err)
	nobody := listener.Addr().String()
	check(t, listener.Close())
	_, port, err := net.SplitHostPort(nobody)
	check(t, err)
	several := openPostgres(t, database.Config{URL: strings.Replace(config.URL, "host=", "host=127.0.0.1%2C", 1) + "&port=" + port + "%2C5432"})
	if got := several.Servers(); !slices.Equal(got, []string{nobody, "localhost:5432"}) {
		t.Errorf("of two servers: %v", got)
	}
}

// What an operator reads when the server is not there, or does not let us in.
func TestAnUnusableServerIsExplained(t *testing.T) {
	config := databasetest.Postgres(t, nil)
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	check(t, err)
	nobody := listener.Addr().String()
	check(t, listener.Close())
	for name, c := range map[string]struct {
		url    string
		reason database.Reason
	}{
		"nobody listens":   {"postgres://me:hunter2@" + nobody + "/db", database.Unreachable},
		"no such database": {strings.Replace(config.URL, "/test_", "/missing_", 1), database.Refused},
		"no such user":     {strings.Replace(config.URL, "user=darkroom", "user=stranger", 1), database.Refused},
	} {
		_, err := database.Open(t.Context(), database.Config{URL: c.url})
		fault, ok := errors.AsType[*database.Fault](err)
		if !ok || fault.Reason != c.reason || !strings.Contains(fault.Hint(), "database-url") {
			t.Errorf("%s: %v", name, err)
		}
		if strings.Contains(fmt.Sprint(err), "hunter2") {
			t.Errorf("%s: the password is shown: %v", name, err)
		}
	}
	if _, err := database.Open(t.Context(), database.Config{URL: "postgres://me:hunter2@host:port/db"}); err == nil || strings.Contains(err.Error(), "hunter2") {
		t.Errorf("a URL that is none: %v", err)
	}
}

// Connections that the server has cut are made anew.
func TestAServerThatCutsItsConnections(t *testing.T) {
	db := withNotes(t)
	cutter := openPostgres(t, database.Config{URL: urlOf(t, db)})
	exec(t, cutter, `SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE pid <> pg_backend_pid() AND datname = current_database()`)
	deadline := time.Now().Add(30 * time.Second)
	for {
		err := db.Update(t.Context(), func(tx database.Tx) error {
			_, err := tx.Exec(t.Context(), `UPDATE notes SET n = n + 1 WHERE id = 1`)
			return err
		})
		if err == nil {
			break
		}
		if fault, ok := errors.AsType[*database.Fault](err); !ok || fault.Reason != database.Unreachable {
			t.Fatalf("meanwhile: %v", err)
		}
		if time.Now().After(deadline) {
			t.Fatal(err)
		}
	}
	if n := number(t, db, `SELECT n FROM notes WHERE id = 1`); n != 1 {
		t.Errorf("%d changes", n)
	}
}

func urlOf(t *testing.T, db *database.DB) string {
	t.Helper()
	return db.PostgresPool().Config().ConnString()
}

func TestAloneIsAloneAcrossProcesses(t *testing.T) {
	config := databasetest.Postgres(t, nil)
	one, other := openPostgres(t, config), openPostgres(t, config)
	var all sync.WaitGroup
	var mu sync.Mutex
	inside := 0
	for i := range 6 {
		all.Go(func() {
			err := []*database.DB{one, other}[i%2].Alone(context.Background(), "x", func() error {
				mu.Lock()
				inside++
				if inside > 1 {
					t.Error("two at once")
				}
				mu.Unlock()
				err := one.Ping(context.Background())
				mu.Lock()
				inside--
				mu.Unlock()
				return err
			})
			if err != nil {
				t.Error(err)
			}
		})
	}
	all.Wait()
}

// What is put off runs in its turn, and what is wrong with it fails the
// transaction as a whole.
func TestLater(t *testing.T) {
	db := withNotes(t)
	var before, after int
	check(t, db.Update(t.Context(), func(tx database.Tx) error {
		read := func(into *int) func(database.Row) error { return func(r database.Row) error { return r.Scan(into) } }
		return errors.Join(
			tx.LaterRow(t.Context(), read(&before), `SELECT CAST(sum(n) AS BIGINT) FROM notes`),
			tx.Later(t.Context(), `UPDATE notes SET n = n + ?`, 5),
			tx.LaterRow(t.Context(), read(&after), `SELECT CAST(sum(n) AS BIGINT) FROM notes`),
		)
	}))
	if before != 0 || after != 10 || number(t, db, `SELECT sum(n) FROM notes`) != 10 {
		t.Errorf("%d before, %d after, %d committed", before, after, number(t, db, `SELECT sum(n) FROM notes`))
	}
	for name, fn := range map[string]func(database.Tx) error{
		"a statement that cannot run": func(tx database.Tx) error {
			return errors.Join(tx.Later(t.Context(), `UPDATE notes SET n = 99`), tx.Later(t.Context(), `UPDATE nowhere SET n = 1`))
		},
		"a row that is not what it should be": func(tx database.Tx) error {
			return errors.Join(tx.Later(t.Context(), `UPDATE notes SET n = 99`),
				tx.LaterRow(t.Context(), func(database.Row) error { return errors.New("no") }, `SELECT 1`))
		},
		"an error that nobody minds": func(tx database.Tx) error {
			_, _ = tx.Exec(t.Context(), `UPDATE nowhere SET n = 1`)
			return tx.Later(t.Context(), `UPDATE notes SET n = 99`)
		},
	} {
		if err := db.Update(t.Context(), fn); err == nil {
			t.Errorf("%s: committed", name)
		}
		if n := number(t, db, `SELECT sum(n) FROM notes`); n != 10 {
			t.Errorf("%s: %d is left", name, n)
		}
	}
}
