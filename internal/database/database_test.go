package database

import (
	"bytes"
	"context"
	"database/sql"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"testing/fstest"
)

func open(t *testing.T, folder string) *DB {
	t.Helper()
	db, err := Open(t.Context(), Config{Path: folder})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := db.Close(); err != nil {
			t.Error(err)
		}
	})
	return db
}

func withTable(t *testing.T) *DB {
	t.Helper()
	db := open(t, t.TempDir())
	run(t, db, `CREATE TABLE notes (id INTEGER PRIMARY KEY, text TEXT NOT NULL UNIQUE)`)
	return db
}

func run(t *testing.T, db *DB, query string, args ...any) {
	t.Helper()
	err := db.Update(t.Context(), func(tx Tx) error {
		_, err := tx.Exec(t.Context(), query, args...)
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
}

func count(t *testing.T, db *DB) (n int) {
	t.Helper()
	if err := db.Read(t.Context()).QueryRow(t.Context(), `SELECT count(*) FROM notes`).Scan(&n); err != nil {
		t.Fatal(err)
	}
	return n
}

// The promises of a 202: in WAL, every commit on disk.
func TestPragmas(t *testing.T) {
	db := open(t, filepath.Join(t.TempDir(), "a folder? with #odd% name"))
	for pool, want := range map[*sql.DB]map[string]string{
		db.engine.(*sqlite).writer:  {"journal_mode": "wal", "synchronous": "2", "foreign_keys": "1", "query_only": "0", "busy_timeout": "10000"},
		db.engine.(*sqlite).readers: {"journal_mode": "wal", "query_only": "1", "busy_timeout": "10000"},
	} {
		for name, value := range want {
			var got string
			if err := pool.QueryRowContext(t.Context(), `PRAGMA `+name).Scan(&got); err != nil || got != value {
				t.Errorf("%s is %q (%v), want %q", name, got, err, value)
			}
		}
	}
}

func TestTheFilesArePrivate(t *testing.T) {
	db := withTable(t)
	for _, suffix := range []string{"", "-wal", "-shm"} {
		info, err := os.Stat(db.Place() + suffix)
		if err != nil {
			t.Fatal(err)
		}
		if mode := info.Mode().Perm(); mode != 0o600 {
			t.Errorf("%s has mode %o", info.Name(), mode)
		}
	}
}

func TestUpdateCommitsOrLeavesNothing(t *testing.T) {
	db := withTable(t)
	refused := errors.New("refused")
	err := db.Update(t.Context(), func(tx Tx) error {
		if _, err := tx.Exec(t.Context(), `INSERT INTO notes (text) VALUES (?)`, "a"); err != nil {
			return err
		}
		return refused
	})
	if !errors.Is(err, refused) || count(t, db) != 0 {
		t.Errorf("error %v, %d rows", err, count(t, db))
	}
	func() {
		defer func() {
			if recover() == nil {
				t.Error("the panic was swallowed")
			}
		}()
		_ = db.Update(t.Context(), func(tx Tx) error {
			_, _ = tx.Exec(t.Context(), `INSERT INTO notes (text) VALUES (?)`, "b")
			panic("on purpose")
		})
	}()
	if count(t, db) != 0 {
		t.Errorf("%d rows after a panic", count(t, db))
	}
	for range 3 { // the first prepares, the others use what is prepared
		run(t, db, `INSERT INTO notes (text) VALUES (?)`, fmt.Sprint("c", count(t, db)))
	}
	if count(t, db) != 3 {
		t.Errorf("%d rows", count(t, db))
	}
}

// A transaction that has begun is not torn by its caller's end; one that has
// not, does not begin.
func TestACancelledContextIsAllOrNothing(t *testing.T) {
	db := withTable(t)
	ctx, cancel := context.WithCancel(t.Context())
	err := db.Update(ctx, func(tx Tx) error {
		cancel()
		_, err := tx.Exec(ctx, `INSERT INTO notes (text) VALUES (?)`, "a")
		return err
	})
	if err != nil || count(t, db) != 1 {
		t.Errorf("cancelled in the middle: error %v, %d rows", err, count(t, db))
	}
	err = db.Update(ctx, func(Tx) error { t.Error("the transaction began"); return nil })
	if !errors.Is(err, context.Canceled) {
		t.Errorf("cancelled before: %v", err)
	}
}

func TestReadersNeitherWaitNorWrite(t *testing.T) {
	db := withTable(t)
	run(t, db, `INSERT INTO notes (text) VALUES ('a')`)
	err := db.Update(t.Context(), func(tx Tx) error {
		if _, err := tx.Exec(t.Context(), `INSERT INTO notes (text) VALUES ('b')`); err != nil {
			return err
		}
		if n := count(t, db); n != 1 {
			t.Errorf("a reader sees %d rows while the second is not committed", n)
		}
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
	if n := count(t, db); n != 2 {
		t.Errorf("a reader sees %d rows", n)
	}
	if _, err := db.Read(t.Context()).Exec(t.Context(), `DELETE FROM notes`); err == nil {
		t.Error("a reader wrote")
	}
}

func TestWritersWaitForOneAnother(t *testing.T) {
	db := withTable(t)
	second := open(t, filepath.Dir(db.Place())) // another process
	const writers, each = 4, 20
	var all sync.WaitGroup
	for w := range writers {
		all.Go(func() {
			one := []*DB{db, second}[w%2]
			for i := range each {
				err := one.Update(t.Context(), func(tx Tx) error {
					var n int // a transaction that reads first can still write
					if err := tx.QueryRow(t.Context(), `SELECT count(*) FROM notes`).Scan(&n); err != nil {
						return err
					}
					_, err := tx.Exec(t.Context(), `INSERT INTO notes (text) VALUES (?)`, fmt.Sprint(w, "-", i))
					return err
				})
				if err != nil {
					t.Error(err)
				}
			}
		})
	}
	all.Wait()
	if count(t, db) != writers*each {
		t.Errorf("%d rows", count(t, db))
	}
}

func TestQueryGivesRowsInATransaction(t *testing.T) {
	db := withTable(t)
	err := db.Update(t.Context(), func(tx Tx) error {
		for _, text := range []string{"a", "b"} {
			if changed, err := tx.Exec(t.Context(), `INSERT INTO notes (text) VALUES (?)`, text); err != nil || changed != 1 {
				return fmt.Errorf("%d rows changed: %w", changed, err)
			}
		}
		rows, err := tx.Query(t.Context(), `SELECT text FROM notes ORDER BY id`)
		if err != nil {
			return err
		}
		defer rows.Close()
		var got []string
		for rows.Next() {
			var text string
			if err := rows.Scan(&text); err != nil {
				return err
			}
			got = append(got, text)
		}
		if strings.Join(got, "") != "ab" {
			t.Errorf("rows %v", got)
		}
		return rows.Err()
	})
	if err != nil {
		t.Fatal(err)
	}
	for name, query := range map[string]string{"Exec": `INSERT INTO nowhere VALUES (1)`, "Query": `SELECT * FROM nowhere`} {
		err := db.Update(t.Context(), func(tx Tx) error {
			if name == "Exec" {
				_, err := tx.Exec(t.Context(), query)
				return err
			}
			var n int
			return tx.QueryRow(t.Context(), query).Scan(&n)
		})
		if err == nil || !strings.Contains(err.Error(), "nowhere") {
			t.Errorf("%s of a bad statement: %v", name, err)
		}
	}
}

func TestMigrations(t *testing.T) {
	first := "-- +goose Up\nCREATE TABLE notes (id INTEGER PRIMARY KEY, text TEXT);\n"
	second := "-- +goose Up\nALTER TABLE notes ADD COLUMN more TEXT;\n"
	old := fstest.MapFS{"sqlite/00001_a.sql": {Data: []byte(first)}}
	now := fstest.MapFS{"sqlite/00001_a.sql": {Data: []byte(first)}, "sqlite/00002_b.sql": {Data: []byte(second)}}
	db := open(t, t.TempDir())
	for range 2 {
		if err := db.Migrate(t.Context(), old); err != nil {
			t.Fatal(err)
		}
	}
	run(t, db, `INSERT INTO notes (text) VALUES ('kept')`)
	if err := db.Migrate(t.Context(), now); err != nil {
		t.Fatal(err)
	}
	var text string
	if err := db.Read(t.Context()).QueryRow(t.Context(), `SELECT text FROM notes WHERE more IS NULL`).Scan(&text); err != nil || text != "kept" {
		t.Errorf("row %q, %v", text, err)
	}
	err := db.Migrate(t.Context(), old)
	if fault, ok := errors.AsType[*Fault](err); !ok || fault.Reason != TooNew || fault.Hint() == "" {
		t.Errorf("an older program: %v", err)
	}
}

func TestAFailedMigrationLeavesNothing(t *testing.T) {
	db := open(t, t.TempDir())
	files := fstest.MapFS{"sqlite/00001_a.sql": {Data: []byte("-- +goose Up\nCREATE TABLE notes (id INTEGER);\nINSERT INTO nowhere VALUES (1);\n")}}
	if err := db.Migrate(t.Context(), files); err == nil {
		t.Fatal("it succeeded")
	}
	var tables int
	if err := db.Read(t.Context()).QueryRow(t.Context(), `SELECT count(*) FROM sqlite_schema WHERE name = 'notes'`).Scan(&tables); err != nil || tables != 0 {
		t.Errorf("%d tables, %v", tables, err)
	}
}

func TestADamagedFileIsExplained(t *testing.T) {
	noise := bytes.Repeat([]byte("this is no database. "), 1000)
	for name, damage := range map[string]func(content []byte) []byte{
		"another file":     func([]byte) []byte { return noise },
		"header destroyed": func(content []byte) []byte { copy(content, noise[:64]); return content },
		"first page gone":  func(content []byte) []byte { copy(content[100:], make([]byte, 3000)); return content },
	} {
		t.Run(name, func(t *testing.T) {
			folder := t.TempDir()
			db, err := Open(t.Context(), Config{Path: folder})
			if err != nil {
				t.Fatal(err)
			}
			run(t, db, `CREATE TABLE notes (id INTEGER PRIMARY KEY, text TEXT)`)
			if err := db.Close(); err != nil {
				t.Fatal(err)
			}
			content, err := os.ReadFile(db.Place())
			if err != nil {
				t.Fatal(err)
			}
			if err := os.WriteFile(db.Place(), damage(content), 0o600); err != nil {
				t.Fatal(err)
			}
			_, err = Open(t.Context(), Config{Path: folder})
			fault, ok := errors.AsType[*Fault](err)
			if !ok || fault.Reason != Damaged {
				t.Fatalf("error %v", err)
			}
			if !strings.Contains(fault.Hint(), db.Place()) || !strings.Contains(fault.Error(), "damaged") {
				t.Errorf("it says %q and %q", fault.Error(), fault.Hint())
			}
		})
	}
}

// A process that was killed leaves the log and its index; one without the other
// is no accident of ours.
func TestAMissingLogIsExplained(t *testing.T) {
	folder, copied := t.TempDir(), t.TempDir()
	db, err := Open(t.Context(), Config{Path: folder})
	if err != nil {
		t.Fatal(err)
	}
	run(t, db, `CREATE TABLE notes (id INTEGER PRIMARY KEY, text TEXT)`)
	for _, suffix := range []string{"", "-shm"} { // as a kill leaves them
		content, err := os.ReadFile(db.Place() + suffix)
		if err == nil {
			err = os.WriteFile(filepath.Join(copied, FileName+suffix), content, 0o600)
		}
		if err != nil {
			t.Fatal(err)
		}
	}
	if err := db.Close(); err != nil {
		t.Fatal(err)
	}
	_, err = Open(t.Context(), Config{Path: copied})
	if fault, ok := errors.AsType[*Fault](err); !ok || fault.Reason != Damaged || !strings.Contains(err.Error(), "-wal") {
		t.Errorf("error %v", err)
	}
	open(t, folder) // which was closed in good order
}

func TestDamageInsideIsFoundByCheck(t *testing.T) {
	folder := t.TempDir()
	db, err := Open(t.Context(), Config{Path: folder})
	if err != nil {
		t.Fatal(err)
	}
	run(t, db, `CREATE TABLE notes (id INTEGER PRIMARY KEY, text TEXT)`)
	run(t, db, `INSERT INTO notes (text) SELECT hex(randomblob(500)) FROM (VALUES (1),(2),(3),(4)) a, (VALUES (1),(2),(3),(4)) b`)
	if err := db.Check(t.Context()); err != nil {
		t.Errorf("a sound one: %v", err)
	}
	if err := db.Close(); err != nil {
		t.Fatal(err)
	}
	file, err := os.OpenFile(db.Place(), os.O_RDWR, 0)
	if err != nil {
		t.Fatal(err)
	}
	defer file.Close()
	if _, err := file.WriteAt(bytes.Repeat([]byte{0xff}, 512), 4096); err != nil {
		t.Fatal(err)
	}
	again := open(t, folder)
	if fault, ok := errors.AsType[*Fault](again.Check(t.Context())); !ok || fault.Reason != Damaged {
		t.Error("the damage was not found")
	}
}

func TestPing(t *testing.T) {
	db, err := Open(t.Context(), Config{Path: t.TempDir()})
	if err != nil {
		t.Fatal(err)
	}
	if err := db.Ping(t.Context()); err != nil {
		t.Error(err)
	}
	if err := db.Close(); err != nil {
		t.Fatal(err)
	}
	if err := db.Ping(t.Context()); err == nil {
		t.Error("a closed database answers")
	}
}

func TestAFullDiskIsExplained(t *testing.T) {
	db := withTable(t)
	if _, err := db.engine.(*sqlite).writer.ExecContext(t.Context(), `PRAGMA max_page_count = 20`); err != nil {
		t.Fatal(err)
	}
	err := db.Update(t.Context(), func(tx Tx) error {
		_, err := tx.Exec(t.Context(), `INSERT INTO notes (text) VALUES (hex(randomblob(200000)))`)
		return err
	})
	if fault, ok := errors.AsType[*Fault](err); !ok || fault.Reason != Full {
		t.Errorf("error %v", err)
	}
	if count(t, db) != 0 {
		t.Error("half a row was written")
	}
}

// Filters are put together on the fly: what is kept prepared must stay small.
func TestFewStatementsAreKept(t *testing.T) {
	db := withTable(t)
	for i := range 2 * maxStatements {
		var n int
		query := fmt.Sprintf(`SELECT count(*) FROM notes WHERE id > %d`, i)
		if err := db.Read(t.Context()).QueryRow(t.Context(), query).Scan(&n); err != nil {
			t.Fatal(err)
		}
	}
	if kept := len(db.engine.(*sqlite).reads.prepared); kept > maxStatements || kept == 0 {
		t.Errorf("%d statements are kept", kept)
	}
}
