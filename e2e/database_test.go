package e2e

import (
	"context"
	"database/sql"
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"darkroom"
)

// TestALockedDatabase holds the database from another process: for a moment,
// which costs a moment, and for longer than the server waits, which is a 503
// and nothing lost.
func TestALockedDatabase(t *testing.T) {
	const count = 20
	data, base := t.TempDir(), site(t)
	s := start(t, data)
	job := s.underWay(s.submit(map[string]any{"urls": pages(base, count)}))

	release := lockDatabase(t, data)
	time.AfterFunc(time.Second, release)
	began := time.Now()
	second := s.submit(map[string]any{"urls": pages(base, 1)}) // fails the test unless it is accepted
	t.Logf("locked for a second, a job was accepted after %s", time.Since(began).Round(time.Millisecond))

	if length(0, 1, 1) == 1 {
		release = lockDatabase(t, data)
		began = time.Now()
		answer, content := s.call("POST", "/v1/batch", map[string]any{"urls": pages(base, 1)})
		t.Logf("locked for good, it was refused after %s", time.Since(began).Round(time.Millisecond))
		if answer.StatusCode != http.StatusServiceUnavailable || answer.Header.Get("Retry-After") == "" {
			t.Errorf("a new job answers %d %s", answer.StatusCode, content)
		}
		if answer, _ := s.call("GET", darkroom.JobPath(job.ID), nil); answer.StatusCode != http.StatusOK {
			t.Errorf("the job answers %d", answer.StatusCode)
		}
		release()
	}
	for id, want := range map[string]int{job.ID: count, second.ID: 1} {
		if ended := s.await(id, 2*time.Minute); ended.Status != darkroom.StatusCompleted {
			t.Errorf("ended %s %+v", ended.Status, ended.Progress)
		}
		_, content := s.call("GET", darkroom.DownloadPath(id), nil)
		open(t, content).checkPictures(t, want)
	}
	if strings.Contains(s.log.String(), "panic") {
		t.Errorf("%s", s.log)
	}
}

// lockDatabase takes the database for this process until release.
func lockDatabase(t *testing.T, data string) (release func()) {
	t.Helper()
	db, err := sql.Open("sqlite", "file:"+filepath.Join(data, "darkroom.db")+"?_pragma=busy_timeout(60000)")
	must(t, err)
	conn, err := db.Conn(t.Context())
	must(t, err)
	_, err = conn.ExecContext(t.Context(), "BEGIN EXCLUSIVE")
	must(t, err)
	return func() {
		_, _ = conn.ExecContext(context.Background(), "ROLLBACK")
		_ = conn.Close()
		_ = db.Close()
	}
}

// TestADatabaseThatCannotBeUsed is refused with what to do, and left as it is.
func TestADatabaseThatCannotBeUsed(t *testing.T) {
	for _, test := range []struct {
		name   string
		damage func(t *testing.T, file string)
		want   []string
	}{
		{"not a database", func(t *testing.T, file string) {
			edit(t, file, "PRAGMA user_version = 0") // and the log goes into the file
			must(t, os.WriteFile(file, []byte(strings.Repeat("this is no database. ", 1000)), 0o600))
		}, []string{"is damaged", "Restore"}},
		{"its log is missing", func(t *testing.T, file string) { must(t, os.Remove(file+"-wal")) }, []string{"-wal", "Restore"}},
		{"of a newer program", func(t *testing.T, file string) {
			edit(t, file, "INSERT INTO darkroom_migrations (version_id, is_applied) VALUES (99999, 1)")
		}, []string{"newer version", "Start the newer version"}},
	} {
		t.Run(test.name, func(t *testing.T) {
			data := t.TempDir()
			file := filepath.Join(data, "darkroom.db")
			start(t, data).kill()
			test.damage(t, file)
			before, err := os.ReadFile(file)
			must(t, err)
			_, stderr, code := program(t.Context(), t, nil, "serve", "--listen", "127.0.0.1:0", "--data", data)
			if code == 0 {
				t.Error("it runs")
			}
			for _, want := range test.want {
				if !strings.Contains(stderr, want) {
					t.Errorf("it does not say %q: %s", want, stderr)
				}
			}
			if after, err := os.ReadFile(file); err != nil || string(after) != string(before) {
				t.Errorf("the file was changed: %v", err)
			}
		})
	}
}

// edit changes the database of a server that is not running.
func edit(t *testing.T, file, statement string) {
	t.Helper()
	db, err := sql.Open("sqlite", "file:"+file)
	must(t, err)
	_, err = db.Exec(statement)
	must(t, err)
	must(t, db.Close())
}
