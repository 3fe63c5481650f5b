package chrometest

import (
	"fmt"
	"net/http"
	"strconv"
	"strings"
)

// answerPages are pages whose HTTP answer is the point.
func answerPages() map[string]http.HandlerFunc {
	return map[string]http.HandlerFunc{
		// ?ms= late.
		"/slow": func(w http.ResponseWriter, r *http.Request) { pause(r); writePage(w, background("0f0")) },
		// /status/503?after=7 sends Retry-After; ?empty sends no body.
		"/status/{status}": status,
		"/auth": func(w http.ResponseWriter, r *http.Request) {
			if _, password, ok := r.BasicAuth(); ok && password == "secret" {
				writePage(w, "<title>in</title>")
				return
			}
			w.Header().Set("WWW-Authenticate", `Basic realm="odd"`)
			w.WriteHeader(http.StatusUnauthorized)
			_, _ = fmt.Fprint(w, "<title>out</title>")
		},
		"/redirect": func(w http.ResponseWriter, r *http.Request) {
			http.Redirect(w, r, r.URL.Query().Get("to"), http.StatusFound)
		},
		"/redirect-loop": func(w http.ResponseWriter, r *http.Request) { http.Redirect(w, r, "/redirect-loop", http.StatusFound) },
		"/download": func(w http.ResponseWriter, _ *http.Request) {
			w.Header().Set("Content-Disposition", `attachment; filename="a.html"`)
			writePage(w, "saved")
		},
		"/zip":   typed("application/zip", "PK\x05\x06"),
		"/pdf":   typed("application/pdf", "%PDF-1.4\n%%EOF"),
		"/video": typed("video/mp4", "\x00\x00\x00\x18ftypmp42"),
		"/text":  typed("text/plain", "plain"),
		"/image": func(w http.ResponseWriter, r *http.Request) { solid(w, r) },
		"/204":   func(w http.ResponseWriter, _ *http.Request) { w.WriteHeader(http.StatusNoContent) },
		// The connection is closed without an answer.
		"/reset": func(_ http.ResponseWriter, _ *http.Request) { panic(http.ErrAbortHandler) },
		// … or in the middle of it.
		"/broken": broken,
		// As many bytes as ?n= says; the other is a page that fetches them.
		"/bytes": manyBytes,
		"/bytes-later": func(w http.ResponseWriter, r *http.Request) {
			writePage(w, fmt.Sprintf(`<img src="/never"><script>fetch('/bytes?' + %s)</script>`, strconv.Quote(r.URL.RawQuery)))
		},
		// A strict policy: no styles, no scripts, no requests.
		"/csp": func(w http.ResponseWriter, _ *http.Request) {
			w.Header().Set("Content-Security-Policy", "default-src 'none'")
			writePage(w, `<div class="cover">x</div>`)
		},
		// A page with a picture from ?other=, and one from itself.
		"/third-party": func(w http.ResponseWriter, r *http.Request) {
			writePage(w, fmt.Sprintf(`<img src="/solid.svg?c=00ff00"><img src="%s/solid.svg?c=0000ff"><iframe src="%[1]s/colour/fff"></iframe>`, r.URL.Query().Get("other")))
		},
		// A picture that redirects to ?other=.
		"/leaky-image": func(w http.ResponseWriter, r *http.Request) {
			writePage(w, fmt.Sprintf(`<img src="/redirect?to=%s/solid.svg">`, r.URL.Query().Get("other")))
		},
	}
}

func status(w http.ResponseWriter, r *http.Request) {
	code, err := strconv.Atoi(r.PathValue("status"))
	if err != nil || code < 200 || code > 599 {
		http.Error(w, "no such status", http.StatusBadRequest)
		return
	}
	if after := r.URL.Query().Get("after"); after != "" {
		w.Header().Set("Retry-After", after)
	}
	w.Header().Set("Content-Type", "text/html")
	w.WriteHeader(code)
	if !r.URL.Query().Has("empty") {
		_, _ = fmt.Fprint(w, pageHead, `<body style="background:#0f0"><title>Status</title>`)
	}
}

func broken(w http.ResponseWriter, _ *http.Request) {
	w.Header().Set("Content-Length", "100000")
	writePage(w, strings.Repeat("<p>half a page", 4000))
	if err := http.NewResponseController(w).Flush(); err != nil {
		return
	}
	panic(http.ErrAbortHandler)
}

func typed(contentType, body string) http.HandlerFunc {
	return func(w http.ResponseWriter, _ *http.Request) {
		w.Header().Set("Content-Type", contentType)
		_, _ = fmt.Fprint(w, body)
	}
}

func manyBytes(w http.ResponseWriter, r *http.Request) {
	count, err := strconv.Atoi(r.URL.Query().Get("n"))
	if err != nil {
		http.Error(w, "?n= is no number", http.StatusBadRequest)
		return
	}
	w.Header().Set("Content-Type", "text/plain")
	block := make([]byte, 64<<10)
	for i := range block {
		block[i] = 'x'
	}
	for count > 0 {
		n, err := w.Write(block[:min(count, len(block))])
		if err != nil {
			return
		}
		count -= n
	}
}
