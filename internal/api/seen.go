package api

import (
	"cmp"
	"net/http"
	"time"

	"darkroom"
)

// Seen are functions that are told of requests as they end; nil ones are not
// called. They must return at once, and are called from many goroutines.
type Seen struct {
	Request  func(route, method string, status int, began time.Duration) // began: until the first byte of the answer
	Stream   func(change int)                                            // +1 when a stream of events opens, -1 when it ends
	Download func(bytes int64)                                           // of archives
}

// otherRoute stands for every path that is none of ours.
const otherRoute = "other"

func (s *server) seen(w *writer, r *http.Request, start time.Time) {
	if s.Seen.Request == nil {
		return
	}
	route := r.Pattern
	if route == "" || route == "/" {
		route = otherRoute
	}
	began := w.begun
	if began.IsZero() {
		began = time.Now()
	}
	s.Seen.Request(route, r.Method, cmp.Or(w.status, http.StatusOK), began.Sub(start))
	if route == darkroom.DownloadPath("{id}") && s.Seen.Download != nil {
		s.Seen.Download(w.sent)
	}
}

func (s *server) stream(change int) {
	if s.Seen.Stream != nil {
		s.Seen.Stream(change)
	}
}
