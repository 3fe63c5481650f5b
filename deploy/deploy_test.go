package deploy_test

import (
	"os"
	"regexp"
	"slices"
	"testing"
)

// What alarms and panels ask for must be there. docs/metrics.md is held against
// a scrape of the program by the tests of internal/metrics.
func TestEveryMetricExists(t *testing.T) {
	page := read(t, "../docs/metrics.md")
	known := regexp.MustCompile("`(darkroom_[a-z_]+)`").FindAllStringSubmatch(page, -1)
	if len(known) < 10 {
		t.Fatalf("docs/metrics.md names %d metrics", len(known))
	}
	ending := regexp.MustCompile(`_(bucket|sum|count)$`) // of a histogram
	for _, path := range []string{"prometheus/rules.yaml", "prometheus/rules.test.yaml", "grafana/darkroom.json"} {
		used := regexp.MustCompile(`darkroom_[a-z_]+`).FindAllString(read(t, path), -1)
		if len(used) == 0 {
			t.Errorf("%s names no metric", path)
		}
		for _, name := range used {
			if !slices.ContainsFunc(known, func(match []string) bool { return match[1] == name || match[1] == ending.ReplaceAllString(name, "") }) {
				t.Errorf("%s asks for %s, which the program does not have", path, name)
			}
		}
	}
}

// Every section that an alarm leads to is there.
func TestEveryRunbookExists(t *testing.T) {
	page := read(t, "../docs/deploy.md")
	anchors := map[string]bool{}
	for _, heading := range regexp.MustCompile(`(?m)^#+ (.+)$`).FindAllStringSubmatch(page, -1) {
		anchors[anchor(heading[1])] = true
	}
	links := regexp.MustCompile(`docs/deploy\.md#([a-z0-9-]+)`).FindAllStringSubmatch(read(t, "prometheus/rules.yaml"), -1)
	if len(links) == 0 {
		t.Fatal("no alarm leads to docs/deploy.md")
	}
	for _, link := range links {
		if !anchors[link[1]] {
			t.Errorf("docs/deploy.md has no section #%s", link[1])
		}
	}
}

// anchor is how web sites that render Markdown name a heading.
func anchor(heading string) string {
	lower := regexp.MustCompile(`[A-Z]`).ReplaceAllStringFunc(heading, func(c string) string { return string(c[0] + 'a' - 'A') })
	return regexp.MustCompile(` `).ReplaceAllString(regexp.MustCompile(`[^a-z0-9 -]`).ReplaceAllString(lower, ""), "-")
}

func read(t *testing.T, path string) string {
	t.Helper()
	text, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	return string(text)
}
