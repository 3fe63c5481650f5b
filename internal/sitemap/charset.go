package sitemap

import (
	"bufio"
	"bytes"
	"mime"
	"strings"

	"golang.org/x/text/encoding"
	"golang.org/x/text/encoding/charmap"
	"golang.org/x/text/encoding/unicode"
	"golang.org/x/text/transform"
)

// sniffBytes is how much of a file decides what it is.
const sniffBytes = 512

// plainText gives a file as UTF-8 without a byte order mark. What the file
// says of itself goes before what the server says of it. contentType is the
// header as it was sent.
func plainText(in *bufio.Reader, contentType string) (*bufio.Reader, error) {
	begin, _ := in.Peek(sniffBytes) // a short file is no error
	if kind := packedKind(begin); kind != "" {
		return nil, malformed("is " + kind)
	}
	if bytes.HasPrefix(begin, []byte("\xef\xbb\xbf")) {
		_, err := in.Discard(3)
		return in, err
	}
	if wide := utf16Of(begin); wide != nil {
		return decoded(in, wide), nil
	}
	name := declaredCharset(begin)
	if name == "" {
		_, parameters, err := mime.ParseMediaType(contentType)
		if err == nil {
			name = parameters["charset"]
		}
	}
	return byName(in, name)
}

// byName decodes what has one byte for each character of a tag. A file that
// calls itself UTF-16 in such bytes was converted since.
func byName(in *bufio.Reader, name string) (*bufio.Reader, error) {
	switch strings.ToLower(name) {
	case "", "utf-8", "utf8", "us-ascii", "ascii", "utf-16", "utf-16le", "utf-16be":
		return in, nil
	case "iso-8859-1", "iso8859-1", "latin1", "latin-1", "windows-1252", "cp1252":
		return decoded(in, charmap.Windows1252), nil
	}
	return nil, malformed("is written in " + quote(name) + "; UTF-8, UTF-16 and Latin-1 can be read")
}

func decoded(in *bufio.Reader, from encoding.Encoding) *bufio.Reader {
	return bufio.NewReaderSize(transform.NewReader(in, from.NewDecoder()), bufferBytes)
}

// utf16Of tells UTF-16 by its mark, or by where the zero of its first
// character is; nil when it is not.
func utf16Of(begin []byte) encoding.Encoding {
	if len(begin) < 2 {
		return nil
	}
	switch first, second := begin[0], begin[1]; {
	case first == 0xff && second == 0xfe:
		return unicode.UTF16(unicode.LittleEndian, unicode.ExpectBOM)
	case first == 0xfe && second == 0xff:
		return unicode.UTF16(unicode.BigEndian, unicode.ExpectBOM)
	case first != 0 && second == 0:
		return unicode.UTF16(unicode.LittleEndian, unicode.IgnoreBOM)
	case first == 0 && second != 0:
		return unicode.UTF16(unicode.BigEndian, unicode.IgnoreBOM)
	}
	return nil
}

// declaredCharset is the encoding that an XML declaration names, "" without
// one.
func declaredCharset(begin []byte) string {
	declaration, _, found := bytes.Cut(bytes.TrimLeft(begin, " \t\r\n"), []byte("?>"))
	if !found || !bytes.HasPrefix(declaration, []byte("<?xml")) {
		return ""
	}
	_, value, found := strings.Cut(string(declaration), "encoding")
	if !found {
		return ""
	}
	value = strings.TrimLeft(value, " \t\r\n=")
	if value == "" || value[0] != '"' && value[0] != '\'' {
		return ""
	}
	name, _, _ := strings.Cut(value[1:], value[:1])
	return name
}

// packedKind names what is no text at all, "" when it may be one.
func packedKind(begin []byte) string {
	for _, known := range [...]struct{ magic, kind string }{
		{"PK\x03\x04", "a ZIP archive"},
		{"\x28\xb5\x2f\xfd", "packed with zstd; gzip can be read"},
		{"BZh", "packed with bzip2; gzip can be read"},
		{"\xfd7zXZ\x00", "packed with xz; gzip can be read"},
		{"%PDF-", "a PDF"},
		{"\x89PNG", "a picture"},
		{"\xff\xd8\xff", "a picture"},
		{"GIF8", "a picture"},
	} {
		if bytes.HasPrefix(begin, []byte(known.magic)) {
			return known.kind
		}
	}
	return ""
}

// isBinary reports whether the beginning of a file has what no text has.
func isBinary(begin []byte) bool {
	return bytes.ContainsFunc(begin, func(r rune) bool {
		return r < ' ' && r != '\t' && r != '\n' && r != '\r' && r != '\f'
	})
}
