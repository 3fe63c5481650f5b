package sitemap

import (
	"cmp"
	"slices"
)

// sample keeps pages of each shape. When there are more than fit, shapes with
// many give way to shapes with few: the pages that are kept are as different
// as they can be.
type sample struct {
	perShape int
	limit    int // pages of all shapes
	shapes   *shapes
	groups   map[string]*group
	ranks    [][]*group // ranks[n]: the groups with more than n pages, in the order in which they got there
	kept     int
	added    int
}

// group is the pages of one shape, in the order in which they were found.
type group struct{ pages []sampled }

type sampled struct {
	picked
	order int
}

func newSample(perShape, limit int) *sample {
	return &sample{perShape: perShape, limit: limit, shapes: newShapes(), groups: make(map[string]*group)}
}

// verdict is what becomes of a page that is offered to the sample.
type verdict int

const (
	taken verdict = iota
	enoughOfShape
	enoughInAll
)

// add offers a page. When another one has to give way for it, that one is
// given back.
func (s *sample) add(one picked) (verdict verdict, gaveWay *picked) {
	shape := s.shapes.learn(one.url())
	into := s.groups[shape]
	rank := 0
	if into != nil {
		rank = len(into.pages)
	}
	switch {
	case rank >= s.perShape:
		return enoughOfShape, nil
	case s.kept == s.limit && rank >= len(s.ranks)-1:
		return enoughInAll, nil
	case s.kept == s.limit:
		gaveWay = s.dropLast()
	}
	if into == nil {
		into = new(group)
		s.groups[shape] = into
	}
	s.added++
	into.pages = append(into.pages, sampled{one, s.added})
	if rank == len(s.ranks) {
		s.ranks = append(s.ranks, nil)
	}
	s.ranks[rank] = append(s.ranks[rank], into)
	s.kept++
	return taken, gaveWay
}

// dropLast gives up the last page of the largest group.
func (s *sample) dropLast() *picked {
	top := len(s.ranks) - 1
	groups := s.ranks[top]
	from := groups[len(groups)-1]
	if s.ranks[top] = groups[:len(groups)-1]; len(s.ranks[top]) == 0 {
		s.ranks = s.ranks[:top]
	}
	last := from.pages[len(from.pages)-1].picked
	from.pages = from.pages[:len(from.pages)-1]
	s.kept--
	return &last
}

// settled is what became of the pages of a sample, each list in the order of
// the sitemap.
type settled struct {
	chosen   []picked
	left     []picked // groups that turned out to be one had too many
	repeated []picked // further ones of the same URL, which seen had forgotten
}

// settle ends the sample now that every shape is known.
func (s *sample) settle() settled {
	var end settled
	var once []picked
	known := make(map[string]bool)
	for _, one := range s.inOrder() {
		if known[one.text] {
			end.repeated = append(end.repeated, one.picked)
			continue
		}
		known[one.text] = true
		once = append(once, one.picked)
		s.shapes.learn(one.url())
	}
	counts := make(map[string]int)
	for _, one := range once {
		shape := s.shapes.settled(one.url())
		if counts[shape]++; counts[shape] > s.perShape {
			end.left = append(end.left, one)
			continue
		}
		end.chosen = append(end.chosen, one)
	}
	return end
}

func (s *sample) inOrder() []sampled {
	var all []sampled
	for _, group := range s.groups {
		all = append(all, group.pages...)
	}
	slices.SortFunc(all, func(a, b sampled) int { return cmp.Compare(a.order, b.order) })
	return all
}
