package darkroom

import "time"

// Limits and defaults of a sitemap job. MaxPages of one job is limited by the
// operator (DefaultMaxPages).
const (
	DefaultCrawlPages           = 50 // pages of a sitemap job whose client names no number
	DefaultCrawlHostConcurrency = 4  // captures of one host at once, sitemap jobs
	MaxPatterns                 = 20 // in each of include_pattern and exclude_pattern
	MaxPatternBytes             = 512
	MaxPerTemplate              = 1000
)

// Crawl is what a sitemap job was asked for; the zero value belongs to a
// batch.
type Crawl struct {
	SitemapURL    string    `json:"sitemap_url"`             // canonical; a sitemap, a robots.txt or a site's root
	MaxPages      int       `json:"max_pages"`               // at least 1
	Include       []string  `json:"include,omitempty"`       // regular expressions (RE2): one must match the URL; none = every URL
	Exclude       []string  `json:"exclude,omitempty"`       // none may match
	AnyHost       bool      `json:"any_host,omitempty"`      // pages of other hosts than the sitemap's too
	RespectRobots bool      `json:"respect_robots,omitzero"` // refused pages become captures that failed with CodeRobotsDenied
	LastmodAfter  time.Time `json:"lastmod_after,omitzero"`  // leaves out pages that say they are older; pages that say nothing stay
	PerTemplate   int       `json:"per_template,omitempty"`  // pages of each path shape; 0 = all
}

// SkipReason says why a URL of a sitemap is not captured.
type SkipReason string

// The reasons, in the order in which they are looked at. The words go over the
// wire.
const (
	SkipInvalid    SkipReason = "invalid_url" // no URL, or one that the server never captures
	SkipOtherHost  SkipReason = "other_host"
	SkipDuplicate  SkipReason = "duplicate" // the canonical URL was there before
	SkipTooOld     SkipReason = "too_old"
	SkipExcluded   SkipReason = "excluded"
	SkipNoMatch    SkipReason = "not_included"
	SkipNotSampled SkipReason = "not_sampled" // enough of its path shape were taken
	SkipOverLimit  SkipReason = "over_max_pages"
)

// SkipReasons lists every reason.
func SkipReasons() []SkipReason {
	return []SkipReason{
		SkipInvalid, SkipOtherHost, SkipDuplicate, SkipTooOld, SkipExcluded, SkipNoMatch, SkipNotSampled, SkipOverLimit,
	}
}

// Discovery is what came of reading a sitemap. While it goes on the numbers
// grow; reading stops when MaxPages pages were found, so what follows is not
// counted.
type Discovery struct {
	Ended    bool               `json:"ended"`
	Sitemaps int                `json:"sitemaps"`          // files read, indexes included
	Found    int                `json:"found"`             // URLs seen, skipped ones included
	Skipped  map[SkipReason]int `json:"skipped,omitempty"` // reasons with none are left out
	Warnings []string           `json:"warnings,omitempty"`
}

// SkippedInAll is the number of URLs skipped, whatever the reason.
func (d Discovery) SkippedInAll() int {
	all := 0
	for _, n := range d.Skipped {
		all += n
	}
	return all
}
