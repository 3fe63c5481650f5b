package chrometest

import (
	"fmt"
	"net/http"
	"slices"
	"strconv"
	"strings"
	"sync"
	"time"
)

// Pages is a site of odd pages, and remembers who asked for what. It is an
// http.Handler; a test that needs two origins serves it twice.
type Pages struct {
	mux *http.ServeMux

	mu     sync.Mutex
	visits []Visit
}

// Visit is one request that the site got.
type Visit struct {
	Host   string
	Path   string
	Query  string
	Header http.Header
}

// Site gives the odd pages. The files of this package list them.
func Site() *Pages {
	p := &Pages{mux: http.NewServeMux()}
	for _, routes := range []map[string]http.HandlerFunc{lookPages(), answerPages(), trapPages(), statePages(), actPages(), identityPages(), picturePages(), oddPages(), clutterPages(), bannerPages(), hostilePages()} {
		for path, page := range routes {
			p.mux.HandleFunc(path, page)
		}
	}
	return p
}

// ServeHTTP answers a request and remembers it.
func (p *Pages) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	p.mu.Lock()
	p.visits = append(p.visits, Visit{Host: r.Host, Path: r.URL.Path, Query: r.URL.RawQuery, Header: r.Header.Clone()})
	p.mu.Unlock()
	p.mux.ServeHTTP(w, r)
}

// Visits gives the requests for a path so far, "" for all.
func (p *Pages) Visits(path string) []Visit {
	p.mu.Lock()
	defer p.mu.Unlock()
	return slices.DeleteFunc(slices.Clone(p.visits), func(v Visit) bool { return path != "" && v.Path != path })
}

// html answers with a page whose body is the given text.
func html(body string) http.HandlerFunc {
	return func(w http.ResponseWriter, _ *http.Request) { writePage(w, body) }
}

const pageHead = `<!doctype html><meta charset="utf-8"><meta name="viewport" content="width=device-width,initial-scale=1">` +
	`<style>html,body{margin:0;padding:0}</style>`

func writePage(w http.ResponseWriter, body string) {
	w.Header().Set("Content-Type", "text/html; charset=utf-8")
	_, _ = fmt.Fprint(w, pageHead, body)
}

// solid answers with a small picture of one colour, which the query names.
func solid(w http.ResponseWriter, r *http.Request) {
	pause(r)
	w.Header().Set("Content-Type", "image/svg+xml")
	w.Header().Set("Cache-Control", "no-store")
	_, _ = fmt.Fprintf(w, `<svg xmlns="http://www.w3.org/2000/svg" width="200" height="200"><rect width="200" height="200" fill="#%s"/></svg>`,
		colourOf(r))
}

func colourOf(r *http.Request) string {
	colour := r.URL.Query().Get("c")
	if len(colour) != 6 || strings.Trim(colour, "0123456789abcdef") != "" {
		return "ffffff"
	}
	return colour
}

// pause holds an answer back for ?ms=, or until the client is gone.
func pause(r *http.Request) {
	milliseconds, err := strconv.Atoi(r.URL.Query().Get("ms"))
	if err != nil {
		return
	}
	select {
	case <-time.After(time.Duration(milliseconds) * time.Millisecond):
	case <-r.Context().Done():
	}
}

// forever keeps an answer open, writing now and then, until the client is gone.
func forever(w http.ResponseWriter, r *http.Request, write string) {
	control := http.NewResponseController(w)
	for {
		if _, err := fmt.Fprint(w, write); err != nil {
			return
		}
		if err := control.Flush(); err != nil {
			return
		}
		select {
		case <-time.After(50 * time.Millisecond):
		case <-r.Context().Done():
			return
		}
	}
}
