package api_test

import (
	"archive/zip"
	"bytes"
	"fmt"
	"io"
	"mime"
	"mime/multipart"
	"net/http"
	"slices"
	"strings"
	"testing"
	"time"

	"darkroom"
	"darkroom/internal/bucket"
)

// archived is a rig with a finished job whose archive was read once.
func archived(t *testing.T, urls ...string) (r *rig, path string, whole answer) {
	t.Helper()
	r = newRig(t)
	path = darkroom.DownloadPath(r.done(urls...))
	whole = r.get(path)
	expect(t, "status", whole.status, http.StatusOK)
	return r, path, whole
}

func TestDownload(t *testing.T) {
	t.Parallel()
	_, _, whole := archived(t, "https://example.com/", "https://example.com/fail", "https://example.com/blog/my-first-post")
	expect(t, "Content-Type", whole.header.Get("Content-Type"), "application/zip")
	expect(t, "Accept-Ranges", whole.header.Get("Accept-Ranges"), "bytes")
	expect(t, "Cache-Control", whole.header.Get("Cache-Control"), "private, no-store")
	expect(t, "Content-Length", whole.header.Get("Content-Length"), fmt.Sprint(len(whole.body)))
	if etag := whole.header.Get("ETag"); !strings.HasPrefix(etag, `"`) {
		t.Errorf("ETag %q is not a strong one", etag)
	}
	kind, params, err := mime.ParseMediaType(whole.header.Get("Content-Disposition"))
	if err != nil || kind != "attachment" || !strings.HasSuffix(params["filename"], ".zip") {
		t.Errorf("Content-Disposition %q", whole.header.Get("Content-Disposition"))
	}
	opened := must(zip.NewReader(bytes.NewReader(whole.body), int64(len(whole.body))))(t)
	var names []string
	for _, file := range opened.File {
		names = append(names, file.Name)
		content := must(io.ReadAll(must(file.Open())(t)))(t)
		if strings.HasSuffix(file.Name, ".png") && !bytes.Equal(content, picture()) {
			t.Errorf("%s is not the picture that was taken", file.Name)
		}
	}
	want := []string{"001_example.com.png", "003_blog_my-first-post.png", "index.json"}
	slices.Sort(names)
	if !slices.Equal(names, want) {
		t.Errorf("entries %v, want %v", names, want)
	}
}

func TestDownloadOfParts(t *testing.T) {
	t.Parallel()
	r, path, whole := archived(t, "https://example.com/a", "https://example.com/b", "https://example.com/c")
	size := len(whole.body)
	many := "bytes=0-0" + strings.Repeat(",2-2", 999)
	tests := []struct {
		name, value string
		status      int
		from, to    int // of whole, when one part is sent
	}{
		{"from the beginning", "bytes=0-", 206, 0, size},
		{"the first byte", "bytes=0-0", 206, 0, 1},
		{"the last byte", "bytes=-1", 206, size - 1, size},
		{"more than there is, from the end", "bytes=-999999", 206, 0, size},
		{"the middle", "bytes=100-199", 206, 100, 200},
		{"beyond the end", "bytes=100-999999999999999999999", 206, 100, size},
		{"spaces", "bytes= 100-199 ,", 206, 100, 200},
		{"one of two there", "bytes=999999-, 5-6", 206, 5, 7},
		{"behind the end", "bytes=999999999999-", 416, 0, 0},
		{"nothing from the end", "bytes=-0", 416, 0, 0},
		{"backwards", "bytes=5-1", 200, 0, size},
		{"other unit", "items=0-1", 200, 0, size},
		{"no numbers", "bytes=a-b", 200, 0, size},
		{"signs", "bytes=+1-+2", 200, 0, size},
		{"a dash", "bytes=-", 200, 0, size},
		{"nothing", "bytes=", 200, 0, size},
		{"a thousand", many, 200, 0, size},
		{"all of it twice", "bytes=0-,0-", 200, 0, size},
	}
	for _, test := range tests {
		got := r.get(path, "Range", test.value)
		if got.status != test.status {
			t.Errorf("%s: status %d, want %d", test.name, got.status, test.status)
			continue
		}
		if got.status == http.StatusRequestedRangeNotSatisfiable {
			expect(t, test.name+": code", got.code(t), darkroom.CodeRangeNotSatisfiable)
			expect(t, test.name+": Content-Range", got.header.Get("Content-Range"), fmt.Sprintf("bytes */%d", size))
			expect(t, test.name+": ETag", got.header.Get("ETag"), "")
			continue
		}
		if !bytes.Equal(got.body, whole.body[test.from:test.to]) {
			t.Errorf("%s: got %d bytes that are not %d to %d", test.name, len(got.body), test.from, test.to)
		}
	}
}

func TestDownloadOfSeveralParts(t *testing.T) {
	t.Parallel()
	r, path, whole := archived(t, "https://example.com/a", "https://example.com/b")
	got := r.get(path, "Range", "bytes=0-9,-5")
	expect(t, "status", got.status, http.StatusPartialContent)
	_, params, err := mime.ParseMediaType(got.header.Get("Content-Type"))
	if err != nil {
		t.Fatal(err)
	}
	parts := multipart.NewReader(bytes.NewReader(got.body), params["boundary"])
	for _, want := range [][]byte{whole.body[:10], whole.body[len(whole.body)-5:]} {
		part := must(parts.NextPart())(t)
		if content := must(io.ReadAll(part))(t); !bytes.Equal(content, want) {
			t.Errorf("a part of %d bytes is not the one asked for", len(content))
		}
	}
}

func TestDownloadConditions(t *testing.T) {
	t.Parallel()
	r, path, whole := archived(t, "https://example.com/")
	etag, size := whole.header.Get("ETag"), len(whole.body)
	tests := []struct {
		name    string
		headers []string
		status  int
		length  int
	}{
		{"has it", []string{"If-None-Match", etag}, 304, 0},
		{"has it, weakly", []string{"If-None-Match", "W/" + etag}, 304, 0},
		{"has another", []string{"If-None-Match", `"other"`}, 200, size},
		{"continues", []string{"Range", "bytes=10-", "If-Range", etag}, 206, size - 10},
		{"continues another", []string{"Range", "bytes=10-", "If-Range", `"other"`}, 200, size},
		{"continues a longer one", []string{"Range", "bytes=999999-", "If-Range", `"other"`}, 200, size},
		{"continues by time", []string{"Range", "bytes=10-", "If-Range", whole.header.Get("Last-Modified")}, 206, size - 10},
		{"not modified since", []string{"If-Modified-Since", whole.header.Get("Last-Modified")}, 304, 0},
		{"insists on it", []string{"If-Match", etag}, 200, size},
	}
	for _, test := range tests {
		got := r.get(path, test.headers...)
		expect(t, test.name+": status", got.status, test.status)
		expect(t, test.name+": length", len(got.body), test.length)
	}
	refused := r.get(path, "If-Match", `"other"`)
	expect(t, "insists on another: status", refused.status, http.StatusPreconditionFailed)
	expect(t, "insists on another: code", refused.code(t), darkroom.CodePreconditionFailed)
}

func TestDownloadHead(t *testing.T) {
	t.Parallel()
	r, path, whole := archived(t, "https://example.com/")
	for _, value := range []string{"", "bytes=0-9", "bytes=999999-"} {
		got := r.send(http.MethodHead, path, "", "Range", value)
		expect(t, "status", got.status, http.StatusOK)
		expect(t, "body", len(got.body), 0)
		for _, name := range []string{"Content-Length", "Content-Type", "Content-Disposition", "ETag", "Accept-Ranges"} {
			expect(t, name, got.header.Get(name), whole.header.Get(name))
		}
	}
}

// An archive that lacks bytes is never answered whole: with an error while
// nothing was sent, and broken off later.
func TestDownloadOfDamagedBytes(t *testing.T) {
	t.Parallel()
	for name, ordinal := range map[string]int{"first": 1, "last": 3} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			r := newRig(t)
			r.padding = 64 << 10
			id := r.done("https://example.com/a", "https://example.com/b", "https://example.com/c")
			key := bucket.ShotKey(id, ordinal, 1, "test", "png")
			if err := r.bucket.Delete(t.Context(), key); err != nil {
				t.Fatal(err)
			}
			got := r.get(darkroom.DownloadPath(id))
			if ordinal == 1 {
				expect(t, "status", got.status, http.StatusInternalServerError)
				expect(t, "code", got.code(t), darkroom.CodeInternal)
				expect(t, "Content-Disposition", got.header.Get("Content-Disposition"), "")
				return
			}
			if got.cut == nil {
				t.Errorf("%d bytes came whole, with status %d", len(got.body), got.status)
			}
			if !strings.Contains(r.log.String(), "broken off") {
				t.Error("the log does not tell of it")
			}
		})
	}
}

func TestDownloadAfterTheBucketIsLost(t *testing.T) {
	t.Parallel()
	r := newRig(t)
	path := darkroom.DownloadPath(r.done("https://example.com/"))
	r.loseBucket()
	got := r.get(path)
	expect(t, "status", got.status, http.StatusInternalServerError)
	expect(t, "code", got.code(t), darkroom.CodeInternal)
}

// What expires while it is sent is sent to its end; then it is gone.
func TestExpiryDuringADownload(t *testing.T) {
	t.Parallel()
	r := newRig(t)
	r.padding = 8 << 20 // more than a connection holds
	path := darkroom.DownloadPath(r.done("https://example.com/a", "https://example.com/b", "https://example.com/c"))
	request := must(http.NewRequestWithContext(t.Context(), http.MethodGet, r.server.URL+path, nil))(t)
	request.Header.Set("Authorization", "Bearer "+r.key)
	response := must(r.server.Client().Do(request))(t)
	defer func() { _ = response.Body.Close() }()
	r.clock.advance(25 * time.Hour)
	r.deleteExpired()
	expect(t, "another download", r.get(path, "Range", "bytes=10-").status, http.StatusGone)
	content := must(io.ReadAll(response.Body))(t)
	opened := must(zip.NewReader(bytes.NewReader(content), int64(len(content))))(t)
	expect(t, "entries", len(opened.File), 4)
	for until := time.Now().Add(30 * time.Second); r.count() > 0; time.Sleep(2 * time.Millisecond) {
		if r.deleteExpired(); time.Now().After(until) {
			t.Fatalf("%d files are left when nobody reads them", r.count())
		}
	}
}

// deleteExpired does what the sweep does.
func (r *rig) deleteExpired() {
	r.t.Helper()
	keys := must(r.store.ExpiredKeys(r.t.Context(), 100))(r.t)
	for _, key := range keys {
		if err := r.bucket.Delete(r.t.Context(), key); err != nil {
			r.t.Fatal(err)
		}
	}
	if err := r.store.ForgetKeys(r.t.Context(), keys); err != nil {
		r.t.Fatal(err)
	}
}

func (r *rig) count() (n int) {
	r.t.Helper()
	for _, err := range r.bucket.Keys(r.t.Context(), "") {
		if err != nil {
			r.t.Fatal(err)
		}
		n++
	}
	return n
}

func (r *rig) loseBucket() {
	r.t.Helper()
	for object, err := range r.bucket.Keys(r.t.Context(), "") {
		if err != nil {
			r.t.Fatal(err)
		}
		if err := r.bucket.Delete(r.t.Context(), object.Key); err != nil {
			r.t.Fatal(err)
		}
	}
}

// A download goes on when it was broken off, also after the server's clock has
// reached the expiry meanwhile: then with the 410 that says so.
func TestDownloadContinues(t *testing.T) {
	t.Parallel()
	r, path, whole := archived(t, "https://example.com/a", "https://example.com/b")
	half := len(whole.body) / 2
	rest := r.get(path, "Range", fmt.Sprintf("bytes=%d-", half), "If-Range", whole.header.Get("ETag"))
	expect(t, "status", rest.status, http.StatusPartialContent)
	if !bytes.Equal(append(whole.body[:half:half], rest.body...), whole.body) {
		t.Error("the two halves are not the whole")
	}
	r.clock.advance(24 * time.Hour)
	late := r.get(path, "Range", "bytes=10-")
	expect(t, "status", late.status, http.StatusGone)
	expect(t, "code", late.code(t), darkroom.CodeExpired)
}
