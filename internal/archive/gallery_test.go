package archive_test

import (
	"strings"
	"testing"

	"darkroom"
	"darkroom/internal/archive"

	"golang.org/x/net/html"
)

// What pages have said of themselves stays text, whatever it is.
func TestGalleryIsNotWrittenByItsPages(t *testing.T) {
	job, captures := partialJob()
	const markup = `</script><img src=x onerror=alert(1)>"'<style>`
	job.Name = markup
	captures[0].Result.Title, captures[0].URL = markup, "https://example.com/?"+markup
	captures[1].URL, captures[1].Message = "javascript:alert(1)", markup
	captures[2].Result.Warnings = []string{markup}
	content, err := archive.Gallery(job, seq(captures...))
	if err != nil {
		t.Fatal(err)
	}
	counts := map[string]int{}
	page, err := html.Parse(strings.NewReader(string(content)))
	if err != nil {
		t.Fatal(err)
	}
	for node := range page.Descendants() {
		if node.Type != html.ElementNode {
			continue
		}
		counts[node.Data]++
		for _, attribute := range node.Attr {
			if strings.HasPrefix(attribute.Key, "on") || strings.HasPrefix(attribute.Val, "javascript:") {
				t.Errorf("<%s %s=%q>", node.Data, attribute.Key, attribute.Val)
			}
		}
	}
	for name, want := range map[string]int{"script": 1, "style": 1, "li": 3, "img": 3, "dialog": 1} { // two pictures, one in the dialog
		if counts[name] != want {
			t.Errorf("%d <%s>, want %d", counts[name], name, want)
		}
	}
	if n := strings.Count(string(content), "&lt;img src=x"); n < 5 {
		t.Errorf("the markup is shown %d times", n)
	}
	again, err := archive.Gallery(job, seq(captures...))
	if err != nil || string(again) != string(content) {
		t.Errorf("the same rows gave other bytes: %v", err)
	}
}

func TestGalleryIsSmall(t *testing.T) {
	job, _ := partialJob()
	job.Progress = darkroom.Progress{}
	empty, err := archive.Gallery(job, seq())
	if err != nil || len(empty) > 10<<10 {
		t.Errorf("an empty one has %d bytes, %v", len(empty), err)
	}
	if !strings.Contains(string(empty), "script-src &#39;sha256-") {
		t.Errorf("it has no policy: %s", empty)
	}
}
