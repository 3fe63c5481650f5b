package demo

import (
	"encoding/xml"
	"fmt"
	"net/http"
)

// serveSitemap lists every page under the address that it was asked by.
func serveSitemap(w http.ResponseWriter, r *http.Request) {
	type entry struct {
		Loc string `xml:"loc"`
	}
	set := struct {
		XMLName xml.Name `xml:"http://www.sitemaps.org/schemas/sitemap/0.9 urlset"`
		URLs    []entry  `xml:"url"`
	}{}
	for _, path := range Pages() {
		set.URLs = append(set.URLs, entry{"http://" + r.Host + path})
	}
	content, err := xml.MarshalIndent(set, "", "  ")
	if err != nil {
		http.Error(w, err.Error(), http.StatusInternalServerError)
		return
	}
	serve(w, "application/xml", append([]byte(xml.Header), content...))
}

func serveRobots(w http.ResponseWriter, r *http.Request) {
	serve(w, "text/plain; charset=utf-8", fmt.Appendf(nil, "User-agent: *\nAllow: /\nSitemap: http://%s/sitemap.xml\n", r.Host))
}
