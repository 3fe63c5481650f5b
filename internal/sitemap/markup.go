package sitemap

import (
	"bytes"
	"io"
	"strings"
)

// Limits of one element, and of the namespaces in force.
const (
	maxNameBytes  = 256
	maxAttributes = 256
	maxNamespaces = 48
	maxSpaceBytes = 1 << 10
)

// markup reads XML as far as sitemaps and feeds need it: elements with their
// namespaces, a few attributes, and text where it is asked for. What nobody
// asks for is passed over without being kept, however long.
//
// It is strict about tags, which must be nested and closed, and lenient about
// what is inside them: an & that begins no reference stands for itself, as
// many sitemaps have it. A document type is refused: it is of no use in a
// sitemap, and bombs are made with it.
type markup struct {
	*window
	names  []byte      // of the open elements, with prefixes, one after the other
	opens  []opening   // the open elements, the innermost last
	bound  []binding   // namespaces in force, the innermost last
	attrs  []attribute // of the element opened last
	value  []byte      // scratch
	closes bool        // the element opened last is empty and has yet to be closed
	rooted bool        // the root element was opened
}

// opening is an open element: where in names its name begins, and its part
// behind the prefix.
type opening struct{ name, local int }

// binding is a namespace declaration of the element at that depth.
type binding struct {
	prefix, space string
	depth         int
}

type attribute struct{ name, value string }

func newMarkup(in io.Reader) *markup { return &markup{window: newWindow(in)} }

// depth is the number of open elements.
func (m *markup) depth() int { return len(m.opens) }

// next goes to the next tag and tells whether it opens an element. The error
// is io.EOF when the root element has been closed, whatever comes after it.
func (m *markup) next() (opened bool, err error) {
	if m.closes {
		m.pop()
		return false, nil
	}
	for {
		if m.rooted && m.depth() == 0 {
			return false, io.EOF
		}
		if err := m.skipTo('<'); err != nil {
			return false, err
		}
		tag, opened, err := m.tag()
		if err != nil || tag {
			return opened, err
		}
	}
}

// tag reads what follows a <. It is no tag when it is a comment, an
// instruction or a CDATA section.
func (m *markup) tag() (tag, opened bool, err error) {
	c, err := m.read()
	if err != nil {
		return false, false, err
	}
	switch c {
	case '/':
		return true, false, m.close()
	case '?':
		return false, false, m.skipPast("?>")
	case '!':
		cdata, err := m.declaration()
		if cdata {
			err = m.skipPast("]]>")
		}
		return false, false, err
	}
	m.unread()
	return true, true, m.open()
}

// declaration reads a comment whole and the beginning of a CDATA section.
func (m *markup) declaration() (cdata bool, err error) {
	const section, comment, doctype = "[CDATA[", "--", "DOCTYPE"
	ahead := m.ahead(len(section))
	switch {
	case bytes.HasPrefix(ahead, []byte(comment)):
		m.skip(len(comment))
		return false, m.skipPast("-->")
	case string(ahead) == section:
		m.skip(len(section))
		return true, nil
	case strings.EqualFold(string(ahead), doctype):
		return false, m.doctype()
	}
	return false, malformed("has a declaration that no sitemap has")
}

// doctype refuses a document type, and tells a web page from a trick.
func (m *markup) doctype() error {
	const html = "DOCTYPE html"
	if strings.EqualFold(string(m.ahead(len(html))), html) {
		return errHTML
	}
	return malformed("declares a document type (DOCTYPE), which is never read")
}

// errHTML is the commonest mistake.
const errHTML = malformed("is a web page (HTML)")

// open reads the tag of an element behind its <.
func (m *markup) open() error {
	if m.depth() == maxElementDepth {
		return malformed("has elements too deep inside one another")
	}
	begin := len(m.names)
	var err error
	if m.names, err = m.name(m.names); err != nil {
		return err
	}
	m.opens = append(m.opens, opening{begin, begin + bytes.IndexByte(m.names[begin:], ':') + 1})
	m.rooted = true
	m.attrs = m.attrs[:0]
	if m.take(">") {
		return nil
	}
	if m.take("/>") {
		m.closes = true
		return nil
	}
	return m.attributes()
}

// attributes reads what follows the name of an element, up to the end of the
// tag.
func (m *markup) attributes() error {
	for range maxAttributes {
		c, err := m.visible()
		switch {
		case err != nil:
			return err
		case c == '>':
			return nil
		case c == '/':
			m.closes = true
			return m.expect('>')
		}
		m.unread()
		if err := m.attribute(); err != nil {
			return err
		}
	}
	return malformed("has an element with too many attributes")
}

// close reads the tag that closes the innermost element behind its </.
func (m *markup) close() error {
	var err error
	if m.value, err = m.name(m.value[:0]); err != nil {
		return err
	}
	if m.depth() == 0 || !bytes.Equal(m.value, m.current()) {
		return malformed("closes <" + show(string(m.value)) + ">, which is not the element that is open")
	}
	if err := m.expect('>'); err != nil {
		return err
	}
	m.pop()
	return nil
}

// pop forgets the innermost element and its namespaces.
func (m *markup) pop() {
	for len(m.bound) > 0 && m.bound[len(m.bound)-1].depth == m.depth() {
		m.bound = m.bound[:len(m.bound)-1]
	}
	last := len(m.opens) - 1
	m.names = m.names[:m.opens[last].name]
	m.opens = m.opens[:last]
	m.closes = false
}

// current is the name of the innermost element, with its prefix.
func (m *markup) current() []byte { return m.names[m.opens[len(m.opens)-1].name:] }

// local is the name of the innermost element without its prefix.
func (m *markup) local() []byte { return m.names[m.opens[len(m.opens)-1].local:] }

// space is the namespace of the innermost element: the prefix itself when it
// was not declared, "" when there is none.
func (m *markup) space() string {
	prefix, _, found := bytes.Cut(m.current(), []byte{':'})
	if !found {
		prefix = nil
	}
	for i := len(m.bound) - 1; i >= 0; i-- {
		if m.bound[i].prefix == string(prefix) {
			return m.bound[i].space
		}
	}
	return string(prefix)
}
