package sitemap

import (
	"maps"
	"net/url"
	"path"
	"slices"
	"strings"
)

const (
	// maxBranches is how many names may follow the same path before they count as
	// one: a section has few sub-sections, and any number of articles.
	maxBranches = 24

	maxPaths         = 4000 // whose names are remembered
	maxWordBytes     = 24
	maxShapeSegments = 32
	maxShapeQuery    = 8
)

// shapes tells which URLs are likely to have the same layout: those whose
// paths differ only in what looks made for one page. "/blog/2026/my-post.html"
// has the shape "/blog/*/*.html". Names of folders and of pages are counted
// apart: forty pages at the top do not make the five sections there one.
type shapes struct {
	names map[string]map[string]bool // seen after a path
}

func newShapes() *shapes { return &shapes{make(map[string]map[string]bool)} }

// learn gives the shape of a URL as far as it is known yet, and remembers the
// names in its path.
func (s *shapes) learn(u *url.URL) string { return shape(u, s.note) }

// settled gives the shape of a URL when all have been learnt.
func (s *shapes) settled(u *url.URL) string {
	return shape(u, func(after, name string) bool {
		return len(s.names[after]) <= maxBranches && s.names[after][name]
	})
}

// note remembers a name and reports whether it stands for itself.
func (s *shapes) note(after, name string) bool {
	names := s.names[after]
	if names == nil {
		if len(s.names) == maxPaths {
			return false
		}
		names = make(map[string]bool)
		s.names[strings.Clone(after)] = names
	}
	if !names[name] && len(names) <= maxBranches {
		names[strings.Clone(name)] = true
	}
	return len(names) <= maxBranches
}

// shape writes the shape of a URL. itself tells which names stand for
// themselves after which path; the others become a *.
func shape(u *url.URL, itself func(after, name string) bool) string {
	shape := u.Host
	segments := strings.Split(strings.Trim(u.EscapedPath(), "/"), "/")
	segments = segments[:min(len(segments), maxShapeSegments)]
	last := len(segments) - 1
	for _, folder := range segments[:last] {
		if !isWord(folder, "-_") || !itself(shape, folder) {
			folder = "*"
		}
		shape += "/" + folder
	}
	name, ending := cutEnding(segments[last])
	if name != "" && (!isWord(name, "") || !itself(shape+"/", name)) {
		name = "*"
	}
	return shape + "/" + name + ending + queryShape(u)
}

// isWord reports whether a name may stand for itself: letters only, and what
// else may be in it, as identifiers and dates are not.
func isWord(name, extra string) bool {
	return len(name) <= maxWordBytes && strings.IndexFunc(name, func(r rune) bool {
		return (r < 'a' || r > 'z') && (r < 'A' || r > 'Z') && !strings.ContainsRune(extra, r)
	}) < 0
}

// cutEnding takes the ending off a file's name.
func cutEnding(name string) (base, ending string) {
	ending = path.Ext(name)
	if len(ending) < 2 || len(ending) > 6 || len(ending) == len(name) || !isWord(ending[1:], "") {
		return name, ""
	}
	return name[:len(name)-len(ending)], strings.ToLower(ending)
}

// queryShape has the names of a query's parameters, in order.
func queryShape(u *url.URL) string {
	if u.RawQuery == "" {
		return ""
	}
	names := slices.Sorted(maps.Keys(u.Query()))
	names = names[:min(len(names), maxShapeQuery)]
	for i, name := range names {
		names[i] = name[:min(len(name), maxWordBytes)]
	}
	return "?" + strings.Join(names, "&")
}
