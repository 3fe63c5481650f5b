package sitemap_test

import (
	"errors"
	"strings"
	"testing"

	"darkroom"
	"darkroom/internal/sitemap"
)

func TestLimits(t *testing.T) {
	w := world{
		"a.example/s.xml": text(index(site+"/1.xml", site+"/2.xml", site+"/3.xml")),
		"a.example/1.xml": text(urlset(numbered(site+"/a-", 3)...)),
		"a.example/2.xml": text(urlset(numbered(site+"/b-", 3)...)),
		"a.example/3.xml": text(urlset(numbered(site+"/c-", 3)...)),
	}
	large := world{"a.example/s.xml": text(urlset(site+"/a-0") + strings.Repeat(" ", 100)), "a.example/t.xml": text("<urlset>" + strings.Repeat(" ", 2<<20) + "</urlset>")}
	all := func(prefix string, n int) []string { return numbered("/"+prefix+"-", n) }
	join := func(parts ...[]string) (pages []string) {
		for _, part := range parts {
			pages = append(pages, part...)
		}
		return pages
	}
	for _, c := range []struct {
		name   string
		world  world
		start  string
		limits sitemap.Limits
		want   expect
	}{
		{"none", w, "/s.xml", sitemap.Limits{}, expect{pages: join(all("a", 3), all("b", 3), all("c", 3))}},
		{"files", w, "/s.xml", sitemap.Limits{Files: 3}, expect{pages: join(all("a", 3), all("b", 3)), warnings: []string{"3 files were asked for; there are more"}}},
		{"just enough files", w, "/s.xml", sitemap.Limits{Files: 4}, expect{pages: join(all("a", 3), all("b", 3), all("c", 3))}},
		{"only the index", w, "/s.xml", sitemap.Limits{Files: 1}, expect{code: darkroom.CodeSitemapTooLarge, message: "1 files"}},
		{
			"entries of a file", w, "/s.xml",
			sitemap.Limits{FileURLs: 2},
			expect{pages: join(all("a", 2), all("b", 2)), warnings: []string{"s.xml has more than 2 entries", "1.xml has more", "2.xml has more"}},
		},
		{"bytes of all", w, "/s.xml", sitemap.Limits{TotalBytes: 725}, expect{pages: join(all("a", 3), all("b", 2)), warnings: []string{"the rest, from https://a.example/2.xml on"}}},
		{"entries of all", w, "/s.xml", sitemap.Limits{TotalURLs: 8}, expect{pages: join(all("a", 3), all("b", 2)), warnings: []string{"more than 8 entries together; the rest, from https://a.example/2.xml on"}}},
		{"a file too large", large, "/t.xml", sitemap.Limits{FileBytes: 1 << 20}, expect{code: darkroom.CodeSitemapTooLarge, message: "larger than 1.0 MiB"}},
		{"what comes after the end does not count", large, "/s.xml", sitemap.Limits{FileBytes: 160}, expect{pages: all("a", 1)}},
	} {
		t.Run(c.name, func(t *testing.T) {
			c.world.walk(t, darkroom.Crawl{SitemapURL: site + c.start}, c.limits, false).expect(t, c.want)
		})
	}
}

func TestCompilePatterns(t *testing.T) {
	many := make([]string, darkroom.MaxPatterns+1)
	for _, c := range []struct {
		name     string
		patterns []string
		compiled int
		message  string // "" = it compiles
	}{
		{"none", nil, 0, ""},
		{"empty", []string{"", "a", ""}, 1, ""},
		{"E7 repeats inside repeats", []string{"(a+)+$", "(a|aa)+$", "(?i)x"}, 3, ""},
		{"E7 look-ahead", []string{"a", "^(?=x)"}, 0, `the pattern "^(?=x)" cannot be read: invalid or unsupported Perl syntax in "(?="`},
		{"E7 back-reference", []string{`(a)\1`}, 0, `invalid escape sequence in "\1"`},
		{"E7 bracket", []string{"["}, 0, "missing closing ]"},
		{"E7 too many", []string{"a{1001}"}, 0, "invalid repeat count"},
		{"E7 too many inside", []string{"(a{1000}){1000}"}, 0, "invalid repeat count"},
		{"a thousand", []string{"a{1000}"}, 1, ""},
		{"thousands", []string{"a{1000}b{1000}c{1000}"}, 0, "repeats too much"},
		{"large classes", []string{strings.Repeat(`\pL{1000}`, 50)}, 0, "repeats too much"},
		{"long", []string{strings.Repeat("a", darkroom.MaxPatternBytes)}, 1, ""},
		{"too long", []string{strings.Repeat("a", darkroom.MaxPatternBytes+1)}, 0, "513 bytes; 512 are the limit"},
		{"too many patterns", many, 0, "21 patterns; 20 are the limit"},
		{"no text", []string{"\xff"}, 0, "invalid UTF-8"},
		{"to be shown", []string{"\x1b[31m("}, 0, `"[31m("`},
	} {
		t.Run(c.name, func(t *testing.T) {
			compiled, err := sitemap.CompilePatterns("include_pattern", c.patterns)
			if c.message == "" {
				if err != nil || len(compiled) != c.compiled {
					t.Errorf("%d patterns, %v", len(compiled), err)
				}
				return
			}
			failed, ok := errors.AsType[*darkroom.Error](err)
			if !ok || failed.Code != darkroom.CodeValidation || failed.Param != "include_pattern" || !strings.Contains(failed.Message, c.message) {
				t.Errorf("%v, want %q", err, c.message)
			}
		})
	}
}

// A crawl with a pattern that cannot be read is refused before anything is
// asked for.
func TestPatternsOfACrawl(t *testing.T) {
	for _, crawl := range []darkroom.Crawl{{Include: []string{"("}}, {Exclude: []string{"("}}} {
		crawl.SitemapURL = site + "/s.xml"
		got := world{"a.example/s.xml": text(urlset(site + "/a"))}.walk(t, crawl, sitemap.Limits{}, false)
		if darkroom.CodeOf(got.err) != darkroom.CodeValidation || len(got.pages) > 0 {
			t.Errorf("%v", got.err)
		}
	}
}
