// Package buckettest gives a test an S3 server in its own process, which can go
// wrong.
package buckettest

import (
	"fmt"
	"net/http"
	"net/http/httptest"
	"net/url"
	"sync"
	"testing"

	"github.com/johannesboyne/gofakes3"
	"github.com/johannesboyne/gofakes3/backend/s3mem"
)

// Harm is what a server does in place of a good answer, which next would give.
type Harm func(w http.ResponseWriter, r *http.Request, next http.Handler)

// Objects is the server. It holds one bucket, empty at first, in memory.
type Objects struct {
	URL string // of the bucket, as bucket.Config takes it

	front *httptest.Server
	mu    sync.Mutex
	harm  Harm // nil = none
}

// Serve starts a server that ends with the test.
func Serve(t testing.TB) *Objects {
	t.Helper()
	memory := s3mem.New()
	if err := memory.CreateBucket("pictures"); err != nil {
		t.Fatal(err)
	}
	objects := gofakes3.New(memory).Server()
	o := &Objects{}
	o.front = httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		o.mu.Lock()
		harm := o.harm
		o.mu.Unlock()
		if harm != nil {
			harm(w, r, objects)
			return
		}
		objects.ServeHTTP(w, r)
	}))
	t.Cleanup(o.front.Close)
	o.URL = address(o.front.URL)
	return o
}

// Address is where the server listens.
func (o *Objects) Address() string { return o.front.Listener.Addr().String() }

// Over is the URL of the bucket as it is reached by something that the test puts
// in front of the server, on a port of this machine.
func (*Objects) Over(port int) string { return address(fmt.Sprintf("http://127.0.0.1:%d", port)) }

func address(endpoint string) string {
	return "s3://pictures?region=eu-central-1&use_path_style=true&endpoint=" + url.QueryEscape(endpoint)
}

// Environment is what a program needs that uses the bucket: credentials, and
// that none are looked for elsewhere. Each is a name and a value.
func Environment() [][2]string {
	return [][2]string{
		{"AWS_ACCESS_KEY_ID", "id"},
		{"AWS_SECRET_ACCESS_KEY", "secret"},
		{"AWS_EC2_METADATA_DISABLED", "true"},
		{"AWS_CONFIG_FILE", "/dev/null"},
		{"AWS_SHARED_CREDENTIALS_FILE", "/dev/null"},
	}
}

// Break makes every request from now on meet harm; nil mends the server.
func (o *Objects) Break(harm Harm) {
	o.mu.Lock()
	defer o.mu.Unlock()
	o.harm = harm
}

// Busy answers that the server has too much to do.
func Busy(w http.ResponseWriter, _ *http.Request, _ http.Handler) {
	http.Error(w, "<Error><Code>SlowDown</Code></Error>", http.StatusServiceUnavailable)
}

// Reset cuts the connection without an answer.
func Reset(w http.ResponseWriter, _ *http.Request, _ http.Handler) {
	if connection, _, err := http.NewResponseController(w).Hijack(); err == nil {
		_ = connection.Close()
	}
}
