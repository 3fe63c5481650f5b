package sitemap

import (
	"bytes"
	"net/url"
	"strings"

	"darkroom/internal/egress"
)

const (
	maxPlaces = 1000 // that are remembered

	// maxAdmitted bounds the URLs that must be read as a browser reads them, which
	// takes longer than all the rest.
	maxAdmitted = 200_000

	// maxPlainBytes keeps a plain URL far from every limit of Admit.
	maxPlainBytes = 1 << 10
)

// place is where a URL leads, path and all left out: what Admit decides by.
type place struct {
	site string // the host that pages of one site share
	host string // as egress.HostPort gives it
}

func placeOf(u *url.URL) *place {
	return &place{site: siteHost(u), host: egress.HostPort(u)}
}

// siteHost is the host of a site: the port counts unless it is the scheme's
// own, so that http and https are the same.
func siteHost(u *url.URL) string {
	host := egress.HostPort(u)
	if u.Port() != "" {
		return host
	}
	return host[:strings.LastIndexByte(host, ':')]
}

// places remembers where Admit has let URLs through. A URL that begins as one
// of those did, byte for byte, and goes on in characters that have one
// spelling only, is canonical as it stands; reading it as a browser does would
// change nothing and take ten times as long.
type places struct {
	admit func(string) (*url.URL, error)
	known map[string]*place
	asked int // how often admit was
}

func newPlaces(admit func(string) (*url.URL, error)) *places {
	return &places{admit: admit, known: make(map[string]*place)}
}

// canonical gives a URL as Admit does, as text, with its place. The text is loc
// itself where that is canonical.
func (p *places) canonical(loc []byte) ([]byte, *place, error) {
	if begin := plainBeginning(loc); begin > 0 {
		if found := p.known[string(loc[:begin])]; found != nil {
			return loc, found, nil
		}
	}
	if p.asked++; p.asked > maxAdmitted {
		return nil, nil, errOddURLs
	}
	admitted, err := p.admit(string(loc))
	if err != nil {
		return nil, nil, err
	}
	begin := admitted.Scheme + "://" + admitted.Host
	found := p.known[begin]
	if found == nil {
		found = placeOf(admitted)
		if len(p.known) < maxPlaces {
			p.known[begin] = found
		}
	}
	return []byte(admitted.String()), found, nil
}

// plainBeginning is where the path of a URL begins; 0 when the URL is not
// plain.
func plainBeginning(loc []byte) int {
	begin := len("http://")
	if bytes.HasPrefix(loc, []byte("https://")) {
		begin = len("https://")
	}
	slash := bytes.IndexByte(loc[min(begin, len(loc)):], '/')
	if slash < 0 || len(loc) > maxPlainBytes || !isPlain(loc[begin+slash:]) {
		return 0
	}
	return begin + slash
}

// isPlain reports whether a path with its query has one spelling only: no
// segment that begins with a dot, nothing that would be escaped, no escape of a
// dot.
func isPlain(path []byte) bool {
	last := byte(0)
	query := false
	for i, c := range path {
		switch {
		case isUnreserved(c) && c != '.', bytes.IndexByte([]byte("!$()*+,;:@&="), c) >= 0:
		case c == '/' || c == '.':
			if last == '/' {
				return false
			}
		case c == '?':
			if query || i == len(path)-1 {
				return false
			}
			query = true
		case c == '%':
			if i+2 >= len(path) || !isHex(path[i+1]) || !isHex(path[i+2]) || path[i+1] == '2' && path[i+2]|0x20 == 'e' {
				return false
			}
		default:
			return false
		}
		last = c
	}
	return true
}
