package metrics

import (
	"context"
	"errors"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
	"time"

	"github.com/prometheus/client_golang/prometheus/testutil/promlint"

	"darkroom"
)

func scrape(t *testing.T, m *Metrics) (int, string) {
	t.Helper()
	w := httptest.NewRecorder()
	m.ServeHTTP(w, httptest.NewRequest(http.MethodGet, "/metrics", nil))
	return w.Code, w.Body.String()
}

func example() *Metrics {
	m := New(Config{
		Version: "1.2.3", Browser: func() Browser { return Browser{"chromium", "156.0.0.1", true} },
		Standing: func(context.Context) (Standing, error) {
			return Standing{
				Jobs:   []Jobs{{darkroom.KindBatch, darkroom.StatusProcessing, 2}, {darkroom.KindSitemap, darkroom.StatusPartial, 1}},
				Queued: 40, Running: 3, Waited: 90 * time.Second, Pending: 2, Overdue: time.Minute, Instances: 3, Slots: 4, Busy: 3, Denials: 7, WornOut: 5, Broken: 1,
			}, nil
		},
	})
	m.Capture("", false, 700*time.Millisecond)
	m.Capture(darkroom.CodeTimeout, true, 30*time.Second)
	m.Capture(darkroom.CodeTimeout, false, 30*time.Second)
	m.Screenshot("")
	m.Screenshot(darkroom.CodeDNSError)
	m.Delivery(darkroom.DeliveryPending, 10*time.Second)
	m.Delivery(darkroom.DeliveryDelivered, 200*time.Millisecond)
	m.Picture("png", 250_000)
	m.Rest()
	m.Lost(2)
	m.Expired(5)
	m.JobCreated(darkroom.KindBatch)
	created := time.Unix(1000, 0)
	m.JobEnded(darkroom.Job{
		Kind: darkroom.KindBatch, Status: darkroom.StatusPartial, Cancelled: true,
		CreatedAt: created, StartedAt: created.Add(time.Second), CompletedAt: created.Add(time.Minute),
	})
	m.Request("/v1/batch", "POST", 202, 4*time.Millisecond)
	m.Request("/v1/batch", "BREW", 405, time.Millisecond)
	m.Stream(2)
	m.Stream(-1)
	m.Download(1_000_000)
	m.Storage("put", 20*time.Millisecond, false)
	m.Storage("open", time.Second, true)
	m.Database("write", 3*time.Millisecond, false)
	m.Database("read", time.Millisecond, true)
	return m
}

// TestMetrics holds every name, help text, label and value but those of the Go
// runtime and the process.
func TestMetrics(t *testing.T) {
	code, text := scrape(t, example())
	if code != http.StatusOK {
		t.Fatalf("a scrape answers %d: %s", code, text)
	}
	for _, own := range []string{"go_goroutines", "process_resident_memory_bytes", "process_open_fds"} {
		if !strings.Contains(text, "\n"+own+" ") {
			t.Errorf("%s is missing", own)
		}
	}
	var kept []string
	for line := range strings.Lines(text) {
		if strings.Contains(line, "darkroom_") {
			kept = append(kept, regexp.MustCompile(`go_version="[^"]*"`).ReplaceAllString(line, `go_version="go"`))
		}
	}
	got := strings.Join(kept, "")
	golden := filepath.Join("testdata", "metrics.txt")
	if os.Getenv("UPDATE_GOLDEN") != "" {
		if err := os.WriteFile(golden, []byte(got), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	want, err := os.ReadFile(golden)
	if err != nil {
		t.Fatal(err)
	}
	if got != string(want) {
		t.Errorf("a scrape gives\n%s", got)
	}
}

func TestNamesAreAsPrometheusWantsThem(t *testing.T) {
	_, text := scrape(t, example())
	problems, err := promlint.New(strings.NewReader(text)).Lint()
	if err != nil || len(problems) > 0 {
		t.Errorf("%v, %v", problems, err)
	}
}

// TestEveryMetricIsDocumented holds docs/metrics.md against a scrape.
func TestEveryMetricIsDocumented(t *testing.T) {
	page, err := os.ReadFile("../../docs/metrics.md")
	if err != nil {
		t.Fatal(err)
	}
	_, text := scrape(t, example())
	for _, found := range regexp.MustCompile(`# HELP (darkroom_\w+) (.*)\n`).FindAllStringSubmatch(text, -1) {
		if row := "`" + found[1]; !strings.Contains(string(page), row) || !strings.Contains(string(page), found[2]) {
			t.Errorf("docs/metrics.md lacks %s: %s", found[1], found[2])
		}
	}
}

// TestAStoreThatFails: what is counted is told nevertheless.
func TestAStoreThatFails(t *testing.T) {
	m := New(Config{Browser: func() Browser { return Browser{} }, Standing: func(context.Context) (Standing, error) { return Standing{}, errors.New("no database") }})
	m.Delivery(darkroom.DeliveryFailed, time.Second)
	code, text := scrape(t, m)
	if code != http.StatusOK || !strings.Contains(text, `darkroom_webhook_attempts_total{state="failed"} 1`) || strings.Contains(text, "darkroom_jobs{") {
		t.Errorf("a scrape answers %d: %s", code, text)
	}
}
