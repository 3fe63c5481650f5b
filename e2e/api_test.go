package e2e

import (
	"bytes"
	"cmp"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"sync"
	"testing"
	"time"

	"darkroom"
)

// The tests speak the wire by hand, as a stranger would; the clients have
// tests of their own.

func (s *server) call(method, path string, body any) (*http.Response, []byte) {
	s.t.Helper()
	answer, content, err := s.try(method, path, body)
	must(s.t, err)
	return answer, content
}

func (s *server) try(method, path string, body any) (*http.Response, []byte, error) {
	return s.tryWith(nil, method, path, body)
}

func (s *server) tryWith(header map[string]string, method, path string, body any) (*http.Response, []byte, error) {
	var reader io.Reader
	if body != nil {
		text, err := json.Marshal(body)
		if err != nil {
			return nil, nil, err
		}
		reader = bytes.NewReader(text)
	}
	request, err := http.NewRequest(method, s.url+path, reader)
	if err != nil {
		return nil, nil, err
	}
	request.Header.Set("Authorization", "Bearer "+cmp.Or(s.key, apiKey))
	for name, value := range header {
		request.Header.Set(name, value)
	}
	answer, err := http.DefaultClient.Do(request)
	if err != nil {
		return nil, nil, err
	}
	defer answer.Body.Close()
	content, err := io.ReadAll(answer.Body)
	return answer, content, err
}

// submit posts a batch and gives the job as accepted.
func (s *server) submit(body map[string]any) darkroom.JobAnswer {
	s.t.Helper()
	answer, content := s.call("POST", "/v1/batch", body)
	if answer.StatusCode != http.StatusAccepted {
		s.t.Fatalf("POST /v1/batch answers %d %s", answer.StatusCode, content)
	}
	return decode[darkroom.JobAnswer](s.t, content)
}

// underWay returns when the job has its first picture.
func (s *server) underWay(job darkroom.JobAnswer) darkroom.JobAnswer {
	s.t.Helper()
	for until := time.Now().Add(30 * time.Second); job.Progress.Completed == 0; {
		_, content := s.call("GET", darkroom.JobPath(job.ID), nil)
		if job = decode[darkroom.JobAnswer](s.t, content); time.Now().After(until) {
			s.t.Fatalf("nothing was captured\n%s", s.log)
		}
	}
	return job
}

// await follows a job to its end and checks at every look that its progress
// never goes back.
func (s *server) await(id string, limit time.Duration) darkroom.JobAnswer {
	s.t.Helper()
	deadline := time.Now().Add(limit)
	var last darkroom.JobAnswer
	for time.Now().Before(deadline) {
		answer, content := s.call("GET", darkroom.JobPath(id)+"?wait=2", nil)
		if answer.StatusCode != http.StatusOK {
			s.t.Fatalf("status of %s: %d %s", id, answer.StatusCode, content)
		}
		job := decode[darkroom.JobAnswer](s.t, content)
		checkForward(s.t, last, job)
		if last = job; job.Status.Terminal() {
			return job
		}
	}
	s.t.Fatalf("job %s has not ended: %+v\n%s", id, last.Progress, s.log)
	return last
}

// checkForward holds the promise that what one client sees never goes back.
func checkForward(t *testing.T, before, after darkroom.JobAnswer) {
	t.Helper()
	p, q := before.Progress, after.Progress
	if q.Completed+q.Failed < p.Completed+p.Failed || q.Percentage < p.Percentage || q.Total < p.Total {
		t.Errorf("progress went back from %+v to %+v", p, q)
	}
	if before.Status.Terminal() && before.Status != after.Status {
		t.Errorf("a job that was %s is %s", before.Status, after.Status)
	}
	if (q.Percentage == 100) != after.Status.Terminal() {
		t.Errorf("%d %% while %s", q.Percentage, after.Status)
	}
}

func decode[T any](t *testing.T, content []byte) T {
	t.Helper()
	var value T
	if err := json.Unmarshal(content, &value); err != nil {
		t.Fatalf("not the expected JSON: %v\n%s", err, content)
	}
	return value
}

// syncBuffer is a buffer that one process may fill while a test reads it.
type syncBuffer struct {
	mu   sync.Mutex
	text bytes.Buffer
}

func (b *syncBuffer) Write(p []byte) (int, error) {
	b.mu.Lock()
	defer b.mu.Unlock()
	return b.text.Write(p)
}

func (b *syncBuffer) String() string {
	b.mu.Lock()
	defer b.mu.Unlock()
	return b.text.String()
}

var _ fmt.Stringer = (*syncBuffer)(nil)
