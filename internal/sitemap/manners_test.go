package sitemap_test

import (
	"fmt"
	"net/http"
	"strings"
	"testing"
	"time"

	"darkroom"
	"darkroom/internal/sitemap"
)

// verdicts says of each page of a walk why it is refused, "" when it is not.
func (f found) verdicts(t *testing.T) string {
	t.Helper()
	var said []string
	for _, page := range f.pages {
		path := page.URL[strings.LastIndexByte(page.URL, '/'):]
		switch {
		case page.Refusal == nil:
			said = append(said, path)
		case page.Refusal.Code != darkroom.CodeRobotsDenied || page.Refusal.Message == "":
			t.Errorf("%s: %+v", page.URL, page.Refusal)
		default:
			said = append(said, path+" no")
		}
	}
	return strings.Join(said, ", ")
}

func TestManners(t *testing.T) {
	const rules = "User-agent: *\nDisallow: /private\nCrawl-delay: 3\nUser-agent: darkroom\nDisallow: /b\nCrawl-delay: 2"
	circle := redirect("/robots.txt")
	for _, c := range []struct {
		name   string
		robots http.HandlerFunc
		want   string
		delay  time.Duration
	}{
		{"rules for us", text(rules), "/a, /b no, /private", 2 * time.Second},
		{"404", status(404), "/a, /b, /private", 0},
		{"401", status(401), "/a, /b, /private", 0},
		{"403", status(403), "/a, /b, /private", 0},
		{"429", status(429), "/a no, /b no, /private no", 0},
		{"500", status(500), "/a no, /b no, /private no", 0},
		{"503", status(503), "/a no, /b no, /private no", 0},
		{"too many redirects", circle, "/a, /b, /private", 0},
		{"redirect to rules", redirect("https://www.a.example/robots.txt"), "/a, /b no, /private", 2 * time.Second},
		{"redirect to what may not be reached", redirect("http://127.0.0.1/robots.txt"), "/a no, /b no, /private no", 0},
		{"web page", text("<!doctype html><html>"), "/a, /b, /private", 0},
		{"picture", text("\x89PNG\r\n\x1a\n"), "/a, /b, /private", 0},
		{"a rule in the first 500 KiB", text(strings.Repeat("#23456789\n", 50<<10) + rules), "/a, /b no, /private", 2 * time.Second},
		{"a rule behind them", text(strings.Repeat("#23456789\n", 60<<10) + rules), "/a, /b, /private", 0},
	} {
		t.Run(c.name, func(t *testing.T) {
			w := world{"a.example/s.xml": text(urlset(site+"/a", site+"/b", site+"/private")), "a.example/robots.txt": c.robots, "www.a.example/robots.txt": text(rules)}
			got := w.walk(t, darkroom.Crawl{SitemapURL: site + "/s.xml", RespectRobots: true}, sitemap.Limits{}, false)
			if verdicts := got.verdicts(t); verdicts != c.want || got.err != nil {
				t.Errorf("%s, %v; want %s", verdicts, got.err, c.want)
			}
			for _, page := range got.pages {
				if page.Delay != c.delay {
					t.Errorf("%s: %v, want %v", page.URL, page.Delay, c.delay)
				}
			}
		})
	}
}

func TestRobotsBreaksOff(t *testing.T) {
	base, config := server(t, http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if r.URL.Path == "/robots.txt" {
			hangUp("User-agent: *\nAllow: /\n")(w, r)
		}
		_, _ = w.Write([]byte(urlset("http://" + r.Host + "/a")))
	}))
	got := walk(t, config, darkroom.Crawl{SitemapURL: base + "/s.xml", RespectRobots: true}, false)
	if verdicts := got.verdicts(t); verdicts != "/a no" {
		t.Errorf("%s, %v", verdicts, got.err)
	}
}

// Each host's robots.txt is asked for once, and only when robots are
// respected.
func TestRobotsIsAskedOnce(t *testing.T) {
	for _, respect := range []bool{true, false} {
		asked := 0
		count := func(w http.ResponseWriter, _ *http.Request) {
			asked++
			_, _ = w.Write([]byte("User-agent: *\nDisallow: /private"))
		}
		w := world{
			"a.example/s.xml":      text(urlset(site+"/a", site+"/b", "https://b.example/a", site+"/private", "http://a.example/c")),
			"a.example/robots.txt": count, "b.example/robots.txt": count,
		}
		got := w.walk(t, darkroom.Crawl{SitemapURL: site + "/s.xml", RespectRobots: respect, AnyHost: true}, sitemap.Limits{}, false)
		wantAsked, want := 0, "/a, /b, /a, /private, /c"
		if respect {
			wantAsked, want = 3, "/a, /b, /a, /private no, /c" // http and https are two
		}
		if verdicts := got.verdicts(t); asked != wantAsked || verdicts != want {
			t.Errorf("respect %v: asked %d times; %s", respect, asked, verdicts)
		}
	}
}

func TestRobotsOfManyHosts(t *testing.T) {
	w := world{}
	var locs []string
	for i := range 5 {
		w[fmt.Sprintf("h%d.example/robots.txt", i)] = status(404)
		locs = append(locs, fmt.Sprintf("https://h%d.example/%d", i, i), fmt.Sprintf("https://h%d.example/again-%d", i, i))
	}
	w["a.example/s.xml"] = text(urlset(locs...))
	got := w.walk(t, darkroom.Crawl{SitemapURL: site + "/s.xml", RespectRobots: true, AnyHost: true}, sitemap.Limits{Robots: 3}, false)
	if verdicts, want := got.verdicts(t), "/0, /again-0, /1, /again-1, /2, /again-2, /3 no, /again-3 no, /4 no, /again-4 no"; verdicts != want {
		t.Errorf("%s, want %s", verdicts, want)
	}
}

// A page that is refused is a page all the same.
func TestRefusedPagesCount(t *testing.T) {
	w := world{"a.example/s.xml": text(urlset(numbered(site+"/", 9)...)), "a.example/robots.txt": text("User-agent: *\nDisallow: /")}
	for _, perTemplate := range []int{0, 2} {
		got := w.walk(t, darkroom.Crawl{SitemapURL: site + "/s.xml", RespectRobots: true, MaxPages: 2, PerTemplate: perTemplate}, sitemap.Limits{}, false)
		if verdicts := got.verdicts(t); verdicts != "/0 no, /1 no" || got.err != nil {
			t.Errorf("%s, %v", verdicts, got.err)
		}
	}
}

// When time is up before a robots.txt has come, nobody knows what it says: its
// pages are neither given nor refused.
func TestTimeIsUpWaitingForRobots(t *testing.T) {
	base, config := server(t, http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if r.URL.Path == "/robots.txt" {
			stall("")(w, r)
			return
		}
		_, _ = w.Write([]byte(urlset("http://" + r.Host + "/a")))
	}))
	config.Limits.Time = 100 * time.Millisecond
	for _, perTemplate := range []int{0, 2} {
		got := walk(t, config, darkroom.Crawl{SitemapURL: base + "/s.xml", RespectRobots: true, PerTemplate: perTemplate}, false)
		if darkroom.CodeOf(got.err) != darkroom.CodeTimeout || len(got.pages) > 0 {
			t.Errorf("%v, %d pages", got.err, len(got.pages))
		}
	}
}
