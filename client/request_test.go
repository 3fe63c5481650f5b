package client_test

import (
	"context"
	"errors"
	"io"
	"net/http"
	"slices"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"darkroom"
	"darkroom/client"
)

func TestRepeats(t *testing.T) {
	const half, one = 500 * time.Millisecond, time.Second
	ok := answer(202, job("pending", 0))
	tests := map[string]struct {
		steps    []http.HandlerFunc
		requests int
		pauses   []time.Duration
		want     error
	}{
		"success":           {[]http.HandlerFunc{ok}, 1, nil, nil},
		"a broken line":     {[]http.HandlerFunc{cut, ok}, 2, []time.Duration{half}, nil},
		"503 twice":         {[]http.HandlerFunc{answer(503, ""), answer(503, ""), ok}, 3, []time.Duration{half, one}, nil},
		"500 for ever":      {[]http.HandlerFunc{answer(500, failure(500, "internal"))}, 3, []time.Duration{half, one}, client.ErrServer},
		"Retry-After":       {[]http.HandlerFunc{answer(429, "", "Retry-After", "7"), ok}, 2, []time.Duration{7 * one}, nil},
		"a long way off":    {[]http.HandlerFunc{answer(429, "", "Retry-After", "3600"), ok}, 1, nil, client.ErrRateLimited},
		"request timeout":   {[]http.HandlerFunc{answer(408, ""), ok}, 2, []time.Duration{half}, nil},
		"504":               {[]http.HandlerFunc{answer(504, ""), ok}, 2, []time.Duration{half}, nil},
		"being answered":    {[]http.HandlerFunc{answer(409, failure(409, "conflict")), ok}, 2, []time.Duration{half}, nil},
		"the request's own": {[]http.HandlerFunc{answer(400, failure(400, "validation_error"))}, 1, nil, client.ErrValidation},
		"no such key":       {[]http.HandlerFunc{answer(401, failure(401, "unauthorized"))}, 1, nil, client.ErrUnauthorized},
		"other body":        {[]http.HandlerFunc{answer(422, failure(422, "idempotency_mismatch"))}, 1, nil, client.ErrConflict},
		"an answer cut off": {[]http.HandlerFunc{answer(202, job("pending", 0)[:80], "Content-Length", "900"), ok}, 2, []time.Duration{half}, nil},
	}
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			var keys []string
			next := script(test.steps...)
			c, waited := serve(t, map[string]http.HandlerFunc{
				"POST /v1/batch": func(w http.ResponseWriter, r *http.Request) {
					keys = append(keys, r.Header.Get("Idempotency-Key"))
					next(w, r)
				},
			})
			_, err := c.Batch(t.Context(), []string{"http://127.0.0.1/"}, client.Params{})
			if !errors.Is(err, test.want) {
				t.Errorf("the error is %v, want %v", err, test.want)
			}
			if len(keys) != test.requests || keys[0] == "" || len(slices.Compact(keys)) != 1 {
				t.Errorf("want %d requests of one idempotency key, got %q", test.requests, keys)
			}
			if !slices.Equal(waited.list, test.pauses) {
				t.Errorf("paused %v, want %v", waited.list, test.pauses)
			}
		})
	}
}

func TestWithRetries(t *testing.T) {
	requests := 0
	c, _ := serve(t, map[string]http.HandlerFunc{
		"GET /health": func(w http.ResponseWriter, r *http.Request) {
			requests++
			answer(500, "")(w, r)
		},
	}, client.WithRetries(0))
	if _, err := c.Health(t.Context()); !errors.Is(err, client.ErrServer) || requests != 1 {
		t.Errorf("%d requests, %v", requests, err)
	}
}

func TestErrors(t *testing.T) {
	every := []client.Kind{
		client.ErrValidation, client.ErrUnauthorized, client.ErrForbidden, client.ErrNotFound, client.ErrConflict,
		client.ErrNotReady, client.ErrNoResult, client.ErrExpired, client.ErrCaptureFailed, client.ErrRateLimited,
		client.ErrTimeout, client.ErrServer, client.ErrConnection,
	}
	tests := map[string]struct {
		status int
		code   string
		kinds  []client.Kind
	}{
		"validation":  {400, "validation_error", []client.Kind{client.ErrValidation}},
		"key":         {401, "unauthorized", []client.Kind{client.ErrUnauthorized}},
		"forbidden":   {403, "forbidden", []client.Kind{client.ErrForbidden}},
		"unknown":     {404, "not_found", []client.Kind{client.ErrNotFound}},
		"method":      {405, "method_not_allowed", nil},
		"not ready":   {409, "job_not_ready", []client.Kind{client.ErrConflict, client.ErrNotReady}},
		"no result":   {409, "no_result", []client.Kind{client.ErrConflict, client.ErrNoResult}},
		"expired":     {410, "expired", []client.Kind{client.ErrExpired}},
		"too large":   {413, "payload_too_large", []client.Kind{client.ErrValidation}},
		"media type":  {415, "unsupported_media_type", []client.Kind{client.ErrValidation}},
		"mismatch":    {422, "idempotency_mismatch", []client.Kind{client.ErrConflict}},
		"capture":     {422, "capture_failed", []client.Kind{client.ErrCaptureFailed}},
		"rate":        {429, "rate_limited", []client.Kind{client.ErrRateLimited}},
		"unavailable": {503, "queue_unavailable", []client.Kind{client.ErrServer}},
		"timeout":     {504, "timeout", []client.Kind{client.ErrTimeout, client.ErrServer}},
		"disk":        {507, "insufficient_storage", []client.Kind{client.ErrServer}},
	}
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			c, _ := serve(t, map[string]http.HandlerFunc{"GET /v1/usage": answer(test.status, failure(test.status, test.code))})
			_, err := c.Usage(t.Context())
			for _, kind := range every {
				if got, want := errors.Is(err, kind), slices.Contains(test.kinds, kind); got != want {
					t.Errorf("errors.Is(%v, %q) = %v", err, kind, got)
				}
			}
			failure, ok := errors.AsType[*client.Error](err)
			if !ok || failure.Status != test.status || string(failure.Code) != test.code || failure.Message != "what to do" {
				t.Errorf("the error is %#v", err)
			}
		})
	}
}

func TestErrorCarriesEverything(t *testing.T) {
	body := `{"error":"validation_error","message":"2 of 3 URLs were refused","status":400,"param":"urls","request_id":"r1",
		"details":[{"index":1,"field":"urls[1]","code":"scheme_not_allowed","message":"only http and https"}]}`
	c, _ := serve(t, map[string]http.HandlerFunc{"POST /v1/batch": answer(400, body, "Retry-After", "3")})
	_, err := c.Batch(t.Context(), []string{"ftp://127.0.0.1"}, client.Params{})
	failure, ok := errors.AsType[*client.Error](err)
	if !ok {
		t.Fatalf("the error is %v", err)
	}
	if failure.Param != "urls" || failure.RequestID != "r1" || failure.RetryAfter != 3*time.Second ||
		len(failure.Details) != 1 || failure.Details[0].Code != "scheme_not_allowed" {
		t.Errorf("the error is %+v", failure)
	}
	if want := "darkroom: 2 of 3 URLs were refused (400 validation_error, request r1)"; err.Error() != want {
		t.Errorf("it reads %q", err)
	}
}

func TestForeignAnswers(t *testing.T) {
	tests := map[string]struct {
		handler http.HandlerFunc
		reads   string
	}{
		"a proxy's page": {answer(403, "<h1>no</h1>"), "is it a Darkroom server?"},
		"a redirect":     {answer(308, "", "Location", "https://127.0.0.1/v1/usage"), "use that as the base URL"},
		"no JSON":        {answer(200, "<h1>hello</h1>"), "reading the answer to GET /v1/usage"},
	}
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			c, _ := serve(t, map[string]http.HandlerFunc{"GET /v1/usage": test.handler})
			_, err := c.Usage(t.Context())
			if err == nil || !strings.Contains(err.Error(), test.reads) {
				t.Errorf("the error is %v", err)
			}
			if err != nil && strings.Contains(err.Error(), "sk_live_") {
				t.Errorf("the key is in %q", err)
			}
		})
	}
}

func TestNewReadsTheEnvironment(t *testing.T) {
	var keys []string
	transport := roundTrip(func(r *http.Request) (*http.Response, error) {
		keys = append(keys, r.URL.Host+" "+r.Header.Get("Authorization"))
		return &http.Response{StatusCode: 200, Body: io.NopCloser(strings.NewReader(`{}`)), Request: r}, nil
	})
	inMemory := client.WithHTTPClient(&http.Client{Transport: transport})
	health := func(baseURL, key string) {
		if _, err := client.New(baseURL, key, inMemory).Health(t.Context()); err != nil {
			t.Error(err)
		}
	}
	for _, name := range []string{"DARKROOM_URL", "DARKROOM_API_KEY", "SNAPSHARP_BASE_URL", "SNAPSHARP_API_KEY"} {
		t.Setenv(name, "")
	}
	health("", "")
	t.Setenv("SNAPSHARP_BASE_URL", "http://old:1/")
	t.Setenv("SNAPSHARP_API_KEY", "old")
	health("", "")
	t.Setenv("DARKROOM_URL", "http://new:2")
	t.Setenv("DARKROOM_API_KEY", "new\n")
	health("", "")
	health("http://given:3", "mine")
	want := []string{"127.0.0.1:8484 ", "old:1 Bearer old", "new:2 Bearer new", "given:3 Bearer mine"}
	if !slices.Equal(keys, want) {
		t.Errorf("sent %q, want %q", keys, want)
	}
}

// roundTrip is a transport without a network.
type roundTrip func(*http.Request) (*http.Response, error)

func (f roundTrip) RoundTrip(r *http.Request) (*http.Response, error) { return f(r) }

func TestCancelEndsAPause(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		busy := roundTrip(func(r *http.Request) (*http.Response, error) {
			return &http.Response{
				StatusCode: 503, Header: http.Header{"Retry-After": {"50"}},
				Body: io.NopCloser(strings.NewReader("")), Request: r,
			}, nil
		})
		c := client.New("http://127.0.0.1", "k", client.WithHTTPClient(&http.Client{Transport: busy}))
		ctx, cancel := context.WithCancel(t.Context())
		time.AfterFunc(3*time.Second, cancel)
		start := time.Now()
		_, err := c.Usage(ctx)
		if !errors.Is(err, context.Canceled) || time.Since(start) != 3*time.Second {
			t.Errorf("ended after %v with %v", time.Since(start), err)
		}
	})
}

func TestTimeoutBoundsAnAttempt(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		attempts := 0
		silent := roundTrip(func(r *http.Request) (*http.Response, error) {
			attempts++
			<-r.Context().Done()
			return nil, r.Context().Err()
		})
		c := client.New("http://127.0.0.1", "k",
			client.WithHTTPClient(&http.Client{Transport: silent}), client.WithTimeout(10*time.Second))
		start := time.Now()
		_, err := c.Usage(t.Context())
		if !errors.Is(err, client.ErrConnection) || attempts != 3 {
			t.Errorf("%d attempts, %v", attempts, err)
		}
		if took := time.Since(start); took < 31*time.Second || took > 32*time.Second {
			t.Errorf("three attempts of 10 s and two pauses took %v", took)
		}
	})
}

func TestScreenshot(t *testing.T) {
	var got map[string]any
	c, _ := serve(t, map[string]http.HandlerFunc{
		"POST /v1/screenshot": func(w http.ResponseWriter, r *http.Request) {
			got = decode(t, r)
			w.Header().Set("Content-Type", "image/jpeg")
			_, _ = w.Write([]byte("pixels"))
		},
	})
	image, err := c.Screenshot(t.Context(), "http://127.0.0.1/", darkroom.Options{Format: "jpeg", FailOnStatus: []string{}})
	if err != nil || string(image.Data) != "pixels" || image.ContentType != "image/jpeg" {
		t.Errorf("got %v, %v", image, err)
	}
	if got["url"] != "http://127.0.0.1/" || got["format"] != "jpeg" || got["fail_on_status"] == nil {
		t.Errorf("sent %v", got)
	}
}

func TestScreenshotThatFails(t *testing.T) {
	tests := map[string]struct {
		handler  http.HandlerFunc
		requests int
		want     client.Kind
		capture  darkroom.Code
	}{
		"the page": {answer(422, `{"error":"capture_failed","message":"m","status":422,"error_code":"dns_error"}`), 1, client.ErrCaptureFailed, "dns_error"},
		"its time": {answer(504, failure(504, "timeout")), 1, client.ErrTimeout, ""},
		"the disk": {answer(507, failure(507, "insufficient_storage")), 3, client.ErrServer, ""},
	}
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			requests := 0
			c, _ := serve(t, map[string]http.HandlerFunc{
				"POST /v1/screenshot": func(w http.ResponseWriter, r *http.Request) {
					requests++
					test.handler(w, r)
				},
			})
			_, err := c.Screenshot(t.Context(), "http://127.0.0.1/", darkroom.Options{})
			failure, ok := errors.AsType[*client.Error](err)
			if !ok || !errors.Is(err, test.want) || failure.CaptureCode != test.capture || requests != test.requests {
				t.Errorf("%d requests, %v", requests, err)
			}
		})
	}
}
