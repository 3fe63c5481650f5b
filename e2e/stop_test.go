package e2e

import (
	"bytes"
	"fmt"
	"io"
	"math/rand/v2"
	"net/http"
	"net/http/httptest"
	"syscall"
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

// TestNoStopAtAnyMomentCostsAnAttempt stops the server at random moments of
// running batches.
func TestNoStopAtAnyMomentCostsAnAttempt(t *testing.T) {
	const count = 40
	stops := length(3, 50, 500)
	seed := uint64(time.Now().UnixNano())
	t.Logf("seed %d", seed)
	random := rand.New(rand.NewPCG(seed, 0))
	data, base := t.TempDir(), site(t)
	run := &crashRun{t: t, seen: map[string]darkroom.JobAnswer{}}
	s := start(t, data)
	var slowest time.Duration
	for round := range stops {
		if run.open() == 0 {
			run.remember(s.submit(map[string]any{"urls": pages(base, count)}))
		}
		run.look(s, time.Duration(random.IntN(1200))*time.Millisecond)
		began := time.Now()
		if code := s.stop(); code != 0 {
			t.Errorf("SIGTERM ends with exit code %d", code)
		}
		slowest = max(slowest, time.Since(began))
		checkNothingLeft(t, data)
		if slowest > 25*time.Second || t.Failed() {
			t.Fatalf("stop %d, the slowest took %s\n%s", round+1, slowest, s.log)
		}
		s = start(t, data)
	}
	t.Logf("%d stops over %d jobs, the slowest took %s", stops, len(run.seen), slowest.Round(time.Millisecond))
	for id := range run.seen {
		checkForward(t, run.seen[id], s.await(id, 2*time.Minute))
		_, content := s.call("GET", darkroom.DownloadPath(id), nil)
		archive := open(t, content)
		archive.checkPictures(t, count)
		for _, e := range archive.manifest.Results {
			if e.Attempts != 1 {
				t.Errorf("%s took %d attempts", e.URL, e.Attempts)
			}
		}
	}
}

// TestASecondSignalStopsAtOnce does not let a page that hangs hold it up.
func TestASecondSignalStopsAtOnce(t *testing.T) {
	asked := make(chan struct{}, 10)
	hanging := httptest.NewServer(http.HandlerFunc(func(_ http.ResponseWriter, r *http.Request) {
		asked <- struct{}{}
		<-r.Context().Done()
	}))
	defer hanging.Close()
	defer hanging.CloseClientConnections()
	data := t.TempDir()
	s := start(t, data)
	job := s.submit(map[string]any{"urls": []string{hanging.URL}})
	<-asked
	must(t, s.cmd.Process.Signal(syscall.SIGTERM))
	for until := time.Now().Add(10 * time.Second); time.Now().Before(until); time.Sleep(5 * time.Millisecond) {
		if answer, _, err := s.try("GET", "/readyz", nil); err != nil || answer.StatusCode == http.StatusServiceUnavailable {
			break
		}
	}
	began := time.Now()
	must(t, s.cmd.Process.Signal(syscall.SIGTERM))
	if err := s.wait(15 * time.Second); err == nil { // the first alone gives the page 18
		t.Error("it says that nothing was interrupted")
	}
	t.Logf("it ended %s after the second signal", time.Since(began).Round(time.Millisecond))
	checkNothingLeft(t, data)
	s = start(t, data)
	<-asked
	_, content := s.call("GET", darkroom.ResultsPath(job.ID), nil)
	if r := decode[darkroom.ResultsAnswer](t, content).Results[0]; r.Attempts > 1 {
		t.Errorf("the stop has cost an attempt: %+v", r)
	}
}

// TestAStopDuringADownload cuts a reader who is slow, visibly, and the rest is
// had from the next server.
func TestAStopDuringADownload(t *testing.T) {
	const count = 12
	data, base := t.TempDir(), site(t)
	s := start(t, data)
	urls := make([]string, count)
	for i := range urls {
		urls[i] = fmt.Sprintf("%s/noise/%d", base, i)
	}
	job := s.await(s.submit(map[string]any{"urls": urls}).ID, time.Minute)
	request, err := http.NewRequest("GET", s.url+darkroom.DownloadPath(job.ID), nil)
	must(t, err)
	request.Header.Set("X-API-Key", apiKey)
	answer, err := http.DefaultClient.Do(request)
	must(t, err)
	defer answer.Body.Close()
	var got bytes.Buffer
	_, err = io.CopyN(&got, answer.Body, 1000)
	must(t, err)
	began := time.Now()
	if code := s.stop(); code != 0 {
		t.Errorf("SIGTERM during a download ends with exit code %d", code)
	}
	if took := time.Since(began); took > 25*time.Second {
		t.Errorf("stopping took %s", took)
	}
	if _, err = io.Copy(&got, answer.Body); err == nil {
		t.Fatalf("%d of %d bytes came, and that looked complete", got.Len(), answer.ContentLength)
	}
	s = start(t, data)
	request, err = http.NewRequest("GET", s.url+darkroom.DownloadPath(job.ID), nil)
	must(t, err)
	request.Header.Set("X-API-Key", apiKey)
	request.Header.Set("Range", fmt.Sprintf("bytes=%d-", got.Len()))
	request.Header.Set("If-Range", answer.Header.Get("ETag"))
	rest, err := http.DefaultClient.Do(request)
	must(t, err)
	defer rest.Body.Close()
	if rest.StatusCode != http.StatusPartialContent {
		t.Errorf("the rest answers %d", rest.StatusCode)
	}
	_, err = io.Copy(&got, rest.Body)
	must(t, err)
	if images := len(open(t, got.Bytes()).files) - 2; images != count {
		t.Errorf("%d images beside the manifest and the gallery", images)
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
