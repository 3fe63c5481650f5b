package sitemap_test

import (
	"bytes"
	"compress/gzip"
	"io"
	"net/http"
	"runtime"
	"strconv"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"

	"darkroom"
	"darkroom/internal/sitemap"
)

// streams is a world whose files are made while they are read, so that what a
// walk costs is the walk's own.
type streams map[string]func() io.Reader

func (s streams) RoundTrip(r *http.Request) (*http.Response, error) {
	response := &http.Response{StatusCode: http.StatusOK, ProtoMajor: 1, ProtoMinor: 1, Header: http.Header{}, Request: r, Body: http.NoBody}
	path := r.URL.RequestURI()
	open, found := s[path]
	if !found {
		open, found = s[strings.TrimRight(path, "0123456789")]
	}
	if !found {
		response.StatusCode = http.StatusNotFound
		return response, nil
	}
	response.Body = io.NopCloser(open())
	return response, nil
}

// repeated is begin, then text n times, then end.
func repeated(begin, text string, n int, end string) func() io.Reader {
	block := strings.Repeat(text, 1+(64<<10)/max(len(text), 1))
	return func() io.Reader {
		return io.MultiReader(strings.NewReader(begin), io.LimitReader(&repeating{text: block}, int64(len(text))*int64(n)), strings.NewReader(end))
	}
}

// repeating is a text without end; it is kept many times over, to be fast.
type repeating struct {
	text string
	at   int
}

func (r *repeating) Read(p []byte) (n int, err error) {
	for n < len(p) {
		copied := copy(p[n:], r.text[r.at:])
		n += copied
		r.at = (r.at + copied) % len(r.text)
	}
	return n, nil
}

// counted is begin, then a line for each number from first on, n of them, then
// end.
func counted(begin, before, after string, first, n int, end string) func() io.Reader {
	return func() io.Reader {
		made := &counting{before: before, after: after, next: first, left: n, end: end}
		made.pending = append(made.pending, begin...)
		return made
	}
}

// further is counted with other numbers each time.
func further(begin, before, after string, n int, end string) func() io.Reader {
	first := -n
	return func() io.Reader {
		first += n
		return counted(begin, before, after, first, n, end)()
	}
}

type counting struct {
	before, after, end string
	next, left         int
	pending            []byte
}

func (c *counting) Read(p []byte) (int, error) {
	for c.left > 0 && len(c.pending) < len(p) {
		c.pending = append(c.pending, c.before...)
		c.pending = strconv.AppendInt(c.pending, int64(c.next), 10)
		c.pending = append(c.pending, c.after...)
		c.next++
		if c.left--; c.left == 0 {
			c.pending = append(c.pending, c.end...)
		}
	}
	if len(c.pending) == 0 {
		return 0, io.EOF
	}
	n := copy(p, c.pending)
	c.pending = append(c.pending[:0], c.pending[n:]...)
	return n, nil
}

// zipped is a stream packed beforehand: a bomb is small.
func zipped(t *testing.T, open func() io.Reader) func() io.Reader {
	t.Helper()
	var b bytes.Buffer
	z, err := gzip.NewWriterLevel(&b, gzip.BestSpeed)
	if err != nil {
		t.Fatal(err)
	}
	if _, err := io.Copy(z, open()); err != nil {
		t.Fatal(err)
	}
	if err := z.Close(); err != nil {
		t.Fatal(err)
	}
	return func() io.Reader { return bytes.NewReader(b.Bytes()) }
}

// What it takes to be a bomb for us: each of these is as large as it can be,
// and must neither be kept nor end in anything but its own failure. The CPU
// time is printed: a slow machine is no fault.
func TestBombs(t *testing.T) {
	const (
		begin, end  = "<urlset>", "</urlset>"
		page, after = "<url><loc>https://a.example/", "</loc></url>"
		same        = page + "same" + after
	)
	children := func(n int, child func() io.Reader) streams {
		return streams{"/s.xml": counted("<sitemapindex>", "<sitemap><loc>https://a.example/child-", "</loc></sitemap>", 0, n, "</sitemapindex>"), "/child-": child}
	}
	one := func(file func() io.Reader) streams { return streams{"/s.xml": file} }
	for _, c := range []struct {
		name    string
		streams streams
		crawl   darkroom.Crawl
		readOn  bool
		code    darkroom.Code
		pages   int
	}{
		{name: "F1 gzip of 300 MB of nothing", streams: one(zipped(t, repeated(begin, " ", 300<<20, end))), code: darkroom.CodeSitemapTooLarge},
		{name: "F1 gzip of 60 MB of elements", streams: one(zipped(t, repeated(begin, "<a/>", 15<<20, end))), code: darkroom.CodeSitemapTooLarge},
		{name: "F1 gzip of 60 MB of remarks", streams: one(zipped(t, repeated(begin, "<!-- -->", 15<<19, end))), code: darkroom.CodeSitemapTooLarge},
		{name: "F1 gzip of 60 MB of entries", streams: one(zipped(t, repeated(begin, same, 1<<20, end))), pages: 1},
		{name: "F1 gzip of 60 MB of one line", streams: one(zipped(t, repeated("https://a.example/1\n", "a", 60<<20, ""))), pages: 1},
		{name: "F1 gzip of 2 million empty members", streams: one(repeated("", string(empty(t)), 2<<20, "")), code: darkroom.CodeSitemapTooLarge},
		{name: "F1 gzip in gzip", streams: one(zipped(t, zipped(t, repeated(begin, " ", 60<<20, end)))), code: darkroom.CodeSitemapInvalid},
		{name: "F1 gzip of 60 MB of UTF-16", streams: one(zipped(t, repeated("\xff\xfe<\x00u\x00r\x00l\x00s\x00e\x00t\x00>\x00", "\x00\xd8", 30<<20, ""))), code: darkroom.CodeSitemapTooLarge},
		{name: "F2 a billion laughs", streams: one(repeated("<?xml version='1.0'?><!DOCTYPE lolz [<!ENTITY lol 'lol'>", "<!ENTITY lol2 '&lol;&lol;'>", 1<<20, "")), code: darkroom.CodeSitemapInvalid},
		{name: "F3 50,000 sitemaps of 50,000 URLs each", streams: children(50_000, further(begin, page, after, 50_000, end)), pages: 5000},
		{name: "F3 the same, planned", streams: children(50_000, further(begin, page, after, 50_000, end)), readOn: true, pages: 5000},
		{name: "F3 four of 60 MB", streams: children(4, zipped(t, repeated(begin, "<a/>", 15<<20, end))), code: darkroom.CodeSitemapTooLarge},
		{name: "F4 2 million elements inside one another", streams: one(repeated(begin, "<a>", 2<<20, "")), code: darkroom.CodeSitemapInvalid},
		{name: "F4 an address of 60 MB", streams: one(repeated(begin+page, "a", 60<<20, after+end)), code: darkroom.CodeSitemapTooLarge},
		{name: "F4 an address of 40 MB of references", streams: one(repeated(begin+page, "&amp;", 8<<20, after+end)), code: darkroom.CodeNoURLs},
		{name: "F4 a name of 60 MB", streams: one(repeated(begin+"<", "a", 60<<20, "/>"+end)), code: darkroom.CodeSitemapInvalid},
		{name: "F4 an attribute of 60 MB", streams: one(repeated(begin+"<a b='", "a", 60<<20, "'/>"+end)), code: darkroom.CodeSitemapTooLarge},
		{name: "F4 namespaces without end", streams: one(repeated(begin, "<a xmlns:b='"+strings.Repeat("c", 1000)+"'/>", 52<<10, end)), code: darkroom.CodeSitemapTooLarge},
		{name: "F5 millions of duplicates, planned", streams: children(50_000, repeated(begin, same, 50_000, end)), readOn: true, pages: 1},
		{name: "F5 a million bad addresses", streams: children(20, further(begin, "<url><loc>javascript:", after, 50_000, end)), code: darkroom.CodeNoURLs},
		{name: "F5 a million odd addresses", streams: children(20, further(begin, page+"./", after, 50_000, end)), crawl: darkroom.Crawl{Include: []string{"nothing"}}, code: darkroom.CodeNoURLs},
		{name: "F5 200,000 dates", streams: children(4, further(begin, page, "</loc><lastmod>no date</lastmod></url>", 50_000, end)), crawl: darkroom.Crawl{LastmodAfter: time.Unix(0, 0)}, readOn: true, pages: 5000},
		{name: "F7 a body of 10 GB", streams: one(repeated(begin, "<a> </a>", 10<<27, "")), code: darkroom.CodeSitemapTooLarge},
		{name: "sample of 200,000 shapes", streams: children(4, further(begin, page+"a/b/c?p", after, 50_000, end)), crawl: darkroom.Crawl{PerTemplate: 1000}, pages: 5000},
		{
			name: "rules without end", crawl: darkroom.Crawl{RespectRobots: true}, pages: 5000,
			streams: streams{"/s.xml": counted(begin, page+strings.Repeat("a", 900), after, 0, 5000, end), "/robots.txt": repeated("User-agent: *\n", "Disallow: /*a*a*b\n", 19_999, "")},
		},
	} {
		t.Run(c.name, func(t *testing.T) {
			c.crawl.SitemapURL, c.crawl.MaxPages = site+"/s.xml", 5000
			reader := sitemap.New(sitemap.Config{Client: &http.Client{Transport: c.streams}, Admit: policy(t).Admit, Limits: sitemap.Limits{Time: 10 * time.Minute}})
			pages := 0
			var last darkroom.Discovery
			var err error
			cpu, memory := cost(func() {
				last, err = reader.Walk(t.Context(), c.crawl, sitemap.Visitor{
					Page: func(sitemap.Page) error { pages++; return nil }, Skip: func(sitemap.Skipped) {}, ReadOn: c.readOn,
				})
			})
			t.Logf("%v of CPU, %d MiB; %d found, %v, %q", cpu.Round(time.Millisecond), memory>>20, last.Found, last.Skipped, last.Warnings)
			if darkroom.CodeOf(err) != c.code || pages != c.pages {
				t.Errorf("%v with %d pages; want %q with %d", err, pages, c.code, c.pages)
			}
			if memory > 64<<20 {
				t.Errorf("it took %d MiB", memory>>20)
			}
		})
	}
}

// empty is a gzip file of nothing.
func empty(t *testing.T) []byte {
	t.Helper()
	packed, err := io.ReadAll(zipped(t, repeated("", "", 0, ""))())
	if err != nil {
		t.Fatal(err)
	}
	return packed
}

// cost runs work and tells the CPU time of this process and the most memory
// that it had in use above what it had before.
func cost(work func()) (cpu time.Duration, memory uint64) {
	runtime.GC()
	before, began := inUse(), cpuTime()
	ended := make(chan struct{})
	most := before
	var sampler sync.WaitGroup
	sampler.Go(func() {
		tick := time.NewTicker(5 * time.Millisecond)
		defer tick.Stop()
		for {
			select {
			case <-ended:
				return
			case <-tick.C:
				most = max(most, inUse())
			}
		}
	})
	work()
	close(ended)
	sampler.Wait()
	return cpuTime() - began, most - before
}

func inUse() uint64 {
	var m runtime.MemStats
	runtime.ReadMemStats(&m)
	return m.HeapInuse + m.StackInuse
}

func cpuTime() time.Duration {
	var usage syscall.Rusage
	if err := syscall.Getrusage(syscall.RUSAGE_SELF, &usage); err != nil {
		return 0
	}
	return time.Duration(usage.Utime.Nano() + usage.Stime.Nano())
}
