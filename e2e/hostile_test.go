package e2e

import (
	"bytes"
	"context"
	"encoding/pem"
	"fmt"
	"image/png"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"syscall"
	"testing"
	"time"

	"darkroom"
	"darkroom/internal/chrome/chrometest"
)

// TestHostilePagesCostOnlyThemselves captures hostile pages and good ones in
// turn, four at a time. Every good one must be captured, every hostile one must
// end in its code and within its time, and nothing may be left of them. The
// short form takes every thirteenth; the long one all of them, and kills browsers.
func TestHostilePagesCostOnlyThemselves(t *testing.T) {
	bad, base := hostileSite(t), site(t)
	s := start(t, t.TempDir(), "--concurrency", "4", "--ca-file", authorityFile(t, bad))
	all := bad.Pages()
	hostile := every(length(13, 1, 1), slices.DeleteFunc(slices.Clone(all), func(p chrometest.HostilePage) bool { return p.Victim != "" }))
	w := s.watch()
	before := w.look()
	var mix []any
	for i, address := range pages(base, len(hostile)) {
		mix = append(mix, hostileRequest(hostile[i]), map[string]any{"url": address})
	}
	job := s.submit(map[string]any{"requests": mix})
	peak := w.follow(t, s, job.ID, 10*time.Minute)
	results := s.results(job.ID)
	slow := checkHostile(t, hostile, results)
	if length(0, 1, 1) == 1 {
		killed := s.killVictims(t, bad, w)
		hostile = append(hostile, killed...)
	}
	w.buried(t)
	good := 0
	for i := 1; i < len(results); i += 2 {
		if results[i].Success {
			good++
		} else {
			t.Errorf("the good page %s failed: %s %s", results[i].URL, results[i].ErrorCode, *results[i].Error)
		}
	}
	_, content := s.call("GET", darkroom.DownloadPath(job.ID), nil)
	checkGoodPictures(t, open(t, content))
	if ran := len(bad.Site.Visits("/popped-ran")); ran > 0 {
		t.Errorf("%d popups ran", ran)
	}
	after := w.look()
	fmt.Printf("hostile: %d of %d good pages beside %d hostile ones; slowest hostile %s; server %d MB before, %d at most, %d after; largest browser %d MB; zombies %d\n",
		good, len(results)/2, len(hostile), slow.Round(time.Millisecond), before.server, peak.server, after.server, peak.largest, after.zombies)
	if peak.server > 256 {
		t.Errorf("the server took %d MB", peak.server)
	}
	const limit = 1024 // MB of one browser; see chrome.DefaultMemoryLimit
	if peak.largest > limit+limit/2 {
		t.Errorf("a browser took %d MB before it was killed", peak.largest)
	}
	if code := s.stop(); code != 0 {
		t.Errorf("SIGTERM ends with exit code %d", code)
	}
	checkNothingLeft(t, s.data)
}

func hostileSite(t *testing.T) *chrometest.HostileSite {
	t.Helper()
	site, err := chrometest.OpenHostileSite()
	must(t, err)
	t.Cleanup(site.Close)
	return site
}

func authorityFile(t *testing.T, site *chrometest.HostileSite) string {
	t.Helper()
	path := filepath.Join(t.TempDir(), "authority.pem")
	must(t, os.WriteFile(path, pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: site.Authority.Raw}), 0o600))
	return path
}

// every takes one in so many, the first among them.
func every[T any](step int, all []T) (some []T) {
	for i := 0; i < len(all); i += step {
		some = append(some, all[i])
	}
	return some
}

func hostileRequest(page chrometest.HostilePage) map[string]any {
	request := map[string]any{"url": page.Path, "attempts": 1, "timeout": page.Options.Timeout}
	if page.Options.FullPage {
		request["full_page"] = true
	}
	if page.Options.WaitUntil != "" {
		request["wait_until"] = page.Options.WaitUntil
	}
	return request
}

// follow samples until the job has ended, and gives the highest of each.
func (w *watch) follow(t *testing.T, s *server, id string, limit time.Duration) (peak sample) {
	t.Helper()
	ctx, cancel := context.WithCancel(t.Context())
	done := make(chan struct{})
	go func() {
		defer close(done)
		for ctx.Err() == nil {
			seen := w.look()
			peak.server, peak.largest = max(peak.server, seen.server), max(peak.largest, seen.largest)
			peak.browsers, peak.files = max(peak.browsers, seen.browsers), max(peak.files, seen.files)
			time.Sleep(50 * time.Millisecond) // the period of sampling
		}
	}()
	s.await(id, limit)
	cancel()
	<-done
	return peak
}

// results gives every result of a job, in order.
func (s *server) results(id string) (all []darkroom.ResultAnswer) {
	s.t.Helper()
	for cursor := ""; ; {
		_, content := s.call("GET", darkroom.ResultsPath(id)+"?limit=100"+cursor, nil)
		page := decode[darkroom.ResultsAnswer](s.t, content)
		all = append(all, page.Results...)
		if page.NextCursor == nil {
			return all
		}
		cursor = "&cursor=" + *page.NextCursor
	}
}

// checkHostile looks at every second result, and gives the longest time that
// one took.
func checkHostile(t *testing.T, hostile []chrometest.HostilePage, results []darkroom.ResultAnswer) (slowest time.Duration) {
	t.Helper()
	if len(results) != 2*len(hostile) {
		t.Fatalf("%d results of %d hostile and as many good pages", len(results), len(hostile))
	}
	for i, page := range hostile {
		result := results[2*i]
		took := time.Duration(result.DurationMS) * time.Millisecond
		slowest = max(slowest, took)
		if result.Success != (len(page.Codes) == 0) || !result.Success && !slices.Contains(page.Codes, result.ErrorCode) {
			t.Errorf("%s: %q (success %v), want %v", page.Name, result.ErrorCode, result.Success, page.Codes)
		}
		if page.Warning != "" && !strings.Contains(strings.Join(result.Warnings, "\n"), page.Warning) {
			t.Errorf("%s: warnings %q, want %q", page.Name, result.Warnings, page.Warning)
		}
		// What the slot promises is two seconds; the rest is for a machine that
		// has other things to do, and for the wait until the slot is repaired.
		if bound := time.Duration(page.Options.Timeout)*time.Millisecond + 7*time.Second; took > bound {
			t.Errorf("%s took %s, want at most %s", page.Name, took, bound)
		}
	}
	return slowest
}

func checkGoodPictures(t *testing.T, archive opened) {
	t.Helper()
	for i := 1; i < len(archive.manifest.Results); i += 2 {
		if e := archive.manifest.Results[i]; e.Success {
			picture, err := png.Decode(bytes.NewReader(archive.files[*e.Filename]))
			must(t, err)
			checkPicture(t, picture, i/2)
		}
	}
}

// killVictims captures the pages whose browser or renderer is killed, one after
// the other.
func (s *server) killVictims(t *testing.T, site *chrometest.HostileSite, w *watch) (victims []chrometest.HostilePage) {
	t.Helper()
	for _, page := range site.Pages() {
		if page.Victim == "" {
			continue
		}
		victims = append(victims, page)
		asked := len(site.Site.Visits(chrometest.VictimPath))
		job := s.submit(map[string]any{"requests": []any{hostileRequest(page)}})
		for until := time.Now().Add(time.Minute); len(site.Site.Visits(chrometest.VictimPath)) == asked; time.Sleep(10 * time.Millisecond) {
			if time.Now().After(until) {
				t.Fatalf("%s was never loaded", page.Name)
			}
		}
		w.kill(page.Victim)
		s.await(job.ID, 2*time.Minute)
		if result := s.results(job.ID)[0]; !slices.Contains(page.Codes, result.ErrorCode) {
			t.Errorf("%s: %q, want %v", page.Name, result.ErrorCode, page.Codes)
		}
	}
	again := s.await(s.submit(map[string]any{"urls": pages(site.URL+"/colour/0f0?", 4)}).ID, time.Minute)
	if again.Status != darkroom.StatusCompleted {
		t.Errorf("after the kills a job of good pages ended %s", again.Status)
	}
	return victims
}

// kill kills every browser of the server, or every renderer of theirs.
func (w *watch) kill(what string) {
	groups := w.browsers()
	if what == "browser" {
		for group := range groups {
			_ = syscall.Kill(-group, syscall.SIGKILL)
		}
		return
	}
	lines, _ := filepath.Glob("/proc/[0-9]*/cmdline")
	for _, line := range lines {
		pid, _ := strconv.Atoi(strings.Split(line, "/")[2])
		_, _, group := processStat(pid)
		if text, err := os.ReadFile(line); err == nil && groups[group] && strings.Contains(string(text), "--type=renderer") {
			_ = syscall.Kill(pid, syscall.SIGKILL)
		}
	}
}
