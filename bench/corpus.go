package main

import (
	"bytes"
	"compress/gzip"
	_ "embed" // the templates of the pages
	"fmt"
	"html/template"
	"math/rand/v2"
	"net/http"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"time"
)

// pageKind is one class of page in the corpus; weight is how many of forty
// pages are of it.
type pageKind struct {
	name       string
	weight     int
	images     int
	paragraphs int
}

// pageKinds mixes pages as a batch of real sites would: mostly articles.
func pageKinds() []pageKind {
	return []pageKind{{"trivial", 8, 0, 0}, {"article", 12, 10, 60}, {"app", 8, 0, 0}, {"long", 6, longImages, 80}, {"slow", 6, 6, 10}}
}

// corpus is the local web that is photographed: heavy enough to be honest, the
// same at every run, and made here.
type corpus struct {
	images [][]byte
	fonts  [][]byte // regular and bold
	script []byte   // compressed
	pages  *template.Template
}

//go:embed pages.gohtml
var pageTemplates string

func newCorpus() (*corpus, error) {
	c := &corpus{}
	for i := range imageCount {
		picture, err := paintJPEG(i)
		if err != nil {
			return nil, err
		}
		c.images = append(c.images, picture)
	}
	for _, name := range []string{"Regular", "Bold"} {
		font, err := readFont("LiberationSerif-" + name + ".ttf")
		if err != nil {
			return nil, err
		}
		c.fonts = append(c.fonts, font)
	}
	var err error
	if c.script, err = compress(appScript()); err != nil {
		return nil, err
	}
	c.pages, err = template.New("").Parse(pageTemplates)
	return c, err
}

func readFont(name string) ([]byte, error) {
	found, err := filepath.Glob("/usr/share/fonts/truetype/liberation*/" + name)
	if err != nil || len(found) == 0 {
		return nil, fmt.Errorf("no Liberation fonts: run scripts/setup test")
	}
	return os.ReadFile(found[0])
}

func compress(content []byte) ([]byte, error) {
	var out bytes.Buffer
	writer := gzip.NewWriter(&out)
	if _, err := writer.Write(content); err != nil {
		return nil, err
	}
	err := writer.Close()
	return out.Bytes(), err
}

// mixed gives n pages of all kinds, shuffled by a fixed seed.
func (c *corpus) mixed(n int) []string {
	var all []string
	for i := 0; len(all) < n; i++ {
		for _, kind := range pageKinds() {
			for j := range kind.weight {
				all = append(all, fmt.Sprintf("/%s/%d", kind.name, i*kind.weight+j))
			}
		}
	}
	random := rand.New(rand.NewPCG(1, 2))
	random.Shuffle(len(all), func(i, j int) { all[i], all[j] = all[j], all[i] })
	return all[:n]
}

// handler serves the corpus on every address.
func (c *corpus) handler() http.Handler {
	mux := http.NewServeMux()
	mux.HandleFunc("/image/{n}", func(w http.ResponseWriter, r *http.Request) {
		if r.URL.Query().Has("slow") {
			pause(r, 200*time.Millisecond)
		}
		keep(w, "image/jpeg", c.images[number(r)%len(c.images)])
	})
	mux.HandleFunc("/font/{n}", func(w http.ResponseWriter, r *http.Request) { keep(w, "font/ttf", c.fonts[number(r)%len(c.fonts)]) })
	mux.HandleFunc("/script/app.js", func(w http.ResponseWriter, _ *http.Request) {
		w.Header().Set("Content-Encoding", "gzip")
		keep(w, "text/javascript", c.script)
	})
	mux.HandleFunc("/sitemap/{n}", c.sitemap)
	for _, kind := range pageKinds() {
		mux.HandleFunc("/"+kind.name+"/{n}", func(w http.ResponseWriter, r *http.Request) { c.page(w, r, kind) })
	}
	return mux
}

func number(r *http.Request) int {
	n, err := strconv.Atoi(r.PathValue("n"))
	if err != nil {
		return 0
	}
	return max(n, 0)
}

// keep sends what a browser may keep for an hour.
func keep(w http.ResponseWriter, contentType string, content []byte) {
	w.Header().Set("Cache-Control", "public, max-age=3600")
	w.Header().Set("Content-Type", contentType)
	_, _ = w.Write(content)
}

func (c *corpus) page(w http.ResponseWriter, r *http.Request, kind pageKind) {
	if kind.name == "slow" {
		pause(r, 300*time.Millisecond)
	}
	w.Header().Set("Content-Type", "text/html; charset=utf-8")
	w.Header().Set("Cache-Control", "no-cache")
	facts := factsOf(kind, number(r))
	facts.damage(r.URL.Query().Get("without"))
	if err := c.pages.ExecuteTemplate(w, kind.name, facts); err != nil {
		fmt.Fprintln(os.Stderr, "corpus:", err)
	}
}

// sitemap lists as many mixed pages as its number says, on the address that
// was asked.
func (c *corpus) sitemap(w http.ResponseWriter, r *http.Request) {
	var list strings.Builder
	list.WriteString(`<?xml version="1.0" encoding="UTF-8"?><urlset xmlns="http://www.sitemaps.org/schemas/sitemap/0.9">`)
	for _, path := range c.mixed(number(r)) {
		fmt.Fprintf(&list, "<url><loc>http://%s%s</loc></url>\n", r.Host, path)
	}
	list.WriteString("</urlset>")
	w.Header().Set("Content-Type", "application/xml")
	_, _ = w.Write([]byte(list.String()))
}

func pause(r *http.Request, d time.Duration) {
	select {
	case <-time.After(d):
	case <-r.Context().Done():
	}
}
