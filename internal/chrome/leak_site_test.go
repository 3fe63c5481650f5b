package chrome

import (
	"fmt"
	"io"
	"net"
	"net/http"
	"slices"
	"strconv"
	"strings"
	"sync"
	"testing"
)

// leakHost is where the attacking pages are. A browser trusts it, because it is
// this machine, with everything that it offers to pages; and what such a page
// asks of private addresses, no permission of the browser's own holds back. It
// is also the only host for which the flags leave a browser a look-up.
const leakHost = "127.0.0.1:8000"

// leakName is the same for browsers that go past their proxy to loopback.
const leakName = "attack.leak.test.:8000"

// leakSite serves the pages that try to get out.
type leakSite struct {
	mu      sync.Mutex
	quiet   func()   // returns when the vectors have had their time
	vectors []string // that the page has started
}

// begin makes it a new page; quiet returns when its vectors have had their time.
func (s *leakSite) begin(quiet func()) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.quiet, s.vectors = quiet, nil
}

func (s *leakSite) started() []string {
	s.mu.Lock()
	defer s.mu.Unlock()
	return slices.Clone(s.vectors)
}

func (s *leakSite) hold(http.ResponseWriter, *http.Request) {
	s.mu.Lock()
	quiet := s.quiet
	s.mu.Unlock()
	quiet()
}

func (s *leakSite) serve(t *testing.T) {
	t.Helper()
	listener, err := net.Listen("tcp", ":8000")
	if err != nil {
		t.Fatal(err)
	}
	server := &http.Server{Handler: s.routes()}
	served := make(chan error, 1)
	go func() { served <- server.Serve(listener) }()
	t.Cleanup(func() { _ = server.Close(); <-served })
}

func (s *leakSite) routes() http.Handler {
	mux := http.NewServeMux()
	mux.HandleFunc("/attack.html", func(w http.ResponseWriter, r *http.Request) {
		http.ServeFile(w, r, "testdata/leaks/attack.html")
	})
	mux.HandleFunc("/started", func(_ http.ResponseWriter, r *http.Request) {
		names, _ := io.ReadAll(r.Body)
		s.mu.Lock()
		defer s.mu.Unlock()
		s.vectors = strings.Split(string(names), "\n")
	})
	mux.HandleFunc("/hold", s.hold)
	mux.HandleFunc("/redirect/{status}", func(w http.ResponseWriter, r *http.Request) {
		status, _ := strconv.Atoi(r.PathValue("status"))
		w.Header().Set("Location", r.FormValue("to"))
		w.WriteHeader(status)
	})
	mux.HandleFunc("/worker.js", func(w http.ResponseWriter, r *http.Request) {
		w.Header().Set("Content-Type", "text/javascript")
		fmt.Fprintf(w, "fetch(%q, {mode: 'no-cors'})", r.FormValue("to"))
	})
	for kind, body := range leakFrames() {
		mux.HandleFunc("/frame/"+kind, func(w http.ResponseWriter, r *http.Request) {
			to := r.FormValue("to")
			w.Header().Set("Content-Type", "text/html")
			switch kind {
			case "refresh":
				w.Header().Set("Refresh", "0;url="+to)
			case "link-header":
				w.Header().Set("Link", "<"+to+">;rel=preload;as=image")
			case "csp-report":
				w.Header().Set("Content-Security-Policy", "img-src 'none'; report-uri "+to)
			case "svg":
				w.Header().Set("Content-Type", "image/svg+xml")
			case "xslt":
				w.Header().Set("Content-Type", "application/xml")
			}
			fmt.Fprint(w, strings.ReplaceAll(body, "TO", to))
		})
	}
	return mux
}

func leakFrames() map[string]string {
	return map[string]string{
		"blank": "", "refresh": "", "link-header": "",
		"frameset":   `<frameset><frame src="TO"></frameset>`,
		"csp-report": `<img src="/v/refused">`,
		"svg":        `<svg xmlns="http://www.w3.org/2000/svg"><image href="TO" width="9" height="9"/></svg>`,
		"xslt":       `<?xml version="1.0"?><?xml-stylesheet type="text/xsl" href="TO"?><a/>`,
		"location":   `<script>location = "TO"</script>`,
		"meta":       `<meta http-equiv="refresh" content="0;url=TO">`,
		"base":       `<base href="TO"><img src="?">`,
	}
}
