package filter

import "strings"

// List is a text of rules about one thing.
type List struct {
	Name  string // for Tally
	Group Group
	Text  string
}

// Tally is what was found in a list.
type Tally struct {
	List     string
	Rules    int
	Unusable int // lines that look like rules but need what is not there
}

// Set is the rules of all lists. It does not change and may be used from
// several goroutines.
type Set struct {
	blocks     index
	important  index // those of blocks against which no exception counts
	exceptions index
	kinds      map[Group]Kind // that the rules of a group block
}

// NewSet reads lists. A line that cannot be used is counted and left out. An
// exception counts against the rules of every group.
func NewSet(lists ...List) (*Set, []Tally) {
	var blocks, important, exceptions []*rule
	tallies := make([]Tally, len(lists))
	for i, list := range lists {
		tallies[i].List = list.Name
		for _, r := range list.rules(&tallies[i]) {
			switch {
			case r.exception:
				r.groups = Ads | Trackers | Chats
				exceptions = append(exceptions, r)
				continue
			case r.important:
				important = append(important, r)
			}
			blocks = append(blocks, r)
		}
	}
	s := &Set{blocks: newIndex(blocks), important: newIndex(important), exceptions: newIndex(exceptions), kinds: map[Group]Kind{}}
	for _, r := range blocks {
		s.kinds[r.groups] |= r.kinds &^ Document
	}
	return s, tallies
}

func (l List) rules(tally *Tally) []*rule {
	var rules []*rule
	for text := range strings.Lines(l.Text) {
		found, what := parseLine(text)
		if what == lineUnusable {
			tally.Unusable++
		}
		for i := range found {
			found[i].groups = l.Group
			rules = append(rules, &found[i])
		}
	}
	tally.Rules = len(rules)
	return rules
}

// Kinds are those that some rule of the groups may block: no other request
// needs to be asked about.
func (s *Set) Kinds(groups Group) (kinds Kind) {
	for group, its := range s.kinds {
		if group&groups != 0 {
			kinds |= its
		}
	}
	return kinds
}

// Match looks for the rule that blocks a request of a page, among those of the
// groups, and gives it as it stands in its list. The page's own navigation is
// never blocked.
func (s *Set) Match(groups Group, page Page, request Request) (text string, blocked bool) {
	if request.Kind == Document {
		return "", false
	}
	q := newQuery(&page, request)
	found := s.blocks.find(&q, groups)
	if found != nil && !found.important && s.excepted(&q) {
		found = s.important.find(&q, groups)
	}
	if found == nil {
		return "", false
	}
	return found.text, true
}

// excepted reports whether an exception is about the request, or about
// everything on its page.
func (s *Set) excepted(q *query) bool {
	if s.exceptions.find(q, Ads|Trackers|Chats) != nil {
		return true
	}
	whole := newQuery(q.page, Request{URL: q.page.url, Kind: Document})
	return s.exceptions.find(&whole, Ads|Trackers|Chats) != nil
}
