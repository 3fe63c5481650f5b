package sitemap

import (
	"cmp"
	"net/url"
	"slices"
	"strings"
)

// rule is one line of a robots.txt. In the pattern * stands for any text, and
// $ at the end for the end of the URL.
type rule struct {
	allow   bool
	pattern string // normalised
}

func newRule(allow bool, pattern string) rule {
	pattern, anchored := strings.CutSuffix(pattern, "$")
	pattern = normalise(pattern, "*")
	if anchored {
		pattern += "$"
	}
	return rule{allow, pattern}
}

// sortRules puts what decides first: the most specific rule is the longest,
// and what allows wins over what forbids the same.
func sortRules(rules []rule) {
	slices.SortStableFunc(rules, func(a, b rule) int {
		switch {
		case len(a.pattern) != len(b.pattern) || a.allow == b.allow:
			return cmp.Compare(len(b.pattern), len(a.pattern))
		case a.allow:
			return -1
		}
		return 1
	})
}

// matches reports whether a rule is about a path, normalised.
func (r rule) matches(path string) bool {
	pattern, anchored := strings.CutSuffix(r.pattern, "$")
	part, rest, more := strings.Cut(pattern, "*")
	path, found := strings.CutPrefix(path, part)
	if !found {
		return false
	}
	for more {
		part, rest, more = strings.Cut(rest, "*")
		if !more && anchored {
			return strings.HasSuffix(path, part)
		}
		at := strings.Index(path, part)
		if at < 0 {
			return false
		}
		path = path[at+len(part):]
	}
	return !anchored || path == ""
}

// cost is about how many bytes matches looks at.
func (r rule) cost(path string) int {
	if strings.Contains(r.pattern, "*") {
		return len(r.pattern) + len(path)
	}
	return min(len(r.pattern), len(path))
}

// robotsPath is what rules are compared with.
func robotsPath(u *url.URL) string {
	path := u.EscapedPath()
	if path == "" {
		path = "/"
	}
	if u.RawQuery != "" || u.ForceQuery {
		path += "?" + u.RawQuery
	}
	return normalise(path, "")
}

// normalise writes a path so that equal ones are equal byte for byte: what
// needs no escape has none, and the rest has one. special is left as it is.
func normalise(text, special string) string {
	if strings.IndexFunc(text, func(r rune) bool { return r != '/' && !isUnreserved(byte(min(r, 0x80))) }) < 0 {
		return text
	}
	const reserved, digits = ":/?#[]@!&'()+,;=", "0123456789ABCDEF"
	var b strings.Builder
	for i := 0; i < len(text); i++ {
		c := text[i]
		escaped := c == '%' && i+2 < len(text) && isHex(text[i+1]) && isHex(text[i+2])
		if escaped {
			c = unhex(text[i+1])<<4 | unhex(text[i+2])
			i += 2
		}
		if isUnreserved(c) || !escaped && strings.IndexByte(reserved+special, c) >= 0 {
			b.WriteByte(c)
			continue
		}
		b.Write([]byte{'%', digits[c>>4], digits[c&15]})
	}
	return b.String()
}

func isUnreserved(c byte) bool {
	return 'a' <= c|0x20 && c|0x20 <= 'z' || '0' <= c && c <= '9' || strings.IndexByte("-._~", c) >= 0
}

func isHex(c byte) bool { return '0' <= c && c <= '9' || 'a' <= c|0x20 && c|0x20 <= 'f' }

func unhex(c byte) byte {
	if c <= '9' {
		return c - '0'
	}
	return c&0x0f + 9
}
