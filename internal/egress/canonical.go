package egress

import (
	"fmt"
	"net/netip"
	"net/url"
	"strings"
	"unicode/utf8"

	whatwgerrors "github.com/nlnwa/whatwg-url/errors"
	whatwg "github.com/nlnwa/whatwg-url/url"

	"darkroom"
)

// canonicalise reads a URL as browsers do (the URL standard) and writes it so
// that the URL standard and RFC 3986 read the result alike. Only http and
// https without userinfo pass, with a host that is an address or can be looked
// up.
func canonicalise(raw string) (*url.URL, error) {
	text := strings.TrimFunc(raw, func(r rune) bool { return r <= ' ' })
	if err := checkText(text); err != nil {
		return nil, err
	}
	parsed, err := parse(text)
	if err != nil {
		return nil, unreadable(text, err)
	}
	switch {
	case parsed.Scheme() != "http" && parsed.Scheme() != "https", parsed.Username() != "", parsed.Password() != "":
		return nil, invalidURL(text, "it is ambiguous") // checkText has seen to it
	case !validHost(parsed.Hostname()):
		return nil, invalidURL(text, "its host can be neither looked up nor read as an address")
	}
	canonical, err := url.Parse(rewrite(parsed, hasQuery(text)))
	if err != nil {
		return nil, invalidURL(text, "it cannot be written in a form that every program reads alike")
	}
	return canonical, nil
}

// checkText refuses what must not even reach the parser. Browsers drop line
// breaks and tabs inside a URL; a client that sends them has put two things
// into one, or tries something.
func checkText(text string) *darkroom.Error {
	switch {
	case text == "":
		return refuse(ReasonInvalidURL, "the URL is empty", "")
	case len(text) > darkroom.MaxURLBytes:
		return refuse(ReasonTooLong, fmt.Sprintf("the URL is longer than %d bytes", darkroom.MaxURLBytes), "")
	case !utf8.ValidString(text):
		return invalidURL(text, "it is not valid UTF-8")
	case strings.ContainsAny(text, "\t\r\n"):
		return invalidURL(text, "it has a tab or a line break inside")
	}
	scheme, rest, _ := strings.Cut(text, ":")
	if !strings.EqualFold(scheme, "http") && !strings.EqualFold(scheme, "https") {
		return refuse(ReasonScheme, quote(text)+" does not begin with http:// or https://", "Only web pages can be reached")
	}
	return checkShape(rest)
}

// maxSlashes bounds the segments of a path: the parser's time grows with their
// square.
const maxSlashes = 1024

// checkShape looks at what follows the scheme's colon, in which browsers take a
// backslash for a slash and any number of them for two.
func checkShape(rest string) *darkroom.Error {
	path := rest
	if end := strings.IndexAny(rest, "?#"); end >= 0 {
		path = rest[:end]
	}
	if strings.Count(path, "/")+strings.Count(path, `\`) > maxSlashes {
		return refuse(ReasonTooLong, fmt.Sprintf("the path has more than %d segments", maxSlashes), "")
	}
	if strings.Contains(authorityOf(path), "@") {
		return refuse(ReasonUserinfo, "the URL carries a user name or password", "Leave out the @ and what stands before it")
	}
	return nil
}

func hasQuery(text string) bool {
	beforeFragment, _, _ := strings.Cut(text, "#")
	return strings.Contains(beforeFragment, "?")
}

func unreadable(text string, err error) *darkroom.Error {
	switch whatwgerrors.Type(err) {
	case whatwgerrors.HostMissing:
		return invalidURL(text, "it has no host")
	case whatwgerrors.PortInvalid, whatwgerrors.PortOutOfRange:
		return invalidURL(text, "its port is not a number between 1 and 65535")
	default:
		return invalidURL(text, "a browser could not open it")
	}
}

func invalidURL(text, why string) *darkroom.Error {
	return refuse(ReasonInvalidURL, quote(text)+" is not a usable URL: "+why, "")
}

// canonicalHost is the host as the URL standard writes it.
func canonicalHost(text string) (string, error) {
	parsed, err := parse("http://" + text + "/")
	if err != nil {
		return "", fmt.Errorf("read host %q: %w", text, err)
	}
	if !validHost(parsed.Hostname()) || strings.ContainsAny(text, "@:/?#\\") {
		return "", fmt.Errorf("%q is not a host", text)
	}
	return parsed.Hostname(), nil
}

// validHost accepts an address or a name that can be looked up, in canonical
// form.
func validHost(host string) bool {
	if inner, found := strings.CutPrefix(host, "["); found {
		addr, err := netip.ParseAddr(strings.TrimSuffix(inner, "]"))
		return err == nil && addr.Is6() && addr.Zone() == ""
	}
	if addr, err := netip.ParseAddr(host); err == nil {
		return addr.Is4() && addr.String() == host
	}
	return validName(host)
}

// rewrite writes the URL with those characters of path and fragment escaped
// that the URL standard leaves alone but net/url would rewrite by itself, a %
// that begins no escape among them.
func rewrite(parsed *whatwg.Url, query bool) string {
	var b strings.Builder
	b.WriteString(parsed.Scheme() + "://" + parsed.Host())
	escape(&b, parsed.Pathname(), "^|")
	if query {
		b.WriteByte('?')
		b.WriteString(strings.TrimPrefix(parsed.Search(), "?"))
	}
	if fragment := parsed.Fragment(); fragment != "" {
		b.WriteByte('#')
		escape(&b, fragment, `#\^{|}`)
	}
	return b.String()
}

func escape(b *strings.Builder, text, set string) {
	for i := range len(text) {
		c := text[i]
		if strings.IndexByte(set, c) >= 0 || c == '%' && !isEscape(text[i:]) {
			const digits = "0123456789ABCDEF"
			b.Write([]byte{'%', digits[c>>4], digits[c&15]})
			continue
		}
		b.WriteByte(c)
	}
}

func isEscape(text string) bool {
	return len(text) >= 3 && isHex(text[1]) && isHex(text[2])
}

func isHex(c byte) bool {
	return '0' <= c && c <= '9' || 'a' <= c|0x20 && c|0x20 <= 'f'
}
