package e2e

import (
	"bytes"
	"encoding/hex"
	"encoding/json"
	"io"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync"
	"testing"
	"time"

	collect "go.opentelemetry.io/proto/otlp/collector/trace/v1"
	"google.golang.org/protobuf/proto"

	"darkroom"
)

// A collector on loopback gets a span of each step of a job, and none of them
// says which page it was.
func TestTraces(t *testing.T) {
	const client = "4bf92f3577b34da6a3ce929d0e0e4736" // the trace that the client is in
	var mu sync.Mutex
	var got bytes.Buffer
	traces := map[string]string{} // of each span, by its name
	collector := httptest.NewServer(http.HandlerFunc(func(_ http.ResponseWriter, r *http.Request) {
		body, _ := io.ReadAll(r.Body)
		mu.Lock()
		defer mu.Unlock()
		got.WriteString(r.URL.Path)
		got.Write(body)
		var export collect.ExportTraceServiceRequest
		if err := proto.Unmarshal(body, &export); err != nil {
			t.Error(err)
		}
		for _, of := range export.GetResourceSpans() {
			for _, scope := range of.GetScopeSpans() {
				for _, span := range scope.GetSpans() {
					traces[span.GetName()] = hex.EncodeToString(span.GetTraceId())
				}
			}
		}
	}))
	defer collector.Close()
	data, base, hooks := t.TempDir(), site(t), receive(t)
	cmd := serve(data)
	cmd.Env = []string{"OTEL_EXPORTER_OTLP_ENDPOINT=" + collector.URL}
	s := launch(t, data, cmd).ready()
	_, content, err := s.tryWith(map[string]string{"Traceparent": "00-" + client + "-00f067aa0ba902b7-01"}, "POST", "/v1/batch",
		map[string]any{"urls": pages(base, 2), "callback_url": hooks.url})
	must(t, err)
	var job darkroom.JobAnswer
	must(t, json.Unmarshal(content, &job))
	if ended := s.await(job.ID, time.Minute); ended.Status != darkroom.StatusCompleted {
		t.Fatalf("the job ends as %s", ended.Status)
	}
	hooks.checkOnePerJob(t, 1)
	if code := s.stop(); code != 0 { // sends what is left
		t.Errorf("exit code %d", code)
	}
	mu.Lock()
	defer mu.Unlock()
	for _, name := range []string{"job.create", "attempt", "capture", "put", "finish", "job.finish", "deliver"} {
		if traces[name] != client {
			t.Errorf("the span %s is of trace %q and not of the client's", name, traces[name])
		}
	}
	if parent := hooks.all()[0].header.Get("Traceparent"); !strings.Contains(parent, client) {
		t.Errorf("the receiver is told of %q", parent)
	}
	for _, word := range []string{"/v1/traces", "request", "job.create", "claim", "attempt", "capture", "put", "finish", "deliver", "darkroom.job.id", job.ID} {
		if !bytes.Contains(got.Bytes(), []byte(word)) {
			t.Errorf("the collector has heard nothing of %q", word)
		}
	}
	if bytes.Contains(got.Bytes(), []byte(base)) || bytes.Contains(got.Bytes(), []byte(hooks.url)) || bytes.Contains(got.Bytes(), []byte(apiKey)) {
		t.Error("the collector was told an address or a key")
	}
}

// A collector that is not there costs spans only. (By its name: the log of a start is
// searched for an address on 127.0.0.1.)
func TestACollectorThatIsNotThere(t *testing.T) {
	data, base := t.TempDir(), site(t)
	cmd := serve(data)
	cmd.Env = []string{"OTEL_EXPORTER_OTLP_ENDPOINT=http://localhost:1", "OTEL_BSP_SCHEDULE_DELAY=50"}
	s := launch(t, data, cmd).ready()
	if ended := s.await(s.submit(map[string]any{"urls": pages(base, 2)}).ID, time.Minute); ended.Status != darkroom.StatusCompleted {
		t.Fatalf("the job ends as %s", ended.Status)
	}
	if code := s.stop(); code != 0 {
		t.Errorf("exit code %d", code)
	}
}
