package e2e

import (
	"fmt"
	"net/http"
	"net/http/httptest"
	"sync"
	"testing"
	"time"

	"darkroom"
)

// Three of the variants are pictures of one load; the telephone is noticed by
// the page, which is loaded for it.
func TestVariantsShareALoad(t *testing.T) {
	var mu sync.Mutex
	loads := map[string]int{}
	pages := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		mu.Lock()
		loads[r.URL.Path]++
		mu.Unlock()
		w.Header().Set("Content-Type", "text/html")
		fmt.Fprint(w, `<!doctype html><link rel=icon href="data:,"><title>Page</title><h1>Head</h1><p style="height:3000px">tall`)
	}))
	defer pages.Close()
	const count = 4
	var urls []string
	for i := range count {
		urls = append(urls, fmt.Sprintf("%s/%d", pages.URL, i))
	}
	s := start(t, t.TempDir(), "--concurrency", "2")
	job := s.submit(map[string]any{"urls": urls, "variants": []map[string]any{
		{"name": "window"},
		{"name": "head", "selector": "h1"},
		{"name": "phone", "device": "iPhone 14"},
		{"name": "whole", "full_page": true, "format": "webp"},
	}})
	if done := s.await(job.ID, time.Minute); done.Status != darkroom.StatusCompleted || done.Progress.Completed != 4*count {
		t.Fatalf("ended %s: %+v", done.Status, done.Progress)
	}
	mu.Lock()
	defer mu.Unlock()
	total := 0
	for _, each := range loads {
		total += each
	}
	// On a machine so busy that a page is given up before its next picture is
	// begun, some are loaded once more.
	if total < 2*count || total > 3*count {
		t.Errorf("%d pages were loaded %d times for four variants each, want %d: %v", count, total, 2*count, loads)
	}
}
