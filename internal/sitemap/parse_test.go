package sitemap

import (
	"bytes"
	"encoding/xml"
	"errors"
	"io"
	"net/url"
	"strings"
	"testing"
	"testing/iotest"
)

// read is one file, read whole: "loc lastmod" of each entry, a + before those
// of an index.
func read(t testing.TB, body []byte, contentType string) (entries []string, err error) {
	t.Helper()
	return readFrom(bytes.NewReader(body), contentType)
}

func readFrom(body io.Reader, contentType string) (entries []string, err error) {
	left := int64(1 << 20)
	in, err := unpack(body, "", left, &left)
	if err != nil {
		return nil, err
	}
	if in, err = plainText(in, contentType); err != nil {
		return nil, err
	}
	base := &url.URL{Scheme: "https", Host: "www.example.com", Path: "/feeds/all.xml"}
	err = parse(in, base, 1000, func(found entry) error {
		line := string(found.loc)
		if len(found.lastmod) > 0 {
			line += " " + string(found.lastmod)
		}
		if found.child {
			line = "+" + line
		}
		entries = append(entries, line)
		return nil
	})
	return entries, err
}

const space = ` xmlns="http://www.sitemaps.org/schemas/sitemap/0.9"`

func TestParse(t *testing.T) {
	for _, c := range []struct {
		name, body string
		want       []string
	}{
		{"namespace", `<urlset` + space + `><url><loc>a</loc></url></urlset>`, []string{"a"}},
		{"no namespace", `<urlset><url><loc>a</loc></url></urlset>`, []string{"a"}},
		{"another namespace", `<urlset xmlns="http://www.google.com/schemas/sitemap/0.84"><url><loc>a</loc></url></urlset>`, []string{"a"}},
		{"prefixed", `<s:urlset xmlns:s="x"><s:url><s:loc>a</s:loc></s:url></s:urlset>`, []string{"a"}},
		{"two prefixes of one namespace", `<s:urlset xmlns:s="x" xmlns:r="x"><r:url><s:loc>a</s:loc></r:url></s:urlset>`, []string{"a"}},
		{"prefix nobody declared", `<urlset><url><loc>a</loc><image:loc>b</image:loc></url><image:url><loc>c</loc></image:url></urlset>`, []string{"a"}},
		{"prefix declared again", `<urlset` + space + `><url><loc xmlns="other">b</loc><loc>a</loc></url></urlset>`, []string{"a"}},
		{"namespace ends with its element", `<urlset` + space + `><x xmlns="y"><url><loc>b</loc></url></x><url><loc>a</loc></url></urlset>`, []string{"a"}},
		{"image before the page", `<urlset` + space + ` xmlns:i="img"><url><i:image><i:loc>b</i:loc></i:image><loc>a</loc></url></urlset>`, []string{"a"}},
		{"loc below something else", `<urlset><url><news><loc>b</loc></news><loc>a</loc></url></urlset>`, []string{"a"}},
		{"url below something else", `<urlset><group><url><loc>b</loc></url></group><url><loc>a</loc></url></urlset>`, []string{"a"}},
		{"loc outside a url", `<urlset><loc>b</loc><url><loc>a</loc></url></urlset>`, []string{"a"}},
		{"two locs", `<urlset><url><loc>a</loc><loc>b</loc></url></urlset>`, []string{"a"}},
		{"no loc", `<urlset><url/><url></url><url><loc/></url><url><loc> </loc><lastmod>2026</lastmod></url></urlset>`, []string{"", "", "", " 2026"}},
		{"white space", "<urlset>\n<url>\n\t<loc>\r\n\t\ta\n</loc >\n</url\t></urlset\n>", []string{"a"}},
		{"CDATA", `<urlset><url><loc><![CDATA[a?b=1&c=2]]></loc></url><url><loc> <![CDATA[a]]>b<![CDATA[]]]]><![CDATA[>]]> </loc></url></urlset>`, []string{"a?b=1&c=2", "ab]]>"}},
		{"entities", `<urlset><url><loc>a?b&amp;c&lt;&gt;&quot;&apos;&#38;&#x26;&#xe9;</loc></url></urlset>`, []string{"a?b&c<>\"'&&é"}},
		{"& that stands for itself", `<urlset><url><loc>a?b=1&c=2&copy;&unknown;&#xD800;&;&</loc></url></urlset>`, []string{"a?b=1&c=2&copy;&unknown;&#xD800;&;&"}},
		{"remarks and instructions", `<!-- <urlset> --><?x <urlset> ?><urlset><!-----><!-- > - -> --- --><url><?p?><loc>a<!-- b -->c<?d e?></loc></url></urlset><!-- end`, []string{"ac"}},
		{"CDATA between elements", `<urlset><![CDATA[<url><loc>b</loc></url>]]><url><loc>a</loc></url></urlset>`, []string{"a"}},
		{"elements inside loc", `<urlset><url><loc>a<b>c<d/></b>e</loc></url></urlset>`, []string{"ae"}},
		{"attributes", `<urlset a='>' b = "<" c='"'><url x="y"><loc priority="1" >a</loc></url></urlset>`, []string{"a"}},
		{"what follows the root", `<urlset><url><loc>a</loc></url></urlset><urlset><url><loc>b</loc></url></urlset> < junk`, []string{"a"}},
		{"index", `<sitemapindex` + space + `><sitemap><loc>a</loc><lastmod>2026-01-01</lastmod></sitemap></sitemapindex>`, []string{"+a 2026-01-01"}},
		{"url in an index", `<sitemapindex><url><loc>b</loc></url><sitemap><loc>a</loc></sitemap></sitemapindex>`, []string{"+a"}},
		{"stylesheet and inclusion", `<?xml version="1.0"?><?xml-stylesheet href="file:///etc/passwd"?><urlset xmlns:xi="http://www.w3.org/2001/XInclude"><xi:include href="file:///etc/passwd"/></urlset>`, nil},
		{"white space first", "\n \t\r\n<urlset><url><loc>a</loc></url></urlset>", []string{"a"}},
		{"mark first", "\ufeff<urlset><url><loc>a</loc></url></urlset>", []string{"a"}},
		{"rss", `<rss version="2.0"><channel><link>b</link><item><link>a</link><pubDate>now</pubDate></item></channel></rss>`, []string{"a now"}},
		{"rss guid", `<rss><channel><item><guid>b</guid><link>a</link></item><item><guid>c</guid></item><item><guid isPermaLink='false'>d</guid></item></channel></rss>`, []string{"a", "c", ""}},
		{"atom", `<feed xmlns="http://www.w3.org/2005/Atom"><link href="b"/><entry><link rel="self" href="c"/><link href="https://a.example/x?y&amp;z"/><updated>now</updated></entry></feed>`, []string{"https://a.example/x?y&z now"}},
		{"atom relative", `<feed><entry><link href="one"/></entry><entry><link rel="alternate" href="/two"/></entry><entry><link href="//three.example/"/></entry></feed>`, []string{"https://www.example.com/feeds/one", "https://www.example.com/two", "https://three.example/"}},
		{"atom base", `<feed xml:base="../x/"><entry><link href="one"/></entry></feed>`, []string{"https://www.example.com/x/one"}},
		{"list", "https://a.example/\nhttps://b.example/ \r\n\n#c\n\t https://d.example/", []string{"https://a.example/", "https://b.example/", "https://d.example/"}},
		{"list with other lines", "title\nHTTP://a.example/\nb", []string{"title", "HTTP://a.example/", "b"}},
	} {
		t.Run(c.name, func(t *testing.T) {
			checkEntries(t, c.body, c.want)
		})
	}
}

// checkEntries reads a file at once and byte by byte: it makes no difference.
func checkEntries(t *testing.T, body string, want []string) {
	t.Helper()
	for name, in := range map[string]io.Reader{"at once": strings.NewReader(body), "byte by byte": iotest.OneByteReader(strings.NewReader(body))} {
		got, err := readFrom(in, "")
		if err != nil || strings.Join(got, "|") != strings.Join(want, "|") {
			t.Errorf("%s: %q, %v; want %q", name, got, err, want)
		}
	}
}

// What was read before the fault counts.
func TestParseFaults(t *testing.T) {
	const before = "<urlset><url><loc>a</loc></url>"
	deep := strings.Repeat("<a>", maxElementDepth)
	for _, c := range []struct {
		name, body, want string
		entries          int
	}{
		{"empty", "", "is empty", 0},
		{"white space only", " \n\t", "is empty", 0},
		{"web page", "<!DOCTYPE html><html><body>Not found</body></html>", "web page", 0},
		{"web page, small letters", "\n<!doctype HTML SYSTEM 'about:legacy-compat'>", "web page", 0},
		{"web page without a type", "<html><head></head></html>", "web page", 0},
		{"document type", `<!DOCTYPE urlset [<!ENTITY b SYSTEM "file:///etc/passwd">]><urlset><url><loc>&b;</loc></url></urlset>`, "DOCTYPE", 0},
		{"document type inside", before + `<!DOCTYPE x><url><loc>b</loc></url></urlset>`, "DOCTYPE", 1},
		{"entity outside a type", before + `<!ENTITY b "c"></urlset>`, "declaration", 1},
		{"another root", "<opml><outline/></opml>", `"opml"`, 0},
		{"JSON", `{"urls":["https://a.example/"]}`, "neither XML", 0},
		{"text", "Nothing to see here.\n", "neither XML", 0},
		{"binary list", "https://a.example/\n\x00\x01", "neither XML", 0},
		{"ZIP", "PK\x03\x04rest", "ZIP", 0},
		{"zstd", "\x28\xb5\x2f\xfdrest", "zstd", 0},
		{"bzip2", "BZh91AY", "bzip2", 0},
		{"xz", "\xfd7zXZ\x00", "xz", 0},
		{"PDF", "%PDF-1.7", "PDF", 0},
		{"picture", "\x89PNG\r\n", "picture", 0},
		{"charset", `<?xml version="1.0" encoding="Shift_JIS"?><urlset/>`, "Shift_JIS", 0},
		{"wrong end", before + "</url></urlset>", "<url>", 1},
		{"end of nothing", before + "</urlse></urlset>", "urlse", 1},
		{"no tag", before + "< url></urlset>", "begins no tag", 1},
		{"no quotation marks", before + "<a b=c></urlset>", "quotation", 1},
		{"no value", before + "<a b></urlset>", "well formed", 1},
		{"end that is no end", before + "</urlset x>", "well formed", 1},
		{"depth", "<urlset>" + deep, "deep", 0},
		{"long name", before + "<" + strings.Repeat("a", 300) + "/>", "name", 1},
		{"long link", `<feed><entry><link href="` + strings.Repeat("a", 9000) + `"/></entry></feed>`, "attribute", 0},
		{"many attributes", before + "<a" + strings.Repeat(" b=''", 300) + "/>", "attributes", 1},
		{"many namespaces", before + "<a" + strings.Repeat(" xmlns:b=''", 100) + "/>", "namespaces", 1},
		{"ends in a tag", before + "<url", errTruncated.Error(), 1},
		{"ends in a loc", before + "<url><loc>b", errTruncated.Error(), 1},
		{"ends in CDATA", before + "<url><loc><![CDATA[b]]", errTruncated.Error(), 1},
		{"ends in a remark", before + "<!-- ", errTruncated.Error(), 1},
		{"ends in an attribute", before + "<a b='", errTruncated.Error(), 1},
		{"ends between entries", before, errTruncated.Error(), 1},
		{"only a declaration", "<?xml version='1.0'?>", errTruncated.Error(), 0},
		{"too many", "<urlset>" + strings.Repeat("<url/>", 2000) + "</urlset>", errFileURLs.Error(), 1000},
	} {
		t.Run(c.name, func(t *testing.T) {
			entries, err := read(t, []byte(c.body), "")
			if err == nil || !strings.Contains(err.Error(), c.want) || len(entries) != c.entries {
				t.Errorf("%d entries, %v; want %d and %q", len(entries), err, c.entries, c.want)
			}
		})
	}
}

// A loc that is too long is too long afterwards too, and the next one is read.
func TestLongLoc(t *testing.T) {
	for name, long := range map[string]string{
		"text":         strings.Repeat("a", 5*maxLocBytes),
		"references":   strings.Repeat("&amp;", 2*maxLocBytes),
		"CDATA":        "<![CDATA[" + strings.Repeat("]>", 2*maxLocBytes) + "]]>",
		"pieces":       strings.Repeat("a<!---->", 2*maxLocBytes),
		"spaces":       "a" + strings.Repeat(" ", 2*maxLocBytes) + "b",
		"long letters": strings.Repeat("a", maxLocBytes-1) + "&#x1F600;]]<![CDATA[>]]>",
		"CDATA late":   strings.Repeat("a", maxLocBytes) + "<![CDATA[b]]><![CDATA[]]><![CDATA[" + strings.Repeat("c", 100) + "]]>",
	} {
		entries, err := read(t, []byte("<urlset><url><loc>"+long+"</loc></url><url><loc>b</loc></url></urlset>"), "")
		if err != nil || len(entries) != 2 || len(entries[0]) != maxLocBytes+1 || entries[1] != "b" {
			t.Errorf("%s: %d entries, %v", name, len(entries), err)
		}
	}
	entries, err := read(t, []byte("https://a.example/\n"+strings.Repeat("b", 3*bufferBytes)+"\nc"), "")
	if err != nil || len(entries) != 3 || len(entries[1]) != maxLocBytes+1 || entries[2] != "c" {
		t.Errorf("list: %d entries, %v", len(entries), err)
	}
}

// FuzzParse compares our reading of XML with the standard library's: of what it
// can read, both give the same entries, and nothing makes ours fail in another
// way than it says.
func FuzzParse(f *testing.F) {
	for _, seed := range []string{
		`<?xml version="1.0"?><urlset` + space + ` xmlns:i="x"><url><loc> a&amp;b </loc><i:loc>c</i:loc><lastmod>2026</lastmod></url><url/></urlset>`,
		`<s:urlset xmlns:s='x'><!-- > --><s:url xmlns:s='x'><s:loc><![CDATA[a]]>b</s:loc></s:url></s:urlset>`,
		`<sitemapindex><sitemap><loc>a<b>c</b>d</loc></sitemap></sitemapindex>`,
		`<rss><channel><item><link>a</link><guid isPermaLink="false">b</guid></item></channel></rss>`,
		`<feed xml:base="x/"><entry><link rel="alternate" href="a&#x26;b"/><updated>c</updated></entry></feed>`,
		"https://a.example/\nb\n#c",
		"\xff\xfe<\x00u\x00",
		`<?xml version="1.0" encoding="ISO-8859-1"?><urlset>` + "\xe9</urlset>",
		"\x1f\x8b\x08\x00\x00\x00\x00\x00\x00\x03",
		`<!DOCTYPE a><urlset>`,
	} {
		f.Add([]byte(seed))
	}
	f.Fuzz(func(t *testing.T, body []byte) {
		entries, err := read(t, body, "")
		again, errAgain := readFrom(iotest.OneByteReader(bytes.NewReader(body)), "")
		if strings.Join(entries, "|") != strings.Join(again, "|") || (err == nil) != (errAgain == nil) {
			t.Fatalf("at once %q, %v; byte by byte %q, %v", entries, err, again, errAgain)
		}
		if err != nil && !isExpected(err) {
			t.Fatalf("unexpected error %v", err)
		}
		for _, one := range entries {
			if len(one) > 2*maxLocBytes {
				t.Fatalf("an entry of %d bytes", len(one))
			}
		}
		if want, known := reference(body); known && !isLimit(err) && (err != nil || strings.Join(entries, "|") != strings.Join(want, "|")) {
			t.Fatalf("%q, %v; encoding/xml gives %q", entries, err, want)
		}
	})
}

func isExpected(err error) bool {
	_, isMalformed := errors.AsType[malformed](err)
	return isMalformed || errors.Is(err, errTruncated) || errors.Is(err, errFileURLs) || errors.Is(err, errFileBytes)
}

// isLimit reports whether a file was given up that is sound.
func isLimit(err error) bool {
	return errors.Is(err, errFileURLs) || err != nil && strings.Contains(err.Error(), " too ")
}

// reference reads a urlset with encoding/xml. known is false where it cannot,
// and where the two are meant to differ.
func reference(body []byte) (entries []string, known bool) {
	count := func(text string) int { return bytes.Count(body, []byte(text)) }
	if count("<!") != count("<![CDATA[")+count("<!--") || bytes.ContainsAny(body, "\r\x00") || count("encoding") > 0 {
		return nil, false
	}
	type text struct {
		XMLName xml.Name
		Text    string `xml:",chardata"`
	}
	var set struct {
		XMLName xml.Name
		URLs    []struct {
			XMLName xml.Name
			Locs    []text `xml:"loc"`
			Dates   []text `xml:"lastmod"`
		} `xml:"url"`
	}
	decoder := xml.NewDecoder(bytes.NewReader(body))
	if err := decoder.Decode(&set); err != nil || set.XMLName.Local != "urlset" {
		return nil, false
	}
	first := func(texts []text) string {
		for _, one := range texts {
			if trimmed := strings.TrimSpace(one.Text); one.XMLName.Space == set.XMLName.Space && trimmed != "" {
				return trimmed
			}
		}
		return ""
	}
	for _, one := range set.URLs {
		if one.XMLName.Space != set.XMLName.Space {
			continue
		}
		line := first(one.Locs)
		switch date := first(one.Dates); {
		case len(date) > maxDateBytes:
			return nil, false
		case date != "":
			line += " " + date
		}
		entries = append(entries, line)
	}
	return entries, true
}
