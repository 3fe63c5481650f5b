package e2e

import (
	"fmt"
	"testing"
	"time"

	"darkroom"
	"darkroom/internal/database"
	"darkroom/internal/database/databasetest"
)

// TestAnOlderProgramWorksOnNewerTables does in the middle of a job what a newer
// program may do to the tables when it starts (TestMigrationsOnlyAdd): those
// that run already go on, so that the instances of a service are upgraded one
// after the other.
func TestAnOlderProgramWorksOnNewerTables(t *testing.T) {
	t.Parallel()
	const count = 24
	all := instances{databasetest.Postgres(t, nil).URL, "file://" + t.TempDir()}
	front, worker := all.start(t, t.TempDir(), "api"), all.start(t, t.TempDir(), "worker", "--concurrency", "2")
	base, hooks := site(t), receive(t)
	request := map[string]any{"urls": pages(base, count), "callback_url": hooks.url}
	job := front.underWay(front.submit(request))
	upgrade(t, all.database)
	for _, id := range []string{job.ID, front.submit(request).ID} {
		if ended := front.await(id, 2*time.Minute); ended.Status != darkroom.StatusCompleted {
			t.Fatalf("the job ended %+v\n%s", ended, worker.log)
		}
		_, content := front.call("GET", darkroom.DownloadPath(id), nil)
		open(t, content).checkPictures(t, count)
		if attempts := attemptsOf(front, id); attempts != count {
			t.Errorf("%d captures took %d attempts", count, attempts)
		}
	}
	hooks.checkOnePerJob(t, 2)
	for _, s := range []*server{worker, front} {
		if code := s.stop(); code != 0 {
			t.Errorf("SIGTERM ends with exit code %d", code)
		}
	}
}

// upgrade adds a column to every table of ours, and a table and an index.
func upgrade(t *testing.T, url string) {
	t.Helper()
	db, err := database.Open(t.Context(), database.Config{URL: url})
	must(t, err)
	defer func() { must(t, db.Close()) }()
	var tables []string
	rows, err := db.Read(t.Context()).Query(t.Context(), `SELECT tablename FROM pg_tables
		WHERE schemaname = current_schema() AND tablename NOT LIKE 'river%' AND tablename <> 'darkroom_migrations'`)
	must(t, err)
	defer rows.Close()
	for rows.Next() {
		var name string
		must(t, rows.Scan(&name))
		tables = append(tables, name)
	}
	must(t, rows.Err())
	if len(tables) < 10 {
		t.Fatalf("the tables are %v", tables)
	}
	statements := []string{`CREATE TABLE later (id BIGINT PRIMARY KEY)`, `CREATE INDEX captures_later ON captures (later)`}
	for _, name := range tables {
		statements = append([]string{fmt.Sprintf(`ALTER TABLE %s ADD COLUMN later TEXT NOT NULL DEFAULT ''`, name)}, statements...)
	}
	must(t, db.Update(t.Context(), func(tx database.Tx) error {
		for _, statement := range append(statements, `INSERT INTO darkroom_migrations (version_id, is_applied) VALUES (99999, true)`) {
			if _, err := tx.Exec(t.Context(), statement); err != nil {
				return fmt.Errorf("%s: %w", statement, err)
			}
		}
		return nil
	}))
}

// attemptsOf adds up what the captures of a job took.
func attemptsOf(s *server, id string) (total int) {
	_, content := s.call("GET", darkroom.ResultsPath(id)+"?limit=1000", nil)
	for _, result := range decode[darkroom.ResultsAnswer](s.t, content).Results {
		total += result.Attempts
	}
	return total
}
