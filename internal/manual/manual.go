package manual

import (
	"bytes"
	"embed"
	"fmt"
	"html/template"
	"io/fs"
	"log/slog"
	"net/http"
	"regexp"
	"strings"
	"sync"
	"time"

	"darkroom/docs"
)

//go:embed pages/page.html
var templates embed.FS

//go:embed assets/manual.css
var style []byte

// exampleAddress is the server's address in the pages. What is served has the
// address of the server that serves it in its place.
const exampleAddress = "http://127.0.0.1:8484"

// Config is what the manual is made of. OpenAPI is required.
type Config struct {
	OpenAPI   []byte // the document of the routes
	Prefix    string // path under which it is mounted, such as "/shots"; "" = at the root
	PublicURL string // of the server; "" = as the browser calls it
	Version   string

	// StyleSheet and Icon are paths of the dashboard's, whose look the pages have.
	StyleSheet, Icon string

	Log *slog.Logger // nil = slog.Default()
}

// Manual is an http.Handler of /docs, /llms.txt and /llms-full.txt. Requests
// come to it without the prefix.
type Manual struct {
	Config
	book func() (*book, error)
}

// book is every page, rendered.
type book struct {
	chapters []chapter
	pages    map[string]page
	parts    []part
	layout   *template.Template
}

// New makes the manual. Nothing is rendered yet.
func New(config Config) *Manual {
	if config.Log == nil {
		config.Log = slog.Default()
	}
	m := &Manual{Config: config}
	m.book = sync.OnceValues(m.open)
	return m
}

// Owns reports whether a path is one of the manual's.
func Owns(path string) bool {
	return path == "/docs" || strings.HasPrefix(path, "/docs/") || path == "/llms.txt" || path == "/llms-full.txt"
}

func (m *Manual) open() (*book, error) {
	b := &book{pages: map[string]page{}}
	var err error
	if b.layout, err = template.New("page.html").Funcs(template.FuncMap{
		"path": func(path string) string { return m.Prefix + path },
	}).ParseFS(templates, "pages/page.html"); err != nil {
		return nil, fmt.Errorf("read the layout of the manual: %w", err)
	}
	if b.chapters, err = contents(docs.Files); err != nil {
		return nil, fmt.Errorf("list the pages of the manual: %w", err)
	}
	for _, chapter := range b.chapters {
		for i, one := range chapter.Pages {
			rendered, err := m.page(one.Name)
			if err != nil {
				return nil, err
			}
			chapter.Pages[i].Title, rendered.About = rendered.Title, one.About
			b.pages[one.Name] = rendered
			b.parts = append(b.parts, rendered.parts...)
		}
	}
	return b, nil
}

func (m *Manual) page(name string) (page, error) {
	if name == referenceName {
		markdown, err := reference(m.OpenAPI)
		if err != nil {
			return page{}, err
		}
		return render(name, markdown, linkUnder(m.Prefix))
	}
	markdown, err := fs.ReadFile(docs.Files, name+".md")
	if err != nil {
		return page{}, fmt.Errorf("read page %s: %w", name, err)
	}
	return render(name, string(markdown), linkUnder(m.Prefix))
}

// ServeHTTP answers GET and HEAD.
func (m *Manual) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	header := w.Header()
	header.Set("Content-Security-Policy", "default-src 'none'; style-src 'self'; img-src 'self'; form-action 'self'; frame-ancestors 'none'; base-uri 'none'")
	header.Set("X-Content-Type-Options", "nosniff")
	header.Set("Referrer-Policy", "same-origin")
	header.Set("Cache-Control", "no-cache")
	if r.Method != http.MethodGet && r.Method != http.MethodHead {
		header.Set("Allow", "GET, HEAD")
		http.Error(w, "the documentation can only be read", http.StatusMethodNotAllowed)
		return
	}
	b, err := m.book()
	if err != nil {
		m.Log.Error("the documentation cannot be shown", "err", err)
		http.Error(w, "the documentation cannot be shown; the server's log has more", http.StatusInternalServerError)
		return
	}
	m.serve(b, w, r)
}

func (m *Manual) serve(b *book, w http.ResponseWriter, r *http.Request) {
	name := strings.TrimPrefix(strings.TrimPrefix(r.URL.Path, "/docs"), "/")
	plainName, isPlain := strings.CutSuffix(name, ".md")
	switch one, known := b.pages[plainName]; {
	case r.URL.Path == "/llms.txt":
		m.text(w, r, m.llms(b))
	case r.URL.Path == "/llms-full.txt":
		m.text(w, r, full(b))
	case r.URL.Path == "/docs/":
		http.Redirect(w, r, m.Prefix+"/docs", http.StatusPermanentRedirect)
	case name == "":
		m.show(b, w, r, http.StatusOK, view{page: page{entry: entry{Title: "Documentation"}}, Index: true})
	case name == "search":
		query := r.URL.Query().Get("q")
		m.show(b, w, r, http.StatusOK, view{page: page{entry: entry{Title: "Search"}}, Search: true, Query: query, Found: search(b.parts, query)})
	case known && isPlain:
		m.text(w, r, one.Markdown)
	case known:
		m.show(b, w, r, http.StatusOK, view{page: one})
	default:
		m.file(b, w, r, name)
	}
}

// file serves what the pages show besides text.
func (m *Manual) file(b *book, w http.ResponseWriter, r *http.Request, name string) {
	content, media := style, "text/css; charset=utf-8"
	if name != "manual.css" {
		var err error
		content, err = docs.Files.ReadFile(name)
		if err != nil || !strings.HasPrefix(name, "screenshots/") {
			m.show(b, w, r, http.StatusNotFound, view{page: page{entry: entry{Title: "There is no such page"}}, Index: true})
			return
		}
		media = "image/webp"
	}
	w.Header().Set("Content-Type", media)
	w.Header().Set("Cache-Control", "public, max-age=3600")
	http.ServeContent(w, r, "", time.Time{}, bytes.NewReader(content))
}

func (m *Manual) text(w http.ResponseWriter, r *http.Request, content string) {
	w.Header().Set("Content-Type", "text/markdown; charset=utf-8")
	if strings.HasSuffix(r.URL.Path, ".txt") {
		w.Header().Set("Content-Type", "text/plain; charset=utf-8")
	}
	http.ServeContent(w, r, "", time.Time{}, strings.NewReader(strings.ReplaceAll(content, exampleAddress, m.address(r))))
}

// view is what a page is shown with.
type view struct {
	page
	Chapters []chapter
	Theme    string // "dark", "light", or "" for that of the system
	Version  string
	Index    bool // the table of contents is the page
	Search   bool
	Query    string
	Found    []Found

	StyleSheet, Icon string
}

func (m *Manual) show(b *book, w http.ResponseWriter, r *http.Request, status int, v view) {
	v.Chapters, v.Version, v.StyleSheet, v.Icon = b.chapters, m.Version, m.StyleSheet, m.Icon
	if cookie, err := r.Cookie("darkroom_theme"); err == nil && (cookie.Value == "dark" || cookie.Value == "light") {
		v.Theme = cookie.Value
	}
	// address lets nothing through that is no address, so no HTML either.
	v.Body = template.HTML(strings.ReplaceAll(string(v.Body), exampleAddress, m.address(r)))
	var content bytes.Buffer
	if err := b.layout.Execute(&content, v); err != nil {
		m.Log.Error("a page of the documentation cannot be shown", "path", r.URL.Path, "err", err)
		http.Error(w, "the page cannot be shown; the server's log has more", http.StatusInternalServerError)
		return
	}
	w.Header().Set("Content-Type", "text/html; charset=utf-8")
	w.WriteHeader(status)
	_, _ = w.Write(content.Bytes()) // a reader that has gone is no error of ours
}

var plainHost = regexp.MustCompile(`^[A-Za-z0-9.:\[\]-]+$`)

// address is what readers have to write in place of the address of the
// examples.
func (m *Manual) address(r *http.Request) string {
	if m.PublicURL != "" {
		return template.HTMLEscapeString(m.PublicURL)
	}
	if !plainHost.MatchString(r.Host) {
		return exampleAddress
	}
	scheme := "http://"
	if r.TLS != nil || r.Header.Get("X-Forwarded-Proto") == "https" {
		scheme = "https://"
	}
	return scheme + r.Host + m.Prefix
}
