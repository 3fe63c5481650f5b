package sitemap

import (
	"bytes"
	"compress/gzip"
	"errors"
	"io"
	"strings"
	"testing"

	"golang.org/x/text/encoding"
	"golang.org/x/text/encoding/charmap"
	"golang.org/x/text/encoding/unicode"
)

func encoded(t *testing.T, as encoding.Encoding, text string) []byte {
	t.Helper()
	body, err := as.NewEncoder().Bytes([]byte(text))
	if err != nil {
		t.Fatal(err)
	}
	return body
}

func TestCharsets(t *testing.T) {
	const plain, list = "<urlset><url><loc>https://a.example/é</loc></url></urlset>", "https://a.example/é\n"
	declared := func(charset string) string { return "<?xml version=\"1.0\" encoding='" + charset + "'?>\n" + plain }
	little := unicode.UTF16(unicode.LittleEndian, unicode.IgnoreBOM)
	big := unicode.UTF16(unicode.BigEndian, unicode.IgnoreBOM)
	for _, c := range []struct {
		name        string
		body        []byte
		contentType string
	}{
		{"UTF-8", []byte(plain), ""},
		{"UTF-8 declared", []byte(declared("UTF-8")), ""},
		{"UTF-8 with mark", []byte("\ufeff" + declared("utf-8")), ""},
		{"UTF-8 with mark that says otherwise", []byte("\ufeff" + declared("iso-8859-1")), ""},
		{"UTF-8 that the server says otherwise of", []byte(declared("UTF-8")), "text/xml; charset=iso-8859-1"},
		{"UTF-8 that calls itself UTF-16", []byte(declared("utf-16")), ""},
		{"UTF-16 little", encoded(t, little, "\ufeff"+declared("utf-16")), ""},
		{"UTF-16 big", encoded(t, big, "\ufeff"+declared("utf-16")), ""},
		{"UTF-16 little without mark", encoded(t, little, declared("utf-16")), ""},
		{"UTF-16 big without mark", encoded(t, big, declared("utf-16")), ""},
		{"UTF-16 list", encoded(t, little, "\ufeff"+list), ""},
		{"UTF-16 list without mark", encoded(t, big, list), ""},
		{"Latin-1 declared", encoded(t, charmap.ISO8859_1, declared("ISO-8859-1")), ""},
		{"Windows-1252 declared", encoded(t, charmap.Windows1252, declared("windows-1252")), "application/xml; charset=utf-8"},
		{"Latin-1 by the server", encoded(t, charmap.ISO8859_1, plain), "text/xml; charset=\"ISO-8859-1\""},
		{"Latin-1 list by the server", encoded(t, charmap.ISO8859_1, list), "text/plain;charset=latin1"},
		{"list", []byte(list), "text/plain"},
		{"list with mark", []byte("\ufeff" + list), "nonsense;;"},
	} {
		t.Run(c.name, func(t *testing.T) {
			entries, err := read(t, c.body, c.contentType)
			if err != nil || len(entries) != 1 || entries[0] != "https://a.example/é" {
				t.Errorf("%q, %v", entries, err)
			}
		})
	}
	if _, err := read(t, []byte(plain), "text/xml; charset=koi8-r"); err == nil || !strings.Contains(err.Error(), "koi8-r") {
		t.Errorf("a character set that cannot be read: %v", err)
	}
}

func pack(t testing.TB, parts ...string) []byte {
	t.Helper()
	var b bytes.Buffer
	for _, part := range parts {
		z := gzip.NewWriter(&b)
		if _, err := z.Write([]byte(part)); err != nil {
			t.Fatal(err)
		}
		if err := z.Close(); err != nil {
			t.Fatal(err)
		}
	}
	return b.Bytes()
}

func TestUnpack(t *testing.T) {
	whole := pack(t, "https://a.example/")
	damaged := bytes.Clone(whole)
	damaged[len(damaged)-5] ^= 1
	for _, c := range []struct {
		name     string
		body     []byte
		encoding string
		want     string
		err      string
	}{
		{"not packed", []byte("abc"), "", "abc", ""},
		{"not packed, whatever the header says", []byte("abc"), "gzip", "abc", ""},
		{"packed", pack(t, "abc"), "", "abc", ""},
		{"packed, and the header says so", pack(t, "abc"), " GZip ", "abc", ""},
		{"several members", pack(t, "abc", "", "def"), "identity", "abcdef", ""},
		{"what follows the last", append(pack(t, "abc"), "def"...), "", "abc", ""},
		{"nothing packed", pack(t, ""), "", "", ""},
		{"nothing", nil, "", "", ""},
		{"twice", pack(t, string(whole)), "", "", "twice"},
		{"a packed file, packed again for the way", pack(t, string(whole)), "gzip", "https://a.example/", ""},
		{"three times", pack(t, string(pack(t, string(whole)))), "gzip", "", "twice"},
		{"too large when the second layer is off", pack(t, string(pack(t, strings.Repeat("a", 5000)))), "gzip", "", errFileBytes.Error()},
		{"damaged", damaged, "", "https://a.example/", "damaged"},
		{"damaged inside", append(bytes.Clone(whole[:10]), 0x07, 0, 0, 0), "", "", "damaged"},
		{"cut", whole[:len(whole)-4], "", "https://a.example/", errTruncated.Error()},
		{"cut in the header", whole[:5], "", "", errTruncated.Error()},
		{"br", []byte("abc"), "br", "", "not asked for"},
		{"too large", pack(t, strings.Repeat("a", 5000)), "", "", errFileBytes.Error()},
		{"many members", bytes.Repeat(pack(t, ""), maxMembers+1), "", "", errFileBytes.Error()},
	} {
		t.Run(c.name, func(t *testing.T) {
			fileBytes := int64(4000)
			if c.name == "many members" {
				fileBytes = 1 << 20
			}
			left := int64(1 << 30)
			in, err := unpack(bytes.NewReader(c.body), c.encoding, fileBytes, &left)
			var got []byte
			if err == nil {
				got, err = io.ReadAll(in)
			}
			if c.err == "" && err != nil || c.err != "" && (err == nil || !strings.Contains(err.Error(), c.err)) {
				t.Errorf("%v, want %q", err, c.err)
			}
			if !strings.HasPrefix(string(got), c.want) {
				t.Errorf("%q, want %q", got, c.want)
			}
		})
	}
}

func TestBudgetOfAllFiles(t *testing.T) {
	left := int64(10)
	for i, want := range []error{nil, nil, errAllBytes, errAllBytes} {
		in, err := unpack(bytes.NewReader(pack(t, "abcde")), "", 100, &left)
		if err == nil {
			_, err = io.ReadAll(in)
		}
		if !errors.Is(err, want) {
			t.Errorf("file %d: %v", i+1, err)
		}
	}
}
