package e2e

import (
	"crypto/hmac"
	"crypto/sha256"
	"encoding/base64"
	"encoding/hex"
	"encoding/json"
	"io"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync"
	"testing"
	"time"

	"darkroom"
)

// hook is one webhook as received.
type hook struct {
	header http.Header
	body   []byte
}

// receiver collects webhooks.
type receiver struct {
	url string
	mu  sync.Mutex
	got []hook
	hit chan struct{}
}

func receive(t *testing.T) *receiver {
	r := &receiver{hit: make(chan struct{}, 10000)}
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, request *http.Request) {
		body, _ := io.ReadAll(request.Body)
		r.mu.Lock()
		r.got = append(r.got, hook{request.Header.Clone(), body})
		r.mu.Unlock()
		r.hit <- struct{}{}
	}))
	t.Cleanup(server.Close)
	r.url = server.URL + "/hook"
	return r
}

func (r *receiver) all() []hook {
	r.mu.Lock()
	defer r.mu.Unlock()
	return append([]hook(nil), r.got...)
}

// checkOnePerJob holds the promise of at least one delivery per job, always
// with the same id and the same bytes.
func (r *receiver) checkOnePerJob(t *testing.T, jobs int) {
	t.Helper()
	deadline := time.Now().Add(time.Minute)
	for r.jobs() < jobs && time.Now().Before(deadline) {
		select {
		case <-r.hit:
		case <-time.After(time.Second):
		}
	}
	ids, bodies := map[string]string{}, map[string]string{}
	for _, h := range r.all() {
		job := h.job(t)
		id := h.header.Get("X-Webhook-Id")
		if known, ok := ids[job]; ok && (known != id || bodies[job] != string(h.body)) {
			t.Errorf("job %s was told with two ids or bodies", job)
		}
		ids[job], bodies[job] = id, string(h.body)
	}
	if len(ids) != jobs {
		t.Errorf("%d jobs were told, want %d", len(ids), jobs)
	}
}

func (r *receiver) jobs() int {
	seen := map[string]bool{}
	for _, h := range r.all() {
		seen[string(h.body)] = true
	}
	return len(seen)
}

func (h hook) job(t *testing.T) string {
	t.Helper()
	var body struct {
		JobID string `json:"job_id"`
	}
	must(t, json.Unmarshal(h.body, &body))
	return body.JobID
}

func TestTheEndIsTold(t *testing.T) {
	hooks := receive(t)
	s := start(t, t.TempDir())
	id := s.submit(map[string]any{"urls": pages(site(t), 2), "callback_url": hooks.url}).ID
	select {
	case <-hooks.hit:
	case <-time.After(time.Minute):
		t.Fatalf("no webhook\n%s", s.log)
	}
	// The archive can be had by whoever is told.
	if answer, _ := s.call("HEAD", darkroom.DownloadPath(id), nil); answer.StatusCode != http.StatusOK {
		t.Errorf("the download answers %d when the webhook has come", answer.StatusCode)
	}
	h := hooks.all()[0]
	checkSignatures(t, h)
	checkReceivers(t, h)
	var body map[string]any
	must(t, json.Unmarshal(h.body, &body))
	progress := body["progress"].(map[string]any)
	if body["job_id"] != id || body["type"] != "batch" || body["status"] != "completed" || progress["total"] != 2.0 || body["result_url"] != darkroom.DownloadPath(id) {
		t.Errorf("body is %s", h.body)
	}
	if h.header.Get("User-Agent") != "Darkroom-Webhook/1.0" || h.header.Get("X-Webhook-Attempt") != "1" {
		t.Errorf("headers are %v", h.header)
	}
}

// checkSignatures verifies both families as a receiver would that knows
// nothing of our code.
func checkSignatures(t *testing.T, h hook) {
	t.Helper()
	plain := hmac.New(sha256.New, []byte(webhookSecret))
	plain.Write(h.body)
	if got := h.header.Get("X-Webhook-Signature"); got != "sha256="+hex.EncodeToString(plain.Sum(nil)) {
		t.Errorf("X-Webhook-Signature %s", got)
	}
	key, err := base64.StdEncoding.DecodeString(strings.TrimPrefix(webhookSecret, "whsec_"))
	must(t, err)
	standard := hmac.New(sha256.New, key)
	standard.Write([]byte(h.header.Get("webhook-id") + "." + h.header.Get("webhook-timestamp") + "."))
	standard.Write(h.body)
	if got := h.header.Get("webhook-signature"); got != "v1,"+base64.StdEncoding.EncodeToString(standard.Sum(nil)) {
		t.Errorf("webhook-signature %s", got)
	}
	if h.header.Get("webhook-id") != h.header.Get("X-Webhook-Id") {
		t.Error("two different ids")
	}
}
