package sitemap

import (
	"fmt"
	"maps"
	"slices"
	"strings"

	"darkroom"
)

// tally counts what a walk comes across, and keeps its problems.
type tally struct {
	darkroom.Discovery
	visit    Visitor
	log      func(*darkroom.Error)
	pages    int             // given to the visitor
	first    *darkroom.Error // what went wrong first
	firstAt  int             // its place among the warnings
	warnings int             // all of them; Warnings has the first maxWarnings
}

func newTally(visit Visitor) *tally {
	return &tally{
		Discovery: darkroom.Discovery{Skipped: make(map[darkroom.SkipReason]int)},
		visit:     visit, log: func(*darkroom.Error) {},
	}
}

func (t *tally) skip(loc []byte, reason darkroom.SkipReason, detail string) {
	t.Skipped[reason]++
	if t.visit.Skip == nil {
		return
	}
	text := string(loc[:min(len(loc), darkroom.MaxURLBytes)])
	t.visit.Skip(Skipped{URL: strings.ToValidUTF8(text, "\uFFFD"), Reason: reason, Detail: detail})
}

// complain keeps the problem of one file. It is the error of the walk when
// nothing is found, and a warning otherwise.
func (t *tally) complain(problem *darkroom.Error) {
	if t.first == nil {
		t.first, t.firstAt = problem, t.warnings
	}
	if t.warnings < maxWarnings {
		t.log(problem)
	}
	if t.visit.Problem != nil {
		t.visit.Problem(problem)
	}
	t.warn(problem.Sentence())
}

// promote makes the first problem the error of the walk: it is no warning
// then.
func (t *tally) promote() error {
	if t.firstAt < len(t.Warnings) {
		t.Warnings = slices.Delete(t.Warnings, t.firstAt, t.firstAt+1)
		t.warnings--
	}
	return t.first
}

func (t *tally) warn(text string) {
	if t.warnings++; t.warnings <= maxWarnings {
		t.Warnings = append(t.Warnings, text)
	}
}

// report is the state so far, for keeps.
func (t *tally) report() darkroom.Discovery {
	d := t.Discovery
	d.Skipped = maps.Clone(t.Skipped)
	d.Warnings = slices.Clone(t.Warnings)
	if more := t.warnings - len(t.Warnings); more > 0 {
		d.Warnings = append(d.Warnings, fmt.Sprintf("there were %d more problems of this kind", more))
	}
	return d
}

func (t *tally) progress() {
	if t.visit.Progress != nil {
		t.visit.Progress(t.report())
	}
}

// nothingLeft is the error of a sitemap without a page to capture.
func (t *tally) nothingLeft(address string) *darkroom.Error {
	if t.Found == 0 {
		return darkroom.Errorf(darkroom.CodeNoURLs, "%s lists no URL", show(address))
	}
	var parts []string
	for _, reason := range darkroom.SkipReasons() {
		if n := t.Skipped[reason]; n > 0 {
			parts = append(parts, fmt.Sprintf("%d %s", n, phrase(reason)))
		}
	}
	failed := darkroom.Errorf(darkroom.CodeNoURLs, "none of the %d URLs of %s is left to capture: %s", t.Found, show(address), strings.Join(parts, ", "))
	if t.Skipped[darkroom.SkipOtherHost]*2 > t.Found {
		failed.Hint = "Pages of other hosts are captured with same_host false"
	}
	return failed
}

// phrase completes "there are 5 …".
func phrase(reason darkroom.SkipReason) string {
	switch reason {
	case darkroom.SkipInvalid:
		return "cannot be captured"
	case darkroom.SkipOtherHost:
		return "on other hosts"
	case darkroom.SkipDuplicate:
		return "listed twice"
	case darkroom.SkipTooOld:
		return "too old"
	case darkroom.SkipNoMatch:
		return "not included"
	case darkroom.SkipNotSampled:
		return "not in the sample"
	case darkroom.SkipOverLimit:
		return "over the limit"
	}
	return string(reason)
}
