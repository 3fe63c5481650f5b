package sitemap

import (
	"bytes"
	"errors"
	"net/url"
	"regexp"

	"darkroom"
)

// choice decides which URLs become pages.
type choice struct {
	places  *places
	crawl   darkroom.Crawl
	hosts   map[string]bool // of the sitemap
	include []*regexp.Regexp
	exclude []*regexp.Regexp
	seen    *seen
}

func newChoice(r *Reader, crawl darkroom.Crawl) (*choice, error) {
	include, err := CompilePatterns("include_pattern", crawl.Include)
	if err != nil {
		return nil, err
	}
	exclude, err := CompilePatterns("exclude_pattern", crawl.Exclude)
	if err != nil {
		return nil, err
	}
	return &choice{
		places: newPlaces(r.admit), crawl: crawl, hosts: make(map[string]bool),
		include: include, exclude: exclude, seen: newSeen(),
	}, nil
}

// refusal is why a URL is left out.
type refusal struct {
	reason darkroom.SkipReason
	detail string
}

// candidate is a URL that may become a page. Its bytes are those of the file:
// they are valid until the next entry is read.
type candidate struct {
	text   []byte // canonical
	date   []byte // as written
	place  *place
	hashes hashes
}

// picked is a candidate to keep.
type picked struct {
	text    string
	lastmod moment
	place   *place
}

func (c candidate) pick() picked {
	return picked{string(c.text), parseMoment(c.date), c.place}
}

func (p picked) page() Page {
	return Page{URL: p.text, Host: p.place.host, Lastmod: p.lastmod.at}
}

// url is the URL, read again: most candidates never need it.
func (p picked) url() *url.URL {
	u, err := url.Parse(p.text)
	if err != nil {
		return new(url.URL) // a canonical text is a URL
	}
	return u
}

// look decides about one entry, in the order of darkroom.SkipReasons. How many
// pages there are is not looked at: the caller keeps or notes the hashes. The
// error is errOddURLs.
func (c *choice) look(found entry) (candidate, *refusal, error) {
	written := c.seen.hash(found.loc)
	if c.seen.has(written) {
		return candidate{}, &refusal{reason: darkroom.SkipDuplicate}, nil
	}
	if len(found.loc) == 0 {
		return candidate{}, &refusal{darkroom.SkipInvalid, "the entry has no address"}, nil
	}
	text, place, err := c.places.canonical(found.loc)
	switch {
	case errors.Is(err, errOddURLs):
		return candidate{}, nil, err
	case err != nil:
		return candidate{}, &refusal{darkroom.SkipInvalid, sentence(err)}, nil
	case !c.crawl.AnyHost && !c.hosts[place.site]:
		return candidate{}, &refusal{darkroom.SkipOtherHost, place.site}, nil
	}
	one := candidate{text, found.lastmod, place, hashes{written, written}}
	if !bytes.Equal(text, found.loc) {
		one.hashes.canonical = c.seen.hash(text)
		if c.seen.has(one.hashes.canonical) {
			return candidate{}, &refusal{darkroom.SkipDuplicate, "it is the same as " + show(string(text))}, nil
		}
	}
	if refused := c.unwanted(one); refused != nil {
		c.seen.note(one.hashes)
		return candidate{}, refused, nil
	}
	return one, nil, nil
}

// unwanted looks at what the crawl asks for.
func (c *choice) unwanted(one candidate) *refusal {
	if after := c.crawl.LastmodAfter; !after.IsZero() && parseMoment(one.date).before(after) {
		return &refusal{darkroom.SkipTooOld, "lastmod is " + show(string(one.date))}
	}
	for _, pattern := range c.exclude {
		if pattern.Match(one.text) {
			return &refusal{darkroom.SkipExcluded, "it matches " + pattern.String()}
		}
	}
	if len(c.include) == 0 {
		return nil
	}
	for _, pattern := range c.include {
		if pattern.Match(one.text) {
			return nil
		}
	}
	return &refusal{reason: darkroom.SkipNoMatch}
}
