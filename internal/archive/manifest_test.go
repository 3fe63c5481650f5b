package archive_test

import (
	"encoding/json"
	"errors"
	"iter"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"darkroom"
	"darkroom/internal/archive"
)

func seq(captures ...darkroom.Capture) iter.Seq2[darkroom.Capture, error] {
	return func(yield func(darkroom.Capture, error) bool) {
		for _, capture := range captures {
			if !yield(capture, nil) {
				return
			}
		}
	}
}

func partialJob() (darkroom.Job, []darkroom.Capture) {
	job := endedJob(3)
	job.Status = darkroom.StatusProcessing
	job.Progress = darkroom.Progress{Total: 3, Completed: 2, Failed: 1}
	job.StartedAt = job.CreatedAt.Add(time.Second)
	at := job.CreatedAt.Add(2 * time.Second)
	shot := func(sum string) darkroom.Result {
		return darkroom.Result{
			Artifact: darkroom.Artifact{
				Key: "jobs/x/1.png", ContentType: "image/png", Size: 23110, CRC32: 7,
				SHA256: strings.Repeat(sum, 32), Width: 1280, Height: 720,
			},
			HTTPStatus: 200, Duration: 842 * time.Millisecond, CapturedAt: at,
		}
	}
	first, third := shot("ab"), shot("cd")
	first.FinalURL, first.Title = "https://example.com/blog/?a=1&b=2", `A <b> "title" & more`
	third.Warnings = []string{"truncated at 16384 px"}
	third.Seen = darkroom.Seen{PixelHash: strings.Repeat("ef", 32), Blocked: 12}
	return job, []darkroom.Capture{
		{Ordinal: 1, URL: "https://example.com/blog?a=1&b=2", State: darkroom.CaptureCompleted, Attempt: 1, Result: first},
		{
			Ordinal: 2, URL: "https://example.com/gone", State: darkroom.CaptureFailed, Attempt: 1,
			Result:  darkroom.Result{HTTPStatus: 404, Duration: 90 * time.Millisecond, CapturedAt: at},
			Failure: darkroom.Failure{Code: darkroom.CodeHTTPError, Message: "The page answered 404"},
		},
		{Ordinal: 3, URL: "https://example.com/", State: darkroom.CaptureCompleted, Attempt: 2, Result: third},
	}
}

func TestManifest(t *testing.T) {
	batch, captures := partialJob()
	site := batch
	site.Kind, site.Crawl = darkroom.KindSitemap, darkroom.Crawl{SitemapURL: "https://example.com/sitemap.xml?a&b", MaxPages: 3}
	site.Discovery = darkroom.Discovery{
		Ended: true, Sitemaps: 2, Found: 8, Skipped: map[darkroom.SkipReason]int{darkroom.SkipOtherHost: 4, darkroom.SkipDuplicate: 1},
		Warnings: []string{"https://example.com/b.xml ends in the middle"},
	}
	varied := slices.Clone(captures)
	for i := range varied {
		varied[i].URL, varied[i].Variant = "https://example.com/blog", []string{"phone", "v2", "dark"}[i]
	}
	varied[2].Result.Cached, varied[2].Attempt = true, 0
	empty := site
	empty.Progress, empty.Discovery = darkroom.Progress{}, darkroom.Discovery{Ended: true}
	for golden, c := range map[string]struct {
		job      darkroom.Job
		captures []darkroom.Capture
	}{"index.json": {batch, captures}, "sitemap.json": {site, captures}, "empty.json": {empty, nil}, "variants.json": {batch, varied}} {
		t.Run(golden, func(t *testing.T) {
			got, err := archive.Manifest(c.job, seq(c.captures...))
			if err != nil {
				t.Fatal(err)
			}
			if !json.Valid(got) {
				t.Fatalf("it is no JSON:\n%s", got)
			}
			want, err := os.ReadFile(filepath.Join("testdata", golden))
			if err != nil {
				t.Fatal(err)
			}
			if string(got) != string(want) {
				t.Errorf("it is not %s but\n%s", golden, got)
			}
		})
	}
}

func TestManifestNamesWhatTheArchiveHolds(t *testing.T) {
	job, captures := partialJob()
	captures[2].URL = "https://other.example/" // now hosts are mixed
	content, err := archive.Manifest(job, seq(captures...))
	if err != nil {
		t.Fatal(err)
	}
	index := newObjects().add(archive.ManifestName, content)
	entries, err := archive.Entries(job, seq(captures...), index)
	if err != nil {
		t.Fatal(err)
	}
	var manifest struct {
		Results []struct {
			Index    int
			Filename *string
			Success  bool
			SHA256   string
		}
	}
	if err := json.Unmarshal(content, &manifest); err != nil {
		t.Fatal(err)
	}
	next := 0
	for i, result := range manifest.Results {
		if result.Index != i+1 || result.Success != (result.Filename != nil) {
			t.Errorf("result %d: %+v", i, result)
		}
		if !result.Success {
			continue
		}
		if entries[next].Name != *result.Filename || entries[next].Artifact.SHA256 != result.SHA256 {
			t.Errorf("entry %d is %+v, the manifest says %+v", next, entries[next], result)
		}
		next++
	}
	if next != len(entries)-1 || entries[next].Name != archive.ManifestName {
		t.Errorf("entries: %+v", entries)
	}
	if name := entries[0].Name; name != "001_example.com_blog.png" {
		t.Errorf("the first is named %s", name)
	}
}

func TestNoManifestOfWrongRows(t *testing.T) {
	job, captures := partialJob()
	broken := errors.New("the database is away")
	for about, rows := range map[string]iter.Seq2[darkroom.Capture, error]{
		"one missing": seq(captures[0], captures[2]),
		"one short":   seq(captures[:2]...),
		"one twice":   seq(captures[0], captures[0], captures[1]),
		"other order": seq(captures[1], captures[0], captures[2]),
		"not ended":   seq(captures[0], captures[1], darkroom.Capture{Ordinal: 3, State: darkroom.CaptureRunning}),
		"broken": func(yield func(darkroom.Capture, error) bool) {
			_ = yield(captures[0], nil) && yield(darkroom.Capture{}, broken)
		},
	} {
		if got, err := archive.Manifest(job, rows); err == nil {
			t.Errorf("%s gave a manifest:\n%s", about, got)
		}
	}
}

func TestAFailedNeighbourDoesNotChangeNames(t *testing.T) {
	job, captures := partialJob()
	captures[1].URL = "https://other.example/gone"
	entries, err := archive.Entries(job, seq(captures...))
	if err != nil {
		t.Fatal(err)
	}
	if name := entries[0].Name; name != "001_example.com_blog.png" {
		t.Errorf("the name %s forgets that the job mixes hosts", name)
	}
}
