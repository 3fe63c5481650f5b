package e2e

import (
	"bytes"
	"net/http"
	"net/url"
	"os/exec"
	"strings"
	"testing"
	"time"

	"darkroom"
	"darkroom/internal/bucket/buckettest"
	"darkroom/internal/database"
	"darkroom/internal/database/databasetest"
)

// secretKey is the same on all instances of these tests.
const secretKey = "000102030405060708090a0b0c0d0e0f101112131415161718191a1b1c1d1e1f"

// instances are processes on one PostgreSQL database and one bucket.
type instances struct {
	database, bucket string
}

func (i instances) start(t *testing.T, data, role string, flags ...string) *server {
	t.Helper()
	return i.launch(t, data, role, flags...).ready()
}

// launch starts an instance and does not wait for it.
func (i instances) launch(t *testing.T, data, role string, flags ...string) *server {
	t.Helper()
	cmd := serve(data, append([]string{"--role", role, "--bucket-url", i.bucket}, flags...)...)
	cmd.Env = []string{"DARKROOM_DATABASE_URL=" + i.database, "DARKROOM_SECRET_KEY=" + secretKey}
	for _, variable := range buckettest.Environment() {
		cmd.Env = append(cmd.Env, variable[0]+"="+variable[1])
	}
	return launch(t, data, cmd)
}

// One process answers, another takes the pictures. The worker is killed in the
// middle; the one that follows goes on, and the archive is whole.
func TestRolesOnPostgreSQL(t *testing.T) {
	const count = 24
	all := instances{databasetest.Postgres(t, nil).URL, "file://" + t.TempDir()}
	base, hooks := site(t), receive(t)
	front := all.start(t, t.TempDir(), "api")
	data := t.TempDir()
	worker := all.start(t, data, "worker")
	if answer, _, err := worker.try("GET", "/v1/jobs", nil); err != nil || answer.StatusCode != http.StatusNotFound {
		t.Errorf("a worker answers its list of jobs with %v (%v)", answer, err)
	}
	for _, s := range []*server{front, worker} {
		if answer, content, err := s.try("GET", "/metrics", nil); err != nil || answer.StatusCode != http.StatusOK {
			t.Errorf("/metrics answers %v %s (%v)", answer, content, err)
		}
	}
	// The database is behind a socket here, and could be behind its port as well.
	if answer, content := front.call("POST", "/v1/batch", map[string]any{"urls": []string{"http://127.0.0.1:5432/"}}); answer.StatusCode != http.StatusBadRequest {
		t.Errorf("a capture of the database is accepted: %s", content)
	}
	refused := front.await(front.submit(map[string]any{"urls": []string{"http://localhost:5432/"}}).ID, time.Minute)
	if refused.Error == nil || !strings.Contains(*refused.Error, string(darkroom.CodeBlockedTarget)) {
		t.Errorf("a capture of the database by its name ended %s", refused.Status)
	}
	if answer, content := front.call("GET", "/v1/screenshot?url="+url.QueryEscape(pages(base, 1)[0]), nil); answer.StatusCode != http.StatusOK ||
		!bytes.HasPrefix(content, []byte("\x89PNG")) {
		t.Errorf("a screenshot by way of the API answers %d %.200s", answer.StatusCode, content)
	}
	job := front.submit(map[string]any{"urls": pages(base, count), "callback_url": hooks.url})
	front.underWay(job)
	worker.kill()
	worker = all.start(t, data, "worker")
	ended := front.await(job.ID, 2*time.Minute)
	if ended.Status != darkroom.StatusCompleted {
		t.Fatalf("the job ended %+v\n%s", ended, worker.log)
	}
	_, content := front.call("GET", darkroom.DownloadPath(job.ID), nil)
	open(t, content).checkPictures(t, count)
	hooks.checkOnePerJob(t, 1)
	for s, series := range map[*server][]string{
		front: {
			`darkroom_http_requests_total{code="202",method="POST",route="/v1/batch"} 2`, `darkroom_jobs_created_total{kind="batch"} 2`,
			`darkroom_database_operation_duration_seconds_count{op="write"}`, `darkroom_instances 1`, `darkroom_webhooks_pending 0`,
		},
		worker: {`darkroom_storage_operation_duration_seconds_count{op="put"}`, `darkroom_capture_bytes_count{format="png"}`, `darkroom_queue_oldest_age_seconds 0`},
	} {
		_, content, err := s.try("GET", "/metrics", nil)
		must(t, err)
		for _, one := range series {
			if !bytes.Contains(content, []byte("\n"+one)) {
				t.Errorf("/metrics lacks %s", one)
			}
		}
	}
	for _, s := range []*server{worker, front} {
		if code := s.stop(); code != 0 {
			t.Errorf("SIGTERM ends with exit code %d", code)
		}
	}
}

// An instance that could read no secret of the others does not start.
func TestAnotherSecretKeyDoesNotStart(t *testing.T) {
	all := instances{databasetest.Postgres(t, nil).URL, "file://" + t.TempDir()}
	all.start(t, t.TempDir(), "api").kill()
	cmd := exec.Command(programPath, "serve", "--listen", "127.0.0.1:0", "--data", t.TempDir(), "--role", "api")
	cmd.Env = append(cmd.Environ(), "DARKROOM_DATABASE_URL="+all.database, "DARKROOM_SECRET_KEY="+strings.Repeat("ab", 32))
	out, err := cmd.CombinedOutput()
	if err == nil || !strings.Contains(string(out), "DARKROOM_SECRET_KEY") {
		t.Errorf("it ended with %v and said %s", err, out)
	}
}

// An instance that is older than the tables does not start, and says what to do.
func TestTablesOfANewerProgramOnPostgreSQL(t *testing.T) {
	all := instances{databasetest.Postgres(t, nil).URL, "file://" + t.TempDir()}
	all.start(t, t.TempDir(), "api").kill()
	db, err := database.Open(t.Context(), database.Config{URL: all.database})
	must(t, err)
	must(t, db.Update(t.Context(), func(tx database.Tx) error {
		_, err := tx.Exec(t.Context(), `INSERT INTO darkroom_migrations (version_id, is_applied) VALUES (99999, true)`)
		return err
	}))
	must(t, db.Close())
	late := all.launch(t, t.TempDir(), "api")
	if err := late.wait(30 * time.Second); err == nil {
		t.Error("it ended without an error")
	}
	for _, want := range []string{"newer version", "Start the newer version"} {
		if !strings.Contains(late.log.String(), want) {
			t.Errorf("it does not say %q: %s", want, late.log)
		}
	}
}
