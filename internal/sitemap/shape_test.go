package sitemap

import (
	"fmt"
	"net/url"
	"slices"
	"strings"
	"testing"
)

func parsed(t testing.TB, text string) *url.URL {
	t.Helper()
	u, err := url.Parse(text)
	if err != nil {
		t.Fatal(err)
	}
	return u
}

func TestShapes(t *testing.T) {
	const site = "https://a.example"
	for _, c := range []struct {
		name string
		same []string // of one shape, which no other row has
	}{
		{"root", []string{"/"}},
		{"a page", []string{"/about", "/about/"}},
		{"another page", []string{"/contact"}},
		{"articles", []string{"/blog/my-first-post", "/blog/2026-10-a", "/blog/x1/"}},
		{"articles by date", []string{"/blog/2026/10/a-b", "/blog/2025/01/c-d"}},
		{"files", []string{"/docs/a-1.html", "/docs/b-2.HTML"}},
		{"other files", []string{"/docs/a-1.php"}},
		{"folders with names", []string{"/case-studies/a-b", "/case-studies/c-d"}},
		{"other folders with names", []string{"/white-papers/a-b"}},
		{"identifiers", []string{"/item/b25f0bd2-6c5b-4c4a-a5a0-54d3a4a9b1d3", "/item/77"}},
		{"queries", []string{"/list?page=1&sort=a", "/list?sort=b&page=2"}},
		{"other queries", []string{"/list?page=1"}},
		{"escapes", []string{"/wiki/%C3%A9", "/wiki/%E3%83%84"}},
		{"numbers first", []string{"/12/edit", "/13/edit"}},
	} {
		s := newShapes()
		for _, path := range c.same[1:] {
			first, other := s.learn(parsed(t, site+c.same[0])), s.learn(parsed(t, site+path))
			if first != other {
				t.Errorf("%s: %s has the shape %s, %s has %s", c.name, c.same[0], first, path, other)
			}
		}
	}
	s := newShapes()
	known := make(map[string]string)
	for _, path := range []string{"/", "/about", "/contact", "/blog/a-b", "/blog/2026/10/a", "/docs/a-1.html", "/docs/a-1.php", "/case-studies/a-b", "/white-papers/a-b", "/list", "/list?page=1", "/list?page=1&sort=a"} {
		shape := s.learn(parsed(t, site+path))
		if other, found := known[shape]; found {
			t.Errorf("%s and %s have the same shape %s", path, other, shape)
		}
		known[shape] = path
	}
	if a, b := s.learn(parsed(t, site+"/a-b")), s.learn(parsed(t, "https://b.example/a-b")); a == b {
		t.Errorf("two hosts have the same shape %s", a)
	}
}

// Names that are many count as one, folders and pages apart.
func TestShapesSettle(t *testing.T) {
	s := newShapes()
	word := func(i int) string { return strings.Repeat("a", i/26) + string(rune('a'+i%26)) }
	var pages []*url.URL
	for i := range 60 {
		pages = append(pages, parsed(t, "https://a.example/"+word(i)), parsed(t, "https://a.example/users/"+word(i)+"/posts/x-y"))
	}
	for _, path := range []string{"/blog/a-b", "/shop/a-b"} {
		pages = append(pages, parsed(t, "https://a.example"+path))
	}
	for range 2 {
		for _, page := range pages {
			s.learn(page)
		}
	}
	shapes := make(map[string]int)
	for _, page := range pages {
		shapes[s.settled(page)]++
	}
	want := map[string]int{"a.example/*": 60, "a.example/users/*/posts/*": 60, "a.example/blog/*": 1, "a.example/shop/*": 1}
	if fmt.Sprint(shapes) != fmt.Sprint(want) {
		t.Errorf("%v, want %v", shapes, want)
	}
}

// Whatever a site's paths are, what is remembered of them is bounded.
func TestShapesAreBounded(t *testing.T) {
	s := newShapes()
	for i := range 3 * maxPaths {
		name := strings.Map(func(r rune) rune { return r - '0' + 'a' }, fmt.Sprint(i))
		s.learn(parsed(t, "https://a.example/"+strings.Repeat(name+"/", 40)+name))
		s.learn(parsed(t, "https://"+name+".example/"+name))
	}
	if len(s.names) > maxPaths {
		t.Errorf("%d paths are remembered", len(s.names))
	}
	for path, names := range s.names {
		if len(names) > maxBranches+1 || len(path) > 4096 {
			t.Fatalf("%d names after a path of %d bytes", len(names), len(path))
		}
	}
}

// sampleOf offers these paths, and gives what is kept, and the number of those
// that were left out.
func sampleOf(t *testing.T, perShape, limit int, paths ...string) (kept []string, ofShape, inAll, settled int) {
	t.Helper()
	s := newSample(perShape, limit)
	for _, path := range paths {
		verdict, gaveWay := s.add(picked{text: "https://a.example" + path})
		if gaveWay != nil || verdict == enoughInAll {
			inAll++
		}
		if verdict == enoughOfShape {
			ofShape++
		}
		if s.kept > limit {
			t.Fatalf("%d are kept", s.kept)
		}
	}
	end := s.settle()
	for _, one := range end.chosen {
		kept = append(kept, strings.TrimPrefix(one.text, "https://a.example"))
	}
	return kept, ofShape, inAll, len(end.left) + len(end.repeated)
}

func TestSample(t *testing.T) {
	many := func(format string, n int) (paths []string) {
		for i := range n {
			paths = append(paths, fmt.Sprintf(format, i))
		}
		return paths
	}
	words := func(format string, n int) (paths []string) {
		for i := range n {
			paths = append(paths, fmt.Sprintf(format, strings.Repeat(string(rune('a'+i%26)), 1+i/26)))
		}
		return paths
	}
	for _, c := range []struct {
		name                    string
		perShape, limit         int
		paths                   []string
		want                    []string
		ofShape, inAll, settled int
	}{
		{"of each shape", 2, 100, slices.Concat([]string{"/"}, many("/p/x%d", 9), []string{"/about"}, many("/q/x%d", 1)), []string{"/", "/p/x0", "/p/x1", "/about", "/q/x0"}, 7, 0, 0},
		{"all fit", 1000, 100, many("/p/x%d", 9), many("/p/x%d", 9), 0, 0, 0},
		{"the largest gives way", 9, 4, slices.Concat(many("/p/x%d", 9), many("/q/x%d", 9), []string{"/"}), []string{"/p/x0", "/p/x1", "/q/x0", "/"}, 0, 15, 0},
		{"no more shapes than pages", 3, 2, []string{"/a", "/b", "/c", "/d"}, []string{"/a", "/b"}, 0, 2, 0},
		{"one page", 3, 1, []string{"/a/1", "/a/2", "/b/1"}, []string{"/a/1"}, 0, 2, 0},
		{"words that are many", 2, 100, words("/%s", 60), []string{"/a", "/b"}, 34, 0, 24},
		{"the same twice", 5, 100, []string{"/a/1", "/a/1", "/a/2"}, []string{"/a/1", "/a/2"}, 0, 0, 1},
	} {
		t.Run(c.name, func(t *testing.T) {
			kept, ofShape, inAll, settled := sampleOf(t, c.perShape, c.limit, c.paths...)
			if !slices.Equal(kept, c.want) || ofShape != c.ofShape || inAll != c.inAll || settled != c.settled {
				t.Errorf("%q, %d of a shape, %d over the limit, %d at the end; want %q, %d, %d, %d", kept, ofShape, inAll, settled, c.want, c.ofShape, c.inAll, c.settled)
			}
		})
	}
}
