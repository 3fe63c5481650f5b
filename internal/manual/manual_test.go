package manual

import (
	"net/http"
	"net/http/httptest"
	"os"
	"regexp"
	"strings"
	"testing"

	"darkroom/internal/api"
)

func newManual(t *testing.T, config Config) *Manual {
	t.Helper()
	config.OpenAPI = api.Document(api.Config{Version: "1.2.3"})
	config.Version, config.StyleSheet, config.Icon = "1.2.3", "/assets/app.css", "/assets/icon.svg"
	return New(config)
}

func (m *Manual) ask(method, target string, header ...string) *httptest.ResponseRecorder {
	request := httptest.NewRequest(method, target, nil)
	request.Host = "shots.test:8080"
	for i := 0; i+1 < len(header); i += 2 {
		if header[i] == "Host" {
			request.Host = header[i+1]
		}
		request.Header.Set(header[i], header[i+1])
	}
	recorder := httptest.NewRecorder()
	m.ServeHTTP(recorder, request)
	return recorder
}

func opened(t *testing.T) *book {
	t.Helper()
	b, err := newManual(t, Config{}).book()
	if err != nil {
		t.Fatal(err)
	}
	return b
}

func TestWhatIsServed(t *testing.T) {
	m := newManual(t, Config{})
	for _, test := range []struct {
		target, media string
		status        int
		has           string
	}{
		{"/docs", "text/html", 200, `href="/docs/reference"`},
		{"/docs/", "text/html", 308, `/docs`},
		{"/docs/errors", "text/html", 200, `<tr id="job_not_ready">`},
		{"/docs/errors.md", "text/markdown", 200, "| `job_not_ready` |"},
		{"/docs/reference", "text/html", 200, `id="post-v1jobsidcancel"`},
		{"/docs/reference.md", "text/markdown", 200, "### POST /v1/jobs/{id}/cancel"},
		{"/docs/search?q=Retry-After+webhook", "text/html", 200, "places have every word"},
		{"/docs/search", "text/html", 200, "Write what you look for"},
		{"/docs/manual.css", "text/css", 200, ".manual"},
		{"/docs/screenshots/run-1280.webp", "image/webp", 200, "RIFF"},
		{"/docs/nothing", "text/html", 404, "There is no such page"},
		{"/docs/embed.go", "text/html", 404, "There is no such page"},
		{"/docs/../README", "text/html", 404, "There is no such page"},
		{"/llms.txt", "text/plain", 200, "http://shots.test:8080/docs/errors.md"},
		{"/llms-full.txt", "text/plain", 200, "### POST /v1/jobs/{id}/cancel"},
	} {
		got := m.ask("GET", test.target)
		if got.Code != test.status || !strings.HasPrefix(got.Header().Get("Content-Type"), test.media) || !strings.Contains(got.Body.String()+got.Header().Get("Location"), test.has) {
			t.Errorf("%s: %d %q, want %d %q with %q", test.target, got.Code, got.Header().Get("Content-Type"), test.status, test.media, test.has)
		}
		if !Owns(strings.SplitN(test.target, "?", 2)[0]) {
			t.Errorf("%s is not the manual's", test.target)
		}
		if policy := got.Header().Get("Content-Security-Policy"); strings.Contains(policy, "unsafe") || !strings.Contains(policy, "default-src 'none'") {
			t.Errorf("%s has the policy %q", test.target, policy)
		}
	}
	if got := m.ask("POST", "/docs/errors"); got.Code != http.StatusMethodNotAllowed || got.Header().Get("Allow") == "" {
		t.Errorf("POST: %d", got.Code)
	}
}

// The address of the examples is that of the server that is asked, as far as it
// is an address at all.
func TestExamplesHaveTheServersAddress(t *testing.T) {
	for _, test := range []struct {
		name   string
		config Config
		header []string
		want   string
	}{
		{"as the browser calls it", Config{}, nil, "export DR=http://shots.test:8080 KEY="},
		{"under a path", Config{Prefix: "/shots"}, nil, "export DR=http://shots.test:8080/shots KEY="},
		{"behind https", Config{}, []string{"X-Forwarded-Proto", "https"}, "export DR=https://shots.test:8080 KEY="},
		{"as it was set", Config{PublicURL: "https://shots.example.com"}, nil, "export DR=https://shots.example.com KEY="},
		{"a strange host", Config{}, []string{"Host", `x"><script>`}, "export DR=http://127.0.0.1:8484 KEY="},
	} {
		t.Run(test.name, func(t *testing.T) {
			got := newManual(t, test.config).ask("GET", "/docs/reference", test.header...).Body.String()
			if !strings.Contains(got, test.want) || strings.Contains(got, "<script") {
				t.Errorf("the page lacks %q", test.want)
			}
		})
	}
}

func TestPagesUnderAPath(t *testing.T) {
	m := newManual(t, Config{Prefix: "/shots"})
	got := m.ask("GET", "/docs/errors").Body.String()
	for _, want := range []string{`href="/shots/docs/keys#scopes"`, `href="/shots/docs/manual.css"`, `action="/shots/docs/search"`} {
		if !strings.Contains(got, want) {
			t.Errorf("the page lacks %s", want)
		}
	}
	if strings.Contains(got, `href="/docs`) {
		t.Error("a link leads past the path")
	}
}

func TestSearch(t *testing.T) {
	b := opened(t)
	for query, want := range map[string]string{
		"redirect webhook": "webhooks",
		"full_page":        "api",
		"job_not_ready":    "errors",
		"POST /v1/sitemap": "reference",
		"private targets":  "config",
		"zebra":            "",
	} {
		pages := map[string]bool{}
		for _, found := range search(b.parts, query) {
			pages[found.Page] = true
			if found.ID != "" && !b.pages[found.Page].anchors[found.ID] {
				t.Errorf("%q leads to %s#%s, which is not there", query, found.Page, found.ID)
			}
		}
		if len(pages) > 0 != (want != "") || want != "" && !pages[want] {
			t.Errorf("%q finds %v, want %s", query, pages, want)
		}
	}
	page := newManual(t, Config{}).ask("GET", "/docs/search?q=%3Cscript%3Ealert(1)%3C/script%3E").Body.String()
	if strings.Contains(page, "<script") {
		t.Error("what was looked for is part of the page as HTML")
	}
}

// Every route of the document is in the reference, with an example in each
// language.
func TestReferenceIsWhole(t *testing.T) {
	d, err := readDocument(api.Document(api.Config{Version: "1.2.3"}))
	if err != nil {
		t.Fatal(err)
	}
	text := opened(t).pages[referenceName].Markdown
	count := 0
	for _, tag := range d.tags() {
		for _, one := range d.operations(tag) {
			count++
			_, section, found := strings.Cut(text, "\n### "+one.Method+" "+one.Path+"\n")
			section, _, _ = strings.Cut(section, "\n### ")
			for _, language := range []string{"sh", "js", "go"} {
				if !found || !strings.Contains(section, "```"+language+"\n") {
					t.Errorf("%s %s has no example for %s", one.Method, one.Path, language)
				}
			}
		}
	}
	known := map[string]bool{}
	for _, methods := range d.Paths {
		for _, one := range methods {
			known[one.ID] = true
		}
	}
	for id := range samples() {
		if !known[id] {
			t.Errorf("an example is for %s, which is no route", id)
		}
	}
	if count < 39 {
		t.Errorf("%d routes", count)
	}
}

// Every error of the API leads to a row about its code.
func TestEveryCodeHasAnAnchor(t *testing.T) {
	source, err := os.ReadFile("../../error.go")
	if err != nil {
		t.Fatal(err)
	}
	anchors := opened(t).pages["errors"].anchors
	for _, match := range regexp.MustCompile(`Code = "(\w+)"`).FindAllStringSubmatch(string(source), -1) {
		if !anchors[match[1]] {
			t.Errorf("/docs/errors#%s leads nowhere", match[1])
		}
	}
}

// The index for programs names every page.
func TestIndexNamesEveryPage(t *testing.T) {
	m := newManual(t, Config{})
	b := opened(t)
	llms, whole := m.llms(b), full(b)
	for name, one := range b.pages {
		if one.Title == "" || !strings.Contains(llms, "/docs/"+name+".md)") || !strings.Contains(whole, "# "+one.Title) {
			t.Errorf("page %s (%q) is not in the index", name, one.Title)
		}
	}
}
