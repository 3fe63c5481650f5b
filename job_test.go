package darkroom_test

import (
	"encoding/json"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"
	"time"

	"darkroom"
)

func TestPercentage(t *testing.T) {
	tests := []struct {
		name     string
		progress darkroom.Progress
		status   darkroom.JobStatus
		want     int
	}{
		{"nothing known yet", darkroom.Progress{}, darkroom.StatusPending, 0},
		{"floor, not rounded", darkroom.Progress{Total: 3, Completed: 2}, darkroom.StatusProcessing, 66},
		{"failures count as done", darkroom.Progress{Total: 4, Completed: 1, Failed: 1}, darkroom.StatusProcessing, 50},
		{"99 until the finish is committed", darkroom.Progress{Total: 2, Completed: 2}, darkroom.StatusProcessing, 99},
		{"100 at the end", darkroom.Progress{Total: 2, Completed: 2}, darkroom.StatusCompleted, 100},
		{"the total is not known yet", darkroom.Progress{Total: 4, Completed: 3, Expanding: true}, darkroom.StatusProcessing, 0},
		{"100 at a failed end without captures", darkroom.Progress{}, darkroom.StatusFailed, 100},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			if got := test.progress.Percentage(test.status); got != test.want {
				t.Errorf("got %d, want %d", got, test.want)
			}
		})
	}
}

func TestOutcome(t *testing.T) {
	for want, progress := range map[darkroom.JobStatus]darkroom.Progress{
		darkroom.StatusCompleted: {Total: 2, Completed: 2},
		darkroom.StatusPartial:   {Total: 2, Completed: 1, Failed: 1},
		darkroom.StatusFailed:    {Total: 2, Failed: 2},
	} {
		if got := progress.Outcome(); got != want {
			t.Errorf("%+v ends %s, want %s", progress, got, want)
		}
	}
}

func TestAnswerGolden(t *testing.T) {
	at := time.Date(2026, 4, 1, 10, 0, 0, 500e6, time.UTC)
	pending := darkroom.Job{
		ID: "3fa85f64-5717-4562-b3fc-2c963f66afa6", Kind: darkroom.KindBatch, Status: darkroom.StatusPending,
		Progress: darkroom.Progress{Total: 10}, CreatedAt: at, Deadline: at.Add(24 * time.Hour), Retention: 24 * time.Hour,
	}
	done := pending
	done.Status, done.Progress = darkroom.StatusPartial, darkroom.Progress{Total: 10, Completed: 9, Failed: 1}
	done.StartedAt, done.CompletedAt = at.Add(5*time.Second), at.Add(150*time.Second)
	done.ExpiresAt = done.CompletedAt.Add(24 * time.Hour)
	site := pending
	site.Kind, site.Status, site.StartedAt = darkroom.KindSitemap, darkroom.StatusProcessing, at
	site.Crawl = darkroom.Crawl{SitemapURL: "https://example.com/sitemap.xml", MaxPages: 50}
	site.Progress = darkroom.Progress{Total: 10, Completed: 5, Expanding: true}
	site.Discovery = darkroom.Discovery{Sitemaps: 2, Found: 14, Skipped: map[darkroom.SkipReason]int{darkroom.SkipOtherHost: 4}}
	read := site
	read.Progress.Expanding, read.Discovery.Ended = false, true
	read.Discovery.Warnings = []string{"https://example.com/b.xml ends in the middle"}
	unread := site
	unread.Progress, unread.Discovery = darkroom.Progress{}, darkroom.Discovery{Ended: true}
	unread.Error = "sitemap_invalid: it is a page"
	ended := unread
	ended.Status, ended.CompletedAt = darkroom.StatusFailed, done.CompletedAt
	ended.ExpiresAt = done.ExpiresAt
	for name, answer := range map[string]darkroom.JobAnswer{
		"sitemap-reading": site.Answer(at),
		"sitemap-read":    read.Answer(at),
		"sitemap-ending":  unread.Answer(at),
		"sitemap-failed":  ended.Answer(at),
		"created":         pending.CreatedAnswer(at, []string{"unknown parameter"}),
		"pending":         pending.Answer(at),
		"partial":         done.Answer(at.Add(time.Hour)),
		"expired":         done.Answer(done.ExpiresAt),
	} {
		t.Run(name, func(t *testing.T) {
			got, err := json.MarshalIndent(answer, "", "  ")
			if err != nil {
				t.Fatal(err)
			}
			golden(t, filepath.Join("testdata", "answer", name+".json"), append(got, '\n'))
		})
	}
}

func TestBackoff(t *testing.T) {
	for failed, want := range map[int]time.Duration{1: 2 * time.Second, 2: 10 * time.Second, 9: 10 * time.Second} {
		if got := darkroom.CaptureBackoff(failed, 0); got != want {
			t.Errorf("after failure %d: %s, want %s", failed, got, want)
		}
		if got := darkroom.CaptureBackoff(failed, 0.999); got < want || got > want*5/4 {
			t.Errorf("after failure %d with jitter: %s", failed, got)
		}
	}
	wants := []time.Duration{0, 30 * time.Second, 5 * time.Minute, 30 * time.Minute, 2 * time.Hour, 5 * time.Hour, 10 * time.Hour}
	for i, want := range wants {
		if got, ok := darkroom.DeliveryBackoff(i+1, 0); !ok || got != want {
			t.Errorf("delivery attempt %d: %s %v, want %s", i+1, got, ok, want)
		}
	}
	if _, ok := darkroom.DeliveryBackoff(len(wants)+1, 0); ok {
		t.Error("an eighth delivery attempt is allowed")
	}
}

func TestHostRest(t *testing.T) {
	for rested, want := range map[int]time.Duration{
		0: 5 * time.Second, 1: 5 * time.Second, 2: 10 * time.Second, 6: 160 * time.Second, 7: 5 * time.Minute, 1 << 40: 5 * time.Minute,
	} {
		if got := darkroom.HostRest(rested, 0, 0); got != want {
			t.Errorf("rest %d: %s, want %s", rested, got, want)
		}
		if got := darkroom.HostRest(rested, 0, 0.999); got < want || got > want*5/4 {
			t.Errorf("rest %d with jitter: %s", rested, got)
		}
	}
	for asked, want := range map[time.Duration]time.Duration{
		time.Second: 5 * time.Second, 20 * time.Minute: 20 * time.Minute, 48 * time.Hour: darkroom.MaxHostRest,
	} {
		if got := darkroom.HostRest(1, asked, 0); got != want {
			t.Errorf("asked for %s: %s, want %s", asked, got, want)
		}
	}
}

func TestRetryable(t *testing.T) {
	tests := []struct {
		code   darkroom.Code
		status int
		want   bool
	}{
		{darkroom.CodeTimeout, 0, true},
		{darkroom.CodeDNSError, 0, true},
		{darkroom.CodeConnectionReset, 0, true},
		{darkroom.CodeHTTPError, 503, true},
		{darkroom.CodeHTTPError, 429, true},
		{darkroom.CodeHTTPError, 500, false},
		{darkroom.CodeHTTPError, 404, false},
		{darkroom.CodeTLSError, 0, false},
		{darkroom.CodeBlockedTarget, 0, false},
		{darkroom.CodeSelectorNotFound, 200, false},
		{darkroom.CodeUnsupportedContent, 200, false},
	}
	for _, test := range tests {
		if got := darkroom.Retryable(test.code, test.status); got != test.want {
			t.Errorf("%s %d: %v", test.code, test.status, got)
		}
	}
}

// The drawing in the docs and the tables in the code are the same.
func TestStatesAreDocumented(t *testing.T) {
	page, err := os.ReadFile("docs/states.md")
	if err != nil {
		t.Fatal(err)
	}
	row := regexp.MustCompile(`(?m)^\| (\w+) \| ([^|]+) \| (\w+) \|$`)
	drawn := map[string]int{}
	for _, match := range row.FindAllStringSubmatch(string(page), -1) {
		drawn[strings.Join(match[1:], "|")]++
	}
	for noun, table := range darkroom.Transitions() {
		for _, step := range table {
			key := strings.Join([]string{step.From, step.Event, step.To}, "|")
			if drawn[key] == 0 {
				t.Errorf("docs/states.md lacks %s: %s", noun, key)
			}
			drawn[key]--
		}
	}
	for key, left := range drawn {
		if left > 0 && !strings.HasPrefix(key, "from|") {
			t.Errorf("docs/states.md has %s, the code has not", key)
		}
	}
}

func TestEveryCodeIsDocumented(t *testing.T) {
	page, err := os.ReadFile("docs/errors.md")
	if err != nil {
		t.Fatal(err)
	}
	source, err := os.ReadFile("error.go")
	if err != nil {
		t.Fatal(err)
	}
	for _, match := range regexp.MustCompile(`Code = "(\w+)"`).FindAllStringSubmatch(string(source), -1) {
		// Of each row the last two cells are the cause and what to do.
		rows := regexp.MustCompile("(?m)^\\| `"+match[1]+"` \\|(.+)\\|$").FindAllStringSubmatch(string(page), -1)
		if len(rows) == 0 {
			t.Errorf("docs/errors.md has no row for `%s`", match[1])
		}
		for _, row := range rows {
			cells := strings.Split(row[1], " | ")
			if len(cells) < 2 || slices.ContainsFunc(cells, func(cell string) bool { return strings.TrimSpace(cell) == "" }) {
				t.Errorf("docs/errors.md lacks the cause of `%s` or what to do: %s", match[1], row[0])
			}
		}
	}
}

func golden(t *testing.T, path string, got []byte) {
	t.Helper()
	if os.Getenv("UPDATE_GOLDEN") != "" {
		if err := os.MkdirAll(filepath.Dir(path), 0o755); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(path, got, 0o644); err != nil {
			t.Fatal(err)
		}
	}
	want, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	if string(got) != string(want) {
		t.Errorf("%s differs (UPDATE_GOLDEN=1 writes it):\n%s", path, got)
	}
}
