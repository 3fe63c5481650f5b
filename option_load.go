package darkroom

import (
	"cmp"
	"reflect"
	"slices"
)

// CanFollow reports whether a page that was loaded and photographed with the
// options before gives the same picture with these as if it were loaded anew.
// What pictures do to a page cannot be taken back: one that was walked through
// or scrolled is not shown as at first, and one that was printed not at all.
func (o Options) CanFollow(before Options) bool {
	if !o.sharesLoad(before) {
		return false
	}
	earlier, later := before.traces(), o.traces()
	switch {
	case earlier.printed:
		return false
	case earlier.beyond && !later.beyond && later.walked == 0:
		return false
	case earlier.walked == later.walked:
		return earlier.scrolled == 0 || earlier.scrolled == later.scrolled
	}
	return earlier.walked == 0 && earlier.scrolled == 0
}

func (o Options) sharesLoad(with Options) bool {
	o, with = o.WithDefaults(), with.WithDefaults()
	for _, option := range OptionTable() {
		if option.Part == OfLoad && !reflect.DeepEqual(option.field(&o), option.field(&with)) {
			return false
		}
	}
	return true
}

// traces is what taking a picture does to its page.
type traces struct {
	beyond   bool // more was painted than the window shows
	walked   int  // down to which height, in CSS pixels, it was walked through; 0 = not at all
	scrolled int  // CSS pixels
	printed  bool
}

// Traces tells apart what a page must go through for a picture: walked is the
// height in CSS pixels down to which it is shown part by part, 0 for not at
// all, and scrolled how far it is scrolled then.
func (o Options) Traces() (walked, scrolled int) {
	left := o.traces()
	return left.walked, left.scrolled
}

func (o Options) traces() traces {
	o = o.WithDefaults()
	left := traces{beyond: o.Clip != nil || o.Selector != "", scrolled: o.ScrollY, printed: o.Format == FormatPDF}
	if o.FullPage || left.printed {
		left.walked = o.MaxHeight
	}
	return left
}

// SharedLoads plans how the variants of a URL share its loads. For each it
// gives the index of the variant after which it is shot from the same page, or
// -1 when it loads the page itself. Nobody has more than one successor.
func SharedLoads(variants []Options) []int {
	order, after := make([]int, len(variants)), make([]int, len(variants))
	for i := range variants {
		order[i], after[i] = i, -1
	}
	slices.SortStableFunc(order, func(a, b int) int { return compareTraces(variants[a].traces(), variants[b].traces()) })
	var last []int // of each page
	for _, i := range order {
		page := slices.IndexFunc(last, func(before int) bool { return variants[i].CanFollow(variants[before]) })
		if page < 0 {
			last = append(last, i)
			continue
		}
		after[i], last[page] = last[page], i
	}
	return after
}

// compareTraces puts what leaves a page as it is before what does not.
func compareTraces(a, b traces) int {
	rank := func(t traces) int {
		for i, does := range []bool{t.printed, t.walked > 0, t.scrolled > 0, t.beyond} {
			if does {
				return 4 - i
			}
		}
		return 0
	}
	return cmp.Compare(rank(a), rank(b))
}
