package e2e

import (
	"net/http"
	"net/http/httptest"
	"sync"
	"syscall"
	"testing"
	"time"

	"darkroom"
	"darkroom/internal/database/databasetest"
)

// stuckSite answers as site does, but the first visit of each page waits until
// its visitor has gone or free is closed. It tells of those visits.
func stuckSite(t *testing.T) (url string, visits chan string, free chan struct{}) {
	t.Helper()
	visits, free = make(chan string, 100), make(chan struct{})
	behind := site(t)
	var mu sync.Mutex
	visited := map[string]bool{}
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		mu.Lock()
		first := !visited[r.URL.Path]
		visited[r.URL.Path] = true
		mu.Unlock()
		if first && r.URL.Path != "/favicon.ico" {
			visits <- r.URL.Path
			select {
			case <-free:
			case <-r.Context().Done():
			}
		}
		http.Redirect(w, r, behind+r.URL.Path, http.StatusFound)
	}))
	t.Cleanup(server.Close)
	return server.URL, visits, free
}

// One worker stands still and another is killed, each in the middle of a
// capture, and neither is started again: a third takes what they held. The one
// that stood still goes on later: its result changes nothing, and it works.
func TestLostInstances(t *testing.T) {
	if length(0, 1, 1) == 0 {
		t.Skip("half a minute of waiting until instances count as lost: DARKROOM_LONG=1 runs it, as make test-slow does")
	}
	all := instances{databasetest.Postgres(t, nil).URL, "file://" + t.TempDir()}
	base, visits, free := stuckSite(t)
	hooks := receive(t)
	urls := pages(base, 2)
	send := func(s *server, url string) darkroom.JobAnswer {
		job := s.submit(map[string]any{"urls": []string{url}, "callback_url": hooks.url, "timeout": 60_000})
		select {
		case <-visits:
		case <-time.After(time.Minute):
			t.Fatal("nobody took the page")
		}
		return job
	}
	front := all.start(t, t.TempDir(), "api")
	still := all.start(t, t.TempDir(), "worker")
	jobs := []darkroom.JobAnswer{send(front, urls[0])}
	must(t, still.cmd.Process.Signal(syscall.SIGSTOP))
	killed := all.start(t, t.TempDir(), "worker")
	jobs = append(jobs, send(front, urls[1]))
	third := all.start(t, t.TempDir(), "worker")
	killed.kill()
	began := time.Now()
	var archives [][]byte
	for _, job := range jobs {
		if ended := front.await(job.ID, 2*time.Minute); ended.Status != darkroom.StatusCompleted {
			t.Fatalf("the job ended %s\n%s", ended.Status, third.log)
		}
		_, content := front.call("GET", darkroom.DownloadPath(job.ID), nil)
		archives = append(archives, content)
	}
	t.Logf("both jobs were complete %s after the second worker was lost", time.Since(began).Round(100*time.Millisecond))

	close(free)
	must(t, still.cmd.Process.Signal(syscall.SIGCONT))
	still.waitReady()
	third.kill()
	last := front.await(front.submit(map[string]any{"urls": pages(base, 4)[2:], "callback_url": hooks.url}).ID, 2*time.Minute)
	if last.Status != darkroom.StatusCompleted {
		t.Errorf("what is left to the worker that stood still ended %s\n%s", last.Status, still.log)
	}
	for i, job := range jobs {
		if _, content := front.call("GET", darkroom.DownloadPath(job.ID), nil); string(content) != string(archives[i]) {
			t.Errorf("the archive of job %d has changed", i+1)
		}
		if results := front.results(job.ID); len(results) != 1 || results[0].ImageURL == nil {
			t.Errorf("job %d has the results %+v", i+1, results)
		}
	}
	hooks.checkOnePerJob(t, 3)
}
