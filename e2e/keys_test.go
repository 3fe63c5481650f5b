package e2e

import (
	"io/fs"
	"net/http"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"darkroom"
)

// with is the same server, called with another key.
func (s *server) with(key string) *server {
	other := *s
	other.key = key
	return &other
}

// TestATenantOverItsLife gives somebody a key with limits, kills the server in
// between, and erases the key while the server is killed again and again:
// limits hold over restarts, and what was acknowledged is done in the end.
func TestATenantOverItsLife(t *testing.T) {
	data, base, hooks := t.TempDir(), site(t), receive(t)
	s := start(t, data)
	answer, content := s.call("POST", "/v1/keys", map[string]any{
		"name": "tenant", "limits": map[string]int{"captures_per_month": 25, "requests_per_minute": 100_000},
	})
	if answer.StatusCode != http.StatusCreated {
		t.Fatalf("POST /v1/keys answers %d %s", answer.StatusCode, content)
	}
	made := decode[struct{ ID, Key string }](t, content)
	job := s.with(made.Key).submit(map[string]any{"urls": pages(base, 20), "callback_url": hooks.url})
	own := s.submit(map[string]any{"urls": pages(base, 3)})
	s.kill()
	s = start(t, data)
	tenant := s.with(made.Key)
	if answer, content := tenant.call("POST", "/v1/batch", map[string]any{"urls": pages(base, 6)}); answer.StatusCode != http.StatusTooManyRequests ||
		answer.Header.Get("Retry-After") == "" || !strings.Contains(string(content), string(darkroom.CodeQuotaExceeded)) {
		t.Errorf("beyond the quota: %d %s", answer.StatusCode, content)
	}
	if answer, _ := s.call("GET", darkroom.JobPath(job.ID), nil); answer.StatusCode != http.StatusNotFound {
		t.Errorf("another key's job answers %d", answer.StatusCode)
	}
	if answer, content := s.call("DELETE", "/v1/keys/"+made.ID+"?erase=true", nil); answer.StatusCode != http.StatusAccepted {
		t.Fatalf("the erasure answers %d %s", answer.StatusCode, content)
	}
	s.kill()
	s = erased(t, start(t, data), made.ID)
	if answer, _ := s.with(made.Key).call("GET", "/v1/jobs", nil); answer.StatusCode != http.StatusUnauthorized {
		t.Errorf("an erased key answers %d", answer.StatusCode)
	}
	if mine := s.await(own.ID, time.Minute); mine.Status != darkroom.StatusCompleted {
		t.Errorf("another key's job ended %s", mine.Status)
	}
	must(t, filepath.WalkDir(data, func(path string, _ fs.DirEntry, err error) error {
		if strings.Contains(path, job.ID) && !strings.HasSuffix(path, job.ID) { // an empty folder tells nothing
			t.Errorf("%s is left", path)
		}
		return err
	}))
}

// erased waits until the key is gone, and kills the server now and then.
func erased(t *testing.T, s *server, keyID string) *server {
	t.Helper()
	deadline := time.Now().Add(3 * time.Minute)
	for kills := 0; time.Now().Before(deadline); {
		for patience := time.Now().Add(4 * time.Second); kills == 3 || time.Now().Before(patience); {
			if answer, _ := s.call("GET", "/v1/keys/"+keyID, nil); answer.StatusCode == http.StatusNotFound {
				return s
			}
			if time.Now().After(deadline) {
				break
			}
			time.Sleep(50 * time.Millisecond) // polling another process
		}
		s.kill()
		kills++
		s = start(t, s.data)
	}
	t.Fatalf("the key is not gone\n%s", s.log)
	return s
}
