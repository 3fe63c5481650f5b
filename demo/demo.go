package demo

import (
	"net/http"
	"slices"
	"time"
)

// page is one page of the site and the template that it is made from.
type page struct {
	path     string
	template string // file under pages/; "" for the two that have none
}

// The two pages that are there to fail.
const (
	slowPath = "/slow"
	gonePath = "/gone"
)

// slowness is how long /slow keeps its answer incomplete: longer than any
// capture's time.
const slowness = 10 * time.Minute

func pages() []page {
	return []page{
		{"/", "home.html"},
		{"/pricing", "pricing.html"},
		{"/blog", "blog.html"},
		{"/blog/first-light", "post-first-light.html"},
		{"/blog/the-long-pier", "post-the-long-pier.html"},
		{"/gallery", "gallery.html"},
		{"/dashboard", "dashboard.html"},
		{"/docs", "docs.html"},
		{"/observatory", "observatory.html"},
		{"/depth", "depth.html"},
		{"/ferries", "ferries.html"},
		{"/calendar", "calendar.html"},
		{"/typography", "typography.html"},
		{"/gazette", "gazette.html"},
		{"/lighthouse", "lighthouse.html"},
		{"/recipe", "recipe.html"},
		{"/map", "map.html"},
		{"/shop/camera", "camera.html"},
		{"/team", "team.html"},
		{"/timeline", "timeline.html"},
		{"/mosaic", "mosaic.html"},
		{"/postcards", "postcards.html"},
		{slowPath, ""},
		{gonePath, ""},
	}
}

// Pages lists the paths of the site's 24 pages, /slow and /gone last.
func Pages() []string {
	var paths []string
	for _, page := range pages() {
		paths = append(paths, page.path)
	}
	return slices.Clip(paths)
}

// Handler serves the site. All pages but /slow answer at once and are the same
// in every answer; /slow begins to answer and goes on for ten minutes or until
// the request's context ends; /gone, like every unknown path, is 404.
func Handler() http.Handler {
	mux := http.NewServeMux()
	for _, page := range pages() {
		if page.template == "" {
			continue
		}
		content := render(page.template)
		mux.HandleFunc("GET "+exactly(page.path), func(w http.ResponseWriter, _ *http.Request) {
			serve(w, "text/html; charset=utf-8", content)
		})
	}
	mux.HandleFunc("GET /img/{name}", postcardServer())
	mux.HandleFunc("GET /favicon.svg", func(w http.ResponseWriter, _ *http.Request) {
		serve(w, "image/svg+xml", []byte(favicon))
	})
	handleSitemaps(mux)
	mux.HandleFunc("GET "+slowPath, serveSlow)
	missing := render("gone.html")
	mux.HandleFunc("/", func(w http.ResponseWriter, _ *http.Request) {
		w.Header().Set("Content-Type", "text/html; charset=utf-8")
		w.WriteHeader(http.StatusNotFound)
		_, _ = w.Write(missing) // the reader may have gone; there is nobody else to tell
	})
	return mux
}

// exactly keeps the pattern of the home page from matching everything.
func exactly(path string) string {
	if path == "/" {
		return "/{$}"
	}
	return path
}

func serve(w http.ResponseWriter, contentType string, content []byte) {
	w.Header().Set("Content-Type", contentType)
	_, _ = w.Write(content) // the reader may have gone; there is nobody else to tell
}

// serveSlow sends the beginning of a page and never its end, so that the page
// is there but never loaded.
func serveSlow(w http.ResponseWriter, r *http.Request) {
	serve(w, "text/html; charset=utf-8", []byte(slowBeginning))
	_ = http.NewResponseController(w).Flush() // what cannot be flushed is simply not seen yet
	timer := time.NewTimer(slowness)
	defer timer.Stop()
	select {
	case <-r.Context().Done():
	case <-timer.C:
		_, _ = w.Write([]byte("<p>…at last.</p>")) // the reader may have gone
	}
}

const slowBeginning = `<!doctype html><html lang="en"><meta charset="utf-8"><title>The slow boat</title>
<body style="margin:15vh 10vw;font:28px/1.5 serif;background:#eef3f4;color:#1d3a44">
<p>The slow boat is still at sea. This page never finishes loading…</p>
`

const favicon = `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 32 32"><rect width="32" height="32" rx="7" fill="#10353f"/>` +
	`<circle cx="16" cy="15" r="7" fill="#ffb35c"/><path d="M0 21q4-3 8 0t8 0 8 0 8 0v11H0z" fill="#2f7f8a"/></svg>`
