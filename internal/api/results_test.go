package api_test

import (
	"bytes"
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"image"
	"image/jpeg"
	"image/png"
	"net/http"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"darkroom"
	"darkroom/internal/bucket"
	"darkroom/internal/store"
)

// small makes a thumbnail that shows what it was made of: its size.
func small(picture []byte) ([]byte, error) {
	size, err := png.DecodeConfig(bytes.NewReader(picture))
	if err != nil {
		return nil, err
	}
	var out bytes.Buffer
	err = jpeg.Encode(&out, image.NewGray(image.Rect(0, 0, size.Width, size.Height)), nil)
	return out.Bytes(), err
}

// witnessed adds evidence to a failure, and a last frame where the URL has
// "seen" in it.
func (r *rig) witnessed(claim darkroom.Claim, outcome store.Outcome) store.Outcome {
	r.t.Helper()
	outcome.Evidence = &darkroom.Evidence{
		Redirects: []darkroom.Redirect{{URL: "https://example.com/old", Status: 301}},
		Console:   []darkroom.ConsoleMessage{{Text: "Uncaught <Error> & more", URL: "https://example.com/app.js", Line: 7}},
	}
	if strings.Contains(claim.URL, "seen") {
		key := bucket.ShotKey(claim.JobID, claim.Ordinal, claim.Attempt, "test", "last.jpeg")
		outcome.LastFrame = must(r.bucket.Put(r.t.Context(), key, lastFrame(), "image/jpeg"))(r.t)
	}
	return outcome
}

func lastFrame() []byte { return []byte("what the page showed") }

func resultScenarios() []scenario {
	results := darkroom.ResultsPath("$JOB")
	return []scenario{
		{name: "results", method: "GET", before: (*rig).mixed, path: results},
		{name: "results-while-it-runs", method: "GET", before: (*rig).halfway, path: results},
		{name: "results-of-failures", method: "GET", before: (*rig).mixed, path: results + "?state=failed&limit=1"},
		{name: "results-behind-the-last", method: "GET", before: (*rig).mixed, path: results + "?cursor=3"},
		{name: "results-of-a-sitemap-being-read", method: "GET", before: (*rig).reading, path: results},
		{name: "results-too-late", method: "GET", before: (*rig).mixedAndExpired, path: results},
		{name: "results-of-no-job", method: "GET", path: darkroom.ResultsPath("0195d4a2-0000-7000-8000-000000000000")},
		{name: "results-of-no-state", method: "GET", before: (*rig).mixed, path: results + "?state=done"},
		{name: "results-of-no-cursor", method: "GET", before: (*rig).mixed, path: results + "?cursor=-1"},
		{name: "image-too-late", method: "GET", before: (*rig).mixedAndExpired, path: darkroom.ViewPath("$JOB", 1, darkroom.ViewImage)},
		{name: "image-of-a-failure", method: "GET", before: (*rig).mixed, path: darkroom.ViewPath("$JOB", 2, darkroom.ViewImage)},
		{name: "image-too-early", method: "GET", before: (*rig).halfway, path: darkroom.ViewPath("$JOB", 2, darkroom.ViewImage)},
		{name: "image-of-no-capture", method: "GET", before: (*rig).mixed, path: darkroom.ViewPath("$JOB", 4, darkroom.ViewImage)},
		{name: "last-frame-of-a-success", method: "GET", before: (*rig).mixed, path: darkroom.ViewPath("$JOB", 1, darkroom.ViewLastFrame)},
		{name: "last-frame-of-a-blind-failure", method: "GET", before: (*rig).mixed, path: darkroom.ViewPath("$JOB", 3, darkroom.ViewLastFrame)},
	}
}

func (r *rig) mixed() string {
	return r.done("https://example.com/", "https://example.com/fail/seen", "https://example.com/fail")
}

func (r *rig) mixedAndExpired() string {
	id := r.mixed()
	r.clock.advance(24 * time.Hour)
	return id
}

// reading leaves a sitemap job with one page that was found and taken.
func (r *rig) reading() string {
	ctx := r.t.Context()
	created := r.send("POST", "/v1/sitemap", `{"sitemap_url":"https://example.com/sitemap.xml"}`)
	expect(r.t, "status", created.status, http.StatusAccepted)
	id := created.job(r.t).ID
	if _, _, err := r.store.BeginDiscovery(ctx, id); err != nil {
		r.t.Fatal(err)
	}
	found := []store.Target{{URL: "https://example.com/a", Host: "example.com:443"}}
	if _, err := r.store.AddTargets(ctx, id, 0, found, darkroom.Discovery{Found: 1}); err != nil {
		r.t.Fatal(err)
	}
	r.work()
	return id
}

func (r *rig) results(path string) darkroom.ResultsAnswer {
	r.t.Helper()
	got := r.get(path)
	expect(r.t, path, got.status, http.StatusOK)
	var page darkroom.ResultsAnswer
	got.json(r.t, &page)
	return page
}

func TestResultsPageByPage(t *testing.T) {
	t.Parallel()
	r := newRig(t)
	urls := make([]string, 7)
	for i := range urls {
		urls[i] = fmt.Sprintf("https://example.com/%d", i+1)
	}
	id := r.create(urls...)
	for cursor, pages, seen := "", 1, []int(nil); ; pages++ {
		page := r.results(darkroom.ResultsPath(id) + "?limit=3&cursor=" + cursor)
		r.workOne() // while somebody reads
		for _, one := range page.Results {
			seen = append(seen, one.Index)
		}
		if page.NextCursor == nil {
			expect(t, "pages", pages, 3)
			if !slices.Equal(seen, []int{1, 2, 3, 4, 5, 6, 7}) {
				t.Errorf("captures %v", seen)
			}
			return
		}
		cursor = *page.NextCursor
	}
}

func TestResultsBelongToTheirKey(t *testing.T) {
	t.Parallel()
	r := newRig(t)
	id := r.mixed()
	other := must(r.store.CreateKey(t.Context(), "other"))(t).Secret
	for _, path := range []string{
		darkroom.ResultsPath(id), darkroom.ViewPath(id, 1, darkroom.ViewImage), darkroom.ViewPath(id, 1, darkroom.ViewThumbnail),
		darkroom.ViewPath(id, 2, darkroom.ViewLastFrame),
	} {
		expect(t, path, r.get(path).status, http.StatusOK)
		got := r.get(path, "Authorization", "Bearer "+other)
		expect(t, path+" of another key", got.status, http.StatusNotFound)
		expect(t, path+" of another key", got.code(t), darkroom.CodeNotFound)
		expect(t, path+" without a key", r.get(path, "Authorization", "").status, http.StatusUnauthorized)
	}
}

// requireContent checks an answer with all of these bytes.
func requireContent(t *testing.T, got answer, content []byte, contentType string) {
	t.Helper()
	sum := sha256.Sum256(content)
	expect(t, "status", got.status, http.StatusOK)
	expect(t, "Content-Type", got.header.Get("Content-Type"), contentType)
	expect(t, "ETag", got.header.Get("ETag"), `"`+hex.EncodeToString(sum[:])+`"`)
	expect(t, "Accept-Ranges", got.header.Get("Accept-Ranges"), "bytes")
	if !bytes.Equal(got.body, content) {
		t.Errorf("got %d other bytes, want %d", len(got.body), len(content))
	}
}

func TestViews(t *testing.T) {
	t.Parallel()
	r := newRig(t)
	id := r.create("https://example.com/", "https://example.com/fail/seen")
	r.work()
	page := r.results(darkroom.ResultsPath(id))
	thumbnail := must(small(picture()))(t)
	views := map[string]struct {
		link        *string
		content     []byte
		contentType string
	}{
		"image":      {page.Results[0].ImageURL, picture(), "image/png"},
		"thumbnail":  {page.Results[0].ThumbnailURL, thumbnail, "image/jpeg"},
		"last frame": {page.Results[1].LastFrameURL, lastFrame(), "image/jpeg"},
	}
	const day = "private, max-age=172800, immutable" // deadline and retention
	for about, view := range views {
		got := r.get(*view.link)
		requireContent(t, got, view.content, view.contentType)
		expect(t, about+": Cache-Control", got.header.Get("Cache-Control"), day)
		bare, _, _ := strings.Cut(*view.link, "?")
		got = r.get(bare)
		requireContent(t, got, view.content, view.contentType)
		expect(t, about+" without version: Cache-Control", got.header.Get("Cache-Control"), "private, no-cache")
		tag := got.header.Get("ETag")
		kept := r.get(*view.link, "If-None-Match", tag)
		expect(t, about+" again", kept.status, http.StatusNotModified)
		part := r.get(*view.link, "Range", "bytes=2-5", "If-Range", tag)
		expect(t, about+": a part", part.status, http.StatusPartialContent)
		expect(t, about+": a part", string(part.body), string(view.content[2:6]))
		head := r.send(http.MethodHead, *view.link, "")
		expect(t, about+": HEAD", head.header.Get("Content-Length"), fmt.Sprint(len(view.content)))
		behind := r.get(*view.link, "Range", "bytes=999999-")
		expect(t, about+": behind the end", behind.code(t), darkroom.CodeRangeNotSatisfiable)
		expect(t, about+": behind the end", behind.header.Get("Cache-Control"), "private, no-store")
		expect(t, about+": behind the end", behind.header.Get("ETag"), "")
	}
	r.finish(id)
	ended := r.get(darkroom.ViewPath(id, 1, darkroom.ViewImage))
	expect(t, "ended: Cache-Control", ended.header.Get("Cache-Control"), "private, max-age=86400, immutable")
}

func TestThumbnailsAreMadeOnce(t *testing.T) {
	t.Parallel()
	r := newRig(t)
	id := r.done("https://example.com/", "https://example.com/b")
	want := must(small(picture()))(t)
	first, second := darkroom.ViewPath(id, 1, darkroom.ViewThumbnail), darkroom.ViewPath(id, 2, darkroom.ViewThumbnail)
	var group sync.WaitGroup
	for range 5 {
		group.Go(func() { requireContent(t, r.get(first), want, "image/jpeg") })
	}
	group.Wait()
	expect(t, "thumbnails made", r.shrunk.Load(), 1)

	r.full = true // then it is made, and not kept
	for range 2 {
		requireContent(t, r.get(second), want, "image/jpeg")
	}
	expect(t, "thumbnails made", r.shrunk.Load(), 3)
	r.full = false
	requireContent(t, r.get(second), want, "image/jpeg")
	requireContent(t, r.get(second), want, "image/jpeg")
	expect(t, "thumbnails made", r.shrunk.Load(), 4)
}

func TestLargePicturesAreStreamed(t *testing.T) {
	t.Parallel()
	r := newRig(t)
	r.padding = 9 << 20
	id := r.done("https://example.com/")
	path := darkroom.ViewPath(id, 1, darkroom.ViewImage)
	want := append(picture(), make([]byte, r.padding)...)
	requireContent(t, r.get(path), want, "image/png")
	part := r.get(path, "Range", "bytes=10-19,-5")
	expect(t, "status", part.status, http.StatusPartialContent)
	last := r.get(path, "Range", fmt.Sprintf("bytes=%d-", len(want)-4))
	expect(t, "the last bytes", string(last.body), string(want[len(want)-4:]))

	file := r.stored(".png")
	if err := os.Truncate(file, 1<<20); err != nil {
		t.Fatal(err)
	}
	if cut := r.get(path); cut.cut == nil {
		t.Errorf("a picture that has lost its end was sent as whole: %d, %d bytes", cut.status, len(cut.body))
	}
}

func TestDamagedPicturesAreNotSent(t *testing.T) {
	t.Parallel()
	for about, damage := range map[string]func(file string) error{
		"gone":    os.Remove,
		"shorter": func(file string) error { return os.Truncate(file, 9) },
		"other":   func(file string) error { return os.WriteFile(file, make([]byte, len(picture())), 0o600) },
	} {
		r := newRig(t)
		id := r.done("https://example.com/")
		file := r.stored(".png")
		if err := damage(file); err != nil {
			t.Fatal(err)
		}
		for _, view := range []darkroom.View{darkroom.ViewImage, darkroom.ViewThumbnail} {
			got := r.get(darkroom.ViewPath(id, 1, view))
			expect(t, about+" "+string(view), got.status, http.StatusInternalServerError)
			expect(t, about+" "+string(view), got.code(t), darkroom.CodeInternal)
			expect(t, about+" "+string(view)+": Cache-Control", got.header.Get("Cache-Control"), "private, no-store")
		}
	}
}

// stored is the file of the one object whose key ends so.
func (r *rig) stored(suffix string) string {
	r.t.Helper()
	for object, err := range r.bucket.Keys(r.t.Context(), "") {
		if err != nil {
			r.t.Fatal(err)
		}
		if strings.HasSuffix(object.Key, suffix) {
			return filepath.Join(r.pictures, filepath.FromSlash(object.Key))
		}
	}
	r.t.Fatalf("nothing is stored whose key ends with %s", suffix)
	return ""
}

func TestCapturesThatAreNone(t *testing.T) {
	t.Parallel()
	r := newRig(t)
	id := r.mixed()
	for _, index := range []string{"0", "-1", "x", "1.5", "99999999999999999999", "4"} {
		got := r.get(darkroom.JobPath(id) + "/captures/" + index + "/image")
		expect(t, index, got.code(t), darkroom.CodeNotFound)
	}
}
