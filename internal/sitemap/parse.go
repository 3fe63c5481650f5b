package sitemap

import (
	"bufio"
	"bytes"
	"errors"
	"io"
	"net/url"
)

// parse reads the entries of one file, unpacked and in UTF-8. base is its
// address.
func parse(in *bufio.Reader, base *url.URL, limit int, each func(entry) error) error {
	begin, err := firstVisible(in)
	if errors.Is(err, io.EOF) {
		return malformed("is empty")
	}
	if err != nil {
		return err
	}
	entries := &entries{each: each, limit: limit}
	if begin != '<' {
		return readList(in, entries.give)
	}
	return readXML(in, base, entries.give)
}

// firstVisible passes over white space and tells what comes then.
func firstVisible(in *bufio.Reader) (byte, error) {
	for {
		c, err := in.ReadByte()
		if err != nil {
			return 0, err
		}
		if c != ' ' && c != '\t' && c != '\r' && c != '\n' {
			return c, in.UnreadByte()
		}
	}
}

// form is how a kind of file has its entries.
type form struct {
	root, entry string
	depth       int // of an entry
	read        func(*document) error
}

var forms = [...]form{
	{"urlset", "url", 2, (*document).readSitemapField},
	{"sitemapindex", "sitemap", 2, (*document).readSitemapField},
	{"rss", "item", 3, (*document).readItemField},
	{"feed", "entry", 2, (*document).readEntryField},
}

// document is an XML file that is being read.
type document struct {
	*markup
	form  *form
	space string // of the root: what belongs to an extension is in another
	base  *url.URL
	give  func(entry) error

	inEntry bool
	loc     []byte
	second  []byte // a loc that counts when there is no better one
	lastmod []byte
}

func readXML(in *bufio.Reader, base *url.URL, give func(entry) error) error {
	d := &document{markup: newMarkup(in), base: base, give: give}
	if err := d.begin(); err != nil {
		return err
	}
	for {
		opened, err := d.next()
		switch {
		case errors.Is(err, io.EOF):
			return nil
		case err != nil:
			return err
		case opened:
			err = d.opened()
		case d.inEntry && d.depth() < d.form.depth:
			err = d.endEntry()
		}
		if err != nil {
			return err
		}
	}
}

// begin reads the root element, which tells what the file is.
func (d *document) begin() error {
	if _, err := d.next(); err != nil {
		return err
	}
	for i := range forms {
		if string(d.local()) == forms[i].root {
			d.form, d.space = &forms[i], d.markup.space()
			return d.rebase()
		}
	}
	if bytes.EqualFold(d.local(), []byte("html")) {
		return errHTML
	}
	return malformed("has the root element " + quote(string(d.current())))
}

func (d *document) opened() error {
	switch {
	case d.depth() == d.form.depth && d.is(d.form.entry):
		d.inEntry = true
		d.loc, d.second, d.lastmod = d.loc[:0], d.second[:0], d.lastmod[:0]
		return nil
	case d.inEntry && d.depth() == d.form.depth+1:
		return d.form.read(d)
	}
	return nil
}

// is reports whether the innermost element has that name, in the namespace of
// the root.
func (d *document) is(name string) bool {
	return string(d.local()) == name && d.markup.space() == d.space
}

func (d *document) endEntry() error {
	d.inEntry = false
	loc := d.loc
	if len(loc) == 0 {
		loc = d.second
	}
	return d.give(entry{loc: loc, lastmod: d.lastmod, child: d.form.root == "sitemapindex"})
}

// field reads the text of an element into dst unless there is one already: an
// entry has one address.
func (d *document) field(dst *[]byte, limit int) error {
	if len(*dst) > 0 {
		return nil
	}
	text, err := d.text((*dst)[:0], limit)
	*dst = trim(text, limit)
	return err
}

// trim takes white space off a text, unless it was cut: it stays too long then.
func trim(text []byte, limit int) []byte {
	if len(text) > limit {
		return text
	}
	return append(text[:0], bytes.TrimSpace(text)...)
}

func (d *document) readSitemapField() error {
	switch {
	case d.is("loc"):
		return d.field(&d.loc, maxLocBytes)
	case d.is("lastmod"):
		return d.field(&d.lastmod, maxDateBytes)
	}
	return nil
}
