package sitemap_test

import (
	"errors"
	"fmt"
	"net"
	"net/http"
	"strings"
	"testing"
	"time"

	"darkroom"
	"darkroom/internal/sitemap"
)

// What may not be reached is not reached, however the way there is written.
func TestRefusedStart(t *testing.T) {
	for _, start := range []string{
		"file:///etc/passwd", "javascript:alert(1)", "gopher://127.0.0.1:6379/_",
		"http://127.0.0.1/", "http://2130706433/", "http://0x7f.1/s.xml", "http://[::1]/", "http://[::ffff:127.0.0.1]/", "http://10.0.0.1/",
		"http://169.254.169.254/latest/meta-data/", "http://metadata.google.internal/", "http://localhost/sitemap.xml", "http://192.168.0.1/robots.txt",
		"http://user:pw@a.example/", "http://a.example:22/", "http://", "",
	} {
		got := world{}.walk(t, darkroom.Crawl{SitemapURL: start}, sitemap.Limits{}, false)
		if darkroom.CodeOf(got.err) != darkroom.CodeBlockedTarget || len(got.pages) > 0 {
			t.Errorf("%s: %v", start, got.err)
		}
	}
}

func TestRedirects(t *testing.T) {
	chain := world{"a.example/s5.xml": text(urlset(site + "/a"))}
	for i := range 8 {
		chain[fmt.Sprintf("a.example/s%d.xml", i-3)] = redirect(fmt.Sprintf("/s%d.xml", i-2))
	}
	delete(chain, "a.example/s5.xml")
	chain["a.example/s5.xml"] = text(urlset(site + "/a"))
	for _, c := range []struct {
		name, start string
		world       world
		want        expect
	}{
		{"five", "/s0.xml", chain, expect{pages: []string{"/a"}}},
		{"six", "/s-1.xml", chain, expect{code: darkroom.CodeTooManyRedirects, message: "after 5 redirects"}},
		{"to itself", "/s.xml", world{"a.example/s.xml": redirect("")}, expect{code: darkroom.CodeHTTPError, message: "301"}},
		{"in a circle", "/s.xml", world{"a.example/s.xml": redirect("/t.xml"), "a.example/t.xml": redirect("s.xml")}, expect{code: darkroom.CodeTooManyRedirects, message: "t.xml redirects in a circle"}},
		{"to the same address", "/s.xml", world{"a.example/s.xml": redirect("/s.xml#again")}, expect{code: darkroom.CodeTooManyRedirects, message: "s.xml redirects in a circle"}},
		{"to another host", "/s.xml", world{"a.example/s.xml": redirect("//www.a.example/s.xml"), "www.a.example/s.xml": text(urlset("https://www.a.example/b", site+"/a", "https://c.example/"))}, expect{pages: []string{"https://www.a.example/b", "/a"}, skipped: map[darkroom.SkipReason]int{darkroom.SkipOtherHost: 1}}},
	} {
		t.Run(c.name, func(t *testing.T) {
			c.world.walk(t, darkroom.Crawl{SitemapURL: site + c.start}, sitemap.Limits{}, false).expect(t, c.want)
		})
	}
}

// F7: every hop is decided again, before anything is sent.
func TestRedirectsToWhatMayNotBeReached(t *testing.T) {
	hits := 0
	for _, to := range []string{
		"http://127.0.0.1/", "http://10.0.0.1/s.xml", "http://169.254.169.254/latest/meta-data/", "http://[::1]/", "http://0x7f000001/", "file:///etc/passwd",
		"//localhost/", "http://user@b.example/", "http:\\\\127.0.0.1\\", "javascript:alert(1)", "http://a.example:6379/", "http://b.example\t/", "%zz://",
	} {
		w := world{"a.example/s.xml": redirect("/t.xml"), "a.example/t.xml": redirect(to)}
		for _, host := range []string{"127.0.0.1/", "10.0.0.1/s.xml", "169.254.169.254/latest/meta-data/", "[::1]/", "localhost/", "b.example/"} {
			w[host] = func(http.ResponseWriter, *http.Request) { hits++ }
		}
		got := w.walk(t, darkroom.Crawl{SitemapURL: site + "/s.xml"}, sitemap.Limits{}, false)
		if darkroom.CodeOf(got.err) != darkroom.CodeBlockedTarget || hits > 0 || !strings.Contains(got.err.Error(), "t.xml redirects to") {
			t.Errorf("%s: %v, %d hits", to, got.err, hits)
		}
	}
}

// F7: what a server that may be reached can do to us.
func TestServers(t *testing.T) {
	private := redirect("http://127.0.0.1:1/s.xml")
	for _, c := range []struct {
		name    string
		handler http.HandlerFunc
		limits  sitemap.Limits
		want    expect
	}{
		{"401", status(401), sitemap.Limits{}, expect{code: darkroom.CodeHTTPError, message: "answered 401 Unauthorized"}},
		{"404", status(404), sitemap.Limits{}, expect{code: darkroom.CodeHTTPError, message: "answered 404 Not Found"}},
		{"304", status(304), sitemap.Limits{}, expect{code: darkroom.CodeHTTPError, message: "answered 304"}},
		{"599", status(599), sitemap.Limits{}, expect{code: darkroom.CodeHTTPError, message: "answered 599"}},
		{"204", status(204), sitemap.Limits{}, expect{code: darkroom.CodeSitemapInvalid, message: "it is empty"}},
		{"to this machine", private, sitemap.Limits{}, expect{code: darkroom.CodeBlockedTarget, message: "redirects to"}},
		{"slow", stall(""), sitemap.Limits{Time: 50 * time.Millisecond}, expect{code: darkroom.CodeTimeout, message: "50ms"}},
		{"slow in the middle", stall("<urlset><url><loc>http://site.test/a</loc></url>"), sitemap.Limits{Time: 200 * time.Millisecond}, expect{pages: []string{"http://site.test/a"}, warnings: []string{"200ms"}}},
		{"closed before the answer", hangUp(""), sitemap.Limits{}, expect{code: darkroom.CodeConnectionReset, message: "closed the connection"}},
		{"closed in the middle", hangUp("<urlset><url><loc>http://site.test/a</loc></url><url>"), sitemap.Limits{}, expect{pages: []string{"http://site.test/a"}, warnings: []string{"ends in the middle"}}},
		{"large header", largeHeader, sitemap.Limits{}, expect{code: darkroom.CodeTooLarge, message: "headers"}},
		{"no end", endless("<urlset>", "<!-- and on and on -->"), sitemap.Limits{FileBytes: 1 << 20}, expect{code: darkroom.CodeSitemapTooLarge, message: "larger than 1.0 MiB"}},
		{"no end after a page", endless("<urlset><url><loc>http://site.test/a</loc></url>", "<x/>"), sitemap.Limits{FileBytes: 1 << 20}, expect{pages: []string{"http://site.test/a"}, warnings: []string{"larger"}}},
	} {
		t.Run(c.name, func(t *testing.T) {
			base, config := server(t, c.handler)
			config.Limits = c.limits
			walk(t, config, darkroom.Crawl{SitemapURL: base + "/s.xml", AnyHost: true}, false).expect(t, c.want)
		})
	}
}

// stall sends the beginning of an answer and then nothing.
func stall(begin string) http.HandlerFunc {
	return func(w http.ResponseWriter, r *http.Request) {
		if begin != "" {
			_, _ = w.Write([]byte(begin))
			_ = http.NewResponseController(w).Flush()
		}
		<-r.Context().Done()
	}
}

// hangUp closes the connection after the beginning of an answer.
func hangUp(begin string) http.HandlerFunc {
	return func(w http.ResponseWriter, _ *http.Request) {
		if begin != "" {
			w.Header().Set("Content-Length", "100000")
			_, _ = w.Write([]byte(begin))
			_ = http.NewResponseController(w).Flush()
		}
		panic(http.ErrAbortHandler)
	}
}

func largeHeader(w http.ResponseWriter, _ *http.Request) {
	w.Header().Set("X-Large", strings.Repeat("a", 200<<10))
}

func endless(begin, rest string) http.HandlerFunc {
	return func(w http.ResponseWriter, _ *http.Request) {
		_, err := w.Write([]byte(begin))
		for err == nil {
			_, err = w.Write([]byte(rest))
		}
	}
}

func TestNobodyListens(t *testing.T) {
	listener, err := (&net.ListenConfig{}).Listen(t.Context(), "tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	host := fmt.Sprintf("site.test:%d", listener.Addr().(*net.TCPAddr).Port)
	_ = listener.Close()
	permitted := policy(t, host)
	config := sitemap.Config{Client: permitted.Client(time.Minute), Admit: permitted.Admit}
	for _, path := range []string{"/s.xml", "/", "/robots.txt"} {
		walk(t, config, darkroom.Crawl{SitemapURL: "http://" + host + path}, false).
			expect(t, expect{code: darkroom.CodeConnectionRefused, message: "refused the connection"})
	}
}

// The name is public, the address is not: the dialer refuses.
func TestNameThatLeadsInside(t *testing.T) {
	permitted := policy(t)
	config := sitemap.Config{Client: permitted.Client(time.Minute), Admit: permitted.Admit}
	walk(t, config, darkroom.Crawl{SitemapURL: "http://a.example/s.xml"}, false).
		expect(t, expect{code: darkroom.CodeBlockedTarget, message: "may not be reached"})
}

func TestWhatIsAskedFor(t *testing.T) {
	asked := make(chan *http.Request, 1)
	world{"a.example/s.xml": func(w http.ResponseWriter, r *http.Request) {
		asked <- r
		w.Header().Set("Retry-After", "Wed, 01 Apr 2026 10:00:30 GMT")
		w.WriteHeader(http.StatusServiceUnavailable)
	}}.ask(t, func(err *darkroom.Error) {
		if err.HTTPStatus != 503 || err.RetryAfter != 30*time.Second {
			t.Errorf("status %d, retry after %v", err.HTTPStatus, err.RetryAfter)
		}
	})
	r := <-asked
	if r.Header.Get("User-Agent") != "Darkroom/1.0" || r.Header.Get("Accept-Encoding") != "gzip" || r.Header.Get("Cookie") != "" || r.Method != http.MethodGet {
		t.Errorf("%s %v", r.Method, r.Header)
	}
}

// ask walks a world at 10 o'clock and hands over the error.
func (w world) ask(t *testing.T, check func(*darkroom.Error)) {
	t.Helper()
	r := sitemap.New(sitemap.Config{
		Client: &http.Client{Transport: w}, Admit: policy(t).Admit,
		Now: func() time.Time { return time.Date(2026, 4, 1, 10, 0, 0, 0, time.UTC) },
	})
	_, err := r.Walk(t.Context(), darkroom.Crawl{SitemapURL: site + "/s.xml", MaxPages: 1}, sitemap.Visitor{Page: func(sitemap.Page) error { return nil }})
	failed, ok := errors.AsType[*darkroom.Error](err)
	if !ok {
		t.Fatalf("%T: %v", err, err)
	}
	check(failed)
}
