package archive_test

import (
	"bytes"
	"context"
	"errors"
	"io"
	"io/fs"
	"net/http"
	"net/http/httptest"
	"strconv"
	"sync/atomic"
	"testing"

	"darkroom/internal/archive"
)

func TestEveryRangeGivesTheSameBytes(t *testing.T) {
	made, stored, _ := sample(t, 100, 0, 300_000, 5*mib, 1, 900_000, 4*mib+3, 12)
	whole := readAll(t, made)
	size := made.Size()
	reader := made.Reader(t.Context())
	defer func() { _ = reader.Close() }()
	for _, from := range []int64{
		0, 1, 29, 30, 60, size / 7, size / 3, size / 2, size - 400_000, size - 1000, size - 22, size - 1,
		5, // back to the beginning
	} {
		length := min(size-from, 400_000)
		if _, err := reader.Seek(from, io.SeekStart); err != nil {
			t.Fatal(err)
		}
		got := make([]byte, length)
		if _, err := io.ReadFull(reader, got); err != nil {
			t.Fatalf("from %d: %v", from, err)
		}
		if !bytes.Equal(got, whole[from:from+length]) {
			t.Errorf("from %d: other bytes", from)
		}
	}
	if err := reader.Close(); err != nil {
		t.Error(err)
	}
	stored.requireClosed(t)
}

func TestADownloadInPieces(t *testing.T) {
	made, _, _ := sample(t, 100_000, 5*mib, 700_000, 0, 3)
	whole := readAll(t, made)
	server := serve(t, made)
	var got []byte
	for int64(len(got)) < made.Size() {
		request := get(t, server.URL)
		request.Header.Set("Range", "bytes="+strconv.Itoa(len(got))+"-"+strconv.Itoa(len(got)+999_999))
		request.Header.Set("If-Range", made.ETag())
		response, body := do(t, request)
		if response.StatusCode != http.StatusPartialContent {
			t.Fatalf("status %d", response.StatusCode)
		}
		got = append(got, body...)
	}
	if !bytes.Equal(got, whole) {
		t.Error("the pieces are not the whole")
	}
}

func TestOverHTTP(t *testing.T) {
	made, _, _ := sample(t, 1000, 2000)
	server := serve(t, made)
	for _, test := range []struct {
		about, method, header, value string
		status                       int
		length                       int64
	}{
		{"whole", "GET", "", "", 200, made.Size()},
		{"head", "HEAD", "", "", 200, made.Size()},
		{"from the start", "GET", "Range", "bytes=0-", 206, made.Size()},
		{"the last byte", "GET", "Range", "bytes=-1", 206, 1},
		{"beyond the end", "GET", "Range", "bytes=999999999999-", 416, -1},
		{"other unit", "GET", "Range", "items=0-1", 416, -1},
		{"same tag", "GET", "If-None-Match", made.ETag(), 304, -1},
		{"other tag", "GET", "If-None-Match", `"other"`, 200, made.Size()},
	} {
		request := get(t, server.URL)
		request.Method = test.method
		if test.header != "" {
			request.Header.Set(test.header, test.value)
		}
		response, _ := do(t, request)
		if response.StatusCode != test.status || test.length >= 0 && response.ContentLength != test.length {
			t.Errorf("%s: status %d, length %d", test.about, response.StatusCode, response.ContentLength)
		}
	}
}

func serve(t *testing.T, made *archive.Archive) *httptest.Server {
	t.Helper()
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		reader := made.Reader(r.Context())
		defer func() { _ = reader.Close() }()
		w.Header().Set("Etag", made.ETag())
		w.Header().Set("Content-Type", "application/zip")
		http.ServeContent(w, r, "", made.ModTime(), reader)
	}))
	t.Cleanup(server.Close)
	return server
}

func get(t *testing.T, url string) *http.Request {
	t.Helper()
	request, err := http.NewRequestWithContext(t.Context(), http.MethodGet, url, nil)
	if err != nil {
		t.Fatal(err)
	}
	return request
}

func do(t *testing.T, request *http.Request) (*http.Response, []byte) {
	t.Helper()
	response, err := http.DefaultClient.Do(request)
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = response.Body.Close() }()
	body, err := io.ReadAll(response.Body)
	if err != nil {
		t.Fatal(err)
	}
	return response, body
}

// damages are what may happen to an entry behind our back.
var damages = map[string]func(content []byte) []byte{
	"one bit":        func(content []byte) []byte { content[len(content)/2] ^= 1; return content },
	"the last byte":  func(content []byte) []byte { content[len(content)-1] ^= 1; return content },
	"the first byte": func(content []byte) []byte { content[0] ^= 1; return content },
	"cut short":      func(content []byte) []byte { return content[:len(content)-1] },
	"emptied":        func([]byte) []byte { return nil },
	"deleted":        nil,
}

func TestADamagedEntryNeverGoesOutWhole(t *testing.T) {
	for _, size := range []int{1000, 4*mib + 5} {
		for about, damage := range damages {
			t.Run(about+" of "+strconv.Itoa(size), func(t *testing.T) {
				made, stored, entries := sample(t, 50, size, 60)
				whole := readAll(t, made)
				end := bytes.Index(whole, stored.bytes[entries[1].Artifact.Key]) + size
				key := entries[1].Artifact.Key
				if damage == nil {
					delete(stored.bytes, key)
				} else {
					stored.bytes[key] = damage(bytes.Clone(stored.bytes[key]))
				}
				for _, from := range []int64{0, int64(end) - 1, int64(end) - int64(size)/2} {
					requireCut(t, made, from, int64(end), key)
				}
				stored.requireClosed(t)
			})
		}
	}
}

// requireCut reads from a place on and requires that it breaks off before the
// end of the damaged entry, and stays broken.
func requireCut(t *testing.T, made *archive.Archive, from, end int64, key string) {
	t.Helper()
	reader := made.Reader(t.Context())
	defer func() { _ = reader.Close() }()
	if _, err := reader.Seek(from, io.SeekStart); err != nil {
		t.Fatal(err)
	}
	read, err := io.Copy(io.Discard, reader)
	corrupt, ok := errors.AsType[*archive.CorruptError](err)
	if !ok || corrupt.Key != key {
		t.Errorf("from %d: error %v", from, err)
	}
	if from+read >= end {
		t.Errorf("from %d: the last byte at %d went out", from, end-1)
	}
	if _, err := reader.Seek(0, io.SeekStart); err != nil {
		t.Fatal(err)
	}
	if _, again := reader.Read(make([]byte, 1)); !errors.Is(again, err) || !errors.Is(reader.Err(), err) {
		t.Errorf("from %d: after the damage: %v, %v", from, again, reader.Err())
	}
}

func TestADamagedEntryCutsTheConnection(t *testing.T) {
	made, stored, entries := sample(t, 50, 1000, 60)
	stored.bytes[entries[1].Artifact.Key][7] ^= 1
	server := serve(t, made)
	response, err := http.DefaultClient.Do(get(t, server.URL))
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = response.Body.Close() }()
	got, err := io.ReadAll(response.Body)
	if !errors.Is(err, io.ErrUnexpectedEOF) || int64(len(got)) >= made.Size() {
		t.Errorf("the client got %d of %d bytes and %v", len(got), made.Size(), err)
	}
}

func TestReadingAheadIsBounded(t *testing.T) {
	stored := newObjects()
	var flying, peak, open atomic.Int64
	entries := make([]archive.Entry, 40)
	for i := range entries {
		entries[i] = stored.add(archive.EntryName(i+1, 40, "http://a.test/x", "", "png", false), noise(uint64(i), 3*mib/2))
	}
	source := func(ctx context.Context, key string, offset, length int64) (io.ReadCloser, error) {
		reader, err := stored.source(ctx, key, offset, length)
		open.Add(1)
		if now := flying.Add(length); now > peak.Load() {
			peak.Store(now)
		}
		return &counted{ReadCloser: reader, done: func() { flying.Add(-length); open.Add(-1) }}, err
	}
	made, err := archive.New(endedJob(40), entries, source)
	if err != nil {
		t.Fatal(err)
	}
	reader := made.Reader(t.Context())
	if _, err := io.Copy(io.Discard, reader); err != nil {
		t.Fatal(err)
	}
	if err := reader.Close(); err != nil {
		t.Fatal(err)
	}
	if got := peak.Load(); got > 8*mib {
		t.Errorf("%d bytes were in flight at once", got)
	}
	if open.Load() != 0 {
		t.Errorf("%d readers are open", open.Load())
	}
	for key, times := range stored.opens {
		if times != 1 {
			t.Errorf("%s was read %d times", key, times)
		}
	}
}

type counted struct {
	io.ReadCloser
	done func()
}

func (c *counted) Close() error { c.done(); return c.ReadCloser.Close() }

func TestASmallRangeReadsLittle(t *testing.T) {
	made, stored, _ := sample(t, 1000, 1000, 1000, 1000, 1000)
	reader := made.Reader(t.Context())
	if _, err := reader.Seek(100, io.SeekStart); err != nil {
		t.Fatal(err)
	}
	if _, err := io.ReadFull(reader, make([]byte, 10)); err != nil {
		t.Fatal(err)
	}
	if err := reader.Close(); err != nil {
		t.Fatal(err)
	}
	if len(stored.opens) != 1 {
		t.Errorf("ten bytes of the first entry made it read %v", stored.opens)
	}
}

func TestClosingEndsAReadThatWaits(t *testing.T) {
	entry := newObjects().add("001_a.png", []byte("a picture that never comes"))
	begun := make(chan struct{})
	made, err := archive.New(endedJob(1), []archive.Entry{entry},
		func(ctx context.Context, _ string, _, _ int64) (io.ReadCloser, error) {
			close(begun)
			<-ctx.Done()
			return nil, ctx.Err()
		})
	if err != nil {
		t.Fatal(err)
	}
	reader := made.Reader(t.Context())
	ended := make(chan error)
	go func() {
		_, err := io.ReadAll(reader)
		ended <- err
	}()
	<-begun
	if err := reader.Close(); err != nil {
		t.Fatal(err)
	}
	if err := <-ended; !errors.Is(err, context.Canceled) && !errors.Is(err, fs.ErrClosed) {
		t.Errorf("the waiting read ended with %v", err)
	}
	if _, err := reader.Read(make([]byte, 1)); err == nil {
		t.Error("a closed reader reads")
	}
}

func TestSeekingBeforeTheBeginning(t *testing.T) {
	made, _, _ := sample(t, 10)
	reader := made.Reader(t.Context())
	defer func() { _ = reader.Close() }()
	if _, err := reader.Seek(-1, io.SeekStart); err == nil {
		t.Error("accepted")
	}
	if end, err := reader.Seek(0, io.SeekEnd); err != nil || end != made.Size() {
		t.Errorf("the end is at %d, %v", end, err)
	}
	if _, err := reader.Read(make([]byte, 1)); !errors.Is(err, io.EOF) {
		t.Errorf("reading at the end gave %v", err)
	}
}
