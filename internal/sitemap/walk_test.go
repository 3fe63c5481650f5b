package sitemap_test

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net/http"
	"slices"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"darkroom"
	"darkroom/internal/sitemap"
)

const site = "https://a.example"

// expect is what a walk must come to. Pages are paths below site unless they
// are whole URLs.
type expect struct {
	pages    []string
	skipped  map[darkroom.SkipReason]int
	code     darkroom.Code
	message  string   // part of the error
	warnings []string // parts, one of each
}

func (f found) expect(t *testing.T, want expect) {
	t.Helper()
	urls := f.urls()
	for i, page := range want.pages {
		if strings.HasPrefix(page, "/") {
			want.pages[i] = site + page
		}
	}
	if !slices.Equal(urls, want.pages) {
		t.Errorf("pages %q, want %q", urls, want.pages)
	}
	if len(f.last.Skipped)+len(want.skipped) > 0 && fmt.Sprint(f.last.Skipped) != fmt.Sprint(want.skipped) {
		t.Errorf("skipped %v, want %v", f.last.Skipped, want.skipped)
	}
	if darkroom.CodeOf(f.err) != want.code {
		t.Errorf("error %q (%v), want %q", darkroom.CodeOf(f.err), f.err, want.code)
	}
	if f.err != nil && !strings.Contains(sentenceOf(f.err), want.message) {
		t.Errorf("the error is %q, want %q in it", sentenceOf(f.err), want.message)
	}
	if len(f.last.Warnings) != len(want.warnings) {
		t.Errorf("warnings %q, want %q", f.last.Warnings, want.warnings)
		return
	}
	for i, part := range want.warnings {
		if !strings.Contains(f.last.Warnings[i], part) {
			t.Errorf("warning %d is %q, want %q in it", i, f.last.Warnings[i], part)
		}
	}
}

func sentenceOf(err error) string {
	if known, ok := errors.AsType[*darkroom.Error](err); ok {
		return known.Sentence()
	}
	return err.Error()
}

func TestIndexes(t *testing.T) {
	for _, c := range []struct {
		name  string
		world world
		want  expect
	}{
		{
			"in the order of the files",
			world{
				"a.example/s.xml": text(index(site+"/i.xml", site+"/2.xml")), "a.example/i.xml": text(index(site+"/1.xml", site+"/3.xml")),
				"a.example/1.xml": text(urlset(site+"/a", site+"/b")), "a.example/2.xml": text(urlset(site + "/c")), "a.example/3.xml": text(urlset(site + "/d")),
			},
			expect{pages: []string{"/a", "/b", "/d", "/c"}},
		},
		{
			"one that names itself",
			world{"a.example/s.xml": text(index(site + "/s.xml"))},
			expect{code: darkroom.CodeNoURLs, message: "lists no URL", warnings: []string{"in a circle"}},
		},
		{
			"two that name each other",
			world{"a.example/s.xml": text(index(site+"/t.xml", site+"/1.xml")), "a.example/t.xml": text(index(site + "/s.xml#again")), "a.example/1.xml": text(urlset(site + "/a"))},
			expect{pages: []string{"/a"}, warnings: []string{"in a circle"}},
		},
		{
			"one that comes back by a redirect",
			world{"a.example/s.xml": text(index(site+"/r.xml", site+"/1.xml")), "a.example/r.xml": redirect("/s.xml"), "a.example/1.xml": text(urlset(site + "/a"))},
			expect{pages: []string{"/a"}, warnings: []string{"in a circle"}},
		},
		{
			"the same one again and again",
			world{"a.example/s.xml": text(index(append(slices.Repeat([]string{site + "/1.xml"}, 500), site+"/2.xml")...)), "a.example/1.xml": text(urlset(site + "/a")), "a.example/2.xml": text(urlset(site + "/b"))},
			expect{pages: []string{"/a", "/b"}},
		},
		{
			"three inside one another",
			world{"a.example/s.xml": text(index(site + "/2.xml")), "a.example/2.xml": text(index(site + "/3.xml")), "a.example/3.xml": text(index(site + "/u.xml")), "a.example/u.xml": text(urlset(site + "/a"))},
			expect{pages: []string{"/a"}},
		},
		{
			"four inside one another",
			world{"a.example/s.xml": text(index(site+"/2.xml", site+"/v.xml")), "a.example/2.xml": text(index(site + "/3.xml")), "a.example/3.xml": text(index(site + "/4.xml")), "a.example/4.xml": text(index(site + "/u.xml")), "a.example/u.xml": text(urlset(site + "/a")), "a.example/v.xml": text(urlset(site + "/b"))},
			expect{pages: []string{"/b"}, warnings: []string{"4.xml is not a sitemap that can be read: it is an index inside 3 others"}},
		},
		{
			"children that fail",
			world{"a.example/s.xml": text(index(site+"/404.xml", site+"/1.xml", "javascript:alert(1)", "http://127.0.0.1/2.xml", site+"/page")), "a.example/1.xml": text(urlset(site + "/a")), "a.example/page": text("<!DOCTYPE html><html></html>")},
			expect{pages: []string{"/a"}, warnings: []string{"javascript:alert(1)", "127.0.0.1", "404.xml answered 404 Not Found", "page is not a sitemap that can be read: it is a web page"}},
		},
		{
			"nothing but children that fail",
			world{"a.example/s.xml": text(index(site+"/1.xml", site+"/2.xml")), "a.example/1.xml": status(503), "a.example/2.xml": status(404)},
			expect{code: darkroom.CodeHTTPError, message: "1.xml answered 503 Service Unavailable", warnings: []string{"404"}},
		},
		{
			"a sitemap among the pages is no sitemap",
			world{"a.example/s.xml": text(urlset(site + "/1.xml")), "a.example/1.xml": text(urlset(site + "/a"))},
			expect{pages: []string{"/1.xml"}},
		},
		{
			"one that never answers",
			world{"a.example/s.xml": text(index(site+"/1.xml", site+"/2.xml", site+"/3.xml")), "a.example/1.xml": text(urlset(site + "/a")), "a.example/2.xml": never, "a.example/3.xml": text(urlset(site + "/b"))},
			expect{pages: []string{"/a", "/b"}, warnings: []string{"2.xml could not be read: \"a.example:443\" did not answer in time"}},
		},
		{
			"on another host",
			world{"a.example/s.xml": text(index("https://cdn.example/1.xml")), "cdn.example/1.xml": text(urlset(site+"/a", "https://cdn.example/b"))},
			expect{pages: []string{"/a"}, skipped: map[darkroom.SkipReason]int{darkroom.SkipOtherHost: 1}},
		},
	} {
		t.Run(c.name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) { // its clock goes on when everybody waits
				c.world.walk(t, darkroom.Crawl{SitemapURL: site + "/s.xml"}, sitemap.Limits{}, false).expect(t, c.want)
			})
		})
	}
}

func TestProblemsAreTold(t *testing.T) {
	busy := func(w http.ResponseWriter, _ *http.Request) {
		w.Header().Set("Retry-After", "7")
		w.WriteHeader(http.StatusTooManyRequests)
	}
	one := text(urlset(site + "/a"))
	for name, c := range map[string]struct {
		world world
		pages int
		told  []darkroom.Code
	}{
		"none":             {world{"a.example/sitemap.xml": one}, 1, nil},
		"of the only file": {world{"a.example/sitemap.xml": busy}, 0, []darkroom.Code{darkroom.CodeHTTPError}},
		"of one of three": {
			world{"a.example/sitemap.xml": text(index(site+"/1", site+"/2", site+"/3")), "a.example/1": busy, "a.example/2": one, "a.example/3": text("<a/>")},
			1,
			[]darkroom.Code{darkroom.CodeHTTPError, darkroom.CodeSitemapInvalid},
		},
	} {
		t.Run(name, func(t *testing.T) {
			got := c.world.walk(t, darkroom.Crawl{SitemapURL: site + "/"}, sitemap.Limits{}, false)
			var told []darkroom.Code
			for _, problem := range got.problems {
				told = append(told, problem.Code)
			}
			if !slices.Equal(told, c.told) || len(got.pages) != c.pages {
				t.Errorf("told %v, %d pages", told, len(got.pages))
			}
			if len(got.problems) > 0 && (got.problems[0].HTTPStatus != 429 || got.problems[0].RetryAfter != 7*time.Second) {
				t.Errorf("the first is %+v", got.problems[0])
			}
		})
	}
}

func TestDiscovery(t *testing.T) {
	const robots = "a.example/robots.txt"
	one := text(urlset(site + "/a"))
	html := text("<!doctype html><html>no such page</html>")
	many := world{robots: text(strings.Join(numbered("Sitemap: "+site+"/", 10_000), "\n"))}
	for i := range 12 {
		many[fmt.Sprintf("a.example/%d", i)] = text(urlset(fmt.Sprintf("%s/page-%d", site, i)))
	}
	for _, c := range []struct {
		name, start string
		world       world
		want        expect
	}{
		{"named by robots.txt", "/", world{robots: text("Sitemap: " + site + "/x.xml\nSitemap: /y.xml"), "a.example/x.xml": one, "a.example/y.xml": text(urlset(site + "/b"))}, expect{pages: []string{"/a", "/b"}}},
		{"robots.txt itself", "/robots.txt", world{robots: text("sitemap:" + site + "/x.xml"), "a.example/x.xml": one}, expect{pages: []string{"/a"}}},
		{"without a path", "", world{robots: text("Sitemap: " + site + "/x.xml"), "a.example/x.xml": one}, expect{pages: []string{"/a"}}},
		{"usual place", "/", world{robots: status(404), "a.example/sitemap.xml": one}, expect{pages: []string{"/a"}}},
		{"other usual place", "/", world{robots: text("User-agent: *\nDisallow:"), "a.example/sitemap_index.xml": text(index(site + "/x.xml")), "a.example/x.xml": one}, expect{pages: []string{"/a"}}},
		{"a web page in the usual place", "/", world{"a.example/sitemap.xml": html, "a.example/sitemap_index.xml": one}, expect{pages: []string{"/a"}}},
		{"robots.txt that is a web page", "/", world{robots: html, "a.example/sitemap.xml": one}, expect{pages: []string{"/a"}}},
		{"robots.txt fails", "/", world{robots: status(500), "a.example/sitemap.xml": one}, expect{pages: []string{"/a"}}},
		{"robots.txt never answers", "/", world{robots: never, "a.example/sitemap.xml": one}, expect{pages: []string{"/a"}}},
		{"hardly anything answers", "/", world{robots: never, "a.example/sitemap.xml": never}, expect{code: darkroom.CodeTimeout, message: "sitemap.xml could not be read"}},
		{"nothing ever answers", "/", world{robots: never, "a.example/sitemap.xml": never, "a.example/sitemap_index.xml": never}, expect{code: darkroom.CodeTimeout, message: "sitemaps may take 1m0s in all"}},
		{"robots.txt leads inside", "/", world{robots: redirect("http://127.0.0.1/robots.txt"), "a.example/sitemap.xml": one}, expect{code: darkroom.CodeBlockedTarget, message: "redirects to"}},
		{"robots.txt redirects without end", "/", world{robots: redirect("/robots.txt"), "a.example/sitemap.xml": one}, expect{pages: []string{"/a"}}},
		{"robots.txt is packed twice", "/", world{robots: text(twice(t)), "a.example/sitemap.xml": one}, expect{pages: []string{"/a"}}},
		{"robots.txt names what is not there", "/", world{robots: text("Sitemap: " + site + "/x.xml"), "a.example/sitemap.xml": one}, expect{pages: []string{"/a"}, warnings: []string{"x.xml answered 404"}}},
		{"nothing anywhere", "/", world{}, expect{code: darkroom.CodeHTTPError, message: "sitemap.xml answered 404 Not Found. Neither robots.txt nor /sitemap.xml nor /sitemap_index.xml leads to a sitemap"}},
		{"web pages everywhere", "/", world{robots: html, "a.example/sitemap.xml": html, "a.example/sitemap_index.xml": html}, expect{code: darkroom.CodeSitemapInvalid, message: "web page"}},
		{
			"F8: what robots.txt may not name", "/",
			world{robots: text("Sitemap: file:///etc/passwd\nSitemap: http://169.254.169.254/latest\nSitemap: gopher://127.0.0.1:6379/_\nSitemap: " + site + "/x.xml"), "a.example/x.xml": one},
			expect{pages: []string{"/a"}, warnings: []string{"file:///etc/passwd", "169.254.169.254", "gopher:"}},
		},
		{
			"F8: ten thousand lines", "/", many,
			expect{pages: numbered("/page-", 10), warnings: []string{"more sitemaps than are read"}},
		},
		{
			"F8: ten megabytes", "/",
			world{robots: text(strings.Repeat("# nothing here\n", 10<<20/15) + "Sitemap: " + site + "/x.xml"), "a.example/x.xml": one, "a.example/sitemap.xml": text(urlset(site + "/b"))},
			expect{pages: []string{"/b"}},
		},
		{
			"the site has moved", "/",
			world{robots: redirect("https://www.a.example/robots.txt"), "www.a.example/robots.txt": text("Sitemap: /x.xml"), "www.a.example/x.xml": text(urlset("https://www.a.example/b", "https://cdn.example/c"))},
			expect{pages: []string{"https://www.a.example/b"}, skipped: map[darkroom.SkipReason]int{darkroom.SkipOtherHost: 1}},
		},
	} {
		t.Run(c.name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				c.world.walk(t, darkroom.Crawl{SitemapURL: site + c.start}, sitemap.Limits{}, false).expect(t, c.want)
			})
		})
	}
}

// twice is something in gzip in gzip.
func twice(t *testing.T) string {
	t.Helper()
	packed, err := io.ReadAll(zipped(t, zipped(t, repeated("User-agent: *", "", 0, "")))())
	if err != nil {
		t.Fatal(err)
	}
	return string(packed)
}

func TestChoosing(t *testing.T) {
	const dated = `<urlset><url><loc>https://a.example/old</loc><lastmod>2025-12-31</lastmod></url><url><loc>https://a.example/month</loc><lastmod>2026-01</lastmod></url>` +
		`<url><loc>https://a.example/new</loc><lastmod>2026-02-01T00:00:00Z</lastmod></url><url><loc>https://a.example/silent</loc></url></urlset>`
	every := text(urlset(site+"/a", site+"/blog/1", site+"/blog/2", site+"/shop/1", "https://www.a.example/b", "http://a.example/c", site+"/blog/1", "HTTPS://A.example:443/./a", "/relative", "ftp://a.example/"))
	skipped := func(counts ...any) map[darkroom.SkipReason]int {
		all := make(map[darkroom.SkipReason]int)
		for i := 0; i < len(counts); i += 2 {
			all[counts[i].(darkroom.SkipReason)] = counts[i+1].(int)
		}
		return all
	}
	for _, c := range []struct {
		name   string
		body   http.HandlerFunc
		crawl  darkroom.Crawl
		readOn bool
		want   expect
	}{
		{
			"same host", every,
			darkroom.Crawl{},
			false,
			expect{pages: []string{"/a", "/blog/1", "/blog/2", "/shop/1", "http://a.example/c"}, skipped: skipped(darkroom.SkipInvalid, 2, darkroom.SkipOtherHost, 1, darkroom.SkipDuplicate, 2)},
		},
		{
			"any host", every,
			darkroom.Crawl{AnyHost: true},
			false,
			expect{pages: []string{"/a", "/blog/1", "/blog/2", "/shop/1", "https://www.a.example/b", "http://a.example/c"}, skipped: skipped(darkroom.SkipInvalid, 2, darkroom.SkipDuplicate, 2)},
		},
		{
			"include", every,
			darkroom.Crawl{Include: []string{"^https://a.example/blog/", "/shop/"}},
			false,
			expect{pages: []string{"/blog/1", "/blog/2", "/shop/1"}, skipped: skipped(darkroom.SkipInvalid, 2, darkroom.SkipOtherHost, 1, darkroom.SkipDuplicate, 2, darkroom.SkipNoMatch, 2)},
		},
		{
			"exclude wins", every,
			darkroom.Crawl{Include: []string{"/blog/", "/shop/"}, Exclude: []string{"/1$"}},
			false,
			expect{pages: []string{"/blog/2"}, skipped: skipped(darkroom.SkipInvalid, 2, darkroom.SkipOtherHost, 1, darkroom.SkipDuplicate, 2, darkroom.SkipExcluded, 2, darkroom.SkipNoMatch, 2)},
		},
		{
			"stops when there are enough", every,
			darkroom.Crawl{MaxPages: 2},
			false,
			expect{pages: []string{"/a", "/blog/1"}},
		},
		{
			"reads on when a plan is asked for", every,
			darkroom.Crawl{MaxPages: 2},
			true,
			expect{pages: []string{"/a", "/blog/1"}, skipped: skipped(darkroom.SkipInvalid, 2, darkroom.SkipOtherHost, 1, darkroom.SkipDuplicate, 2, darkroom.SkipOverLimit, 3)},
		},
		{
			"too old", text(dated),
			darkroom.Crawl{LastmodAfter: time.Date(2026, 1, 15, 0, 0, 0, 0, time.UTC)},
			false,
			expect{pages: []string{"/month", "/new", "/silent"}, skipped: skipped(darkroom.SkipTooOld, 1)},
		},
		{
			"sample", text(urlset(site+"/", site+"/p/x-1", site+"/p/x-2", site+"/p/x-3", site+"/about", site+"/p/x-1")),
			darkroom.Crawl{PerTemplate: 2},
			false,
			expect{pages: []string{"/", "/p/x-1", "/p/x-2", "/about"}, skipped: skipped(darkroom.SkipNotSampled, 1, darkroom.SkipDuplicate, 1)},
		},
		{
			"sample of few", text(urlset(site+"/p/x-1", site+"/p/x-2", site+"/p/x-3", site+"/about")),
			darkroom.Crawl{PerTemplate: 3, MaxPages: 2},
			false,
			expect{pages: []string{"/p/x-1", "/about"}, skipped: skipped(darkroom.SkipOverLimit, 2)},
		},
		{
			"F9: nothing matches", text(urlset(numbered(site+"/", 500)...)),
			darkroom.Crawl{Include: []string{"/blog/"}},
			false,
			expect{code: darkroom.CodeNoURLs, message: "none of the 500 URLs of https://a.example/s.xml is left to capture: 500 not included", skipped: skipped(darkroom.SkipNoMatch, 500)},
		},
		{
			"another host throughout", text(urlset(numbered("https://www.a.example/", 3)...)),
			darkroom.Crawl{},
			false,
			expect{code: darkroom.CodeNoURLs, message: "same_host false", skipped: skipped(darkroom.SkipOtherHost, 3)},
		},
	} {
		t.Run(c.name, func(t *testing.T) {
			c.crawl.SitemapURL = site + "/s.xml"
			world{"a.example/s.xml": c.body}.walk(t, c.crawl, sitemap.Limits{}, c.readOn).expect(t, c.want)
		})
	}
}

// A skipped URL is shown as it is written, with what is known about it.
func TestSkippedIsExplained(t *testing.T) {
	long := strings.Repeat("é", 6000)
	got := world{"a.example/s.xml": text(urlset(site+"/a", site+"/./a", "nothing\xff", site+"/"+long, site+"/b", ""))}.
		walk(t, darkroom.Crawl{SitemapURL: site + "/s.xml", Exclude: []string{"/b$"}}, sitemap.Limits{}, false)
	want := []sitemap.Skipped{
		{URL: site + "/./a", Reason: darkroom.SkipDuplicate, Detail: "it is the same as " + site + "/a"},
		{URL: "nothing\uFFFD", Reason: darkroom.SkipInvalid},
		{URL: (site + "/" + long)[:darkroom.MaxURLBytes], Reason: darkroom.SkipInvalid, Detail: "the URL is longer than 8192 bytes"},
		{URL: site + "/b", Reason: darkroom.SkipExcluded, Detail: "it matches /b$"},
		{URL: "", Reason: darkroom.SkipInvalid, Detail: "the entry has no address"},
	}
	if len(got.skipped) != len(want) {
		t.Fatalf("%q", got.skipped)
	}
	for i, one := range got.skipped {
		if one.URL != strings.ToValidUTF8(want[i].URL, "\uFFFD") || one.Reason != want[i].Reason || want[i].Detail != "" && one.Detail != want[i].Detail {
			t.Errorf("%.100q, want %.100q", one, want[i])
		}
	}
}

func TestPages(t *testing.T) {
	got := world{"a.example/s.xml": text(`<urlset><url><loc>https://a.example/b?c=d&amp;e</loc><lastmod>2026-02-03T04:05:06+01:00</lastmod></url></urlset>`)}.
		walk(t, darkroom.Crawl{SitemapURL: site + "/s.xml"}, sitemap.Limits{}, false)
	want := sitemap.Page{URL: site + "/b?c=d&e", Host: "a.example:443", Lastmod: time.Date(2026, 2, 3, 3, 5, 6, 0, time.UTC)}
	if len(got.pages) != 1 || got.pages[0] != want {
		t.Errorf("%+v, want %+v", got.pages, want)
	}
}

// Progress is told after each file and each thousand URLs, as it was then.
func TestProgress(t *testing.T) {
	got := world{"a.example/s.xml": text(index(site+"/1.xml", site+"/2.xml")), "a.example/1.xml": text(urlset(numbered(site+"/", 2500)...)), "a.example/2.xml": text(urlset(site + "/0"))}.
		walk(t, darkroom.Crawl{SitemapURL: site + "/s.xml"}, sitemap.Limits{}, false)
	var said []string
	for _, report := range got.reports {
		said = append(said, fmt.Sprintf("%d/%d-%d", report.Sitemaps, report.Found, report.SkippedInAll()))
		if report.Ended {
			t.Error("a report says that it has ended")
		}
	}
	if want := "1/0-0 1/1000-0 1/2000-0 2/2500-0 3/2501-1"; strings.Join(said, " ") != want {
		t.Errorf("%s, want %s", strings.Join(said, " "), want)
	}
}

func TestWarningsAreBounded(t *testing.T) {
	got := world{"a.example/s.xml": text(index(append(numbered(site+"/missing-", 60), site+"/1.xml")...)), "a.example/1.xml": text(urlset(site + "/a"))}.
		walk(t, darkroom.Crawl{SitemapURL: site + "/s.xml"}, sitemap.Limits{}, false)
	if n := len(got.last.Warnings); n != 21 || !strings.Contains(got.last.Warnings[20], "40 more") || len(got.pages) != 1 {
		t.Errorf("%d warnings, the last is %q", n, got.last.Warnings[n-1])
	}
}

// An error of the visitor ends the walk and comes back as it is.
func TestVisitorEndsTheWalk(t *testing.T) {
	stop := errors.New("enough")
	for _, perTemplate := range []int{0, 5} {
		r := sitemap.New(sitemap.Config{Client: &http.Client{Transport: world{"a.example/s.xml": text(urlset(site+"/a/1", site+"/a/2", site+"/a/3"))}}, Admit: policy(t).Admit})
		seen := 0
		last, err := r.Walk(t.Context(), darkroom.Crawl{SitemapURL: site + "/s.xml", MaxPages: 10, PerTemplate: perTemplate}, sitemap.Visitor{
			Page: func(sitemap.Page) error {
				if seen++; seen == 2 {
					return stop
				}
				return nil
			},
		})
		if !errors.Is(err, stop) || seen != 2 || last.Ended {
			t.Errorf("%v after %d pages, ended %v", err, seen, last.Ended)
		}
	}
}

func TestCancelledWalk(t *testing.T) {
	ctx, cancel := context.WithCancel(t.Context())
	base, config := server(t, http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		_, _ = w.Write([]byte(urlset(strings.Repeat("x", 100) + "/a")[:120]))
		_ = http.NewResponseController(w).Flush()
		cancel()
		<-r.Context().Done()
	}))
	last, err := sitemap.New(config).Walk(ctx, darkroom.Crawl{SitemapURL: base + "/s.xml", MaxPages: 10}, sitemap.Visitor{Page: func(sitemap.Page) error { return nil }})
	if !errors.Is(err, context.Canceled) || last.Ended || len(last.Warnings) > 0 {
		t.Errorf("%v, %+v", err, last)
	}
}
