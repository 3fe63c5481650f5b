package e2e

import (
	"database/sql"
	"fmt"
	"io/fs"
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	_ "modernc.org/sqlite" // writes into the database of a stopped server

	"darkroom"
)

// TestAStartOverManyExpiredJobs is ready before it has deleted anything, and
// deletes everything in the end.
func TestAStartOverManyExpiredJobs(t *testing.T) {
	count := length(1000, 10_000, 10_000)
	data := t.TempDir()
	s := start(t, data)
	job := s.await(s.submit(map[string]any{"urls": pages(site(t), 2), "retention": 1}).ID, time.Minute)
	s.kill()
	ids := multiply(t, data, job.ID, count)
	time.Sleep(time.Until(job.ExpiresAt.Add(10 * time.Millisecond))) // a real clock in another process
	began := time.Now()
	s = start(t, data)
	took := time.Since(began)
	for _, id := range []string{ids[0], ids[count/2], ids[count-1]} {
		if answer, content := s.call("GET", darkroom.DownloadPath(id), nil); answer.StatusCode != http.StatusGone {
			t.Errorf("an expired job answers %d %s", answer.StatusCode, content)
		}
	}
	left := len(storedFiles(t, data))
	t.Logf("ready after %s over %d expired jobs, with %d files left", took.Round(time.Millisecond), count, left)
	if took > 20*time.Second {
		t.Errorf("ready after %s only", took)
	}
	for until := time.Now().Add(3 * time.Minute); left > 0; left = len(storedFiles(t, data)) {
		if time.Now().After(until) {
			t.Fatalf("%d files are left\n%s", left, s.log)
		}
		time.Sleep(50 * time.Millisecond) // another process deletes
	}
	t.Logf("all is deleted after %s", time.Since(began).Round(time.Millisecond))
	if entries, err := os.ReadDir(filepath.Join(data, "bucket")); err != nil || len(entries) > 1 {
		t.Errorf("the bucket has %v, %v", entries, err)
	}
}

// multiply copies the rows and files of a job, and gives the ids of the copies.
func multiply(t *testing.T, data, id string, count int) []string {
	t.Helper()
	db, err := sql.Open("sqlite", "file:"+filepath.Join(data, "darkroom.db"))
	must(t, err)
	defer db.Close()
	tx, err := db.Begin()
	must(t, err)
	copied := fmt.Sprintf("printf('%%08x', n) || substr('%s', 9)", id)
	for table, key := range map[string]string{"artifacts": "key", "jobs": "id", "captures": "job_id", "job_files": "job_id"} {
		var columns, values []string
		rows, err := tx.Query("SELECT name FROM pragma_table_info(?)", table)
		must(t, err)
		for rows.Next() {
			var name string
			must(t, rows.Scan(&name))
			columns = append(columns, name)
			if name == "id" || name == "job_id" || name == "key" || name == "artifact_key" {
				name = fmt.Sprintf("replace(%s, '%s', %s)", name, id, copied)
			}
			values = append(values, name)
		}
		must(t, rows.Err())
		_, err = tx.Exec(fmt.Sprintf(`WITH RECURSIVE numbers (n) AS (SELECT 1 UNION ALL SELECT n + 1 FROM numbers WHERE n < %d)
			INSERT INTO %s (%s) SELECT %s FROM %s, numbers WHERE %s LIKE '%%%s%%'`,
			count, table, strings.Join(columns, ", "), strings.Join(values, ", "), table, key, id))
		must(t, err)
	}
	must(t, tx.Commit())
	ids := make([]string, count)
	files := storedFiles(t, data)
	for n := range ids {
		ids[n] = fmt.Sprintf("%08x", n+1) + id[8:]
		for _, file := range files {
			twin := strings.Replace(file, id, ids[n], 1)
			must(t, os.MkdirAll(filepath.Dir(twin), 0o700))
			must(t, os.Link(file, twin))
		}
	}
	return ids
}

func storedFiles(t *testing.T, data string) (files []string) {
	t.Helper()
	_ = filepath.WalkDir(filepath.Join(data, "bucket"), func(path string, entry fs.DirEntry, err error) error {
		if err == nil && !entry.IsDir() {
			files = append(files, path)
		}
		return nil // what vanishes meanwhile is what is waited for
	})
	return files
}
