package filter

import (
	"net/netip"
	"strings"

	"golang.org/x/net/publicsuffix"
)

// Group is what a list is about. Groups can be combined with |.
type Group uint8

// The groups.
const (
	Ads Group = 1 << iota
	Trackers
	Chats
)

// Kind is what a request is for. Kinds can be combined with |.
type Kind uint16

// The kinds. Document is a page's own navigation, which no rule blocks.
const (
	Document Kind = 1 << iota
	Subdocument
	Stylesheet
	Script
	Image
	Font
	Media
	Object
	XHR // fetch too
	Ping
	WebSocket
	Other
)

// anyKind is what a rule applies to that names no kind.
const anyKind = Subdocument | Stylesheet | Script | Image | Font | Media | Object | XHR | Ping | WebSocket | Other

// Request is one request of a page.
type Request struct {
	URL  string // absolute, as it is sent
	Kind Kind   // one of the kinds
}

// Page is the document in the window. The requests of its frames count as its
// own.
type Page struct {
	url  string
	host string
	site string // what one owner has: "example.co.uk"
	bare string // the host without its public suffix, and ".*"; "" when there is none
}

// PageAt is the page with that address.
func PageAt(url string) Page {
	url = lower(url)
	start, end := hostIn(url)
	page := Page{url: url, host: url[start:end]}
	page.site = siteOf(page.host)
	if suffix, ok := suffixOf(page.host); ok && len(suffix)+1 < len(page.host) {
		page.bare = strings.TrimSuffix(page.host, suffix) + "*"
	}
	return page
}

// query is a request as rules look at it.
type query struct {
	text       string // the address in lower case
	exact      string // as it is sent
	start, end int    // of the host in text
	kind       Kind
	page       *Page
	third      bool // its site is not the page's
}

func (q *query) host() string { return q.text[q.start:q.end] }

func newQuery(page *Page, request Request) query {
	q := query{text: lower(request.URL), exact: request.URL, kind: request.Kind, page: page}
	q.start, q.end = hostIn(q.text)
	q.third = q.host() != page.host && siteOf(q.host()) != page.site
	return q
}

// lower folds ASCII letters only, which keeps every byte at its place.
func lower(text string) string {
	for i := range len(text) {
		if 'A' <= text[i] && text[i] <= 'Z' {
			folded := []byte(text)
			for ; i < len(folded); i++ {
				if 'A' <= folded[i] && folded[i] <= 'Z' {
					folded[i] |= 0x20
				}
			}
			return string(folded)
		}
	}
	return text
}

// hostIn finds the host of an absolute address, without credentials and port.
// An address without one has an empty host.
func hostIn(url string) (start, end int) {
	at := strings.Index(url, "://")
	if at < 0 {
		return 0, 0
	}
	start, end = at+len("://"), len(url)
	if stop := strings.IndexAny(url[start:], "/?#"); stop >= 0 {
		end = start + stop
	}
	if credentials := strings.LastIndexByte(url[start:end], '@'); credentials >= 0 {
		start += credentials + 1
	}
	if colon := strings.LastIndexByte(url[start:end], ':'); colon >= 0 && !strings.HasSuffix(url[start:end], "]") {
		end = start + colon
	}
	return start, end
}

// siteOf gives the part of a host that has one owner.
func siteOf(host string) string {
	suffix, ok := suffixOf(host)
	if !ok || len(suffix)+1 >= len(host) {
		return host
	}
	rest := host[:len(host)-len(suffix)-1]
	return host[strings.LastIndexByte(rest, '.')+1:]
}

// suffixOf gives the public suffix of a host name; an address has none.
func suffixOf(host string) (string, bool) {
	if host == "" || host[len(host)-1] == ']' {
		return "", false
	}
	if last := host[len(host)-1]; '0' <= last && last <= '9' {
		if _, err := netip.ParseAddr(host); err == nil {
			return "", false
		}
	}
	suffix, _ := publicsuffix.PublicSuffix(host)
	return suffix, true
}
