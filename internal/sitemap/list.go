package sitemap

import (
	"bufio"
	"bytes"
	"errors"
	"io"
)

// readList reads a plain-text sitemap: one URL on each line. Lines that begin
// with # are remarks.
func readList(in *bufio.Reader, give func(entry) error) error {
	ahead, _ := in.Peek(bufferBytes) // a short list is no error
	if isBinary(ahead[:min(len(ahead), sniffBytes)]) || !hasURLLine(ahead) {
		return malformed("is neither XML nor a list of URLs")
	}
	var line []byte
	for {
		var err error
		line, err = readLine(in, line[:0])
		if text := trim(line, maxLocBytes); len(text) > 0 && text[0] != '#' {
			if failed := give(entry{loc: text}); failed != nil {
				return failed
			}
		}
		if errors.Is(err, io.EOF) {
			return nil
		}
		if err != nil {
			return err
		}
	}
}

// readLine appends a line to dst, at most maxLocBytes+1 bytes of it.
func readLine(in *bufio.Reader, dst []byte) ([]byte, error) {
	for {
		piece, err := in.ReadSlice('\n')
		room := maxLocBytes + 1 - len(dst)
		dst = append(dst, piece[:min(len(piece), room)]...)
		if !errors.Is(err, bufio.ErrBufferFull) {
			return dst, err
		}
	}
}

// hasURLLine reports whether one of the first lines begins as a URL does.
func hasURLLine(ahead []byte) bool {
	for line := range bytes.Lines(ahead) {
		line = bytes.ToLower(bytes.TrimSpace(line[:min(len(line), maxLocBytes)]))
		if bytes.HasPrefix(line, []byte("http://")) || bytes.HasPrefix(line, []byte("https://")) {
			return true
		}
	}
	return false
}
