package api

import (
	"encoding/json"
	"slices"
	"strings"
	"time"

	"darkroom"
	"darkroom/internal/sitemap"
)

// crawlFieldNames lists what decodeSitemap takes besides the fields of every
// job and the options.
func crawlFieldNames() []string {
	return []string{
		"sitemap_url", "max_pages", "max_urls", "include_pattern", "exclude_pattern", "same_host", "respect_robots",
		"include_lastmod_after", "sample", perTemplate, "plan",
	}
}

// perTemplate names the one member of sample as errors and warnings do.
const perTemplate = "sample.per_template"

// crawl takes what a sitemap job of at most so many pages is asked for about
// its sitemap.
func (s *server) crawl(f fields, most int) (crawl darkroom.Crawl, err error) {
	if crawl.SitemapURL, err = s.sitemapURL(f); err != nil {
		return crawl, err
	}
	if crawl.MaxPages, err = f.maxPages(most); err != nil {
		return crawl, err
	}
	if crawl.Include, err = f.patterns("include_pattern"); err != nil {
		return crawl, err
	}
	if crawl.Exclude, err = f.patterns("exclude_pattern"); err != nil {
		return crawl, err
	}
	sameHost, err := f.boolean("same_host", true)
	if err != nil {
		return crawl, err
	}
	crawl.AnyHost = !sameHost
	if crawl.RespectRobots, err = f.boolean("respect_robots", false); err != nil {
		return crawl, err
	}
	if crawl.LastmodAfter, err = f.day("include_lastmod_after"); err != nil {
		return crawl, err
	}
	crawl.PerTemplate, err = f.sample()
	return crawl, err
}

// sitemapURL admits the URL of the sitemap, and drops its fragment, which is
// never sent.
func (s *server) sitemapURL(f fields) (string, error) {
	raw := f.take("sitemap_url")
	if raw == nil || string(raw) == `""` {
		return "", darkroom.Invalid("sitemap_url",
			"sitemap_url is missing; give a sitemap or a site's root, such as https://example.com/sitemap.xml")
	}
	admitted, err := s.admitEntry(raw)
	if err != nil {
		return "", refused("sitemap_url", []darkroom.Detail{detailOf(err, 0, "sitemap_url")})
	}
	admitted.Fragment, admitted.RawFragment = "", ""
	return admitted.String(), nil
}

// maxPages knows both names that published clients send.
func (f fields) maxPages(most int) (pages int, err error) {
	for _, name := range []string{"max_pages", "max_urls"} {
		number, err := f.integer(name, "", 1, most)
		if err != nil {
			return 0, err
		}
		setDefault(&pages, number)
	}
	setDefault(&pages, min(darkroom.DefaultCrawlPages, most))
	return pages, nil
}

// patterns gives one regular expression or a list of them. A comma cuts
// nothing here: it belongs to the expression. Empty ones are none.
func (f fields) patterns(name string) ([]string, error) {
	raw := f.take(name)
	if raw == nil {
		return nil, nil
	}
	var patterns []string
	into := any(&patterns)
	if raw[0] == '"' {
		patterns = make([]string, 1)
		into = &patterns[0]
	}
	if err := json.Unmarshal(raw, into); err != nil || !isText(strings.Join(patterns, "")) {
		return nil, darkroom.Invalid(name, "%s must be a regular expression or a list of them, as text without NUL", name)
	}
	patterns = slices.DeleteFunc(patterns, func(pattern string) bool { return strings.TrimSpace(pattern) == "" })
	_, err := sitemap.CompilePatterns(name, patterns)
	return patterns, err
}

// maxDayBytes is more than any time needs.
const maxDayBytes = 64

// day gives a moment, or the beginning of a day in UTC; zero when it is not
// there.
func (f fields) day(name string) (time.Time, error) {
	text, err := f.text(name, maxDayBytes)
	if err != nil || text == "" {
		return time.Time{}, err
	}
	for _, layout := range []string{time.RFC3339, time.DateOnly} {
		if at, err := time.Parse(layout, text); err == nil && storable(at.UTC()) {
			return at.UTC(), nil
		}
	}
	return time.Time{}, darkroom.Invalid(name, "%s must be a time such as 2026-04-01T10:00:00Z or a day such as 2026-04-01", name)
}

// storable reports whether JSON can hold the time: its year has four digits.
func storable(at time.Time) bool { return at.Year() >= 1 && at.Year() <= 9999 }

// sample gives the pages to take of each path shape; 0 = all. What else is in
// the object was unknown.
func (f fields) sample() (int, error) {
	raw := f.take("sample")
	if raw == nil || asksForNothing(raw) {
		return 0, nil
	}
	if raw[0] == '"' {
		var text string
		if err := json.Unmarshal(raw, &text); err == nil {
			raw = json.RawMessage(text)
		}
	}
	members, err := fieldsOfBody(raw)
	if err != nil {
		return 0, darkroom.Invalid("sample", `sample must be an object such as {"per_template": 3}`)
	}
	for name, value := range members {
		f["sample."+name] = value
	}
	return f.integer(perTemplate, "", 1, darkroom.MaxPerTemplate)
}
