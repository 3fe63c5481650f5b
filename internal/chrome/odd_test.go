package chrome

import (
	"testing"

	"darkroom"
)

// oddPage is what must come of a page: a code, or a picture that is green at a
// point, and a warning where there is one.
type oddPage struct {
	path    string
	options darkroom.Options
	code    darkroom.Code // "" = a picture
	x, y    int           // where it is green; 0, 0 = at (100, 300)
	height  int           // of the picture; 0 = not looked at
	warning string        // a part of it; "" = none
}

func oddPictures() []oddPage {
	whole, retina := darkroom.Options{FullPage: true}, darkroom.Options{Retina: true}
	return []oddPage{
		{path: "/odd/vh-chain", options: whole, y: 1500, height: 2160},
		{path: "/odd/min-vh", options: whole, y: 1500, height: 1720},
		{path: "/odd/percent", options: whole, y: 700, height: 720},
		{path: "/odd/sticky-side", options: whole, x: 800, y: 3900, height: 4000},
		{path: "/odd/fixed-footer", options: whole, y: 1500, height: 3000},
		{path: "/odd/inner-scroll", options: whole, x: 1275, height: 720}, // and has no scrollbar
		{path: "/odd/wide", options: whole, x: 1200, height: 720},
		{path: "/odd/rtl", x: 600},
		{path: "/odd/negative", options: whole},
		{path: "/odd/columns", x: 900},
		{path: "/odd/snap", options: whole, y: 2000, height: 2160},
		{path: "/odd/growing", options: whole, y: 15000, height: 16384, warning: "truncated"},
		{path: "/odd/reveal", options: whole, y: 3100, height: 3200},
		{path: "/odd/visibility", options: whole, y: 4900, height: 5000},
		{path: "/odd/zoom", x: 500},
		{path: "/odd/transform"},
		{path: "/odd/perspective"},
		{path: "/odd/blend"},
		{path: "/odd/filter"},
		{path: "/odd/backdrop"},
		{path: "/odd/clip-path", options: whole},
		{path: "/odd/gradient", options: whole, y: 16000, height: 16384, warning: "truncated"},
		{path: "/odd/shadow"},
		{path: "/odd/template"},
		{path: "/odd/modal"},
		{path: "/odd/popover"},
		{path: "/odd/details"},
		{path: "/odd/frameset", x: 1000},
		{path: "/odd/nested", x: 1000, y: 600},
		{path: "/odd/srcdoc"},
		{path: "/odd/sandbox"},
		{path: "/odd/lazy-frame", options: whole, y: 2500, height: 2720},
		{path: "/odd/denied-frame", y: 600},
		{path: "/odd/frame-to-204", y: 600},
		{path: "/odd/frame-reset", y: 600},
		{path: "/odd/frame-of-self", y: 600},
		{path: "/odd/object"},
		{path: "/odd/embed", y: 100},
		{path: "/odd/picture", y: 100},
		{path: "/odd/srcset", options: retina, y: 100},
		{path: "/odd/data-image", y: 100},
		{path: "/odd/blob-image", y: 100},
		{path: "/odd/css-image"},
		{path: "/odd/canvas"},
		{path: "/odd/bitmap"},
		{path: "/odd/late-canvas"},
		{path: "/odd/svg-use"},
		{path: "/odd/foreign-object"},
		{path: "/odd/no-video", x: 1000, y: 600},
		{path: "/odd/form"},
		{path: "/odd/noscript"},
		{path: "/odd/template-only"},
		{path: "/odd/slow-import"},
		{path: "/odd/late-sheet", options: darkroom.Options{Delay: 1500}},
		{path: "/odd/no-sheet"},
		{path: "/odd/broken-sheet"},
		{path: "/odd/missing-font"},
		{path: "/odd/print-only"},
		{path: "/odd/container"},
		{path: "/odd/layers"},
		{path: "/odd/has"},
		{path: "/odd/dark-default"},
		{path: "/odd/csp-nonce"},
		{path: "/odd/trusted-types", options: darkroom.Options{CSS: "p{color:red}", HideSelectors: []string{"b"}}},
		{path: "/odd/isolated"},
		{path: "/odd/throws"},
		{path: "/odd/no-prototypes", options: whole},
		{path: "/odd/shadowed", y: 600},
		{path: "/odd/empty-body"},
		{path: "/odd/closes-itself"},
		{path: "/odd/stops-itself"},
		{path: "/odd/document-write"},
		{path: "/odd/replace-state"},
		{path: "/odd/hash", options: darkroom.Options{WaitUntil: "networkidle"}},
		{path: "/odd/frame-buster"},
		{path: "/odd/debugger"},
		{path: "/odd/synchronous"},
		{path: "/odd/websocket"},
		{path: "/odd/worker-storm"},
		{path: "/odd/service-worker"},
		{path: "/odd/vibrates"},
		{path: "/odd/protocol"},
		{path: "/odd/javascript-url"},
		{path: "/odd/ten-thousand"},
		{path: "/odd/deep"},
		{path: "/odd/long-text", y: 600},
		{path: "/odd/mutations", y: 600},
		{path: "/odd/endless-promises"},
	}
}

func oddAnswers() []oddPage {
	return []oddPage{
		{path: "/odd/no-type"},
		{path: "/odd/wrong-type"},
		{path: "/odd/svg"},
		{path: "/odd/xhtml"},
		{path: "/odd/bad-xhtml", y: 600},
		{path: "/odd/xml"},
		{path: "/odd/windows-1251"},
		{path: "/odd/utf-16"},
		{path: "/odd/bom"},
		{path: "/odd/quirks"},
		{path: "/odd/nul"},
		{path: "/odd/unclosed", y: 600},
		{path: "/odd/gzip"},
		{path: "/odd/unknown-coding"},
		{path: "/odd/refresh"},
		{path: "/odd/relative"},
		{path: "/odd/to-fragment"},
		{path: "/odd/early-hints"},
		{path: "/odd/many-headers"},
		{path: "/odd/many-cookies"},
		{path: "/odd/206"},
		{path: "/odd/base"},
		{path: "/odd/dripping"},
		{path: "/odd/octets", code: darkroom.CodeDownload},
		{path: "/odd/csv", code: darkroom.CodeDownload},
		{path: "/odd/audio", code: darkroom.CodeUnsupportedContent},
		{path: "/odd/bad-gzip", code: darkroom.CodeUnsupportedContent},
		{path: "/odd/205", code: darkroom.CodeUnsupportedContent},
		{path: "/odd/ping-pong", code: darkroom.CodeTooManyRedirects},
		{path: "/odd/to-data", code: darkroom.CodeBlockedTarget},
		{path: "/odd/to-javascript", code: darkroom.CodeBlockedTarget},
		{path: "/odd/to-blank", code: darkroom.CodeBlockedTarget},
	}
}

func TestOddPages(t *testing.T) {
	t.Parallel()
	r := newRig(t)
	for _, page := range append(oddPictures(), oddAnswers()...) {
		t.Run(page.path, func(t *testing.T) {
			r.t = t
			if page.code != "" {
				r.fails(page.path, page.options, page.code)
				return
			}
			shot := r.good(page.path, page.options)
			if page.x == 0 {
				page.x = 100
			}
			if page.y == 0 {
				page.y = 300
			}
			wantPixel(t, decode(t, shot), page.x, page.y, "green")
			if page.height != 0 {
				wantSize(t, shot, 1280, page.height)
			}
			switch {
			case page.warning != "":
				wantWarning(t, shot, page.warning)
			case len(shot.Warnings) > 0:
				t.Errorf("it warns %q", shot.Warnings)
			}
		})
	}
}

// Pages that show nothing in particular: what counts is that there is a
// picture.
func TestPlainAnswers(t *testing.T) {
	t.Parallel()
	r := newRig(t)
	for _, path := range []string{"/odd/json", "/odd/javascript", "/odd/empty", "/odd/blanks", "/odd/no-location", "/odd/multipart", "/odd/no-root"} {
		t.Run(path, func(t *testing.T) {
			r.t = t
			decode(t, r.good(path, darkroom.Options{}))
		})
	}
	r.t = t
	for path, want := range map[string]string{"/odd/windows-1251": "Привет", "/odd/utf-16": "Größe", "/odd/bom": "Größe"} {
		if title := r.good(path, darkroom.Options{}).Title; title != want {
			t.Errorf("%s has the title %q, want %q", path, title, want)
		}
	}
}
