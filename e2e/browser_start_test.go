package e2e

import (
	"fmt"
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
	"time"

	"darkroom"
	"darkroom/internal/chrome"
)

// standIn is a browser that does these lines of shell first, in which $1 is a
// file, and then is the real one. The file comes and goes by mend and spoil.
type standIn struct {
	t          *testing.T
	path, file string
}

func newStandIn(t *testing.T, first string) standIn {
	t.Helper()
	real, err := chrome.Find("")
	must(t, err)
	// The browser runs as an unprivileged user, who must get through.
	folder := tempDir(t.TempDir()) + "-browser"
	must(t, os.MkdirAll(folder, 0o755))
	t.Cleanup(func() { _ = os.RemoveAll(folder) })
	b := standIn{t: t, path: filepath.Join(folder, "stand-in-headless-shell"), file: filepath.Join(folder, "mended")}
	script := fmt.Sprintf("#!/bin/sh\n[ \"$1\" = --version ] || {\nfirst() { %s\n}\nfirst %s\n}\nexec %s \"$@\"\n", first, b.file, real.Path)
	must(t, os.WriteFile(b.path, []byte(script), 0o755))
	return b
}

func (b standIn) mend()  { b.t.Helper(); must(b.t, os.WriteFile(b.file, nil, 0o644)) }
func (b standIn) spoil() { b.t.Helper(); must(b.t, os.Remove(b.file)) }

// TestABrowserThatDoesNotStart has browsers that exit or hang at their start:
// the server says that it is not ready, jobs wait at no attempt's cost, and go
// on by themselves when a browser starts again. In the long form one hangs for
// good, and must be replaced.
func TestABrowserThatDoesNotStart(t *testing.T) {
	t.Parallel()
	hangs := []string{`while [ ! -e "$1" ]; do sleep 0.1; done`, `[ -e "$1" ] || exec sleep 1000`}
	for name, first := range map[string]string{
		"exits": `[ -e "$1" ] || exit 1`,
		"hangs": hangs[length(0, 1, 1)],
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			b := newStandIn(t, first)
			data := t.TempDir()
			s := launch(t, data, serve(data, "--chromium", b.path))
			s.listening()
			s.waitsForBrowser(b)
			if name == "exits" || length(0, 1, 1) == 1 {
				s.losesBrowsers(b)
				s.waitsForBrowser(b)
			}
			if name == "exits" {
				s.losesBrowsers(b)
				s.recoversWithoutWork(b)
			}
		})
	}
}

// losesBrowsers kills all that run and lets no other start.
func (s *server) losesBrowsers(b standIn) {
	s.t.Helper()
	b.spoil()
	groups := s.watch().browsers()
	for until := time.Now().Add(20 * time.Second); len(groups) > 0; time.Sleep(5 * time.Millisecond) {
		for group := range groups {
			if syscall.Kill(-group, syscall.SIGKILL) == syscall.ESRCH {
				delete(groups, group)
			}
		}
		if time.Now().After(until) {
			s.t.Fatal("the browsers do not die")
		}
	}
}

// waitsForBrowser submits a job while no browser starts, and mends that.
func (s *server) waitsForBrowser(b standIn) {
	s.t.Helper()
	const count = 4
	job := s.submit(map[string]any{"urls": pages(site(s.t), count)})
	if why := s.notReady(); !strings.Contains(why, "browser does not start") {
		s.t.Errorf("not ready: %s", why)
	}
	if now := s.progress(job.ID); now.Completed+now.Failed > 0 {
		s.t.Errorf("progress without a browser %+v", now)
	}
	b.mend()
	if ended := s.await(job.ID, 2*time.Minute); ended.Status != darkroom.StatusCompleted {
		s.t.Errorf("ended %s %+v\n%s", ended.Status, ended.Progress, s.log)
	}
	for _, result := range s.results(job.ID) {
		if result.Attempts != 1 {
			s.t.Errorf("%s took %d attempts", result.URL, result.Attempts)
		}
	}
	s.waitReady()
}

// recoversWithoutWork: a server that is not ready is given no work, so it must
// find out without any that a browser starts again.
func (s *server) recoversWithoutWork(b standIn) {
	s.t.Helper()
	answer, content := s.call("GET", "/v1/screenshot?url="+site(s.t)+"/page/1", nil)
	if answer.StatusCode != http.StatusServiceUnavailable || answer.Header.Get("Retry-After") == "" {
		s.t.Errorf("a screenshot without a browser answers %d %s", answer.StatusCode, content)
	}
	s.notReady()
	b.mend()
	s.waitReady()
}
