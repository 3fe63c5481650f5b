package e2e

import (
	"archive/zip"
	"bytes"
	"io"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"darkroom"
)

// TestFiveThousandPictures opens a run of 5,000 captures and its gallery, turns
// and scrolls pages, and prints what a person waits for. Most of the pictures
// are earlier ones of the same pages, which are right all the same.
func TestFiveThousandPictures(t *testing.T) {
	if length(0, 1, 1) == 0 {
		t.Skip("in the long form: it takes a minute")
	}
	const count, distinct = 5000, 100
	s := start(t, t.TempDir(), "--max-urls", "5000")
	address := site(t)
	urls := pages(address, distinct)
	s.await(s.submit(map[string]any{"urls": urls, "cache": true}).ID, time.Minute)
	for len(urls) < count {
		urls = append(urls, urls[:distinct]...)
	}
	job := s.await(s.submit(map[string]any{"urls": urls, "cache": true}).ID, 5*time.Minute)
	if job.Status != darkroom.StatusCompleted || job.Progress.Completed != count {
		t.Fatalf("ended %s: %+v", job.Status, job.Progress)
	}
	_, content := s.call("GET", darkroom.DownloadPath(job.ID), nil)
	out := drive(t, "large.test.mjs", ".", "DASHBOARD="+s.url, "KEY="+apiKey, "JOB="+job.ID, "GALLERY="+unpack(t, content))
	for line := range strings.Lines(out) {
		if strings.HasPrefix(line, "# 5,000") {
			t.Log(strings.TrimSpace(line[2:]))
		}
	}
}

// unpack lays an archive out as one does who opens it.
func unpack(t *testing.T, content []byte) string {
	t.Helper()
	folder := publicDir(t)
	reader, err := zip.NewReader(bytes.NewReader(content), int64(len(content)))
	must(t, err)
	for _, file := range reader.File {
		in, err := file.Open()
		must(t, err)
		text, err := io.ReadAll(in)
		must(t, err)
		must(t, os.WriteFile(filepath.Join(folder, filepath.Base(file.Name)), text, 0o644))
	}
	return folder
}
