package demo_test

import (
	"bytes"
	"compress/gzip"
	"context"
	"encoding/xml"
	"image/png"
	"io"
	"net/http"
	"net/http/httptest"
	"net/url"
	"regexp"
	"slices"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"darkroom/demo"
)

// get asks the site for a path.
func get(t *testing.T, site http.Handler, path string) *http.Response {
	t.Helper()
	recorder := httptest.NewRecorder()
	site.ServeHTTP(recorder, httptest.NewRequestWithContext(t.Context(), "GET", path, nil))
	return recorder.Result()
}

func body(t *testing.T, resp *http.Response) string {
	t.Helper()
	content, err := io.ReadAll(resp.Body)
	if err != nil {
		t.Fatal(err)
	}
	return string(content)
}

func TestThereAreTwentyFourPages(t *testing.T) {
	pages := demo.Pages()
	if unique := slices.Compact(slices.Sorted(slices.Values(pages))); len(pages) != 24 || len(unique) != 24 {
		t.Errorf("%d pages, %d of them different", len(pages), len(unique))
	}
	for _, path := range []string{"/", "/slow", "/gone"} {
		if !slices.Contains(pages, path) {
			t.Errorf("%s is not among them", path)
		}
	}
}

func TestPages(t *testing.T) {
	site := demo.Handler()
	titles := map[string]string{}
	for _, path := range demo.Pages() {
		if path == "/slow" || path == "/gone" {
			continue
		}
		t.Run(path, func(t *testing.T) {
			resp := get(t, site, path)
			page := body(t, resp)
			if resp.StatusCode != http.StatusOK || resp.Header.Get("Content-Type") != "text/html; charset=utf-8" {
				t.Fatalf("%d %s", resp.StatusCode, resp.Header.Get("Content-Type"))
			}
			if !strings.HasPrefix(page, "<!doctype html>") || !strings.HasSuffix(strings.TrimSpace(page), "</html>") {
				t.Error("the page has no beginning or no end")
			}
			if strings.Contains(page, "ZgotmplZ") || strings.Contains(page, "%!") || strings.Contains(page, "NaN") {
				t.Error("the page has something that could not be drawn")
			}
			title := regexp.MustCompile(`<title>(.+?)</title>`).FindStringSubmatch(page)
			if title == nil || titles[title[1]] != "" {
				t.Fatalf("the title is %v, also of %v", title, titles)
			}
			titles[title[1]] = path
			if again := body(t, get(t, site, path)); again != page {
				t.Error("the second answer is another one")
			}
		})
	}
}

var (
	attribute = regexp.MustCompile(`(?:href|src|action|poster|data|srcset)="([^"]*)"`)
	anchor    = regexp.MustCompile(`\bid="([^"]*)"`)
	styleURL  = regexp.MustCompile(`url\(([^)]*)\)`)
	absolute  = regexp.MustCompile(`[a-zA-Z][a-zA-Z0-9+.-]*://|["'(=]//`)
)

func TestNothingRefersOutside(t *testing.T) {
	site := demo.Handler()
	for _, path := range demo.Pages() {
		if path == "/slow" {
			continue
		}
		t.Run(path, func(t *testing.T) {
			page := body(t, get(t, site, path))
			if found := absolute.FindString(page); found != "" {
				t.Errorf("the page has an absolute URL: %s", found)
			}
			if strings.Contains(page, "@import") || strings.Contains(page, "<script") {
				t.Error("the page imports or runs something")
			}
			for _, match := range styleURL.FindAllStringSubmatch(page, -1) {
				if !strings.HasPrefix(match[1], "#") {
					t.Errorf("a style refers to %s", match[1])
				}
			}
		})
	}
}

func TestLinksResolve(t *testing.T) {
	site := demo.Handler()
	for _, path := range demo.Pages() {
		if path == "/slow" {
			continue
		}
		t.Run(path, func(t *testing.T) {
			page := body(t, get(t, site, path))
			links := attribute.FindAllStringSubmatch(page, -1)
			if len(links) < 2 {
				t.Errorf("the page has only %d links", len(links))
			}
			for _, link := range links {
				checkLink(t, site, page, link[1])
			}
		})
	}
}

func checkLink(t *testing.T, site http.Handler, page, link string) {
	t.Helper()
	if name, ok := strings.CutPrefix(link, "#"); ok {
		if !slices.ContainsFunc(anchor.FindAllStringSubmatch(page, -1), func(id []string) bool { return id[1] == name }) {
			t.Errorf("%s leads nowhere", link)
		}
		return
	}
	target, err := url.Parse(link)
	if err != nil || !strings.HasPrefix(target.Path, "/") {
		t.Errorf("%q is no path of the site: %v", link, err)
		return
	}
	if resp := get(t, site, target.Path); resp.StatusCode != http.StatusOK {
		t.Errorf("%s answers %d", link, resp.StatusCode)
	}
}

func TestMissingPages(t *testing.T) {
	site := demo.Handler()
	for _, path := range []string{"/gone", "/never", "/blog/", "/img/postcard-99.png"} {
		if resp := get(t, site, path); resp.StatusCode != http.StatusNotFound {
			t.Errorf("%s answers %d", path, resp.StatusCode)
		}
	}
}

func TestPostcards(t *testing.T) {
	site := demo.Handler()
	page := body(t, get(t, site, "/postcards"))
	images := regexp.MustCompile(`<img src="(/img/[^"]+)" width="720" height="480" loading="lazy"`).FindAllStringSubmatch(page, -1)
	if len(images) != 12 {
		t.Fatalf("the page has %d lazy images", len(images))
	}
	seen := map[string]bool{}
	for _, match := range images {
		resp := get(t, site, match[1])
		content := body(t, resp)
		picture, err := png.Decode(strings.NewReader(content))
		if err != nil || resp.Header.Get("Content-Type") != "image/png" {
			t.Fatalf("%s: %s, %v", match[1], resp.Header.Get("Content-Type"), err)
		}
		if size := picture.Bounds().Size(); size.X != 720 || size.Y != 480 {
			t.Errorf("%s is %v", match[1], size)
		}
		if seen[content] {
			t.Errorf("%s is the same as another", match[1])
		}
		seen[content] = true
	}
}

// sitemapFile is what a file of the sitemap says, index or not.
type sitemapFile struct {
	XMLName  xml.Name
	Sitemaps []string `xml:"sitemap>loc"`
	Pages    []struct {
		Loc     string   `xml:"http://www.sitemaps.org/schemas/sitemap/0.9 loc"`
		Lastmod string   `xml:"http://www.sitemaps.org/schemas/sitemap/0.9 lastmod"`
		Images  []string `xml:"http://www.google.com/schemas/sitemap-image/1.1 image>loc"`
	} `xml:"url"`
}

const address = "http://127.0.0.1:8485"

func readSitemap(t *testing.T, site http.Handler, url string) sitemapFile {
	t.Helper()
	resp := get(t, site, url)
	content := resp.Body
	if strings.HasSuffix(url, ".gz") {
		unpacked, err := gzip.NewReader(resp.Body)
		if err != nil || resp.Header.Get("Content-Encoding") != "" {
			t.Fatalf("%s is no packed file: %v", url, err)
		}
		content = unpacked
	}
	var file sitemapFile
	if err := xml.NewDecoder(content).Decode(&file); err != nil {
		t.Fatalf("%s: %v", url, err)
	}
	if file.XMLName.Space != "http://www.sitemaps.org/schemas/sitemap/0.9" {
		t.Errorf("%s is in the namespace %q", url, file.XMLName.Space)
	}
	return file
}

// TestSitemapsListEveryPageOnce follows the sitemap from robots.txt on, as a
// reader does.
func TestSitemapsListEveryPageOnce(t *testing.T) {
	site := demo.Handler()
	_, index, _ := strings.Cut(body(t, get(t, site, address+"/robots.txt")), "Sitemap: ")
	var listed, images, dated []string
	files := []string{strings.TrimSpace(index)}
	for i := 0; i < len(files); i++ {
		file := readSitemap(t, site, files[i])
		files = append(files, file.Sitemaps...)
		for _, page := range file.Pages {
			listed = append(listed, strings.TrimPrefix(page.Loc, address))
			images = append(images, page.Images...)
			if page.Lastmod != "" {
				dated = append(dated, page.Lastmod)
			}
		}
	}
	slices.Sort(listed)
	if want := slices.Sorted(slices.Values(demo.Pages())); !slices.Equal(listed, want) {
		t.Errorf("lists %v, want %v", listed, want)
	}
	if len(files) != 6 || len(images) != 12 || len(dated) != 3 {
		t.Errorf("%d files, %d images, %d dates: %v", len(files), len(images), len(dated), files)
	}
	for _, image := range images {
		if resp := get(t, site, image); resp.StatusCode != http.StatusOK {
			t.Errorf("%s answers %d", image, resp.StatusCode)
		}
	}
}

// page collects what a handler writes, for a test that looks at it while the
// handler runs.
type page struct {
	header http.Header
	bytes.Buffer
}

func (p *page) Header() http.Header { return p.header }
func (p *page) WriteHeader(int)     {}
func (p *page) Flush()              {}

func TestSlowIsNotReadyWithinFiveSeconds(t *testing.T) {
	site := demo.Handler()
	synctest.Test(t, func(t *testing.T) {
		ctx, cancel := context.WithCancel(t.Context())
		answer := &page{header: http.Header{}}
		ended := make(chan time.Time, 1)
		go func() {
			site.ServeHTTP(answer, httptest.NewRequestWithContext(ctx, "GET", "/slow", nil))
			ended <- time.Now()
		}()
		time.Sleep(2 * time.Minute)
		synctest.Wait()
		select {
		case <-ended:
			t.Fatal("the page has ended")
		default:
		}
		if !strings.Contains(answer.String(), "still at sea") {
			t.Error("the page has not begun")
		}
		cancelled := time.Now()
		cancel()
		if end := <-ended; !end.Equal(cancelled) {
			t.Errorf("it went on for %v after its reader had left", end.Sub(cancelled))
		}
	})
}
