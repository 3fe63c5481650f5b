package sitemap

import (
	"bytes"
	"strconv"
	"strings"
	"unicode/utf8"
)

// text reads the element opened last to its end and appends the text that
// stands directly in it to dst, at most limit+1 bytes of it.
func (m *markup) text(dst []byte, limit int) ([]byte, error) {
	own := m.depth()
	for m.depth() >= own {
		if m.closes {
			m.pop()
			continue
		}
		var err error
		if m.depth() == own {
			dst, err = m.characters(dst, limit)
		} else {
			err = m.skipTo('<')
		}
		if err == nil {
			dst, err = m.inText(dst, limit, own)
		}
		if err != nil {
			return dst, err
		}
	}
	return dst, nil
}

// inText reads what follows a < inside text.
func (m *markup) inText(dst []byte, limit, own int) ([]byte, error) {
	if m.depth() != own || string(m.ahead(1)) != "!" {
		_, _, err := m.tag()
		return dst, err
	}
	m.skip(1)
	cdata, err := m.declaration()
	if err == nil && cdata {
		return m.section(dst, limit)
	}
	return dst, err
}

// characters reads text up to the next <, which it takes.
func (m *markup) characters(dst []byte, limit int) ([]byte, error) {
	for len(dst) <= limit {
		plain, end := m.plain(limit + 1 - len(dst))
		dst = append(dst, plain...)
		switch {
		case end == '<':
			return dst, nil
		case end == '&':
			dst = m.reference(dst)
			dst = dst[:min(len(dst), limit+1)]
		case m.pos == m.end:
			if err := m.fill(); err != nil {
				return dst, err
			}
		}
	}
	return dst, m.skipTo('<')
}

// plain takes text that stands for itself, n bytes of it at most, and the < or
// & behind it; end is 0 when that has yet to come.
func (m *markup) plain(n int) (text []byte, end byte) {
	text = m.buf[m.pos:min(m.end, m.pos+n)]
	at := bytes.IndexByte(text, '<')
	if at >= 0 {
		text, end = text[:at], '<'
	}
	if at := bytes.IndexByte(text, '&'); at >= 0 {
		text, end = text[:at], '&'
	}
	m.pos += len(text)
	if end != 0 {
		m.pos++
	}
	return text, end
}

// section reads a CDATA section to its end, which is not part of it.
func (m *markup) section(dst []byte, limit int) ([]byte, error) {
	const end = "]]>"
	for begin := len(dst); ; {
		c, err := m.read()
		if err != nil {
			return dst, err
		}
		dst = append(dst, c)
		if c == '>' && strings.HasSuffix(string(dst[max(begin, len(dst)-len(end)):]), end) {
			return dst[:len(dst)-len(end)], nil
		}
		if len(dst) > limit+len(end) {
			return dst[:limit+1], m.skipPastAfter(end, dst[max(begin, len(dst)-2):])
		}
	}
}

// reference reads what follows an & and appends what it stands for.
func (m *markup) reference(dst []byte) []byte {
	const longest = len("#x0010FFFF;")
	name, _, found := strings.Cut(string(m.ahead(longest)), ";")
	if r, known := referenceTo(name); found && known {
		m.skip(len(name) + 1)
		return utf8.AppendRune(dst, r)
	}
	return append(dst, '&')
}

func referenceTo(name string) (rune, bool) {
	switch name {
	case "amp":
		return '&', true
	case "lt":
		return '<', true
	case "gt":
		return '>', true
	case "quot":
		return '"', true
	case "apos":
		return '\'', true
	}
	digits, found := strings.CutPrefix(name, "#")
	if !found {
		return 0, false
	}
	base := 10
	if hex, found := strings.CutPrefix(digits, "x"); found {
		digits, base = hex, 16
	}
	n, err := strconv.ParseUint(digits, base, 21)
	return rune(n), err == nil && utf8.ValidRune(rune(n))
}

// name appends the name that comes next to dst.
func (m *markup) name(dst []byte) ([]byte, error) {
	for begin := len(dst); ; {
		end := m.pos
		for end < m.end && inName(m.buf[end]) {
			end++
		}
		if len(dst)-begin+end-m.pos > maxNameBytes {
			return dst, malformed("has an element with a name that is too long")
		}
		dst = append(dst, m.buf[m.pos:end]...)
		if m.pos = end; end < m.end {
			if len(dst) == begin {
				return dst, malformed("has a < that begins no tag")
			}
			return dst, nil
		}
		if err := m.fill(); err != nil {
			return dst, err
		}
	}
}

func inName(c byte) bool {
	return 'a' <= c|0x20 && c|0x20 <= 'z' || '0' <= c && c <= '9' || c >= utf8.RuneSelf ||
		c == '_' || c == '-' || c == '.' || c == ':'
}

// attribute reads one attribute, and keeps it when anybody asks for one of
// that name.
func (m *markup) attribute() error {
	var err error
	if m.value, err = m.name(m.value[:0]); err != nil {
		return err
	}
	name := keptAttribute(m.value)
	if err := m.expect('='); err != nil {
		return err
	}
	quote, err := m.visible()
	if err != nil {
		return err
	}
	if quote != '"' && quote != '\'' {
		return malformed("has an attribute without quotation marks")
	}
	if name == "" {
		return m.skipTo(quote)
	}
	m.value = m.value[:0]
	for {
		c, err := m.read()
		switch {
		case err != nil:
			return err
		case c == quote:
			return m.keep(name, m.value)
		case len(m.value) > maxLocBytes:
			return malformed("has an attribute that is too long")
		case c == '&':
			m.value = m.reference(m.value)
		default:
			m.value = append(m.value, c)
		}
	}
}

func keptAttribute(name []byte) string {
	switch string(name) {
	case "href", "rel", "isPermaLink", "xml:base", "xmlns":
		return string(name)
	}
	if strings.HasPrefix(string(name), "xmlns:") {
		return string(name)
	}
	return ""
}

// keep stores an attribute of the element opened last.
func (m *markup) keep(name string, value []byte) error {
	if prefix, found := strings.CutPrefix(name, "xmlns"); found {
		if len(m.bound) == maxNamespaces || len(value) > maxSpaceBytes {
			return malformed("has too many or too long namespaces")
		}
		m.bound = append(m.bound, binding{strings.TrimPrefix(prefix, ":"), string(value), m.depth()})
		return nil
	}
	m.attrs = append(m.attrs, attribute{name, string(value)})
	return nil
}

// attr is the value of an attribute of the element opened last.
func (m *markup) attr(name string) (string, bool) {
	for _, a := range m.attrs {
		if a.name == name {
			return a.value, true
		}
	}
	return "", false
}

func (m *markup) expect(want byte) error {
	c, err := m.visible()
	if err != nil {
		return err
	}
	if c != want {
		return malformed("has a tag that is not well formed")
	}
	return nil
}

// skipPast reads up to the end of the first occurrence of mark.
func (m *markup) skipPast(mark string) error { return m.skipPastAfter(mark, nil) }

// skipPastAfter is skipPast where the bytes before count too.
func (m *markup) skipPastAfter(mark string, before []byte) error {
	const longest = 3
	var last [longest]byte
	copy(last[longest-len(before):], before)
	for {
		c, err := m.read()
		if err != nil {
			return err
		}
		last[0], last[1], last[2] = last[1], last[2], c
		if c == '>' && strings.HasSuffix(string(last[:]), mark) {
			return nil
		}
	}
}
