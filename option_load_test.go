package darkroom_test

import (
	"slices"
	"testing"

	"darkroom"
)

// Whoever adds an option must say whether it needs a load of its own. These
// are all that do not, with the reason; a row that becomes OfShot must be added
// here and to docs/pictures.md.
func TestEveryOptionSaysToWhichPartItBelongs(t *testing.T) {
	ofShot := map[string]string{
		"format": "coding", "quality": "coding", "png_compression": "coding",
		"page_format": "of the print", "landscape": "of the print", "margin": "of the print",
		"full_page": "CanFollow knows what it does to the page", "max_height": "likewise", "scroll_y": "likewise",
		"clip": "a part of the picture", "selector": "likewise",
		"fail_on_status": "the answer is judged again for each picture",
		"quality_gate":   "it looks at the picture; a page that it tried twice is not kept", "evidence": "it tells what was there",
		"timeout": "effort", "attempts": "effort", "cache": "which picture is there already", "cache_ttl": "likewise",
	}
	for _, option := range darkroom.OptionTable() {
		_, shot := ofShot[option.Name]
		switch {
		case option.Part != darkroom.OfLoad && option.Part != darkroom.OfShot:
			t.Errorf("%s: its row does not say to which part it belongs", option.Name)
		case shot != (option.Part == darkroom.OfShot):
			t.Errorf("%s is said to be of the %s", option.Name, option.Part)
		}
		delete(ofShot, option.Name)
	}
	for name := range ofShot {
		t.Errorf("there is no option %s", name)
	}
}

func TestWhatMayBeShotFromTheSamePage(t *testing.T) {
	type o = darkroom.Options
	for _, row := range []struct {
		name          string
		before, after o
		want          bool
	}{
		{"another format", o{}, o{Format: "jpeg", Quality: 60}, true},
		{"the default, and the same named", o{}, o{Width: 1280, Format: "png", MaxHeight: 16384}, true},
		{"the whole page after the window", o{}, o{FullPage: true}, true},
		{"the window after the whole page", o{FullPage: true}, o{}, false},
		{"the whole page in another format", o{FullPage: true}, o{FullPage: true, Format: "webp"}, true},
		{"the whole page, cut elsewhere", o{FullPage: true}, o{FullPage: true, MaxHeight: 5000}, false},
		{"an element after the window", o{}, o{Selector: "#a"}, true},
		{"the window after an element", o{Selector: "#a"}, o{}, false},
		{"another element", o{Selector: "#a"}, o{Selector: "#b"}, true},
		{"the whole page after an element", o{Clip: &darkroom.Clip{Width: 1, Height: 1}}, o{FullPage: true}, true},
		{"a print", o{}, o{Format: "pdf"}, true},
		{"a print of a page that was walked through", o{FullPage: true}, o{Format: "pdf"}, true},
		{"anything after a print", o{Format: "pdf"}, o{Format: "pdf", Landscape: true}, false},
		{"further down", o{}, o{ScrollY: 500}, true},
		{"further down again", o{ScrollY: 500}, o{ScrollY: 900}, false},
		{"at the same place", o{ScrollY: 500}, o{ScrollY: 500, Format: "jpeg"}, true},
		{"back up", o{ScrollY: 500}, o{}, false},
		{"the whole page of a scrolled one", o{ScrollY: 500}, o{FullPage: true}, false},
		{"by night: scripts may have asked at load", o{}, o{DarkMode: true}, false},
		{"still: likewise", o{}, o{ReducedMotion: true}, false},
		{"another window", o{}, o{Width: 400}, false},
		{"finer: the page has chosen its pictures", o{}, o{Retina: true}, false},
		{"a device", o{}, o{Device: "iPhone 14"}, false},
		{"a style sheet", o{}, o{CSS: "a{}"}, false},
		{"what is hidden", o{}, o{HideSelectors: []string{"a"}}, false},
		{"later", o{}, o{Delay: 100}, false},
		{"as late", o{Delay: 100}, o{Delay: 100, Format: "webp"}, true},
		{"a header", o{}, header("X-A", "b"), false},
		{"the same header", header("X-A", "b"), header("X-A", "b"), true},
		{"another value", header("X-A", "b"), header("X-A", "c"), false},
		{"an account", account("a", "b"), account("a", "c"), false},
		{"how hard it is tried", o{}, o{Timeout: 5000, Attempts: 1, Cache: true, Evidence: true, QualityGate: true, FailOnStatus: []string{}}, true},
	} {
		if got := row.after.CanFollow(row.before); got != row.want {
			t.Errorf("%s: %v", row.name, got)
		}
	}
}

func TestVariantsShareLoads(t *testing.T) {
	type o = darkroom.Options
	for _, row := range []struct {
		name     string
		variants []o
		want     []int
	}{
		{"none", nil, []int{}},
		{"formats", []o{{}, {Format: "jpeg"}, {Format: "webp"}}, []int{-1, 0, 1}},
		{"the window first, wherever it stands", []o{{Format: "pdf"}, {FullPage: true}, {}}, []int{1, 2, -1}},
		{"devices", []o{{}, {Device: "iPhone 14"}, {Device: "iPad Pro"}}, []int{-1, -1, -1}},
		{"devices in two formats", []o{{}, {Device: "iPhone 14"}, {Format: "jpeg"}, {Device: "iPhone 14", Format: "jpeg"}}, []int{-1, -1, 0, 1}},
		{"two prints", []o{{Format: "pdf"}, {Format: "pdf", Landscape: true}, {}}, []int{2, -1, -1}},
		{"two places", []o{{ScrollY: 1}, {ScrollY: 2}, {}}, []int{2, -1, -1}},
	} {
		if got := darkroom.SharedLoads(row.variants); !slices.Equal(got, row.want) {
			t.Errorf("%s: %v, want %v", row.name, got, row.want)
		}
	}
}
