package bucket_test

import (
	"bytes"
	"errors"
	"fmt"
	"io/fs"
	"net/http"
	"net/http/httptest"
	"slices"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"darkroom/internal/bucket"
	"darkroom/internal/bucket/buckettest"
)

// objects is an S3 server that buckets of this test use.
type objects struct{ *buckettest.Objects }

func serveObjects(t *testing.T) *objects {
	t.Helper()
	for _, variable := range buckettest.Environment() {
		t.Setenv(variable[0], variable[1])
	}
	return &objects{buckettest.Serve(t)}
}

func (o *objects) open(t *testing.T) *bucket.Bucket {
	t.Helper()
	opened, err := bucket.Open(t.Context(), bucket.Config{URL: o.URL})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := opened.Close(); err != nil {
			t.Error(err)
		}
	})
	return opened
}

// What a bucket promises does not depend on where it is.
func TestBothKindsKeepTheirPromises(t *testing.T) {
	for name, open := range map[string]func(t *testing.T) *bucket.Bucket{
		"folder":       func(t *testing.T) *bucket.Bucket { return open(t, t.TempDir()) },
		"object store": func(t *testing.T) *bucket.Bucket { return serveObjects(t).open(t) },
	} {
		t.Run(name, func(t *testing.T) {
			b := open(t)
			large := strings.Repeat("0123456789abcdef", 1<<19) // 8 MiB: S3 takes it in parts
			first, second := bucket.ShotKey(job, 1, 1, "boot", "png"), bucket.ShotKey(job, 2, 1, "boot", "png")
			put(t, b, first, "one")
			if got := put(t, b, second, large); got.Size != int64(len(large)) || got.SHA256 == "" || got.CRC32 == 0 {
				t.Errorf("artifact %+v", got)
			}
			for _, c := range []struct {
				key            string
				offset, length int64
				want           string
			}{
				{first, 0, -1, "one"},
				{first, 1, 1, "n"},
				{first, 2, -1, "e"},
				{second, 16, 16, "0123456789abcdef"},
				{second, int64(len(large)) - 4, -1, "cdef"},
				{second, 0, -1, large},
			} {
				if got := read(t, b, c.key, c.offset, c.length); got != c.want {
					t.Errorf("%s from %d, %d bytes: %d bytes", c.key, c.offset, c.length, len(got))
				}
			}
			if _, err := b.Put(t.Context(), first, []byte("another"), "image/png"); !errors.Is(err, bucket.ErrExists) {
				t.Errorf("a taken key: %v", err)
			}
			if _, err := b.Put(t.Context(), "../escape", nil, "image/png"); err == nil {
				t.Error("a key that is none was taken")
			}
			if size, err := b.Size(t.Context(), second); err != nil || size != int64(len(large)) {
				t.Errorf("size %d, %v", size, err)
			}
			if got := keys(t, b, "jobs/"); !slices.Equal(got, []string{first, second}) {
				t.Errorf("keys %v", got)
			}
			for range 2 {
				if err := b.Delete(t.Context(), first); err != nil {
					t.Errorf("delete: %v", err)
				}
			}
			if _, err := b.Open(t.Context(), first, 0, -1); !errors.Is(err, fs.ErrNotExist) {
				t.Errorf("open what is gone: %v", err)
			}
			if _, err := b.Size(t.Context(), first); !errors.Is(err, fs.ErrNotExist) {
				t.Errorf("the size of what is gone: %v", err)
			}
			if free, err := b.Free(); err != nil || free <= 0 {
				t.Errorf("free %d, %v", free, err)
			}
			if err := b.Check(t.Context()); err != nil {
				t.Error(err)
			}
		})
	}
}

// A store that fails for a moment costs no picture, and a lost answer makes no
// second one.
func TestAPutOutlastsTrouble(t *testing.T) {
	for name, harm := range map[string]func(n int64, w http.ResponseWriter, r *http.Request, next http.Handler){
		"busy": func(n int64, w http.ResponseWriter, r *http.Request, next http.Handler) {
			if n <= 4 {
				buckettest.Busy(w, r, next)
				return
			}
			next.ServeHTTP(w, r)
		},
		"cut in the middle of an upload": func(n int64, w http.ResponseWriter, r *http.Request, next http.Handler) {
			if n <= 2 {
				_, _ = r.Body.Read(make([]byte, 10))
				buckettest.Reset(w, r, next)
				return
			}
			next.ServeHTTP(w, r)
		},
		"the answers are lost": func(n int64, w http.ResponseWriter, r *http.Request, next http.Handler) {
			if n <= 3 {
				next.ServeHTTP(httptest.NewRecorder(), r)
				buckettest.Reset(w, r, next)
				return
			}
			next.ServeHTTP(w, r)
		},
		"slow": func(n int64, w http.ResponseWriter, r *http.Request, next http.Handler) {
			if n == 1 {
				select {
				case <-time.After(time.Second):
				case <-r.Context().Done():
				}
			}
			next.ServeHTTP(w, r)
		},
	} {
		t.Run(name, func(t *testing.T) {
			o := serveObjects(t)
			b := o.open(t)
			var puts atomic.Int64
			o.Break(func(w http.ResponseWriter, r *http.Request, next http.Handler) {
				if r.Method != http.MethodPut {
					next.ServeHTTP(w, r)
					return
				}
				harm(puts.Add(1), w, r, next)
			})
			content := bytes.Repeat([]byte("picture "), 10000)
			key := bucket.ShotKey(job, 1, 1, "boot", "png")
			put(t, b, key, string(content))
			if got := read(t, b, key, 0, -1); got != string(content) {
				t.Errorf("%d bytes are there", len(got))
			}
			if got := keys(t, b, "jobs/"); len(got) != 1 {
				t.Errorf("keys %v", got)
			}
		})
	}
}

// Bytes that are other ones than were sent are not taken for stored.
func TestAPutIsVerified(t *testing.T) {
	o := serveObjects(t)
	b := o.open(t)
	o.Break(func(w http.ResponseWriter, r *http.Request, next http.Handler) {
		if r.Method == http.MethodHead && strings.Contains(r.URL.Path, "jobs/") {
			w.Header().Set("Content-Length", "3")
			w.Header().Set("ETag", `"00000000000000000000000000000000"`)
			w.Header().Set("Last-Modified", time.Now().UTC().Format(http.TimeFormat))
			return
		}
		next.ServeHTTP(w, r)
	})
	if _, err := b.Put(t.Context(), "jobs/a/1.png", []byte("picture"), "image/png"); err == nil {
		t.Error("half a picture was taken for stored")
	}
}

func TestAStoreThatCannotBeUsedIsExplained(t *testing.T) {
	o := serveObjects(t)
	working := o.open(t)
	for name, c := range map[string]struct {
		url  string
		harm func(w http.ResponseWriter, r *http.Request, next http.Handler)
		want string
	}{
		"no such bucket": {strings.Replace(o.URL, "s3://pictures", "s3://missing", 1), nil, "Make the bucket"},
		"forbidden": {o.URL, func(w http.ResponseWriter, _ *http.Request, _ http.Handler) {
			w.Header().Set("Content-Type", "application/xml")
			w.WriteHeader(http.StatusForbidden)
			fmt.Fprint(w, `<Error><Code>AccessDenied</Code></Error>`)
		}, "AWS_ACCESS_KEY_ID"},
	} {
		t.Run(name, func(t *testing.T) {
			o.Break(c.harm)
			_, err := bucket.Open(t.Context(), bucket.Config{URL: c.url})
			fault, ok := errors.AsType[*bucket.Fault](err)
			if !ok || !strings.Contains(fault.Hint(), c.want) {
				t.Errorf("error %v", err)
			}
			if c.harm == nil {
				return
			}
			_, err = working.Put(t.Context(), "jobs/a/1.png", []byte("x"), "image/png")
			if fault, ok := errors.AsType[*bucket.Fault](err); !ok || !strings.Contains(fault.Hint(), c.want) {
				t.Errorf("a put: %v", err)
			}
		})
	}
}
