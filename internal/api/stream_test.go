package api_test

import (
	"bufio"
	"context"
	"encoding/json"
	"io"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"os"
	"slices"
	"strings"
	"testing"
	"time"

	"darkroom"
	"darkroom/internal/api"
)

func streamScenarios() []scenario {
	return []scenario{
		{name: "events-of-a-job-by-a-strange-cursor", before: (*rig).completed, method: "GET", path: "/v1/jobs/$JOB/events?cursor=last"},
		{name: "events-of-another-keys-job", before: (*rig).foreign, method: "GET", path: "/v1/jobs/$JOB/events"},
		{name: "events-of-no-job", method: "GET", path: "/v1/jobs/nothing/events"},
		{
			name: "events-of-jobs-by-a-strange-cursor", method: "GET", path: "/v1/events",
			headers: []string{"Last-Event-ID", "-1"},
		},
	}
}

// sse is one event as a browser sees it.
type sse struct{ event, id, data string }

// listener reads an open stream.
type listener struct {
	t      *testing.T
	status int
	body   io.ReadCloser
	lines  *bufio.Scanner
	last   string // the id that a browser would come back with
}

func (r *rig) listen(path, lastID string) *listener {
	r.t.Helper()
	return r.listenAt(r.server.URL, path, lastID)
}

func (r *rig) listenAt(url, path, lastID string) *listener {
	r.t.Helper()
	ctx, cancel := context.WithTimeout(r.t.Context(), time.Minute)
	r.t.Cleanup(cancel)
	request := must(http.NewRequestWithContext(ctx, http.MethodGet, url+path, nil))(r.t)
	request.Header.Set("Authorization", "Bearer "+r.key)
	if lastID != "" {
		request.Header.Set("Last-Event-ID", lastID)
	}
	response := must(http.DefaultTransport.RoundTrip(request))(r.t)
	r.t.Cleanup(func() { _ = response.Body.Close() })
	return &listener{t: r.t, status: response.StatusCode, body: response.Body, lines: bufio.NewScanner(response.Body)}
}

// next waits for the next event, and is false at the end of the stream.
func (l *listener) next() (e sse, ok bool) {
	l.t.Helper()
	for l.lines.Scan() {
		name, value, _ := strings.Cut(l.lines.Text(), ": ")
		switch name {
		case "event":
			e.event = value
		case "id":
			e.id, l.last = value, value
		case "data":
			e.data = value
		case "":
			if e.event != "" {
				return e, true
			}
		}
	}
	return sse{}, false
}

// until reads to the job event that tells of so many captures that have ended,
// and gives the captures that were told before it.
func (l *listener) until(done int) (job darkroom.JobAnswer, captures []int) {
	l.t.Helper()
	for {
		e, ok := l.next()
		if !ok {
			l.t.Fatalf("the stream ended before %d captures had", done)
		}
		if e.event == darkroom.StreamCapture {
			var result darkroom.ResultAnswer
			l.read(e, &result)
			captures = append(captures, result.Index)
			continue
		}
		l.read(e, &job)
		if job.Progress.Completed+job.Progress.Failed >= done {
			return job, captures
		}
	}
}

// message reads as far as a reader can come back to, and gives the captures.
func (l *listener) message() (captures []int) {
	l.t.Helper()
	for {
		e, ok := l.next()
		if !ok {
			l.t.Fatal("the stream ended before there was an id")
		}
		if e.event == darkroom.StreamCapture {
			var result darkroom.ResultAnswer
			l.read(e, &result)
			captures = append(captures, result.Index)
		}
		if e.id != "" {
			return captures
		}
	}
}

func (l *listener) read(e sse, into any) {
	l.t.Helper()
	if err := json.Unmarshal([]byte(e.data), into); err != nil {
		l.t.Fatalf("event %+v: %v", e, err)
	}
}

func TestAStreamTellsWhatHappens(t *testing.T) {
	r := newRig(t)
	id := r.create("https://example.com/a", "https://example.com/fail", "https://example.com/c")
	l := r.listen(darkroom.EventsPath(id), "")
	if job, captures := l.until(0); job.Status != darkroom.StatusPending || captures != nil {
		t.Fatalf("it begins with %s and captures %v", job.Status, captures)
	}
	r.workOne()
	if _, captures := l.until(1); !slices.Equal(captures, []int{1}) {
		t.Errorf("after the first capture %v were told", captures)
	}
	r.work()
	r.finish(id)
	for job, _ := l.until(3); job.Status != darkroom.StatusPartial; job, _ = l.until(3) {
	}
	if e, more := l.next(); more {
		t.Errorf("after the end of the job came %+v", e)
	}
	expect(t, "status of who knows the end", r.listen(darkroom.EventsPath(id), l.last).status, http.StatusNoContent)
}

// A reader that was cut off goes on at another process with what it had last,
// and the two see everything.
func TestAStreamGoesOnElsewhere(t *testing.T) {
	r := newRig(t)
	id := r.create("https://example.com/a", "https://example.com/b", "https://example.com/c", "https://example.com/fail")
	l := r.listen(darkroom.EventsPath(id)+"?cursor=0", "")
	r.workOne()
	_, before := l.until(1)
	last := l.last
	_ = l.body.Close()
	r.work()
	r.finish(id)
	other := r.another(t)
	l = r.listenAt(other, darkroom.EventsPath(id), last)
	job, after := l.until(4)
	if job.Status != darkroom.StatusPartial {
		t.Errorf("the job is %s", job.Status)
	}
	seen := append(slices.Clone(before), after...)
	slices.Sort(seen)
	if seen = slices.Compact(seen); !slices.Equal(seen, []int{1, 2, 3, 4}) {
		t.Errorf("told %v and %v", before, after)
	}
	if slices.Contains(after, 1) {
		t.Errorf("%v were told behind id %s, 1 already before it", after, last)
	}
}

// Five hundred changes between two messages are told together, in messages of a
// bounded size, each of which can be the last that a reader gets.
func TestAStreamIsToldInBoundedMessages(t *testing.T) {
	r := newRig(t)
	urls := make([]string, 250)
	for i := range urls {
		urls[i] = "https://example.com/" + strings.Repeat("x", i+1)
	}
	id := r.create(urls...)
	r.act("POST", darkroom.CancelPath(id), http.StatusOK)
	r.finish(id)
	var seen []int
	last := "0"
	for messages := 1; ; messages++ {
		l := r.listen(darkroom.EventsPath(id), last)
		if l.status == http.StatusNoContent {
			expect(t, "messages", messages, 4) // 100, 100, 50 with the end, and nothing
			break
		}
		captures := l.message()
		if len(captures) > darkroom.MaxStreamMessage || messages > 10 {
			t.Fatalf("message %d has %d captures", messages, len(captures))
		}
		seen, last = append(seen, captures...), l.last
		_ = l.body.Close()
	}
	if len(seen) != len(urls) || !slices.IsSorted(seen) {
		t.Errorf("%d captures were told: %v", len(seen), seen)
	}
}

// Who hears that the job has ended listens no more, so everything else is told
// before it.
func TestTheEndIsToldLast(t *testing.T) {
	r := newRig(t)
	urls := make([]string, 2*darkroom.MaxStreamMessage+50)
	for i := range urls {
		urls[i] = "https://example.com/" + strings.Repeat("x", i+1)
	}
	id := r.create(urls...)
	r.act("POST", darkroom.CancelPath(id), http.StatusOK)
	r.finish(id)
	l := r.listen(darkroom.EventsPath(id), "0")
	for told := 0; ; {
		job, captures := l.until(0)
		if told += len(captures); job.Status.Terminal() {
			expect(t, "captures that were told before the end", told, len(urls))
			return
		}
	}
}

func TestAStreamOfAllJobs(t *testing.T) {
	r := newRig(t)
	r.completed()
	l := r.listen("/v1/events", "")
	r.foreign()
	id := r.create("https://example.com/a")
	job, _ := l.until(0)
	expect(t, "first job", job.ID, id)
	r.work()
	r.finish(id)
	for job, _ = l.until(1); job.Status != darkroom.StatusCompleted; job, _ = l.until(1) {
		expect(t, "job", job.ID, id)
	}
	again, _ := r.listen("/v1/events?cursor=0", "").until(0)
	if again.ID == id {
		t.Error("from the beginning on the job before is not told first")
	}
}

// A reader that takes nothing is dropped when its time is up, and holds
// nothing up meanwhile.
func TestASlowReaderIsDropped(t *testing.T) {
	r := newRig(t)
	id := r.create("https://example.com/a")
	w := &stuck{header: http.Header{}}
	request := must(http.NewRequestWithContext(t.Context(), http.MethodGet, darkroom.EventsPath(id), nil))(t)
	request.Header.Set("Authorization", "Bearer "+r.key)
	r.server.Config.Handler.ServeHTTP(w, request) // returns
	if limit := time.Until(w.deadline); limit <= 0 || limit > darkroom.StreamWrite {
		t.Errorf("a message may take %s", limit)
	}
}

// stuck is a connection whose reader takes the first message only.
type stuck struct {
	header   http.Header
	deadline time.Time
	flushed  int
}

func (s *stuck) Header() http.Header         { return s.header }
func (s *stuck) WriteHeader(int)             {}
func (s *stuck) Write(p []byte) (int, error) { return len(p), nil }

func (s *stuck) SetWriteDeadline(deadline time.Time) error {
	s.deadline = deadline
	return nil
}

func (s *stuck) FlushError() error {
	if s.flushed++; s.flushed > 1 {
		return os.ErrDeadlineExceeded
	}
	return nil
}

func TestAStoppingServerEndsItsStreams(t *testing.T) {
	r := newRig(t)
	id := r.create("https://example.com/a")
	l := r.listen(darkroom.EventsPath(id), "")
	l.until(0)
	close(r.stopping)
	if e, more := l.next(); more {
		t.Errorf("while stopping came %+v", e)
	}
}

// Whoever has a stream open when the key is revoked is told nothing more.
func TestARevokedKeyEndsItsStreams(t *testing.T) {
	t.Parallel()
	r := newRig(t)
	key := r.grant("leaving", darkroom.DefaultGrant())
	r.key = key.Secret
	id := r.create("https://example.com/a")
	streams := map[string]*listener{"a job's": r.listen(darkroom.EventsPath(id), ""), "the key's": r.listen("/v1/events", "")}
	must(r.store.RevokeKey(t.Context(), key.ID))(t)
	for name, l := range streams {
		for more := true; more; {
			_, more = l.next()
		}
		if err := l.lines.Err(); err != nil { // the patience of the test, not the end of the stream
			t.Errorf("%s stream: %v", name, err)
		}
	}
}

func TestTooManyStreams(t *testing.T) {
	r := newRig(t)
	id := r.create("https://example.com/a")
	for range darkroom.MaxStreams {
		r.listen(darkroom.EventsPath(id), "").until(0)
	}
	refused := r.get(darkroom.EventsPath(id))
	expect(t, "status", refused.status, http.StatusTooManyRequests)
	expect(t, "Retry-After", refused.header.Get("Retry-After"), "5")
}

// another is the API as another process serves it.
func (r *rig) another(t *testing.T) string {
	t.Helper()
	server := httptest.NewServer(api.New(api.Config{
		Store: r.secondStore(), Bucket: r.bucket, Now: r.clock.Now, Log: slog.New(slog.NewTextHandler(r.log, nil)),
	}))
	t.Cleanup(server.Close)
	return server.URL
}
