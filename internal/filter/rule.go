package filter

import "regexp"

// rule is one line of a list.
type rule struct {
	text       string // as it stands in the list
	pattern    pattern
	expression *regexp.Regexp // in place of the pattern; nil = none
	kinds      Kind
	groups     Group
	party      party
	pages      *hosts // that it applies on; nil = all
	targets    *hosts // that it applies to; nil = all
	exception  bool
	important  bool // no exception counts against it
}

type party uint8

const (
	anyParty party = iota
	firstParty
	thirdParty
)

// matches leaves the dearest question for the end.
func (r *rule) matches(q *query, groups Group) bool {
	switch {
	case r.groups&groups == 0, r.kinds&q.kind == 0:
		return false
	case r.expression == nil && !r.pattern.matches(q):
		return false
	case r.party == thirdParty && !q.third, r.party == firstParty && q.third:
		return false
	case r.pages != nil && !r.pages.have(q.page.host, q.page.bare):
		return false
	case r.targets != nil && !r.targets.have(q.host(), ""):
		return false
	}
	return r.expression == nil || r.expression.MatchString(q.exact)
}

// selective reports whether anything but the pattern says what the rule is
// about.
func (r *rule) selective() bool {
	return r.pages != nil || r.targets != nil || r.party != anyParty || r.kinds != anyKind
}
