package egress

import (
	"errors"
	"net/netip"
	"net/url"
	"regexp"
	"slices"
	"strings"
	"unicode/utf8"

	whatwg "github.com/nlnwa/whatwg-url/url"
)

var errMisread = errors.New("the host is not what a browser would read")

// parse reads an http or https URL by the URL standard. It mends and refuses
// what the parser is known to read otherwise than browsers do.
func parse(text string) (*whatwg.Url, error) {
	_, rest, _ := strings.Cut(text, ":")
	authority := authorityOf(rest)
	if mended := sharpS.ReplaceAllString(authority, "ß"); mended != authority {
		text = strings.Replace(text, authority, mended, 1)
	}
	parsed, err := whatwg.Parse(text)
	if err != nil {
		return nil, err
	}
	if misread(authority, parsed.Hostname()) {
		return nil, errMisread
	}
	return parsed, nil
}

// sharpS is the capital one, which was ss before Unicode 15.1 and is ß since.
var sharpS = regexp.MustCompile(`ẞ|(?i:%e1%ba%9e)`)

// authorityOf is what stands between the slashes after a scheme's colon and
// whatever follows, in which browsers take a backslash for a slash and any
// number of them for two.
func authorityOf(rest string) string {
	if end := strings.IndexAny(rest, "?#"); end >= 0 {
		rest = rest[:end]
	}
	authority := strings.TrimLeft(rest, `/\`)
	if end := strings.IndexAny(authority, `/\`); end >= 0 {
		authority = authority[:end]
	}
	return authority
}

// misread reports whether the parser has made a host of what is none: it reads
// signs before the numbers of an IPv4 address ("127.0.0.-31"), ignores a second
// bracket after an IPv6 one, and decodes what follows xn-- though it is not
// ASCII.
func misread(authority, host string) bool {
	if strings.HasPrefix(host, "[") {
		return strings.Count(authority, "[") != 1 || strings.Count(authority, "]") != 1
	}
	plain, err := url.PathUnescape(authority)
	if err != nil {
		return true
	}
	if _, err := netip.ParseAddr(host); err == nil {
		return strings.ContainsAny(plain, signs)
	}
	return slices.ContainsFunc(strings.FieldsFunc(strings.ToLower(plain), isLabelEnd), isHalfEncoded)
}

// isLabelEnd finds what IDNA takes for the dot between labels.
func isLabelEnd(r rune) bool { return strings.ContainsRune(".。．｡", r) }

// isHalfEncoded finds a label that is encoded and has what would have to be.
func isHalfEncoded(label string) bool {
	return strings.HasPrefix(label, "xn--") && strings.IndexFunc(label, func(r rune) bool { return r >= utf8.RuneSelf }) >= 0
}

// signs are + and -, and what IDNA makes one of them.
const signs = "+-＋－﹢﹣⁺₊"
