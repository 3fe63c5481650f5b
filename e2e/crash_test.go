package e2e

import (
	"math/rand/v2"
	"net/http"
	"path/filepath"
	"testing"
	"time"

	"darkroom"
)

// TestNothingIsLostWhenTheServerIsKilled kills the server at random moments
// over running batches and holds it to its promises: no URL lost, none twice
// in the manifest, no progress step back, ready again soon, one webhook id and
// body per job.
func TestNothingIsLostWhenTheServerIsKilled(t *testing.T) {
	const count = 60 // URLs of one batch
	kills := length(20, 100, 1000)
	seed := uint64(time.Now().UnixNano())
	t.Logf("seed %d", seed)
	random := rand.New(rand.NewPCG(seed, 0))
	data, base, hooks := t.TempDir(), site(t), receive(t)
	run := &crashRun{t: t, seen: map[string]darkroom.JobAnswer{}}
	s := start(t, data)
	var slowest time.Duration
	for round := range kills {
		if run.open() == 0 {
			run.remember(s.submit(map[string]any{"urls": pages(base, count), "callback_url": hooks.url}))
		}
		run.look(s, time.Duration(50+random.IntN(1200))*time.Millisecond)
		s.kill()
		began := time.Now()
		s = start(t, data)
		slowest = max(slowest, time.Since(began))
		if t.Failed() {
			t.Fatalf("after kill %d", round+1)
		}
	}
	t.Logf("%d kills over %d jobs, slowest restart %s", kills, len(run.seen), slowest.Round(time.Millisecond))
	for id := range run.seen {
		job := s.await(id, 5*time.Minute)
		checkForward(t, run.seen[id], job)
		_, content := s.call("GET", darkroom.DownloadPath(id), nil)
		open(t, content).checkPictures(t, count)
	}
	hooks.checkOnePerJob(t, len(run.seen))
	if code := s.stop(); code != 0 {
		t.Errorf("SIGTERM ends with exit code %d", code)
	}
	checkNothingLeft(t, data)
}

// crashRun remembers what one client saw of each job, over all restarts.
type crashRun struct {
	t    *testing.T
	seen map[string]darkroom.JobAnswer
}

func (r *crashRun) remember(job darkroom.JobAnswer) { r.seen[job.ID] = job }

func (r *crashRun) open() int {
	open := 0
	for _, job := range r.seen {
		if !job.Status.Terminal() {
			open++
		}
	}
	return open
}

// look polls every job for a while, as a dashboard would.
func (r *crashRun) look(s *server, span time.Duration) {
	for until := time.Now().Add(span); time.Now().Before(until); time.Sleep(20 * time.Millisecond) {
		for id, before := range r.seen {
			answer, content := s.call("GET", darkroom.JobPath(id), nil)
			if answer.StatusCode != http.StatusOK {
				r.t.Errorf("job %s answers %d after it was accepted", id, answer.StatusCode)
				return
			}
			after := decode[darkroom.JobAnswer](r.t, content)
			checkForward(r.t, before, after)
			r.seen[id] = after
		}
	}
}

// checkNothingLeft looks for browsers and temporary files of a stopped server.
func checkNothingLeft(t *testing.T, data string) {
	t.Helper()
	dir := tempDir(data)
	deadline := time.Now().Add(5 * time.Second)
	for {
		files, err := filepath.Glob(filepath.Join(dir, "*"))
		must(t, err)
		running := browsers(t, dir)
		if running == 0 && len(files) == 0 {
			return
		}
		if time.Now().After(deadline) {
			t.Fatalf("%d processes still run, and there are files %v", running, files)
		}
		time.Sleep(20 * time.Millisecond) // other processes are ending
	}
}
