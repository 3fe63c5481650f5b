package sitemap

import (
	"net/url"
	"strings"
	"testing"

	"darkroom/internal/egress"
)

func admitter(t testing.TB) func(string) (*url.URL, error) {
	t.Helper()
	p, err := egress.NewPolicy(egress.Config{})
	if err != nil {
		t.Fatal(err)
	}
	return p.Admit
}

// urlSeeds are spellings that a browser reads in its own way, and plain ones.
func urlSeeds() []string {
	seeds := []string{
		"https://a.example/", "https://a.example", "HTTPS://a.example/b", "https://A.example/b", "https://a.example:443/b", "http://a.example:8080/b",
		"https://a.example/b/../c", "https://a.example/./b", "https://a.example/b/.", "https://a.example/.b", "https://a.example//b//", "https://a.example/b.c..d",
		"https://a.example/%2e%2e/b", "https://a.example/b%2E/c", "https://a.example/b/%2e", "https://a.example/%41%c3%a9%C3%A9", "https://a.example/%", "https://a.example/%4",
		"https://a.example/b?c=d&e=%20+f", "https://a.example/b?", "https://a.example/b??", "https://a.example/?b=http://c.example/../d", "https://a.example/b#c",
		"https://a.example/é", "https://a.example/b c", "https://a.example/b\\c", "https://a.example/b'c", "https://a.example/b?c'd", "https://a.example/[b]|^{c}`\"<>",
		"https://a.example/!$()*+,;:@&=", "https://a.example/?!$()*+,;:@&=", "https://u@a.example/", "https://a.example@b.example/", "https://a.example\\b.example/",
		"https://a.example/;b=c,d:e@f", "http:///b", "https:/a.example/b", "http://a.example?b/c", "http://a.example#/c", "https://a.example /b", "http://127.0.0.1/b", "file:///b",
		"https://a.example/" + strings.Repeat("a/", 700),
	}
	return seeds
}

// Whatever is taken as canonical without being read is what reading gives.
func checkCanonical(t *testing.T, p *places, raw string) {
	t.Helper()
	admitted, wantErr := p.admit(raw)
	for round := range 2 {
		text, found, err := p.canonical([]byte(raw))
		if (err == nil) != (wantErr == nil) {
			t.Fatalf("%q, round %d: %v; Admit says %v", raw, round, err, wantErr)
		}
		if err != nil {
			return
		}
		if string(text) != admitted.String() || found.host != egress.HostPort(admitted) || found.site != siteHost(admitted) {
			t.Fatalf("%q, round %d: %q %+v; Admit gives %q", raw, round, text, found, admitted)
		}
		if parsed := (picked{text: string(text)}).url(); parsed.String() != string(text) || parsed.Host != admitted.Host {
			t.Fatalf("%q: %q is read back as %q", raw, text, parsed)
		}
	}
}

func TestCanonicalWithoutReading(t *testing.T) {
	p := newPlaces(admitter(t))
	for _, raw := range urlSeeds() {
		checkCanonical(t, p, raw)
	}
	before := p.asked
	for _, raw := range []string{"https://a.example/b/c-d_e~f.html", "http://a.example:8080/?b=c&d=e%20f", "https://a.example/%C3%A9t%c3%a9/"} {
		if _, _, err := p.canonical([]byte(raw)); err != nil || p.asked != before {
			t.Errorf("%s was read: %v", raw, err)
		}
	}
	for _, raw := range []string{"https://b.example/", "https://a.example:8443/", "http://c.example/", "https://a.example/.well-known/", "https://a.example/a b"} {
		if before = p.asked; before == 0 {
			t.Fatal("nothing was read")
		}
		if _, _, err := p.canonical([]byte(raw)); err != nil || p.asked != before+1 {
			t.Errorf("%s was not read: %v", raw, err)
		}
	}
}

func FuzzCanonical(f *testing.F) {
	for _, seed := range urlSeeds() {
		if len(seed) < 200 {
			f.Add(seed, "b/c")
		}
	}
	admit := admitter(f)
	f.Fuzz(func(t *testing.T, raw, path string) {
		p := newPlaces(admit)
		for _, begin := range []string{"https://a.example/", "http://b.example:8080/", "http://xn--e1afmkfd.example/"} {
			checkCanonical(t, p, begin)
			checkCanonical(t, p, begin+path)
		}
		checkCanonical(t, p, raw)
	})
}

func TestSiteHost(t *testing.T) {
	for raw, want := range map[string]string{
		"http://A.example/": "a.example", "https://a.example./b": "a.example", "https://a.example:443/": "a.example",
		"http://a.example:443/": "a.example:443", "http://a.example:8080/": "a.example:8080", "https://www.a.example/": "www.a.example",
	} {
		u, err := admitter(t)(raw)
		if err != nil {
			t.Fatal(err)
		}
		if got := siteHost(u); got != want {
			t.Errorf("%s: %s, want %s", raw, got, want)
		}
	}
}
