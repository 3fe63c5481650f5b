package e2e

import (
	"net/http"
	"testing"
	"time"

	"darkroom"
)

// TestACancelOutlivesTheServer cancels a job in the middle, kills the server at
// once, and finds the job ended after the next start; a retry has all pages,
// also when the first job is deleted.
func TestACancelOutlivesTheServer(t *testing.T) {
	const count = 60
	data, base := t.TempDir(), site(t)
	s := start(t, data)
	job := s.underWay(s.submit(map[string]any{"urls": pages(base, count)}))
	answer, content := s.call("POST", darkroom.CancelPath(job.ID), nil)
	s.kill()
	if job = decode[darkroom.JobAnswer](t, content); answer.StatusCode != http.StatusOK || !job.Cancelled {
		t.Fatalf("cancelling answered %d %s", answer.StatusCode, content)
	}
	s = start(t, data)
	ended := s.await(job.ID, time.Minute)
	if ended.Status != darkroom.StatusPartial || !ended.Cancelled || ended.Progress != withPercentage(job.Progress) {
		t.Errorf("ended %+v, cancelled was %+v", ended, job)
	}
	_, content = s.call("GET", darkroom.DownloadPath(job.ID), nil)
	if files := open(t, content).files; len(files) != job.Progress.Completed+2 {
		t.Errorf("%d files, want %d pictures, the manifest and the gallery", len(files), job.Progress.Completed)
	}

	answer, content = s.call("POST", darkroom.RetryPath(job.ID), nil)
	again := decode[darkroom.JobAnswer](t, content)
	if answer.StatusCode != http.StatusAccepted || again.RetryOf != job.ID {
		t.Fatalf("a retry answered %d %s", answer.StatusCode, content)
	}
	if answer, _ = s.call("DELETE", darkroom.JobPath(job.ID), nil); answer.StatusCode != http.StatusNoContent {
		t.Errorf("deleting answered %d", answer.StatusCode)
	}
	if answer, _ = s.call("GET", darkroom.DownloadPath(job.ID), nil); answer.StatusCode != http.StatusNotFound {
		t.Errorf("the archive of a deleted job answers %d", answer.StatusCode)
	}
	if whole := s.await(again.ID, 2*time.Minute); whole.Status != darkroom.StatusCompleted || whole.Progress.Completed != count {
		t.Errorf("the retry ended %+v", whole)
	}
	_, content = s.call("GET", darkroom.DownloadPath(again.ID), nil)
	open(t, content).checkPictures(t, count)
}

func withPercentage(p darkroom.ProgressAnswer) darkroom.ProgressAnswer {
	p.Percentage = 100
	return p
}
