package sitemap

import (
	"bytes"
	"errors"
	"io"
)

// window is the part of a file that is looked at: a buffer that moves on. It
// is what bufio is, without a call for each byte.
type window struct {
	in       io.Reader
	buf      []byte
	pos, end int
	err      error // of in; what is buffered comes first
}

func newWindow(in io.Reader) *window { return &window{in: in, buf: make([]byte, bufferBytes)} }

// read gives the next byte. The end of the file is errTruncated: whoever reads
// expects more.
func (w *window) read() (byte, error) {
	if w.pos == w.end {
		if err := w.fill(); err != nil {
			return 0, err
		}
	}
	c := w.buf[w.pos]
	w.pos++
	return c, nil
}

// unread takes back the byte that was read last.
func (w *window) unread() { w.pos-- }

// fill reads more behind what is left.
func (w *window) fill() error {
	if w.err != nil {
		return w.err
	}
	copy(w.buf, w.buf[w.pos:w.end])
	w.pos, w.end = 0, w.end-w.pos
	n, err := io.ReadAtLeast(w.in, w.buf[w.end:], 1)
	w.end += n
	if n > 0 {
		return nil
	}
	if w.err = err; errors.Is(err, io.EOF) {
		w.err = errTruncated
	}
	return w.err
}

// ahead gives what comes next, n bytes or as many as are left.
func (w *window) ahead(n int) []byte {
	for w.end-w.pos < n && w.fill() == nil {
	}
	return w.buf[w.pos:min(w.pos+n, w.end)]
}

// skip passes over bytes that ahead has given.
func (w *window) skip(n int) { w.pos += n }

// take takes text when it comes next and is buffered already.
func (w *window) take(text string) bool {
	if w.end-w.pos < len(text) || string(w.buf[w.pos:w.pos+len(text)]) != text {
		return false
	}
	w.pos += len(text)
	return true
}

// skipTo reads up to the next c, which it takes.
func (w *window) skipTo(c byte) error {
	for {
		if at := bytes.IndexByte(w.buf[w.pos:w.end], c); at >= 0 {
			w.pos += at + 1
			return nil
		}
		w.pos = w.end
		if err := w.fill(); err != nil {
			return err
		}
	}
}

// visible reads past white space to the next character.
func (w *window) visible() (byte, error) {
	for {
		c, err := w.read()
		if err != nil || c != ' ' && c != '\n' && c != '\t' && c != '\r' {
			return c, err
		}
	}
}
