package e2e

import (
	"fmt"
	"math/rand/v2"
	"net/http"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"testing"
	"time"

	"darkroom"
)

const pagesPerFile = 20 // of the site's nested sitemaps

// sitemaps adds /sitemap/N to a site: an index whose files list the first N
// pages. Each file takes a moment, so that a server can be killed while it
// reads.
func sitemaps(mux *http.ServeMux) {
	mux.HandleFunc("GET /sitemap/{n}", func(w http.ResponseWriter, r *http.Request) {
		n, _ := strconv.Atoi(r.PathValue("n"))
		fmt.Fprint(w, `<sitemapindex xmlns="http://www.sitemaps.org/schemas/sitemap/0.9">`)
		for first := 0; first < n; first += pagesPerFile {
			fmt.Fprintf(w, "<sitemap><loc>http://%s/sitemap/%d/%d</loc></sitemap>", r.Host, first, min(n, first+pagesPerFile))
		}
		fmt.Fprint(w, `</sitemapindex>`)
	})
	mux.HandleFunc("GET /sitemap/{first}/{end}", func(w http.ResponseWriter, r *http.Request) {
		first, _ := strconv.Atoi(r.PathValue("first"))
		end, _ := strconv.Atoi(r.PathValue("end"))
		time.Sleep(100 * time.Millisecond)
		fmt.Fprint(w, `<urlset xmlns="http://www.sitemaps.org/schemas/sitemap/0.9">`)
		for page := first; page < end; page++ {
			fmt.Fprintf(w, "<url><loc>http://%s/page/%d</loc></url>", r.Host, page)
		}
		fmt.Fprint(w, `</urlset>`)
	})
}

// crawl posts a sitemap job.
func (s *server) crawl(body map[string]any) darkroom.JobAnswer {
	s.t.Helper()
	answer, content := s.call("POST", "/v1/sitemap", body)
	if answer.StatusCode != http.StatusAccepted {
		s.t.Fatalf("POST /v1/sitemap: %s\n%s", answer.Status, content)
	}
	return decode[darkroom.JobAnswer](s.t, content)
}

// TestACrawl takes a whole site, and measures the server's memory.
func TestACrawl(t *testing.T) {
	count := length(100, 1000, 5000)
	s := start(t, t.TempDir(), "--max-pages", strconv.Itoa(count))
	base := site(t)
	job := s.crawl(map[string]any{"sitemap_url": fmt.Sprintf("%s/sitemap/%d", base, count), "max_pages": count, "host_concurrency": 8})
	end := s.await(job.ID, 25*time.Minute)
	if end.Status != darkroom.StatusCompleted || end.Progress.Total != count {
		t.Fatalf("the job ends %s with %+v\n%s", end.Status, end.Progress, s.log)
	}
	_, content := s.call("GET", darkroom.DownloadPath(job.ID), nil)
	open(t, content).checkPictures(t, count)
	peak := peakMemory(t, s.cmd.Process.Pid)
	t.Logf("%d pages, the server used at most %d MB", count, peak>>20)
	if peak > 256<<20 {
		t.Errorf("the server used %d MB", peak>>20)
	}
}

// peakMemory is the largest resident size that the process ever had, bytes.
func peakMemory(t *testing.T, pid int) int64 {
	t.Helper()
	status, err := os.ReadFile(filepath.Join("/proc", strconv.Itoa(pid), "status"))
	must(t, err)
	_, rest, _ := strings.Cut(string(status), "VmHWM:")
	kilobytes, err := strconv.ParseInt(strings.Fields(rest)[0], 10, 64)
	must(t, err)
	return kilobytes << 10
}

// TestNoPageIsLostWhenTheServerIsKilled kills the server at random moments of
// a crawl, while it reads the sitemap as well as while it captures.
func TestNoPageIsLostWhenTheServerIsKilled(t *testing.T) {
	const killsOfOne = 8 // then it may end: a slow machine needs longer than it is left between two kills
	const count = 100
	crawls := length(2, 5, 100)
	seed := uint64(time.Now().UnixNano())
	t.Logf("seed %d", seed)
	random := rand.New(rand.NewPCG(seed, 0))
	data, base, hooks := t.TempDir(), site(t), receive(t)
	run := &crashRun{t: t, seen: map[string]darkroom.JobAnswer{}}
	s := start(t, data)
	kills, reading := 0, 0
	for range crawls {
		job := s.crawl(map[string]any{
			"sitemap_url": fmt.Sprintf("%s/sitemap/%d", base, count), "max_pages": count, "callback_url": hooks.url, "host_concurrency": 8,
		})
		run.remember(job)
		for left := killsOfOne; left > 0 && run.open() > 0; left-- {
			wait := 50 + random.IntN(600)
			if left == killsOfOne {
				wait = random.IntN(50) // the sitemap is still being read
			}
			run.look(s, time.Duration(wait)*time.Millisecond)
			if now := run.seen[job.ID]; now.Discovery == nil || !now.Discovery.Ended {
				reading++
			}
			s.kill()
			kills++
			s = start(t, data)
			run.look(s, time.Duration(random.IntN(1500))*time.Millisecond)
			if t.Failed() {
				t.Fatalf("after kill %d", kills)
			}
		}
	}
	t.Logf("%d kills, %d of them while the sitemap was read", kills, reading)
	if reading == 0 {
		t.Error("no kill came while the sitemap was read: nothing was shown about that")
	}
	for id := range run.seen {
		job := s.await(id, 5*time.Minute)
		if job.Status != darkroom.StatusCompleted {
			t.Errorf("job %s ends %s", id, job.Status)
		}
		_, content := s.call("GET", darkroom.DownloadPath(id), nil)
		open(t, content).checkPictures(t, count)
	}
	hooks.checkOnePerJob(t, crawls)
}
