package api

import (
	"encoding/json"
	"net/http"
	"strconv"
	"strings"
	"testing"
	"unicode/utf8"

	"darkroom"
	"darkroom/internal/egress"
	"darkroom/internal/sitemap"
	"darkroom/internal/store"
)

// FuzzBody decodes bodies as POST /v1/batch does, up to the URLs. What is
// refused is refused with a validation error that does not quote the body;
// what is accepted is JSON for the standard library too, valid as options, and
// has a hash that does not depend on white space.
func FuzzBody(f *testing.F) {
	for _, seed := range []string{
		`{"urls":["https://example.com/"]}`, `{"width":"800","full_page":1,"clip":{"x":1,"y":2,"width":3,"height":4}}`,
		`{"headers":{"A":"b"},"cookies":[{"name":"a","value":"b"}],"hide_selectors":".a,.b","fail_on_status":[]}`,
		`{"tags":["a"],"retention":1e3,"host_delay":"5","name":"x","priority":"low"}`,
		`{"a":1,"a":2}`, `{"a":1e999}`, `{"a":"\ud800"}`, "{\"a\":\"\xff\"}", `{}x`, `{"a":{"b":[[[]]]}}`, "\xef\xbb\xbf{}", `{"width":null}`, ``, `[]`,
	} {
		f.Add([]byte(seed))
	}
	s := &server{Config: Config{}.withDefaults()}
	f.Fuzz(func(t *testing.T, body []byte) {
		if err := checkJSON(body); err != nil {
			refusedAsInvalid(t, err)
			return
		}
		if !json.Valid(body) || !utf8.Valid(body) {
			t.Fatalf("accepted what is no JSON: %q", body)
		}
		got, err := fieldsOfBody(body)
		if err != nil {
			t.Fatalf("a checked body was refused: %v", err)
		}
		one, err := bodyHash("x", body)
		two, again := bodyHash("x", []byte(" "+string(body)+"\n"))
		if err != nil || again != nil || one != two {
			t.Fatalf("hashes %q and %q: %v, %v", one, two, err, again)
		}
		options, err := got.options()
		if err != nil {
			refusedAsInvalid(t, err)
			return
		}
		if err := options.Validate(); err != nil {
			t.Fatalf("accepted options are not valid: %v", err)
		}
		delete(got, "callback_url")
		if err := s.decodeJobFields(got, new(store.NewJob)); err != nil {
			refusedAsInvalid(t, err)
			return
		}
		if warnings, err := got.unknown(http.Header{}); err != nil || len(warnings) > maxWarnings+1 {
			t.Fatalf("%d warnings, %v", len(warnings), err)
		}
	})
}

func refusedAsInvalid(t *testing.T, err error) {
	t.Helper()
	if darkroom.CodeOf(err) != darkroom.CodeValidation {
		t.Fatalf("refused with %q: %v", darkroom.CodeOf(err), err)
	}
	if len(err.Error()) > 2000 || !utf8.ValidString(err.Error()) {
		t.Fatalf("a message of %d bytes", len(err.Error()))
	}
}

// FuzzSitemap decodes bodies as POST /v1/sitemap does. What is accepted can be
// stored, compiled and read again, and is within its limits.
func FuzzSitemap(f *testing.F) {
	const url = `{"sitemap_url":"https://example.com/sitemap.xml"`
	for _, seed := range []string{
		`}`, `,"max_pages":10,"plan":true}`, `,"max_urls":"7","same_host":"no"}`, `,"include_pattern":["a{2,3}","(?i)b"],"exclude_pattern":"[?]"}`,
		`,"include_pattern":"("}`, `,"include_lastmod_after":"2026-04-01"}`, `,"include_lastmod_after":"9999-12-31T23:59:59-23:00"}`,
		`,"sample":{"per_template":"3"}}`, `,"sample":"{\"per_template\":3}"}`, `,"sample":{"a":{"b":[]}}}`, `,"sample":"\"\""}`, `,"max_pages":1e99}`,
	} {
		f.Add([]byte(url + seed))
	}
	f.Add([]byte(`{"sitemap_url":7}`))
	policy, err := egress.NewPolicy(egress.Config{})
	if err != nil {
		f.Fatal(err)
	}
	s := &server{Config: Config{Policy: policy}.withDefaults()}
	f.Fuzz(func(t *testing.T, body []byte) {
		if checkJSON(body) != nil {
			return
		}
		request, err := s.decodeSitemap(http.Header{}, darkroom.APIKey{}, body)
		if err != nil {
			refusedAsInvalid(t, err)
			return
		}
		crawl := request.job.Crawl
		text, err := json.Marshal(crawl)
		var again darkroom.Crawl
		if err != nil || json.Unmarshal(text, &again) != nil || !again.LastmodAfter.Equal(crawl.LastmodAfter) {
			t.Fatalf("cannot be stored: %+v, %v", crawl, err)
		}
		if crawl.MaxPages < 1 || crawl.MaxPages > darkroom.DefaultMaxPages || crawl.PerTemplate < 0 || crawl.PerTemplate > darkroom.MaxPerTemplate {
			t.Fatalf("out of its limits: %+v", crawl)
		}
		if admitted, err := policy.Admit(crawl.SitemapURL); err != nil || admitted.String() != crawl.SitemapURL {
			t.Fatalf("%q is not canonical: %v, %v", crawl.SitemapURL, admitted, err)
		}
		for _, patterns := range [][]string{crawl.Include, crawl.Exclude} {
			if compiled, err := sitemap.CompilePatterns("x", patterns); err != nil || len(compiled) != len(patterns) {
				t.Fatalf("%q does not compile: %v", patterns, err)
			}
		}
	})
}

// FuzzQuery reads query text as GET /v1/screenshot does.
func FuzzQuery(f *testing.F) {
	for _, seed := range []string{
		"url=https%3A%2F%2Fexample.com&width=800", "hide_selectors[0]=a&hide_selectors[1]=b", "clip[x]=1&clip[y]=2&clip[width]=3&clip[height]=4.5",
		"a=1&a=2", "a[]=1", "a[b=1", "[a]=1", "clip=1&clip[x]=1", "%zz", "a=%ff", "width=&height=0", "a;b",
	} {
		f.Add(seed)
	}
	f.Fuzz(func(t *testing.T, query string) {
		got, err := fieldsOfQuery(query)
		if err != nil {
			refusedAsInvalid(t, err)
			return
		}
		for name, raw := range got {
			if !json.Valid(raw) {
				t.Fatalf("%q became %q, which is no JSON", name, raw)
			}
		}
		if options, err := got.options(); err != nil {
			refusedAsInvalid(t, err)
		} else if err := options.Validate(); err != nil {
			t.Fatalf("accepted options are not valid: %v", err)
		}
	})
}

// FuzzRange holds that what is handed on is nothing, or at most maxRanges
// ranges inside the file, or the one range that begins behind its end.
func FuzzRange(f *testing.F) {
	for _, seed := range []string{
		"bytes=0-", "bytes=-1", "bytes=-0", "bytes=5-1", "bytes=0-0,2-2", "items=0-1", "bytes=999999999999999999999-", "bytes=-", "bytes=,", "bytes= 1 - 2",
		"bytes=0-" + strings.Repeat(",0-", 20), "bytes=+1-2", "bytes=1--2", "bytes=0x1-2",
	} {
		f.Add(seed, int64(1000))
	}
	f.Fuzz(func(t *testing.T, header string, size int64) {
		if size < 1 {
			return
		}
		usable := usableRange(header, size)
		if usable == "" || usable == "bytes="+strconv.FormatInt(size, 10)+"-" {
			return
		}
		list, ok := strings.CutPrefix(usable, "bytes=")
		parts := strings.Split(list, ",")
		if !ok || len(parts) > maxRanges {
			t.Fatalf("%q became %q", header, usable)
		}
		for _, part := range parts {
			first, last, ok := bounds(part, size)
			if !ok || first < 0 || first > last || last >= size {
				t.Fatalf("%q became %q, which has %d to %d of %d", header, usable, first, last, size)
			}
		}
	})
}
