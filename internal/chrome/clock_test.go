package chrome

import (
	"image/color"
	"strings"
	"testing"

	"darkroom"
)

// TestOnePageOneHash captures a page that differs in every visit. That it does
// is shown too, or the rest would mean nothing.
func TestOnePageOneHash(t *testing.T) {
	t.Parallel()
	r := newRig(t)
	options := darkroom.Options{Deterministic: true, FullPage: true}
	first := r.good("/restless", options)
	if !first.Stable || len(first.PixelHash) != 64 {
		t.Fatalf("stable %v, hash %q, warnings %q", first.Stable, first.PixelHash, first.Warnings)
	}
	visits := 6
	if long() {
		visits = 99
	}
	for range visits {
		if next := r.good("/restless", options); next.PixelHash != first.PixelHash || !next.Stable {
			t.Fatalf("another visit has hash %s (stable %v), the first %s", next.PixelHash, next.Stable, first.PixelHash)
		}
	}
	options.Deterministic = false
	plain, again := r.good("/restless", options), r.good("/restless", options)
	if plain.PixelHash != "" || plain.Stable {
		t.Errorf("an ordinary picture has hash %q, stable %v", plain.PixelHash, plain.Stable)
	}
	if string(plain.Image) == string(again.Image) {
		t.Error("two ordinary visits look the same, so nothing was shown")
	}
}

func TestOneHashInEveryFormat(t *testing.T) {
	t.Parallel()
	r := newRig(t)
	want := r.good("/restless", darkroom.Options{Deterministic: true}).PixelHash
	for _, format := range []string{"jpeg", "webp"} {
		shot := r.good("/restless", darkroom.Options{Deterministic: true, Format: format})
		decode(t, shot)
		if shot.PixelHash != want || !shot.Stable {
			t.Errorf("%s has hash %s, stable %v; png has %s", format, shot.PixelHash, shot.Stable, want)
		}
	}
}

func TestHashOfTiles(t *testing.T) {
	t.Parallel()
	r := newRig(t)
	options := darkroom.Options{Deterministic: true, FullPage: true, MaxHeight: 33000}
	png := r.good("/tall?height=33000", options)
	options.Format = "jpeg"
	jpeg := r.good("/tall?height=33000", options)
	if !png.Stable || png.PixelHash != jpeg.PixelHash {
		t.Errorf("png has %s (stable %v), jpeg %s", png.PixelHash, png.Stable, jpeg.PixelHash)
	}
	sum, err := pixelHash(png.Image)
	if err != nil || sum != png.PixelHash {
		t.Errorf("the whole has %s, %v; its tiles had %s", sum, err, png.PixelHash)
	}
}

func TestWhatCannotBeFixed(t *testing.T) {
	t.Parallel()
	r := newRig(t)
	shot := r.good("/unstable", darkroom.Options{Deterministic: true, Timeout: 8000})
	if shot.Stable || shot.PixelHash == "" {
		t.Errorf("stable %v, hash %q", shot.Stable, shot.PixelHash)
	}
	wantWarning(t, shot, "not stable")
}

// A clock that stands still must not keep a page from coming to its end.
func TestTimePasses(t *testing.T) {
	t.Parallel() // it mostly waits
	r := newRig(t)
	for _, row := range []struct {
		name, path string
		options    darkroom.Options
	}{
		{"a timer within the time that passes", "/timer?ms=1900", darkroom.Options{}},
		{"a timer beyond, with delay", "/timer?ms=5000", darkroom.Options{Delay: 5000}},
		{"a timer beyond, awaited", "/timer?ms=4000", darkroom.Options{WaitFor: "#late"}},
		{"a timer that loads more", "/timer-fetch", darkroom.Options{}},
		{"a page that looks at the clock", "/busy-wait", darkroom.Options{}},
		{"a document that was opened again", "/reopened", darkroom.Options{}},
		{"a script that waits", "/colour/f00", darkroom.Options{JS: "await new Promise(r => setTimeout(r, 3000)); document.body.style.background = '#0f0'"}},
		{"a script that goes elsewhere", "/colour/f00", darkroom.Options{JS: "setTimeout(() => { location.href = '/colour/0f0' }, 500)"}},
		{"a redirect by a timer", "/colour/f00?", darkroom.Options{JS: "await new Promise(r => setTimeout(r, 500)); location.href = '/colour/0f0'"}},
		{"a click", "/button", darkroom.Options{Click: "#b"}},
		{"a page that never ends loading", "/long-poll", darkroom.Options{}},
		{"always loading something", "/busy", darkroom.Options{Timeout: 40000}},
		{"animations", "/animation", darkroom.Options{}},
	} {
		t.Run(row.name, func(t *testing.T) {
			r.t = t
			row.options.Deterministic = true
			shot := r.good(row.path, row.options)
			wantPixel(t, decode(t, shot), 600, 500, "green")
			if !shot.Stable {
				t.Errorf("it is not stable: %q", shot.Warnings)
			}
		})
	}
}

func TestWhatADeterministicPageSees(t *testing.T) {
	t.Parallel()
	r := newRig(t)
	for _, row := range []struct{ expression, want string }{
		{"Date.now()", "1767225600000"},
		{"new Date().toISOString()", "2026-01-01T00:00:00.000Z"},
		{"Date().slice(0, 33)", "Thu Jan 01 2026 00:00:00 GMT+0000"},
		{"new Date(2020, 0, 1) instanceof Date && new Date(0).constructor === Date && Date.length + Date.name", `"7Date"`},
		{"class Mine extends Date {}; new Mine().getTime() + ' ' + (new Mine() instanceof Mine)", "1767225600000 true"},
		{"performance.now()", "0"},
		{"new Intl.DateTimeFormat('en-GB', {dateStyle: 'short'}).format()", "01/01/2026"},
		{"Intl.DateTimeFormat().resolvedOptions().timeZone + navigator.language", "UTCen-US"},
		{"setTimeout(() => {}).toFixed(0) + typeof setInterval(() => {}, 1)", "number"},
		{"typeof Math.random() + (Math.random() === Math.random())", "numberfalse"},
	} {
		got := r.fact(row.expression, darkroom.Options{Deterministic: true})
		if !strings.Contains(got, strings.Trim(row.want, `"`)) {
			t.Errorf("%s is %q, want %q", row.expression, got, row.want)
		}
	}
	if got := r.fact("Date.now()", darkroom.Options{}); got == "1767225600000" {
		t.Error("an ordinary page has the fixed clock")
	}
}

// Coloured edges are made for one screen.
func TestTextIsGrey(t *testing.T) {
	t.Parallel()
	r := newRig(t)
	picture := decode(t, r.good("/one-word", darkroom.Options{}))
	grey := 0
	for y := range 100 {
		for x := range 100 {
			c := color.NRGBAModel.Convert(picture.At(x, y)).(color.NRGBA)
			if c.R != c.G || c.G != c.B {
				t.Fatalf("pixel (%d, %d) is %v", x, y, c)
			}
			if c.R > 0 && c.R < 255 {
				grey++
			}
		}
	}
	if grey == 0 {
		t.Error("there is no text, so nothing was shown")
	}
}
