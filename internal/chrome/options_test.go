package chrome

import (
	"image"
	"net/url"
	"strings"
	"testing"

	"darkroom"
)

// pixel is a colour that a picture must have at a point.
type pixel struct {
	x, y int
	want string
}

// TestLook has a row for every option that can be seen: each picture differs
// from the one that would be taken without the option.
func TestLook(t *testing.T) {
	t.Parallel()
	r := newRig(t)
	for _, row := range []struct {
		name          string
		path          string
		options       darkroom.Options
		width, height int // 0 = 1280×720
		pixels        []pixel
	}{
		{"plain", "/colour/0f0", darkroom.Options{}, 0, 0, []pixel{{0, 0, "green"}, {1279, 719, "green"}}},
		{"width and height", "/colour/0f0", darkroom.Options{Width: 400, Height: 300}, 400, 300, []pixel{{399, 299, "green"}}},
		{"jpeg", "/colour/0f0", darkroom.Options{Format: "jpeg"}, 0, 0, []pixel{{640, 360, "green"}}},
		{"webp", "/colour/0f0", darkroom.Options{Format: "webp"}, 0, 0, []pixel{{640, 360, "green"}}},
		{"viewport only", "/tall", darkroom.Options{}, 0, 0, []pixel{{10, 650, "blue"}}},
		{"full_page", "/tall", darkroom.Options{FullPage: true}, 1280, 3000, []pixel{{10, 50, "red"}, {10, 2950, "green"}, {1279, 2999, "green"}}},
		{"full_page of a short page", "/colour/0f0", darkroom.Options{FullPage: true}, 1280, 720, []pixel{{10, 719, "green"}}},
		{"max_height", "/tall", darkroom.Options{FullPage: true, MaxHeight: 1050}, 1280, 1050, []pixel{{10, 1049, "blue"}}},
		{"retina", "/tall", darkroom.Options{Retina: true}, 2560, 1440, []pixel{{10, 150, "red"}, {10, 250, "green"}}},
		{"retina, full_page", "/tall", darkroom.Options{Retina: true, FullPage: true}, 2560, 6000, []pixel{{10, 5950, "green"}}},
		{"viewport_landscape", "/colour/0f0", darkroom.Options{Width: 400, Height: 800, ViewportLandscape: true}, 800, 400, nil},
		{"by day", "/dark", darkroom.Options{}, 0, 0, []pixel{{5, 5, "white"}}},
		{"dark_mode", "/dark", darkroom.Options{DarkMode: true}, 0, 0, []pixel{{5, 5, "black"}}},
		{"device", "/colour/0f0", darkroom.Options{Device: "iPhone 14"}, 1170, 1992, nil},
		{"device, turned", "/colour/0f0", darkroom.Options{Device: "iPhone 14", ViewportLandscape: true}, 1992, 1170, nil},
		{"device, page for desktops", "/desktop-only", darkroom.Options{Device: "iPhone 14", FullPage: true}, 1170, 0, []pixel{{10, 100, "red"}, {1160, 100, "blue"}}},
		{"without delay", "/late-colour", darkroom.Options{Delay: 1}, 0, 0, nil},
		{"delay", "/late-colour", darkroom.Options{Delay: 1500}, 0, 0, []pixel{{5, 5, "green"}}},
		{"wait_for", "/late-element", darkroom.Options{WaitFor: "#late"}, 0, 0, []pixel{{1000, 500, "green"}}},
		{"wait_for, hidden first", "/late-visible", darkroom.Options{WaitFor: "#late"}, 0, 0, []pixel{{1000, 500, "green"}}},
		{"wait_until load", "/slow-load", darkroom.Options{}, 0, 0, []pixel{{5, 5, "green"}}},
		{"wait_until domcontentloaded", "/endless", darkroom.Options{WaitUntil: "domcontentloaded"}, 0, 0, []pixel{{600, 600, "green"}}},
		{"wait_until networkidle", "/late-fetch", darkroom.Options{WaitUntil: "networkidle"}, 0, 0, []pixel{{5, 5, "green"}}},
		{"css", "/colour/f00", darkroom.Options{CSS: "body{background:#0f0 !important}"}, 0, 0, []pixel{{5, 5, "green"}}},
		{"css is no markup", "/colour/f00", darkroom.Options{CSS: "</style><script>document.body.remove()</script><style>body{background:#0f0 !important}"}, 0, 0, []pixel{{5, 5, "red"}}},
		{"css under a strict policy", "/csp", darkroom.Options{CSS: "body{background:#0f0}"}, 0, 0, []pixel{{500, 500, "green"}}},
		{"js", "/colour/f00", darkroom.Options{JS: "document.body.style.background = '#0f0'"}, 0, 0, []pixel{{5, 5, "green"}}},
		{"js that waits", "/colour/f00", darkroom.Options{JS: "await new Promise(r => setTimeout(r, 300)); document.body.style.background = '#0f0'"}, 0, 0, []pixel{{5, 5, "green"}}},
		{"js under a strict policy", "/csp", darkroom.Options{JS: "document.body.style.background = '#0f0'"}, 0, 0, []pixel{{500, 500, "green"}}},
		{"js that goes elsewhere", "/colour/f00", darkroom.Options{JS: "location.href = '/colour/0f0'"}, 0, 0, []pixel{{5, 5, "green"}}},
		{"hide_selectors", "/covered", darkroom.Options{HideSelectors: []string{".nothing", ".cover"}}, 0, 0, []pixel{{5, 5, "green"}}},
		{"hide_selectors, one bad", "/covered", darkroom.Options{HideSelectors: []string{"][", ".cover"}}, 0, 0, []pixel{{5, 5, "green"}}},
		{"click", "/button", darkroom.Options{Click: "#b"}, 0, 0, []pixel{{600, 5, "green"}}},
		{"click under a cover", "/covered-button", darkroom.Options{Click: "#b"}, 0, 0, []pixel{{600, 500, "green"}}},
		{"click on a link", "/link", darkroom.Options{Click: "#l"}, 0, 0, []pixel{{600, 500, "green"}}},
		{"scroll_y", "/tall", darkroom.Options{ScrollY: 1000}, 0, 0, []pixel{{10, 50, "blue"}}},
		{"clip", "/tall", darkroom.Options{Clip: &darkroom.Clip{X: 10, Y: 950, Width: 200, Height: 100}}, 200, 100, []pixel{{5, 10, "green"}, {5, 60, "blue"}}},
		{"selector", "/element", darkroom.Options{Selector: "#it"}, 300, 200, []pixel{{0, 0, "red"}, {299, 199, "red"}}},
		{"selector, scrolled", "/element", darkroom.Options{Selector: "#it", ScrollY: 700}, 300, 200, []pixel{{0, 0, "red"}, {299, 199, "red"}}},
		{"selector, retina", "/element", darkroom.Options{Selector: "#it", Retina: true}, 600, 400, []pixel{{0, 0, "red"}, {599, 399, "red"}}},
		{"animations finish", "/animation", darkroom.Options{}, 0, 0, []pixel{{100, 100, "green"}, {900, 100, "blue"}}},
		{"animations allow", "/animation", darkroom.Options{Animations: "allow"}, 0, 0, nil},
	} {
		t.Run(row.name, func(t *testing.T) {
			r.t = t
			shot := r.good(row.path, row.options)
			if row.width == 0 {
				row.width, row.height = 1280, 720
			}
			if row.height == 0 {
				row.height = shot.Height
			}
			wantSize(t, shot, row.width, row.height)
			picture := decode(t, shot)
			for _, p := range row.pixels {
				wantPixel(t, picture, p.x, p.y, p.want)
			}
			if row.name == "animations allow" && at(picture, 900, 100) == "blue" {
				t.Error("an endless animation was stopped")
			}
			if row.name == "without delay" && at(picture, 5, 5) == "green" {
				t.Log("the page was slower than the test wants it; nothing is shown")
			}
		})
	}
}

// fact asks a page's own world, through its title.
func (r *rig) fact(expression string, options darkroom.Options) string {
	r.t.Helper()
	shot := r.good("/fact?of="+url.QueryEscape(expression), options)
	return shot.Title
}

func TestWhatThePageSees(t *testing.T) {
	t.Parallel()
	r := newRig(t)
	major := r.engine.browser.Major()
	pixel7 := darkroom.Options{Device: "Pixel 7"}
	for _, row := range []struct {
		name, expression string
		options          darkroom.Options
		want             string // a part of the answer
	}{
		{"window", "[innerWidth, innerHeight, devicePixelRatio].join()", darkroom.Options{}, "1280,720,1"},
		{"retina", "[innerWidth, devicePixelRatio].join()", darkroom.Options{Retina: true}, "1280,2"},
		{"device is touched", "[navigator.maxTouchPoints > 0, 'ontouchstart' in window].join()", pixel7, "true,true"},
		{"a desktop is not", "[navigator.maxTouchPoints > 0, 'ontouchstart' in window].join()", darkroom.Options{}, "false,false"},
		{"device's user agent has the real version", "navigator.userAgent", pixel7, " Chrome/" + major + ".0.0.0 Mobile "},
		{"device's platform", "navigator.platform", pixel7, "Linux armv81"},
		{"device's client hints", "[navigator.userAgentData.platform, navigator.userAgentData.mobile].join()", pixel7, "Android,true"},
		{"device's brands", "JSON.stringify(navigator.userAgentData.brands)", pixel7, `"Google Chrome","version":"` + major + `"`},
		{"a Safari has no hints", "navigator.userAgentData ? navigator.userAgentData.brands.length + '!' : 'none'", darkroom.Options{Device: "iPhone 14"}, ""},
		{"user_agent", "navigator.userAgent", darkroom.Options{UserAgent: "Odd/1.0"}, "Odd/1.0"},
		{"user_agent before device", "navigator.userAgent", darkroom.Options{UserAgent: "Odd/1.0", Device: "Pixel 7"}, "Odd/1.0"},
		{"orientation", "screen.orientation.type", darkroom.Options{Device: "Pixel 7", ViewportLandscape: true}, "landscape-primary"},
		{"day is said too", "matchMedia('(prefers-color-scheme: light)').matches", darkroom.Options{}, "true"},
		{"nothing of ours", "[typeof darkroom, document.querySelectorAll('style').length, document.adoptedStyleSheets.length, navigator.webdriver].join()", darkroom.Options{}, "undefined,1,0"},
	} {
		t.Run(row.name, func(t *testing.T) {
			r.t = t
			if got := r.fact(row.expression, row.options); !strings.Contains(got, row.want) {
				t.Errorf("the page sees %q, want %q", got, row.want)
			}
		})
	}
}

func TestQualityAndCompression(t *testing.T) {
	t.Parallel()
	r := newRig(t)
	size := func(options darkroom.Options) int {
		shot := r.good("/font", options)
		decode(t, shot)
		return len(shot.Image)
	}
	if low, high := size(darkroom.Options{Format: "jpeg", Quality: 5}), size(darkroom.Options{Format: "jpeg", Quality: 100}); low >= high {
		t.Errorf("jpeg of quality 5 has %d bytes, of 100 %d", low, high)
	}
	if low, high := size(darkroom.Options{Format: "webp", Quality: 5}), size(darkroom.Options{Format: "webp", Quality: 100}); low >= high {
		t.Errorf("webp of quality 5 has %d bytes, of 100 %d", low, high)
	}
	if small, fast := size(darkroom.Options{PNGCompression: "small"}), size(darkroom.Options{}); small >= fast {
		t.Errorf("small PNG has %d bytes, fast %d", small, fast)
	}
}

func TestNothingIsMissing(t *testing.T) {
	t.Parallel()
	r := newRig(t)
	t.Run("a font that takes a while", func(t *testing.T) {
		r.t = t
		if dark := count(decode(t, r.good("/font", darkroom.Options{})), "black"); dark < 1000 {
			t.Errorf("only %d black pixels: the text is invisible", dark)
		}
	})
	t.Run("a picture that takes a while", func(t *testing.T) {
		r.t = t
		// The js option ends after the page has added its picture.
		shot := r.good("/late-image", darkroom.Options{JS: "await new Promise(r => setTimeout(r, 100))"})
		wantPixel(t, decode(t, shot), 640, 360, "green")
	})
	t.Run("lazy pictures of a full page", func(t *testing.T) {
		r.t = t
		picture := decode(t, r.good("/lazy", darkroom.Options{FullPage: true}))
		wantPixel(t, picture, 100, 1600, "green")
		wantPixel(t, picture, 100, 3300, "red")
	})
	t.Run("a header that sticks is there once", func(t *testing.T) {
		r.t = t
		picture := decode(t, r.good("/sticky", darkroom.Options{FullPage: true}))
		wantPixel(t, picture, 600, 25, "red")
		for y := 100; y < picture.Bounds().Dy(); y += 40 {
			wantPixel(t, picture, 600, y, "blue")
		}
	})
	t.Run("a full page does not change the window", func(t *testing.T) {
		r.t = t
		picture := decode(t, r.good("/vh", darkroom.Options{FullPage: true}))
		wantPixel(t, picture, 600, 719, "blue")
		wantPixel(t, picture, 600, 721, "red")
		picture = decode(t, r.good("/fixed", darkroom.Options{FullPage: true}))
		wantPixel(t, picture, 600, 359, "green")
		wantPixel(t, picture, 600, 361, "blue")
	})
	t.Run("no caret", func(t *testing.T) {
		r.t = t
		if red := count(decode(t, r.good("/caret", darkroom.Options{})), "red"); red > 0 {
			t.Errorf("%d pixels of a caret", red)
		}
	})
	t.Run("frames", func(t *testing.T) {
		r.t = t
		wantPixel(t, decode(t, r.good("/frames", darkroom.Options{})), 600, 300, "green")
	})
	t.Run("100,000 pixels", func(t *testing.T) {
		r.t = t
		shot := r.good("/huge", darkroom.Options{FullPage: true, MaxHeight: 100000, Timeout: 120000})
		wantSize(t, shot, 1280, 100000)
		picture := decode(t, shot)
		wantPixel(t, picture, 1279, 99999, "green")
		wantPixel(t, picture, 0, 99890, "red")
	})
	t.Run("what a webp can hold", func(t *testing.T) {
		r.t = t
		shot := r.good("/huge", darkroom.Options{FullPage: true, MaxHeight: 100000, Format: "webp"})
		wantSize(t, shot, 1280, 16383)
		wantWarning(t, shot, "truncated")
	})
}

func TestTruncationIsSaid(t *testing.T) {
	t.Parallel()
	r := newRig(t)
	wantWarning(t, r.good("/huge", darkroom.Options{FullPage: true}), "truncated: the page is 100000 px high, the picture ends at 16384 px")
	if shot := r.good("/tall", darkroom.Options{FullPage: true}); len(shot.Warnings) > 0 {
		t.Errorf("a page that fits has warnings %q", shot.Warnings)
	}
}

func wantWarning(t *testing.T, shot darkroom.Shot, part string) {
	t.Helper()
	if !strings.Contains(strings.Join(shot.Warnings, "\n"), part) {
		t.Errorf("the warnings are %q, want %q among them", shot.Warnings, part)
	}
}

func count(picture image.Image, colour string) (n int) {
	size := picture.Bounds()
	for y := range size.Dy() {
		for x := range size.Dx() {
			if at(picture, x, y) == colour {
				n++
			}
		}
	}
	return n
}
