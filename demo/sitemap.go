package demo

import (
	"bytes"
	"compress/gzip"
	"encoding/xml"
	"fmt"
	"net/http"
	"strings"
)

// The files of the site's sitemap: an index of sitemaps, one of which is an
// index again, so that whoever reads them meets the shapes that other sites
// have.
const (
	sitemapIndex   = "/sitemap.xml"
	blogSitemap    = "/sitemap-blog.xml.gz" // packed, and says when its pages were written
	moreSitemaps   = "/sitemap-more.xml"    // the index in the index
	viewsSitemap   = "/sitemap-views.xml"   // names the pictures of its pages, which are no pages
	townSitemap    = "/sitemap-town.xml"    // the pages that are nothing special
	harbourSitemap = "/sitemap-harbour.xml" // has the slow page and the dead one
	sitemapSpace   = "http://www.sitemaps.org/schemas/sitemap/0.9"
	imageSpace     = "http://www.google.com/schemas/sitemap-image/1.1"
)

// sitemapOf gives the one sitemap that lists a page.
func sitemapOf(path string) string {
	switch {
	case strings.HasPrefix(path, "/blog"):
		return blogSitemap
	case path == "/gallery", path == "/mosaic", path == "/postcards":
		return viewsSitemap
	case path == "/ferries", path == "/lighthouse", path == slowPath, path == gonePath:
		return harbourSitemap
	}
	return townSitemap
}

// writtenOn gives the days on which the pages of the blog were last changed,
// "" for every other page.
func writtenOn(path string) string {
	return map[string]string{
		"/blog": "2026-05-12T18:00:00+01:00", "/blog/first-light": "2026-05-12", "/blog/the-long-pier": "2026-04-03",
	}[path]
}

type sitemapPage struct {
	Loc     string         `xml:"loc"`
	Lastmod string         `xml:"lastmod,omitempty"`
	Images  []sitemapImage `xml:"image:image"`
}

type sitemapImage struct {
	Loc string `xml:"image:loc"`
}

// handleSitemaps serves every file of the sitemap. Its URLs have the address
// that it was asked by.
func handleSitemaps(mux *http.ServeMux) {
	mux.HandleFunc("GET "+sitemapIndex, serveIndex(townSitemap, blogSitemap, moreSitemaps))
	mux.HandleFunc("GET "+moreSitemaps, serveIndex(viewsSitemap, harbourSitemap))
	for _, file := range []string{townSitemap, blogSitemap, viewsSitemap, harbourSitemap} {
		mux.HandleFunc("GET "+file, serveSitemap(file))
	}
	mux.HandleFunc("GET /robots.txt", serveRobots)
}

func serveRobots(w http.ResponseWriter, r *http.Request) {
	serve(w, "text/plain; charset=utf-8", fmt.Appendf(nil, "User-agent: *\nAllow: /\nSitemap: %s\n", site(r)+sitemapIndex))
}

func serveIndex(files ...string) http.HandlerFunc {
	return func(w http.ResponseWriter, r *http.Request) {
		index := struct {
			XMLName  xml.Name      `xml:"sitemapindex"`
			Space    string        `xml:"xmlns,attr"`
			Sitemaps []sitemapPage `xml:"sitemap"`
		}{Space: sitemapSpace}
		for _, file := range files {
			index.Sitemaps = append(index.Sitemaps, sitemapPage{Loc: site(r) + file})
		}
		serveXML(w, index)
	}
}

func serveSitemap(file string) http.HandlerFunc {
	return func(w http.ResponseWriter, r *http.Request) {
		set := struct {
			XMLName xml.Name      `xml:"urlset"`
			Space   string        `xml:"xmlns,attr"`
			Images  string        `xml:"xmlns:image,attr,omitempty"`
			Pages   []sitemapPage `xml:"url"`
		}{Space: sitemapSpace}
		if file == viewsSitemap {
			set.Images = imageSpace
		}
		for _, path := range Pages() {
			if sitemapOf(path) == file {
				set.Pages = append(set.Pages, sitemapPage{site(r) + path, writtenOn(path), imagesOf(path, site(r))})
			}
		}
		if strings.HasSuffix(file, ".gz") {
			servePacked(w, set)
			return
		}
		serveXML(w, set)
	}
}

// imagesOf gives the pictures of a page that are files of their own.
func imagesOf(path, site string) []sitemapImage {
	if path != "/postcards" {
		return nil
	}
	var images []sitemapImage
	for _, card := range postcardList() {
		images = append(images, sitemapImage{site + "/img/" + card.Name})
	}
	return images
}

func site(r *http.Request) string { return "http://" + r.Host }

func serveXML(w http.ResponseWriter, document any) { serve(w, "application/xml", encodeXML(document)) }

// servePacked sends a file that is packed, not an answer that is packed on its
// way: the reader has to look.
func servePacked(w http.ResponseWriter, document any) {
	var packed bytes.Buffer
	packer := gzip.NewWriter(&packed)
	_, _ = packer.Write(encodeXML(document)) // memory takes everything
	_ = packer.Close()
	serve(w, "application/gzip", packed.Bytes())
}

// encodeXML stops the program on a document that has no XML: the types above
// always have.
func encodeXML(document any) []byte {
	content, err := xml.MarshalIndent(document, "", "  ")
	if err != nil {
		panic(err)
	}
	return append([]byte(xml.Header), content...)
}
