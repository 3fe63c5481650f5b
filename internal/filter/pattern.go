package filter

import "strings"

// pattern is what the address of a request is compared with. In its parts a
// caret stands for a separator: whatever is no letter, no digit and none of
// _ - . %, and the address's end.
type pattern struct {
	parts  []string // in this order, with anything between them
	atHost bool     // begins at the host, or after one of its dots
	atHead bool     // begins where the address does
	atTail bool     // ends where the address does
	exact  bool     // case counts
}

// parsePattern reads what stands before the $ of a rule.
func parsePattern(text string, exact bool) pattern {
	p := pattern{exact: exact}
	if !exact {
		text = lower(text)
	}
	if rest, ok := strings.CutPrefix(text, "||"); ok {
		p.atHost, text = true, rest
	} else if rest, ok := strings.CutPrefix(text, "|"); ok {
		p.atHead, text = true, rest
	}
	if rest, ok := strings.CutSuffix(text, "|"); ok {
		p.atTail, text = true, rest
	}
	if strings.HasPrefix(text, "*") {
		p.atHost, p.atHead = false, false
	}
	if strings.HasSuffix(text, "*") {
		p.atTail = false
	}
	for part := range strings.SplitSeq(text, "*") {
		if part != "" {
			p.parts = append(p.parts, part)
		}
	}
	return p
}

// matches compares the pattern with a request's address.
func (p *pattern) matches(q *query) bool {
	text := q.text
	if p.exact {
		text = q.exact
	}
	switch {
	case len(p.parts) == 0:
		return true
	case p.atHost:
		return p.matchesHost(text, q.start, q.end)
	case p.atHead:
		return p.matchesFrom(text, 0)
	}
	return p.findRest(text, 0, p.parts)
}

// matchesHost tries the host's beginning and what follows each of its dots.
func (p *pattern) matchesHost(text string, start, end int) bool {
	for start < end {
		if p.matchesFrom(text, start) {
			return true
		}
		dot := strings.IndexByte(text[start:end], '.')
		if dot < 0 {
			return false
		}
		start += dot + 1
	}
	return false
}

// matchesFrom has the first part begin at a place.
func (p *pattern) matchesFrom(text string, at int) bool {
	end, ok := matchAt(text, at, p.parts[0])
	if !ok {
		return false
	}
	if len(p.parts) == 1 {
		return !p.atTail || end == len(text)
	}
	return p.findRest(text, end, p.parts[1:])
}

// findRest looks for parts behind a place. The first place that a part fits is
// as good as any other, except for a last part at the address's end.
func (p *pattern) findRest(text string, from int, parts []string) bool {
	last := len(parts) - 1
	for i, part := range parts {
		if i == last && p.atTail {
			return endsWith(text, from, part)
		}
		end, ok := find(text, from, part)
		if !ok {
			return false
		}
		from = end
	}
	return true
}

// endsWith reports whether a part fits the end of text, behind a place. A caret
// may stand for the end itself.
func endsWith(text string, from int, part string) bool {
	for carets := 0; ; carets++ {
		if at := len(text) - len(part) + carets; at >= from {
			if end, ok := matchAt(text, at, part); ok && end == len(text) {
				return true
			}
		}
		if carets == len(part) || part[len(part)-1-carets] != '^' {
			return false
		}
	}
}

// find gives the end of the first place behind from that fits.
func find(text string, from int, part string) (end int, ok bool) {
	word, _, _ := strings.Cut(part, "^")
	for from <= len(text) {
		if word != "" {
			next := strings.Index(text[from:], word)
			if next < 0 {
				return 0, false
			}
			from += next
		}
		if end, ok := matchAt(text, from, part); ok {
			return end, true
		}
		from++
	}
	return 0, false
}

// matchAt compares one part with text at a place and gives where it ends.
func matchAt(text string, at int, part string) (end int, ok bool) {
	for i := range len(part) {
		switch {
		case at == len(text):
			return at, strings.Trim(part[i:], "^") == ""
		case part[i] == '^':
			if !separates(text[at]) {
				return 0, false
			}
		case part[i] != text[at]:
			return 0, false
		}
		at++
	}
	return at, true
}

func separates(c byte) bool {
	return !('a' <= c && c <= 'z' || 'A' <= c && c <= 'Z' || '0' <= c && c <= '9' ||
		c == '_' || c == '-' || c == '.' || c == '%' || c >= 0x80)
}
