package e2e

import (
	"net/http"
	"testing"
	"time"

	"darkroom"
)

// TestAStopCostsNoAttempt stops the server over running captures: it ends
// with 0, and what was in flight is taken again at the next start.
func TestAStopCostsNoAttempt(t *testing.T) {
	const count = 40
	data, base := t.TempDir(), site(t)
	s := start(t, data)
	job := s.underWay(s.submit(map[string]any{"urls": pages(base, count)}))
	began := time.Now()
	if code := s.stop(); code != 0 {
		t.Errorf("SIGTERM ends with exit code %d\n%s", code, s.log)
	}
	if took := time.Since(began); took > 25*time.Second {
		t.Errorf("stopping took %s", took)
	}
	checkNothingLeft(t, data)
	s = start(t, data)
	s.await(job.ID, 2*time.Minute)
	_, content := s.call("GET", darkroom.DownloadPath(job.ID), nil)
	archive := open(t, content)
	archive.checkPictures(t, count)
	for _, e := range archive.manifest.Results {
		if e.Attempts != 1 {
			t.Errorf("%s took %d attempts", e.URL, e.Attempts)
		}
	}
}

func TestTwoServersOnOneFolder(t *testing.T) {
	data := t.TempDir()
	s := start(t, data)
	_, stderr, code := program(t.Context(), t, nil, "serve", "--listen", "127.0.0.1:0", "--data", data)
	if code == 0 {
		t.Errorf("a second server runs on the same folder\n%s", stderr)
	}
	if answer, _ := s.call("GET", "/v1/jobs", nil); answer.StatusCode != http.StatusOK {
		t.Errorf("the first server answers %d", answer.StatusCode)
	}
}

// TestTheServerSaysNoToNoise looks at the edges from outside; the api room has
// the whole catalogue.
func TestTheServerSaysNoToNoise(t *testing.T) {
	s := start(t, t.TempDir())
	for _, probe := range []struct {
		method, path string
		want         int
	}{
		{"GET", "/nowhere", 404},
		{"DELETE", "/v1/batch", 405},
		{"POST", "/v1/batch", 400},
		{"GET", "/v1/jobs/00000000-0000-0000-0000-000000000000", 404},
		{"GET", "/healthz", 200},
		{"GET", "//v1//jobs", 200},
	} {
		answer, content := s.call(probe.method, probe.path, nil)
		if answer.StatusCode != probe.want {
			t.Errorf("%s %s answers %d %s", probe.method, probe.path, answer.StatusCode, content)
		}
	}
}
