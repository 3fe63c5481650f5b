package chrome

import (
	"net/url"
	"testing"

	"darkroom"
)

func TestCookieBanners(t *testing.T) {
	t.Parallel()
	r := newRig(t)
	other := "?other=" + url.QueryEscape(r.other)
	for _, row := range []struct {
		name, path string
		refused    bool
		delay      int // ms
	}{
		{"refused by functions of the page", "/banner/functions", true, 0},
		{"refused by a click", "/banner/click", true, 0},
		{"refused in a frame", "/banner/frame" + other, true, 0},
		{"refused, and the page loads again", "/banner/reload", true, 0},
		{"nobody knows it", "/banner/words", true, 0},
		{"cannot be refused", "/banner/stubborn", false, 0},
		{"comes late", "/banner/late", false, 500},
		{"comes back", "/banner/again", false, 0},
	} {
		t.Run(row.name, func(t *testing.T) {
			r.t = t
			full := darkroom.Options{FullPage: true, Delay: row.delay}
			shot := r.good(row.path, full)
			wantSize(t, shot, 1280, 720)
			wantPixel(t, decode(t, shot), 640, 600, "red")

			before := len(r.site.Visits("/banner/refused"))
			full.BlockCookieBanners = true
			shot = r.good(row.path, full)
			wantSize(t, shot, 1280, 3000)
			picture := decode(t, shot)
			wantPixel(t, picture, 640, 600, "green")
			wantPixel(t, picture, 640, 2950, "blue")
			if refused := len(r.site.Visits("/banner/refused")) > before; refused != row.refused {
				t.Errorf("the banner was refused is %t, want %t", refused, row.refused)
			}
			if len(shot.Warnings) > 0 {
				t.Errorf("the warnings are %q", shot.Warnings)
			}
		})
	}
}

// What no banner took is not given.
func TestAPageWithoutBannerStaysAsItIs(t *testing.T) {
	t.Parallel()
	r := newRig(t)
	shot := r.good("/banner/none", darkroom.Options{FullPage: true, BlockCookieBanners: true})
	wantSize(t, shot, 1280, 720)
	wantPixel(t, decode(t, shot), 640, 600, "green")
	fact := r.fact("[typeof darkroomConsent, document.querySelectorAll('style').length, document.adoptedStyleSheets.length].join()", darkroom.Options{BlockCookieBanners: true})
	if fact != "undefined,1,0" {
		t.Errorf("the page sees %q of ours", fact)
	}
}

// Nothing of it needs a page of HTML, or one that lets scripts and styles in.
func TestClearingAnything(t *testing.T) {
	t.Parallel()
	r := newRig(t)
	for _, path := range []string{"/image", "/text", "/csp", "/frames", "/endless", "/alerts", "/push-storm"} {
		t.Run(path, func(t *testing.T) {
			r.t = t
			shot := r.good(path, darkroom.Options{
				BlockAds: true, BlockTrackers: true, BlockChats: true, BlockCookieBanners: true, WaitUntil: "domcontentloaded",
			})
			wantSize(t, shot, 1280, 720)
			if shot.Blocked > 0 {
				t.Errorf("%d requests were blocked", shot.Blocked)
			}
		})
	}
}
