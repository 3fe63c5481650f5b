package api_test

import (
	"archive/zip"
	"bytes"
	"encoding/json"
	"io"
	"net/http"
	"slices"
	"strconv"
	"testing"

	"darkroom"
)

// What is there of a running job is an archive like any other: complete, with
// its own ETag, and another as soon as there is more.
func TestDownloadOfARunningJob(t *testing.T) {
	r := newRig(t)
	id := r.create("https://example.com/a", "https://example.com/fail", "https://example.com/c")
	path := darkroom.DownloadPath(id) + "?partial=true"
	expect(t, "code before the first picture", r.get(path).code(t), darkroom.CodeJobNotReady)
	expect(t, "code of a strange value", r.get(darkroom.DownloadPath(id)+"?partial=half").code(t), darkroom.CodeValidation)
	r.workOne()
	first := r.get(path)
	expect(t, "Content-Length", first.header.Get("Content-Length"), strconv.Itoa(len(first.body)))
	expect(t, "index.json", manifestOf(t, first, "001_a.png", "index.json"), `processing true 1 of 3`)
	expect(t, "status with its ETag", r.get(path, "If-None-Match", first.header.Get("ETag")).status, http.StatusNotModified)
	if again := r.get(path); !bytes.Equal(again.body, first.body) || again.header.Get("ETag") != first.header.Get("ETag") {
		t.Error("the same rows gave other bytes")
	}
	r.work()
	second := r.get(path, "If-None-Match", first.header.Get("ETag"))
	expect(t, "status when there is more", second.status, http.StatusOK)
	expect(t, "index.json", manifestOf(t, second, "001_a.png", "003_c.png", "index.json"), `processing true 3 of 3`)
	part := r.get(path, "Range", "bytes=10-29", "If-Range", second.header.Get("ETag"))
	if part.status != http.StatusPartialContent || !bytes.Equal(part.body, second.body[10:30]) {
		t.Errorf("a range of it answers %d %q", part.status, part.body)
	}
	r.finish(id)
	expect(t, "index.json of the end", manifestOf(t, r.get(path), "001_a.png", "003_c.png", "index.json"), `partial false 3 of 3`)
}

func manifestOf(t *testing.T, got answer, names ...string) string {
	t.Helper()
	opened := must(zip.NewReader(bytes.NewReader(got.body), int64(len(got.body))))(t)
	var in []string
	var manifest struct {
		Status  string
		Partial bool
		Total   int
		Results []darkroom.ManifestEntry
	}
	for _, file := range opened.File {
		in = append(in, file.Name)
		content := must(io.ReadAll(must(file.Open())(t)))(t)
		if file.Name == "index.json" {
			if err := json.Unmarshal(content, &manifest); err != nil {
				t.Fatal(err)
			}
		}
	}
	if !slices.Equal(in, names) {
		t.Errorf("the archive has %v, want %v", in, names)
	}
	return manifest.Status + " " + strconv.FormatBool(manifest.Partial) + " " +
		strconv.Itoa(len(manifest.Results)) + " of " + strconv.Itoa(manifest.Total)
}
