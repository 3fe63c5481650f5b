package filter_test

import (
	"regexp"
	"strings"
	"testing"

	"darkroom/internal/filter"
)

// Whatever a list and an address hold, nothing breaks, and a rule that blocks
// stands in the list.
func FuzzLists(f *testing.F) {
	for _, seed := range []struct{ list, url, page string }{
		{"||ads.example^$third-party,domain=a.example|~b.a.example", "https://x.ads.example/y?z", "https://a.example/"},
		{"@@|http://*.gif|$image,~script\n/a[b-]c/$match-case\n0.0.0.0 a b.example", "http://a/%D1/b.gif", ""},
		{"||^\n|||\n*^*^*|\n^^^^|\n$domain=|\n$$\n##\n@@\n@@$\n/$\n//$\n///", "://", "http://[::1]:80/"},
		{"\x00\xff||é^", "http://\xff\xfe@[x/", "http://a@b@c:d"},
	} {
		f.Add(seed.list, seed.url, seed.page)
	}
	f.Fuzz(func(t *testing.T, list, url, page string) {
		set, tallies := filter.NewSet(filter.List{Name: "fuzz", Group: filter.Ads, Text: list})
		for _, kind := range []filter.Kind{filter.Script, filter.Image, filter.Document} {
			rule, blocked := set.Match(filter.Ads, filter.PageAt(page), filter.Request{URL: url, Kind: kind})
			if blocked && (kind == filter.Document || !strings.Contains(list, rule) || tallies[0].Rules == 0) {
				t.Fatalf("%q is blocked by %q", url, rule)
			}
			if blocked && set.Kinds(filter.Ads)&kind == 0 {
				t.Fatalf("kind %b is blocked, but not among %b", kind, set.Kinds(filter.Ads))
			}
		}
	})
}

// The matcher agrees with the regular expression that the syntax is defined
// by.
func FuzzPatterns(f *testing.F) {
	for _, seed := range []struct{ pattern, url string }{
		{"||ads.example^", "http://ads.example/"},
		{"||example^*x|", "http://a.example/x/x"},
		{"|http://a", "http://a.example/"},
		{"/a*b^", "http://h/a/bb/b"},
		{"^a^|", "http://h/a"},
		{"a*a*a", "http://aa.example/a"},
		{"||a.b", "http://b.a.b.c/"},
		{"^^|", "http://h/?"},
		{"||h*h|", "http://h"},
	} {
		f.Add(seed.pattern, seed.url)
	}
	alphabet := regexp.MustCompile(`^[a-zA-Z0-9/.?=&_%*^|:-]*$`)
	address := regexp.MustCompile(`^http://[a-z0-9.-]+(:[0-9]+)?([/?][a-zA-Z0-9/.?=&_%:-]*)?$`)
	f.Fuzz(func(t *testing.T, pattern, url string) {
		if !alphabet.MatchString(pattern) || !address.MatchString(url) || len(pattern) > 60 || len(url) > 120 {
			return
		}
		if strings.HasPrefix(pattern, "/") && strings.HasSuffix(pattern, "/") || !strings.ContainsAny(strings.Trim(pattern, "|^*"), "/^_|?&=:%*") {
			return // an expression, or maybe a host name
		}
		set, tallies := filter.NewSet(filter.List{Name: "fuzz", Group: filter.Ads, Text: pattern})
		if tallies[0].Rules != 1 {
			return
		}
		_, got := set.Match(filter.Ads, filter.PageAt("http://site.example/"), filter.Request{URL: url, Kind: filter.Image})
		if want := definition(pattern).MatchString(url); got != want {
			t.Errorf("%q against %q is %t, want %t", pattern, url, got, want)
		}
	})
}

// definition is what a pattern means, as an expression.
func definition(pattern string) *regexp.Regexp {
	head, tail := "", ""
	if rest, ok := strings.CutPrefix(pattern, "||"); ok {
		head, pattern = `^[a-z]+://([a-z0-9.-]*\.)?`, rest
	} else if rest, ok := strings.CutPrefix(pattern, "|"); ok {
		head, pattern = "^", rest
	}
	if rest, ok := strings.CutSuffix(pattern, "|"); ok {
		tail, pattern = "$", rest
	}
	text := regexp.QuoteMeta(pattern)
	text = strings.ReplaceAll(text, `\*`, ".*")
	text = strings.ReplaceAll(text, `\^`, `(?:[^a-zA-Z0-9_.%-]|$)`)
	return regexp.MustCompile("(?i)" + head + text + tail)
}
