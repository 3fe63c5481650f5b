package api

import (
	"crypto/rand"
	"errors"
	"fmt"
	"net/http"
	"runtime/debug"
	"time"

	"darkroom"
)

// Deadlines of a connection while it is ours.
const (
	bodyTimeout  = 30 * time.Second // for the whole body of a request
	writeTimeout = 30 * time.Second // for the reader to take what one write sends
)

const requestIDHeader = "X-Request-Id"

// ServeHTTP gives the request its id, keeps a panic from costing more than one
// request, and finds the route.
func (s *server) ServeHTTP(inner http.ResponseWriter, r *http.Request) {
	w := &writer{ResponseWriter: inner, control: http.NewResponseController(inner), limit: writeTimeout}
	w.Header().Set(requestIDHeader, rand.Text())
	w.Header().Set("X-Content-Type-Options", "nosniff")
	w.Header().Set("Cache-Control", privately)
	start := time.Now()
	defer func() { s.seen(w, r, start) }()
	defer s.recoverPanic(w, r)
	w.expectBody(r)
	if !plainPath(r) {
		s.fail(w, r, noSuchPath())
		return
	}
	if !s.Front.enter(r) {
		s.fail(w, r, s.Front.noSuchPlace())
		return
	}
	s.mux.ServeHTTP(w, r)
	if w.keyID != "" && !r.URL.Query().Has("wait") {
		s.pace.add(w.keyID, w.begun.Sub(start))
	}
}

func (s *server) recoverPanic(w *writer, r *http.Request) {
	cause := recover()
	if cause == nil {
		return
	}
	if err, ok := cause.(error); ok && errors.Is(err, http.ErrAbortHandler) {
		panic(cause)
	}
	s.Log.Error("a handler panicked", "request", requestID(w), "path", r.URL.Path,
		"err", fmt.Sprint(cause), "stack", string(debug.Stack()))
	if !w.begun.IsZero() {
		panic(http.ErrAbortHandler)
	}
	s.fail(w, r, &darkroom.Error{
		Code:    darkroom.CodeInternal,
		Message: "Something went wrong inside the server",
		Hint:    "Its log has more under this request_id",
	})
}

func requestID(w http.ResponseWriter) string { return w.Header().Get(requestIDHeader) }

// writer gives every write its own deadline and remembers whether the answer
// has begun. It hides ReadFrom on purpose: a whole file handed to the kernel
// would be one write with one deadline.
type writer struct {
	http.ResponseWriter
	control *http.ResponseController
	limit   time.Duration // for the reader to take what one write sends
	keyID   string        // of the key that was presented; "" before, and on open routes
	status  int           // of the answer; 0 = none was said, which is 200
	sent    int64         // bytes of the answer
	begun   time.Time     // when the first byte was written; zero before
}

// Unwrap lets http.ResponseController reach the connection.
func (w *writer) Unwrap() http.ResponseWriter { return w.ResponseWriter }

// WriteHeader begins the answer.
func (w *writer) WriteHeader(status int) {
	w.begin()
	w.status = status
	w.ResponseWriter.WriteHeader(status)
}

// Write sends the next bytes of the answer.
func (w *writer) Write(p []byte) (int, error) {
	w.begin()
	n, err := w.ResponseWriter.Write(p)
	w.sent += int64(n)
	return n, err
}

// A writer without a connection, as in tests, has no deadlines; there is
// nothing to do about it, here and below.
func (w *writer) begin() {
	now := time.Now()
	if w.begun.IsZero() {
		w.begun = now
	}
	_ = w.control.SetWriteDeadline(now.Add(w.limit))
}

// expectBody limits the time in which the body must arrive, and lifts what the
// last request on this connection has left behind.
func (w *writer) expectBody(r *http.Request) {
	var deadline time.Time
	if r.ContentLength != 0 {
		deadline = time.Now().Add(bodyTimeout)
	}
	_ = w.control.SetReadDeadline(deadline)
	_ = w.control.SetWriteDeadline(time.Time{})
}

// bodyArrived lifts the limit: from now on a read only tells that the client
// has gone away.
func bodyArrived(w http.ResponseWriter) {
	_ = http.NewResponseController(w).SetReadDeadline(time.Time{})
}
