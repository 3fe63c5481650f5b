package api_test

import (
	"context"
	"io"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	"darkroom"
	"darkroom/internal/api"
)

// A database that does not answer is a 503 with Retry-After on every route
// that needs it, and readiness says so.
func TestLostDatabase(t *testing.T) {
	t.Parallel()
	r := newRig(t)
	id := r.done("https://example.com/")
	if err := r.db.Close(); err != nil {
		t.Fatal(err)
	}
	for _, path := range []string{"/v1/jobs", "/v1/jobs/" + id, "/v1/jobs/" + id + "/download", "/v1/usage", "/readyz?verbose"} {
		got := r.get(path)
		expect(t, path+": status", got.status, http.StatusServiceUnavailable)
		expect(t, path+": code", got.code(t), darkroom.CodeQueueUnavailable)
		expect(t, path+": Retry-After", got.header.Get("Retry-After"), "5")
		if strings.Contains(string(got.body), "sql") {
			t.Errorf("%s shows what only the log should have: %s", path, got.body)
		}
	}
	if told := string(r.get("/readyz?verbose").body); !strings.Contains(told, `"field":"store"`) {
		t.Errorf("readiness does not name what is missing: %s", told)
	}
	r.walks(darkroom.Discovery{Ended: true}, nil)
	for what, created := range map[string]answer{
		"a batch":   r.send("POST", "/v1/batch", `{"urls":["https://example.com/"]}`),
		"a sitemap": r.send("POST", "/v1/sitemap", `{"sitemap_url":"https://example.com/"}`),
		"a plan":    r.plan(""),
	} {
		expect(t, what+": status", created.status, http.StatusServiceUnavailable)
		expect(t, what+": code", created.code(t), darkroom.CodeQueueUnavailable)
	}
	expect(t, "health", r.get("/health").status, http.StatusOK)
	expect(t, "healthz", r.get("/healthz").status, http.StatusOK)
}

// A panic costs one request: a 500 in the contract's shape, the id of which
// leads to the stack in the log.
func TestPanic(t *testing.T) {
	t.Parallel()
	r := newRig(t)
	r.shoot = func(context.Context, darkroom.CaptureRequest) (darkroom.Shot, error) { panic("out of film") }
	got := r.get("/v1/screenshot?url=https://example.com/")
	expect(t, "status", got.status, http.StatusInternalServerError)
	expect(t, "code", got.code(t), darkroom.CodeInternal)
	if strings.Contains(string(got.body), "film") {
		t.Error("the answer tells what only the log should have")
	}
	log := r.log.String()
	for _, want := range []string{"out of film", got.header.Get("X-Request-Id"), "fault_test.go"} {
		if !strings.Contains(log, want) {
			t.Errorf("the log lacks %q", want)
		}
	}
	expect(t, "the next request", r.get("/v1/jobs").status, http.StatusOK)
}

func TestScreenshotFailures(t *testing.T) {
	t.Parallel()
	r := newRig(t)
	shoot := func(err error) answer {
		r.fails(darkroom.Shot{}, err)
		return r.get("/v1/screenshot?url=https://example.com/")
	}
	for _, code := range darkroom.CaptureCodes() {
		got := shoot(&darkroom.Error{Code: code})
		if code == darkroom.CodeTimeout {
			expect(t, "timeout", got.status, http.StatusGatewayTimeout)
			continue
		}
		expect(t, string(code), got.status, http.StatusUnprocessableEntity)
		expect(t, string(code), got.code(t), darkroom.CodeCaptureFailed)
		var failure struct {
			ErrorCode darkroom.Code `json:"error_code"`
		}
		got.json(t, &failure)
		expect(t, "error_code", failure.ErrorCode, code)
	}
	got := shoot(context.DeadlineExceeded)
	expect(t, "no slot in time", got.code(t), darkroom.CodeTimeout)
	got = shoot(io.ErrUnexpectedEOF)
	expect(t, "an error without a code", got.code(t), darkroom.CodeCaptureFailed)
	if !strings.Contains(r.log.String(), io.ErrUnexpectedEOF.Error()) {
		t.Error("the log does not tell why the capture failed inside")
	}
}

// connection records the deadlines that are set while an answer is written.
type connection struct {
	*httptest.ResponseRecorder
	reads, writes []time.Time
}

func (c *connection) SetReadDeadline(t time.Time) error {
	c.reads = append(c.reads, t)
	return nil
}

func (c *connection) SetWriteDeadline(t time.Time) error {
	c.writes = append(c.writes, t)
	return nil
}

// Each write has a deadline of its own, so that a reader who has gone away is
// noticed and one who is slow may continue; and a request begins without those
// of the last one.
func TestDeadlines(t *testing.T) {
	t.Parallel()
	handler := api.New(api.Config{Version: "1.2.3"})
	begin := time.Now()
	c := &connection{ResponseRecorder: httptest.NewRecorder()}
	handler.ServeHTTP(c, httptest.NewRequest(http.MethodGet, "/openapi.json", nil))
	expect(t, "status", c.Code, http.StatusOK)
	if len(c.writes) < 3 || !c.writes[0].IsZero() {
		t.Fatalf("write deadlines %v: want none at first, then one for the header and for each write", c.writes)
	}
	for _, deadline := range c.writes[1:] {
		if deadline.Before(begin.Add(30 * time.Second)) {
			t.Errorf("a write has until %s only, %s after the request began", deadline, deadline.Sub(begin))
		}
	}
	if len(c.reads) != 1 || !c.reads[0].IsZero() {
		t.Errorf("read deadlines %v: a request without a body needs none", c.reads)
	}

	c = &connection{ResponseRecorder: httptest.NewRecorder()}
	handler.ServeHTTP(c, httptest.NewRequest(http.MethodPost, "/nothing", strings.NewReader("{}")))
	expect(t, "status", c.Code, http.StatusNotFound)
	if len(c.reads) != 1 || c.reads[0].Before(begin) {
		t.Errorf("read deadlines %v: a body must arrive in some time", c.reads)
	}
}
