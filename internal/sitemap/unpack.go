package sitemap

import (
	"bufio"
	"bytes"
	"compress/flate"
	"compress/gzip"
	"errors"
	"io"
	"math"
	"strings"
)

const (
	bufferBytes = 64 << 10

	// maxMembers bounds the parts of a gzip file: empty ones cost time and unpack
	// to nothing.
	maxMembers = 1024
)

// metered reads until its budgets are spent, and fails then.
type metered struct {
	in   io.Reader
	left int64  // of the file
	all  *int64 // left for all files
	err  error
}

func (m *metered) Read(p []byte) (int, error) {
	if m.err != nil {
		return 0, m.err
	}
	var read int
	read, m.err = m.in.Read(p)
	n := int64(read)
	if n > m.left {
		n, m.err = m.left, errFileBytes
	}
	if n > *m.all {
		n, m.err = *m.all, errAllBytes
	}
	m.left -= n
	*m.all -= n
	return int(n), m.err
}

// unpack gives the bytes of a file as they were before they were packed for
// the way or for the disk. A layer of gzip is taken off, whatever the file is
// called and the header says: servers agree with neither. A second one is only
// where the header says that a packed file was packed again for the way.
func unpack(body io.Reader, contentEncoding string, fileBytes int64, all *int64) (*bufio.Reader, error) {
	forTheWay := false
	switch strings.ToLower(strings.TrimSpace(contentEncoding)) {
	case "", "identity":
	case "gzip", "x-gzip":
		forTheWay = true
	default:
		return nil, malformed("is packed in a way that was not asked for: " + quote(contentEncoding))
	}
	onTheWay := int64(math.MaxInt64)
	sent := bufio.NewReaderSize(&metered{in: body, left: fileBytes, all: &onTheWay}, bufferBytes)
	if !isGzip(sent) {
		return bufio.NewReaderSize(&metered{in: sent, left: fileBytes, all: all}, bufferBytes), nil
	}
	unpacked := unzip(sent, fileBytes, all)
	if forTheWay && isGzip(unpacked) {
		unpacked = unzip(unpacked, fileBytes, all)
	}
	if isGzip(unpacked) {
		return nil, malformed("is packed with gzip twice")
	}
	return unpacked, nil
}

func unzip(in *bufio.Reader, fileBytes int64, all *int64) *bufio.Reader {
	return bufio.NewReaderSize(&metered{in: &members{in: in}, left: fileBytes, all: all}, bufferBytes)
}

func isGzip(in *bufio.Reader) bool {
	magic, _ := in.Peek(2)
	return bytes.Equal(magic, []byte{0x1f, 0x8b})
}

// members reads a gzip file, which may consist of several.
type members struct {
	in    *bufio.Reader
	zip   *gzip.Reader // nil before the first
	count int
}

func (m *members) Read(p []byte) (int, error) {
	if m.zip == nil {
		if err := m.begin(); err != nil {
			return 0, err
		}
	}
	for {
		n, err := m.zip.Read(p)
		if n > 0 || !errors.Is(err, io.EOF) {
			return n, brokenGzip(err)
		}
		// What follows the last member and is none is left alone, as gzip does.
		if !isGzip(m.in) {
			return 0, io.EOF
		}
		if err := m.begin(); err != nil {
			return 0, err
		}
	}
}

// begin goes to the next member.
func (m *members) begin() error {
	if m.count++; m.count > maxMembers {
		return errFileBytes
	}
	if m.zip == nil {
		m.zip = new(gzip.Reader)
	}
	if err := m.zip.Reset(m.in); err != nil {
		return brokenGzip(err)
	}
	m.zip.Multistream(false)
	return nil
}

// brokenGzip tells damage from what the network did. The end of a member is
// none.
func brokenGzip(err error) error {
	_, corrupt := errors.AsType[flate.CorruptInputError](err)
	switch {
	case errors.Is(err, io.EOF):
		return nil
	case errors.Is(err, io.ErrUnexpectedEOF):
		return errTruncated
	case corrupt, errors.Is(err, gzip.ErrHeader), errors.Is(err, gzip.ErrChecksum):
		return malformed("is a damaged gzip file")
	}
	return err
}
