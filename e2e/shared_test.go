package e2e

import (
	"fmt"
	"net/http"
	"net/http/httptest"
	"slices"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"darkroom"
	"darkroom/internal/database"
	"darkroom/internal/database/databasetest"
)

// What a key may do and what a host may be asked hold over all instances, and so
// do the turns that keys have. Two instances answer, two take one picture at a
// time.
func TestLimitsHoldOverInstances(t *testing.T) {
	all := instances{databasetest.Postgres(t, nil).URL, "file://" + t.TempDir()}
	started := make([]*server, 4)
	for i, role := range []string{"api", "api", "worker", "worker"} { // at once: one of them makes the tables
		started[i] = all.launch(t, t.TempDir(), role, "--concurrency", "1")
	}
	for _, s := range started {
		s.ready()
	}
	fronts, workers := started[:2], started[2:]
	t.Run("requests in a minute", func(t *testing.T) { checkRequestsOfAMinute(t, fronts) })
	t.Run("jobs at once", func(t *testing.T) { checkJobsAtOnce(t, fronts) })
	t.Run("pace of a host", func(t *testing.T) { checkPace(t, fronts[0], workers) })
	t.Run("turns of keys", func(t *testing.T) { checkTurns(t, fronts) })
	if length(0, 1, 1) == 0 {
		return // the rest is in the long form
	}
	t.Run("captures of a host at once", func(t *testing.T) { checkHostConcurrency(t, fronts[0]) })
	t.Run("an idle cluster starts at once", func(t *testing.T) { checkStart(t, fronts, all.database) })
}

// tenant makes a key with limits.
func (s *server) tenant(name string, limits map[string]int) string {
	s.t.Helper()
	answer, content := s.call("POST", "/v1/keys", map[string]any{"name": name, "limits": limits})
	if answer.StatusCode != http.StatusCreated {
		s.t.Fatalf("POST /v1/keys answers %d %s", answer.StatusCode, content)
	}
	return decode[struct{ Key string }](s.t, content).Key
}

func checkRequestsOfAMinute(t *testing.T, fronts []*server) {
	const limit, tries = 60, 3
	for try := range tries {
		key := fronts[0].tenant(fmt.Sprint("often ", try), map[string]int{"requests_per_minute": limit})
		if left := time.Until(time.Now().Truncate(time.Minute).Add(time.Minute)); left < 10*time.Second {
			time.Sleep(left) // the window is a minute of the clock
		}
		minute := time.Now().Truncate(time.Minute)
		granted := askAtOnce(t, fronts, key, limit)
		if !time.Now().Truncate(time.Minute).Equal(minute) {
			continue // the minute was over before all had asked
		}
		if granted != limit {
			t.Errorf("%d requests of %d a minute were granted", granted, limit)
		}
		return
	}
	t.Errorf("%d requests took a minute, %d times", 4*limit, tries)
}

// askAtOnce makes four times as many requests as may be granted, and gives how
// many were.
func askAtOnce(t *testing.T, fronts []*server, key string, limit int) int64 {
	var granted atomic.Int64
	var asking sync.WaitGroup
	for i := range 4 {
		asking.Go(func() {
			for range limit {
				answer, content, err := fronts[i%len(fronts)].with(key).try("GET", "/v1/devices", nil)
				switch {
				case err != nil:
					t.Error(err)
				case answer.StatusCode == http.StatusOK:
					granted.Add(1)
				case answer.StatusCode != http.StatusTooManyRequests:
					t.Errorf("answers %d %s", answer.StatusCode, content)
				}
			}
		})
	}
	asking.Wait()
	return granted.Load()
}

func checkJobsAtOnce(t *testing.T, fronts []*server) {
	const limit = 3
	base, _, free := stuckSite(t)
	defer close(free)
	key := fronts[0].tenant("few", map[string]int{"active_jobs": limit})
	var accepted atomic.Int64
	var mu sync.Mutex
	var jobs []string
	var asking sync.WaitGroup
	for i := range 8 {
		asking.Go(func() {
			answer, content, err := fronts[i%len(fronts)].with(key).try("POST", "/v1/batch", map[string]any{"urls": pages(base, 1)})
			switch {
			case err != nil:
				t.Error(err)
			case answer.StatusCode == http.StatusAccepted:
				accepted.Add(1)
				mu.Lock()
				defer mu.Unlock()
				jobs = append(jobs, decode[darkroom.JobAnswer](t, content).ID)
			case answer.StatusCode != http.StatusTooManyRequests:
				t.Errorf("answers %d %s", answer.StatusCode, content)
			}
		})
	}
	asking.Wait()
	if accepted.Load() != limit {
		t.Errorf("%d jobs were accepted of a key that may have %d", accepted.Load(), limit)
	}
	for i, id := range jobs {
		fronts[i%len(fronts)].with(key).call("DELETE", darkroom.JobPath(id), nil)
	}
}

// watchedSite tells when pages are asked for, and takes a moment for each.
type watchedSite struct {
	url string

	mu       sync.Mutex
	asked    []visit
	now, top int
}

type visit struct {
	path string
	at   time.Time
}

func watchSite(t *testing.T, takes time.Duration) *watchedSite {
	t.Helper()
	w := &watchedSite{}
	server := httptest.NewServer(http.HandlerFunc(func(out http.ResponseWriter, r *http.Request) {
		if !strings.HasPrefix(r.URL.Path, "/page/") {
			http.NotFound(out, r)
			return
		}
		w.mu.Lock()
		w.asked = append(w.asked, visit{r.URL.Path, time.Now()})
		w.now++
		w.top = max(w.top, w.now)
		w.mu.Unlock()
		time.Sleep(takes)
		w.mu.Lock()
		w.now--
		w.mu.Unlock()
		fmt.Fprint(out, "<!doctype html><title>A page</title><p>Something to see")
	}))
	t.Cleanup(server.Close)
	w.url = server.URL
	return w
}

// visits gives what has been asked for since then.
func (w *watchedSite) visits(since time.Time) (found []visit) {
	w.mu.Lock()
	defer w.mu.Unlock()
	for _, v := range w.asked {
		if v.at.After(since) {
			found = append(found, v)
		}
	}
	return found
}

func checkPace(t *testing.T, front *server, workers []*server) {
	const count, delay = 8, 300 * time.Millisecond
	calm := watchSite(t, 0)
	before := []int{finished(workers[0]), finished(workers[1])}
	job := front.submit(map[string]any{"urls": pages(calm.url, count), "host_delay": delay.Milliseconds()})
	front.await(job.ID, time.Minute)
	visits := calm.visits(time.Time{})
	if len(visits) != count {
		t.Fatalf("%d visits of %d pages", len(visits), count)
	}
	// The first page may have been slow to ask for, and the last quick.
	if took := visits[count-1].at.Sub(visits[0].at); took < (count-2)*delay {
		t.Errorf("%d pages of a host that is asked every %s were asked for in %s", count, delay, took)
	}
	for i, worker := range workers {
		if finished(worker) == before[i] {
			t.Errorf("worker %d took none of them: nothing was shown", i)
		}
	}
}

// finished is how many captures a worker has taken.
func finished(worker *server) (n int) {
	_, content := worker.call("GET", "/metrics", nil)
	_, rest, _ := strings.Cut(string(content), `darkroom_captures_finished_total{code="ok"} `)
	_, _ = fmt.Sscan(rest, &n)
	return n
}

func checkHostConcurrency(t *testing.T, front *server) {
	slow := watchSite(t, 200*time.Millisecond)
	job := front.submit(map[string]any{"urls": pages(slow.url, 6), "host_concurrency": 1})
	front.await(job.ID, time.Minute)
	if slow.top != 1 {
		t.Errorf("a host that is asked for one page at a time was asked for %d", slow.top)
	}
}

// A key's small job starts when the next slot is free, whatever another has
// waiting: nothing of the other is begun before, but what was under way.
func checkTurns(t *testing.T, fronts []*server) {
	const slots = 2
	busy, small := watchSite(t, 300*time.Millisecond), watchSite(t, 0)
	large := fronts[0].submit(map[string]any{"urls": pages(busy.url, 60), "host_concurrency": slots})
	fronts[0].underWay(large)
	other := fronts[1].with(fronts[0].tenant("other", nil))
	for range length(1, 10, 10) {
		job := other.submit(map[string]any{"urls": pages(small.url, 1)})
		accepted := time.Now()
		other.await(job.ID, time.Minute)
		began := small.visits(accepted)
		if len(began) != 1 {
			t.Fatalf("%d visits of one page", len(began))
		}
		before := slices.DeleteFunc(busy.visits(accepted), func(v visit) bool { return v.at.After(began[0].at) })
		fmt.Printf("turns: a small job began after %s, %d captures of the other key before it\n", began[0].at.Sub(accepted).Round(time.Millisecond), len(before))
		if len(before) > slots {
			t.Errorf("%d captures of another key were begun before it, on %d slots", len(before), slots)
		}
	}
	fronts[0].call("POST", darkroom.JobPath(large.ID)+"/cancel", nil)
	fronts[0].await(large.ID, time.Minute)
}

// checkStart measures the time between a job's acceptance and the start of its
// first capture, when nothing else is to be done.
func checkStart(t *testing.T, fronts []*server, url string) {
	quick := watchSite(t, 0)
	rows, err := database.Open(t.Context(), database.Config{URL: url})
	must(t, err)
	defer func() { must(t, rows.Close()) }()
	waits := make([]time.Duration, length(3, 20, 20))
	for i := range waits {
		s := fronts[i%len(fronts)]
		job := s.await(s.submit(map[string]any{"urls": pages(quick.url, 1)}).ID, time.Minute)
		var ms int64 // answers have whole seconds
		must(t, rows.Read(t.Context()).QueryRow(t.Context(), `SELECT started_at - created_at FROM jobs WHERE id = ?`, job.ID).Scan(&ms))
		waits[i] = time.Duration(ms) * time.Millisecond
		time.Sleep(300 * time.Millisecond) // until the cluster is idle again
	}
	slices.Sort(waits)
	median, longest := waits[len(waits)/2], waits[len(waits)-1]
	fmt.Printf("start: the first capture of a job is taken %s after its acceptance (median of %d; longest %s)\n", median, len(waits), longest)
	if median > 2*time.Second {
		t.Errorf("an idle cluster takes the first capture %s after its acceptance", median)
	}
}
