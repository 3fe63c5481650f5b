package e2e

import (
	"fmt"
	"image"
	"image/color"
	"net/http"
	"net/http/httptest"
	"strconv"
	"testing"
)

// paint is the colour of page n: each page has its own, so that a picture can
// be told to belong to its URL.
func paint(n int) color.RGBA {
	return color.RGBA{R: uint8(16 + n%200), G: uint8(16 + (n/200)*40%200), B: uint8(16 + (n*7)%200), A: 255}
}

// site serves /page/N, one colour each with some text in the middle, /noise/N,
// whose pictures are megabytes, /gone, which is missing, and its sitemaps.
func site(t *testing.T) string {
	t.Helper()
	mux := http.NewServeMux()
	mux.HandleFunc("GET /page/{n}", func(w http.ResponseWriter, r *http.Request) {
		n, err := strconv.Atoi(r.PathValue("n"))
		if err != nil {
			http.NotFound(w, r)
			return
		}
		c := paint(n)
		w.Header().Set("Content-Type", "text/html; charset=utf-8")
		fmt.Fprintf(w, `<!doctype html><title>Page %d</title><body style="margin:0;background:rgb(%d,%d,%d)">
			<h1 style="padding:200px;color:white">Page %d</h1>`, n, c.R, c.G, c.B, n)
	})
	mux.HandleFunc("GET /noise/{n}", func(w http.ResponseWriter, r *http.Request) {
		w.Header().Set("Content-Type", "text/html; charset=utf-8")
		fmt.Fprintf(w, `<!doctype html><title>Noise</title><body style="margin:0"><svg width="1280" height="720">
			<filter id="n"><feTurbulence baseFrequency="0.9" seed="%s"/></filter><rect width="100%%" height="100%%" filter="url(#n)"/></svg>`, r.PathValue("n"))
	})
	sitemaps(mux)
	server := httptest.NewServer(mux)
	t.Cleanup(server.Close)
	return server.URL
}

func pages(site string, count int) []string {
	urls := make([]string, count)
	for i := range urls {
		urls[i] = fmt.Sprintf("%s/page/%d", site, i)
	}
	return urls
}

// checkPicture tells whether the picture is that of page n.
func checkPicture(t *testing.T, picture image.Image, n int) {
	t.Helper()
	want := paint(n)
	r, g, b, _ := picture.At(5, 5).RGBA()
	if got := (color.RGBA{R: uint8(r >> 8), G: uint8(g >> 8), B: uint8(b >> 8), A: 255}); got != want {
		t.Errorf("the picture of page %d has colour %v, want %v", n, got, want)
	}
}
