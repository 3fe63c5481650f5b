package filter

import (
	"regexp"
	"strings"

	"golang.org/x/net/publicsuffix"
)

// line is what one line of a list turned out to be.
type line int

const (
	lineEmpty    line = iota // empty, a comment, or about hiding elements
	lineRule                 // a rule
	lineUnusable             // a rule that would need what this package has not
)

// parseLine reads one line. An entry of a hosts file may name several hosts,
// so there may be several rules.
func parseLine(text string) ([]rule, line) {
	text = strings.TrimSpace(text)
	switch {
	case text == "", text[0] == '!', text[0] == '#', text[0] == '[', isCosmetic(text):
		return nil, lineEmpty
	case strings.ContainsAny(text, " \t"):
		return parseHostsEntry(text)
	}
	r, ok := parseRule(text)
	switch {
	case !ok:
		return nil, lineUnusable
	case r.kinds == 0:
		return nil, lineEmpty
	}
	return []rule{r}, lineRule
}

// isCosmetic tells the rules that hide, style or script what a page has:
// "##", "#@#", "#?#", "#$#" and "#%#" and what is made of them, and "$$".
func isCosmetic(text string) bool {
	for at := 0; at < len(text); at++ {
		next := strings.IndexByte(text[at:], '#')
		if next < 0 {
			break
		}
		at += next
		rest := strings.TrimLeft(text[at+1:], "@?$%")
		if strings.HasPrefix(rest, "#") {
			return true
		}
	}
	return strings.Contains(text, "$$")
}

// parseHostsEntry reads "0.0.0.0 ads.example tracker.example # why".
func parseHostsEntry(text string) ([]rule, line) {
	entry, _, _ := strings.Cut(text, "#")
	words := strings.Fields(entry)
	switch {
	case len(words) == 1:
		return parseLine(words[0])
	case len(words) == 0, words[0] != "0.0.0.0" && words[0] != "127.0.0.1" && words[0] != "::" && words[0] != "::1":
		return nil, lineUnusable
	}
	var rules []rule
	for _, host := range words[1:] {
		if validHost(host) && strings.Contains(host, ".") && host != "localhost.localdomain" && host != "0.0.0.0" {
			rules = append(rules, hostRule(lower(host), text))
		}
	}
	if rules == nil {
		return nil, lineEmpty
	}
	return rules, lineRule
}

func hostRule(host, text string) rule {
	return rule{text: text, pattern: parsePattern("||"+host+"^", false), kinds: anyKind}
}

// parseRule reads "[@@]pattern[$options]".
func parseRule(text string) (rule, bool) {
	r := rule{text: text, kinds: anyKind}
	body, exception := strings.CutPrefix(text, "@@")
	r.exception = exception
	body, options := cutOptions(body)
	if isHostName(body) {
		body = "||" + body + "^"
	}
	exact, ok := r.choose(options)
	if !ok {
		return r, false
	}
	if inner, ok := expressionIn(body); ok {
		if !exact {
			inner = "(?i)" + inner
		}
		var err error
		r.expression, err = regexp.Compile(inner)
		return r, err == nil
	}
	r.pattern = parsePattern(body, exact)
	return r, usable(body) && (r.selective() || len(strings.Trim(body, "|*^")) > 1)
}

// cutOptions separates the pattern from what follows the last $. In a regular
// expression the $ must stand behind the closing slash.
func cutOptions(text string) (body, options string) {
	at := strings.LastIndexByte(text, '$')
	if at < 0 || at+1 == len(text) {
		return text, ""
	}
	if strings.HasPrefix(text, "/") && strings.HasSuffix(text, "/") && len(text) > 2 {
		return text, ""
	}
	return text[:at], text[at+1:]
}

func expressionIn(body string) (string, bool) {
	if len(body) > 2 && body[0] == '/' && body[len(body)-1] == '/' {
		return body[1 : len(body)-1], true
	}
	return "", false
}

// usable: addresses are ASCII, and have some of its characters escaped. So a
// page that was saved in place of a list is none.
func usable(body string) bool {
	for i := range len(body) {
		if body[i] <= ' ' || body[i] >= 0x7f || strings.IndexByte("<>\"`", body[i]) >= 0 {
			return false
		}
	}
	return true
}

// isHostName tells a line that is nothing but a host from a part of an address
// such as "banner.gif".
func isHostName(body string) bool {
	if !strings.Contains(body, ".") || strings.ContainsAny(body, "[]:_") || !validHost(body) {
		return false
	}
	suffix, listed := publicsuffix.PublicSuffix(lower(body))
	return (listed || strings.Contains(suffix, ".")) && len(suffix) < len(body)
}
