package client_test

import (
	"errors"
	"fmt"
	"net/http"
	"slices"
	"strings"
	"testing"

	"darkroom/client"
)

func TestWatchGoesOnBehindTheLastID(t *testing.T) {
	var ids []string
	c, _ := serve(t, map[string]http.HandlerFunc{
		"GET /v1/jobs/" + jobID + "/events": func(w http.ResponseWriter, r *http.Request) {
			ids = append(ids, r.Header.Get("Last-Event-Id"))
			switch len(ids) {
			case 1:
				_, _ = fmt.Fprint(w, "retry: 2000\n\n: alive\n\nevent: job\nid: 3\ndata: {\"status\":\"processing\"}\n\nevent: new\ndata: 7\n\nevent: capture\ndata: {\"index\":1}\n\n")
			case 2:
				http.Error(w, `{"error":"queue_unavailable","message":"later","status":503}`, http.StatusServiceUnavailable)
			case 3:
				_, _ = fmt.Fprint(w, "event: capture\ndata: {\"index\":1}\n\nevent: job\nid: 9\ndata: {\"status\":\"partial\"}\n\n")
			}
		},
	})
	var seen []string
	for event, err := range c.Watch(t.Context(), jobID) {
		if err != nil {
			t.Fatal(err)
		}
		if event.Job != nil {
			seen = append(seen, string(event.Job.Status))
		} else {
			seen = append(seen, fmt.Sprint(event.Capture.Index))
		}
	}
	if want := []string{"processing", "1", "1", "partial"}; !slices.Equal(seen, want) {
		t.Errorf("heard %v, want %v", seen, want)
	}
	if want := []string{"", "3", "3"}; !slices.Equal(ids, want) {
		t.Errorf("asked behind %q, want %q", ids, want)
	}
}

func TestWatchEnds(t *testing.T) {
	asked := 0
	answers := map[string]struct {
		handler http.HandlerFunc
		err     error
		text    string
		asked   int
	}{
		"with nothing more to hear":      {func(w http.ResponseWriter, _ *http.Request) { w.WriteHeader(204) }, nil, "", 1},
		"of an unknown job":              {answer(404, failure(404, "not_found")), client.ErrNotFound, "", 1},
		"of a server that tells nothing": {func(w http.ResponseWriter, _ *http.Request) {}, nil, "the stream has ended", 10},
	}
	for name, test := range answers {
		t.Run(name, func(t *testing.T) {
			asked = 0
			c, _ := serve(t, map[string]http.HandlerFunc{"GET /v1/jobs/" + jobID + "/events": func(w http.ResponseWriter, r *http.Request) {
				asked++
				test.handler(w, r)
			}})
			var last error
			for _, err := range c.Watch(t.Context(), jobID) {
				last = err
			}
			if !errors.Is(last, test.err) && test.err != nil || test.text != "" && (last == nil || !strings.Contains(last.Error(), test.text)) || asked != test.asked {
				t.Errorf("after %d connections %v", asked, last)
			}
		})
	}
}
