package e2e

import (
	"bytes"
	"fmt"
	"io"
	"net/http"
	"strconv"
	"strings"
	"testing"
	"time"

	"darkroom"
)

func TestTwoHundredPagesInOneArchive(t *testing.T) {
	const count = 200
	s := start(t, t.TempDir())
	job := s.submit(map[string]any{"urls": pages(site(t), count), "format": "png"})
	if job.Progress.Total != count || job.Status != darkroom.StatusPending {
		t.Errorf("accepted as %+v", job)
	}
	if done := s.await(job.ID, 5*time.Minute); done.Status != darkroom.StatusCompleted {
		t.Fatalf("ended %s: %+v", done.Status, done.Progress)
	}
	answer, content := s.call("GET", darkroom.DownloadPath(job.ID), nil)
	if answer.StatusCode != http.StatusOK || answer.Header.Get("Content-Length") != strconv.Itoa(len(content)) {
		t.Fatalf("download answers %d with length %s for %d bytes", answer.StatusCode, answer.Header.Get("Content-Length"), len(content))
	}
	open(t, content).checkPictures(t, count)
	readElsewhere(t, content)
	resumed := s.downloadInPieces(job.ID, answer.Header.Get("ETag"), int64(len(content)))
	if !bytes.Equal(resumed, content) {
		t.Error("a download resumed with Range gives other bytes")
	}
}

// downloadInPieces breaks off in the middle again and again, and resumes.
func (s *server) downloadInPieces(id, etag string, size int64) []byte {
	s.t.Helper()
	var got bytes.Buffer
	for step := size/7 + 13; int64(got.Len()) < size; {
		request, err := http.NewRequest("GET", s.url+darkroom.DownloadPath(id), nil)
		must(s.t, err)
		request.Header.Set("X-API-Key", apiKey)
		request.Header.Set("Range", fmt.Sprintf("bytes=%d-", got.Len()))
		request.Header.Set("If-Range", etag)
		answer, err := http.DefaultClient.Do(request)
		must(s.t, err)
		if answer.StatusCode != http.StatusPartialContent {
			s.t.Fatalf("Range answers %d", answer.StatusCode)
		}
		_, err = io.CopyN(&got, answer.Body, min(step, size-int64(got.Len())))
		must(s.t, err)
		answer.Body.Close()
	}
	return got.Bytes()
}

func TestAFailedPageCostsOnlyItself(t *testing.T) {
	s := start(t, t.TempDir())
	base := site(t)
	urls := []string{base + "/page/0", base + "/gone", base + "/page/2"}
	job := s.await(s.submit(map[string]any{"urls": urls}).ID, time.Minute)
	if job.Status != darkroom.StatusPartial || job.Progress.Completed != 2 || job.Progress.Failed != 1 {
		t.Fatalf("ended %s %+v", job.Status, job.Progress)
	}
	_, content := s.call("GET", darkroom.DownloadPath(job.ID), nil)
	results := open(t, content).manifest.Results
	if len(results) != 3 || results[1].ErrorCode != "http_error" || results[1].Attempts != 1 {
		t.Errorf("results are %+v", results)
	}
	if !results[2].Success || *results[2].Filename != "003_page_2.png" {
		t.Errorf("third result is %+v", results[2])
	}
}

func TestAJobOfFailuresHasNoArchive(t *testing.T) {
	s := start(t, t.TempDir())
	job := s.await(s.submit(map[string]any{"urls": []string{site(t) + "/gone"}}).ID, time.Minute)
	if job.Status != darkroom.StatusFailed || job.ResultURL != nil {
		t.Errorf("ended %s with result %v", job.Status, job.ResultURL)
	}
	if answer, content := s.call("GET", darkroom.DownloadPath(job.ID), nil); answer.StatusCode != http.StatusConflict || !strings.Contains(string(content), "no_result") {
		t.Errorf("download answers %d %s", answer.StatusCode, content)
	}
}

func TestResultsExpire(t *testing.T) {
	s := start(t, t.TempDir(), "--retention", "3s")
	job := s.await(s.submit(map[string]any{"urls": pages(site(t), 1)}).ID, time.Minute)
	if job.ExpiresAt == nil {
		t.Fatal("no expires_at at the end")
	}
	time.Sleep(time.Until(job.ExpiresAt.Add(time.Second))) // a real clock in another process
	if answer, content := s.call("GET", darkroom.DownloadPath(job.ID), nil); answer.StatusCode != http.StatusGone || !strings.Contains(string(content), "expired") {
		t.Errorf("after expiry the download answers %d %s", answer.StatusCode, content)
	}
	if answer, content := s.call("GET", darkroom.JobPath(job.ID), nil); answer.StatusCode != http.StatusOK || decode[darkroom.JobAnswer](t, content).ResultURL != nil {
		t.Errorf("after expiry the job answers %d %s", answer.StatusCode, content)
	}
}

func TestScreenshotNow(t *testing.T) {
	s := start(t, t.TempDir())
	base := site(t)
	answer, content := s.call("GET", "/v1/screenshot?width=400&height=300&url="+base+"/page/5", nil)
	if answer.StatusCode != http.StatusOK || answer.Header.Get("Content-Type") != "image/png" || !bytes.HasPrefix(content, []byte("\x89PNG")) {
		t.Fatalf("GET answers %d %s", answer.StatusCode, answer.Header.Get("Content-Type"))
	}
	answer, content = s.call("POST", "/v1/screenshot", map[string]any{"url": base + "/page/5", "width": "400", "full_page": "true", "format": "jpeg"})
	if answer.StatusCode != http.StatusOK || !bytes.HasPrefix(content, []byte("\xff\xd8")) {
		t.Errorf("POST answers %d %.80s", answer.StatusCode, content)
	}
	if answer, content = s.call("GET", "/v1/screenshot?url="+base+"/gone", nil); answer.StatusCode != http.StatusUnprocessableEntity {
		t.Errorf("a missing page answers %d %.200s", answer.StatusCode, content)
	}
}
