package client_test

import (
	"context"
	"encoding/json"
	"fmt"
	"net/http"
	"net/http/httptest"
	"sync"
	"testing"
	"time"

	"darkroom/client"
)

const jobID = "3fa85f64-5717-4562-b3fc-2c963f66afa6"

// pauses records instead of waiting.
type pauses struct {
	mu   sync.Mutex
	list []time.Duration
}

func (p *pauses) pause(ctx context.Context, d time.Duration) error {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.list = append(p.list, d)
	return ctx.Err()
}

// serve starts a server with these handlers, by pattern, and gives a client of
// it that does not really wait.
func serve(t *testing.T, routes map[string]http.HandlerFunc, options ...client.Option) (*client.Client, *pauses) {
	t.Helper()
	mux := http.NewServeMux()
	for pattern, handler := range routes {
		mux.HandleFunc(pattern, handler)
	}
	server := httptest.NewServer(mux)
	t.Cleanup(server.Close)
	waited := &pauses{}
	options = append([]client.Option{client.WithPause(waited.pause)}, options...)
	return client.New(server.URL+"/", "sk_live_test", options...), waited
}

// script answers the first request with the first step, the second with the
// second, and so on; the last repeats.
func script(steps ...http.HandlerFunc) http.HandlerFunc {
	var mu sync.Mutex
	next := 0
	return func(w http.ResponseWriter, r *http.Request) {
		mu.Lock()
		step := steps[min(next, len(steps)-1)]
		next++
		mu.Unlock()
		step(w, r)
	}
}

func answer(status int, body string, header ...string) http.HandlerFunc {
	return func(w http.ResponseWriter, _ *http.Request) {
		w.Header().Set("Content-Type", "application/json")
		for i := 0; i+1 < len(header); i += 2 {
			w.Header().Set(header[i], header[i+1])
		}
		w.WriteHeader(status)
		fmt.Fprint(w, body)
	}
}

func failure(status int, code string) string {
	return fmt.Sprintf(`{"error":%q,"message":"what to do","status":%d}`, code, status)
}

func job(status string, completed int) string {
	return fmt.Sprintf(`{"id":%q,"job_id":%q,"type":"batch","status":%q,
		"progress":{"total":2,"completed":%d,"failed":0,"percentage":%d},
		"result_url":null,"download_url":"/v1/jobs/%s/download","error":null,
		"created_at":"2026-04-01T10:00:00Z","started_at":null,"completed_at":null,"expires_at":null}`,
		jobID, jobID, status, completed, completed*50, jobID)
}

// cut breaks the connection.
func cut(http.ResponseWriter, *http.Request) { panic(http.ErrAbortHandler) }

func decode(t *testing.T, r *http.Request) map[string]any {
	t.Helper()
	var body map[string]any
	if err := json.NewDecoder(r.Body).Decode(&body); err != nil {
		t.Errorf("the body is no JSON: %v", err)
	}
	return body
}

func TestDevices(t *testing.T) {
	c, _ := serve(t, map[string]http.HandlerFunc{"GET /v1/devices": answer(200, `{"devices":[{"name":"Pixel 7","width":412,"device_scale_factor":2.625,"is_mobile":true}]}`)})
	devices, err := c.Devices(t.Context())
	if want := (client.Device{Name: "Pixel 7", Width: 412, Scale: 2.625, Mobile: true}); err != nil || len(devices) != 1 || devices[0] != want {
		t.Errorf("%+v, %v", devices, err)
	}
}
