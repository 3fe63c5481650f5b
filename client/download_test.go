package client_test

import (
	"bytes"
	"context"
	"errors"
	"io"
	"math/rand/v2"
	"net/http"
	"os"
	"path/filepath"
	"slices"
	"testing"
	"testing/synctest"
	"time"

	"darkroom/client"
)

// archive is what the tests download.
func archive(seed uint64) []byte {
	content := make([]byte, 300_000)
	source := rand.New(rand.NewPCG(seed, seed))
	for i := range content {
		content[i] = byte(source.Uint32())
	}
	return content
}

// depot serves one archive the way the server does, and cuts connections.
type depot struct {
	content []byte
	etag    string
	cuts    []int    // bytes after which the first, second, … connection breaks
	ranges  []string // Range headers seen
}

func (d *depot) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	d.ranges = append(d.ranges, r.Header.Get("Range"))
	w.Header().Set("ETag", d.etag)
	w.Header().Set("Content-Type", "application/zip")
	w.Header().Set("Content-Disposition", `attachment; filename="shots.zip"`)
	if n := len(d.ranges); n <= len(d.cuts) {
		w = &cutter{w, d.cuts[n-1]}
	}
	http.ServeContent(w, r, "", time.Time{}, bytes.NewReader(d.content))
}

type cutter struct {
	http.ResponseWriter
	left int
}

func (c *cutter) Write(p []byte) (int, error) {
	if len(p) < c.left {
		c.left -= len(p)
		return c.ResponseWriter.Write(p)
	}
	_, _ = c.ResponseWriter.Write(p[:c.left])
	_ = http.NewResponseController(c.ResponseWriter).Flush()
	panic(http.ErrAbortHandler)
}

func (d *depot) serve(t *testing.T) *client.Client {
	c, _ := serve(t, map[string]http.HandlerFunc{"GET /v1/jobs/" + jobID + "/download": d.ServeHTTP})
	return c
}

func TestDownload(t *testing.T) {
	d := &depot{content: archive(1), etag: `"v1"`}
	got, err := d.serve(t).Download(t.Context(), jobID)
	if err != nil {
		t.Fatal(err)
	}
	defer got.Close()
	content, err := io.ReadAll(got)
	if err != nil || !bytes.Equal(content, d.content) {
		t.Errorf("%d bytes, %v", len(content), err)
	}
	if got.Size != int64(len(d.content)) || got.Name != "shots.zip" || got.ETag != `"v1"` {
		t.Errorf("the archive is %+v", got)
	}
}

func TestDownloadTellsWhenItIsCut(t *testing.T) {
	d := &depot{content: archive(1), etag: `"v1"`, cuts: []int{1000}}
	got, err := d.serve(t).Download(t.Context(), jobID)
	if err != nil {
		t.Fatal(err)
	}
	defer got.Close()
	if _, err := io.ReadAll(got); !errors.Is(err, client.ErrConnection) {
		t.Errorf("the error is %v", err)
	}
}

func TestDownloadOfAJobThatHasNone(t *testing.T) {
	for name, test := range map[string]struct {
		handler http.HandlerFunc
		want    client.Kind
	}{
		"not ready": {answer(409, failure(409, "job_not_ready"), "Retry-After", "2"), client.ErrNotReady},
		"expired":   {answer(410, failure(410, "expired")), client.ErrExpired},
	} {
		t.Run(name, func(t *testing.T) {
			c, waited := serve(t, map[string]http.HandlerFunc{"GET /v1/jobs/" + jobID + "/download": test.handler})
			path := filepath.Join(t.TempDir(), "shots.zip")
			if err := c.DownloadTo(t.Context(), jobID, path); !errors.Is(err, test.want) || len(waited.list) != 0 {
				t.Errorf("the error is %v after %v", err, waited.list)
			}
			if _, err := os.Stat(path); !errors.Is(err, os.ErrNotExist) {
				t.Errorf("there is a file: %v", err)
			}
		})
	}
}

func TestDownloadTo(t *testing.T) {
	old, current := archive(1), archive(2)
	tests := map[string]struct {
		cuts   []int
		part   []byte // left by an earlier call
		etag   string // of that part
		ranges []string
	}{
		"in one go":              {nil, nil, "", []string{""}},
		"cut twice":              {[]int{70_000, 90_000}, nil, "", []string{"", "bytes=70000-", "bytes=160000-"}},
		"cut at once":            {[]int{0, 0}, nil, "", []string{"", "", ""}},
		"continued":              {nil, current[:123_456], `"v2"`, []string{"bytes=123456-"}},
		"of an older archive":    {nil, old[:100_000], `"v1"`, []string{"bytes=100000-"}},
		"of an unknown archive":  {nil, old[:100_000], "", []string{""}},
		"complete but not named": {nil, current, `"v2"`, []string{"bytes=300000-", ""}},
	}
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			path := filepath.Join(t.TempDir(), "shots.zip")
			write(t, path, []byte("an older file"))
			if test.part != nil {
				write(t, path+".part", test.part)
			}
			if test.etag != "" {
				write(t, path+".part.etag", []byte(test.etag))
			}
			d := &depot{content: current, etag: `"v2"`, cuts: test.cuts}
			if err := d.serve(t).DownloadTo(t.Context(), jobID, path); err != nil {
				t.Fatal(err)
			}
			if got, err := os.ReadFile(path); err != nil || !bytes.Equal(got, current) {
				t.Errorf("%d bytes that are not the archive, %v", len(got), err)
			}
			if !slices.Equal(d.ranges, test.ranges) {
				t.Errorf("asked for %q, want %q", d.ranges, test.ranges)
			}
			if left, _ := filepath.Glob(path + ".*"); len(left) != 0 {
				t.Errorf("left behind: %v", left)
			}
		})
	}
}

func TestDownloadToIsContinuedByTheNextCall(t *testing.T) {
	path := filepath.Join(t.TempDir(), "shots.zip")
	d := &depot{content: archive(3), etag: `"v3"`, cuts: []int{50_000, 0, 0, 0}}
	c := d.serve(t)
	if err := c.DownloadTo(t.Context(), jobID, path); !errors.Is(err, client.ErrConnection) {
		t.Fatalf("the error is %v", err)
	}
	if _, err := os.Stat(path); !errors.Is(err, os.ErrNotExist) {
		t.Fatalf("an incomplete file has the final name: %v", err)
	}
	if err := c.DownloadTo(t.Context(), jobID, path); err != nil {
		t.Fatal(err)
	}
	if got, err := os.ReadFile(path); err != nil || !bytes.Equal(got, d.content) {
		t.Errorf("%d bytes that are not the archive, %v", len(got), err)
	}
	if last := d.ranges[len(d.ranges)-1]; last != "bytes=50000-" {
		t.Errorf("the second call asked for %q", last)
	}
}

func write(t *testing.T, path string, content []byte) {
	t.Helper()
	if err := os.WriteFile(path, content, 0o644); err != nil {
		t.Fatal(err)
	}
}

// stuck is a body that brings a few bytes and then nothing.
type stuck struct {
	ctx  context.Context
	left int
}

func (s *stuck) Read(p []byte) (int, error) {
	if s.left == 0 {
		<-s.ctx.Done()
		return 0, s.ctx.Err()
	}
	n := min(len(p), s.left)
	s.left -= n
	return n, nil
}

func (*stuck) Close() error { return nil }

func TestDownloadEndsASilence(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		silent := roundTrip(func(r *http.Request) (*http.Response, error) {
			return &http.Response{StatusCode: 200, ContentLength: 100, Body: &stuck{r.Context(), 40}, Request: r}, nil
		})
		c := client.New("http://127.0.0.1", "k",
			client.WithHTTPClient(&http.Client{Transport: silent}), client.WithTimeout(10*time.Second))
		got, err := c.Download(t.Context(), jobID)
		if err != nil {
			t.Fatal(err)
		}
		defer got.Close()
		if _, err := io.ReadFull(got, make([]byte, 40)); err != nil {
			t.Fatal(err)
		}
		time.Sleep(time.Hour) // a caller that is busy is no silence
		start := time.Now()
		_, err = got.Read(make([]byte, 1))
		if !errors.Is(err, client.ErrConnection) || !errors.Is(err, os.ErrDeadlineExceeded) || time.Since(start) != 10*time.Second {
			t.Errorf("after %v: %v", time.Since(start), err)
		}
	})
}
