package chrome

import (
	"slices"
	"strings"
	"testing"

	"darkroom"
)

func TestQualityGate(t *testing.T) {
	t.Parallel() // it mostly waits
	r := newRig(t)
	for _, row := range []struct {
		path  string
		warns string // part of a warning; "" = none about quality
	}{
		{"/content", ""},
		{"/one-word", ""},
		{"/article-on-walls", ""},
		{"/hidden-images", ""},
		{"/background-images", ""},
		{"/blank", "blank"},
		{"/blank-at-first", ""},
		{"/spinner", "still says that it is loading"},
		{"/spinner-at-first", ""},
		{"/skeleton", "still says that it is loading"},
		{"/loading-text", "still says that it is loading"},
		{"/wall", "bot check (Cloudflare)"},
		{"/wall-at-first", ""},
		{"/wall-in-words", "bot check (by its words)"},
		{"/missing-images", "2 of 3 images are missing"},
		{"/flaky-images", ""},
	} {
		t.Run(row.path, func(t *testing.T) {
			r.t = t
			shot := r.good(row.path, darkroom.Options{QualityGate: true, Timeout: 30000})
			said := slices.DeleteFunc(slices.Clone(shot.Warnings), func(w string) bool { return !strings.HasPrefix(w, "quality: ") })
			if row.warns == "" && len(said) > 0 {
				t.Errorf("it warns %q", said)
			}
			if row.warns != "" {
				wantWarning(t, shot, row.warns)
			}
			if strings.HasSuffix(row.path, "-at-first") {
				wantPixel(t, decode(t, shot), 200, 300, "green")
			}
		})
	}
}

// Without the option nothing is looked at, and no page gets another try.
func TestNoGate(t *testing.T) {
	t.Parallel()
	r := newRig(t)
	for _, path := range []string{"/blank", "/wall", "/flaky-images", "/spinner-at-first"} {
		if shot := r.good(path, darkroom.Options{}); len(shot.Warnings) > 0 {
			t.Errorf("%s warns %q", path, shot.Warnings)
		}
	}
	if visits := r.site.Visits("/flaky.svg"); len(visits) != 1 {
		t.Errorf("the image was asked for %d times", len(visits))
	}
}

// A page that hangs in its second try keeps its first picture, and the slot
// works on.
func TestTroubleInTheSecondTry(t *testing.T) {
	t.Parallel() // it mostly waits
	r := newRig(t)
	shot := r.good("/hangs-later", darkroom.Options{QualityGate: true, Timeout: 8000})
	wantWarning(t, shot, "blank")
	wantPixel(t, decode(t, shot), 5, 5, "white")
	wantPixel(t, decode(t, r.good("/colour/0f0", darkroom.Options{})), 5, 5, "green")
}

func TestGateOfEveryFormat(t *testing.T) {
	t.Parallel() // it mostly waits
	r := newRig(t)
	for _, format := range []string{"jpeg", "pdf"} {
		wantWarning(t, r.good("/blank", darkroom.Options{QualityGate: true, Format: format}), "blank")
	}
	for _, format := range []string{"jpeg", "webp", "pdf"} {
		if shot := r.good("/one-word", darkroom.Options{QualityGate: true, Format: format, Quality: 30}); len(shot.Warnings) > 0 {
			t.Errorf("%s: a word is a speck: %q", format, shot.Warnings)
		}
	}
}
