package chrome

import (
	"bytes"
	"context"
	"net/url"
	"os"
	"strings"
	"testing"
	"time"

	"darkroom"
)

// next captures a path as a slot does that will be asked for more of its page.
func (r *rig) next(path string, options darkroom.Options) (darkroom.Shot, error) {
	r.t.Helper()
	return r.nextIn("session", r.url+path, options)
}

func (r *rig) nextIn(session, address string, options darkroom.Options) (darkroom.Shot, error) {
	r.t.Helper()
	options.Timeout = int(generous.Milliseconds())
	ctx, cancel := context.WithTimeout(r.t.Context(), generous)
	defer cancel()
	return r.slot.Capture(ctx, darkroom.CaptureRequest{Session: session, URL: address, Options: options, Keep: true})
}

// kept captures a path, which must succeed and leave its page.
func (r *rig) kept(path string, options darkroom.Options) darkroom.Shot {
	r.t.Helper()
	shot, err := r.next(path, options)
	if err != nil || !shot.Kept {
		r.t.Fatalf("%s: kept: %v, %v", path, shot.Kept, err)
	}
	return shot
}

func (r *rig) wantLoads(path string, want int) {
	r.t.Helper()
	path, _, _ = strings.Cut(path, "?")
	if got := len(r.site.Visits(path)); got != want {
		r.t.Errorf("%s was loaded %d times, want %d", path, got, want)
	}
}

func TestThreePicturesOfOneLoad(t *testing.T) {
	r := newRig(t)
	window := r.kept("/tall", darkroom.Options{HideSelectors: []string{"]["}})
	whole := r.kept("/tall", darkroom.Options{HideSelectors: []string{"]["}, FullPage: true, MaxHeight: 2000, Format: "webp"})
	printed := r.kept("/tall", darkroom.Options{HideSelectors: []string{"]["}, Format: "pdf", MaxHeight: 2000})
	r.wantLoads("/tall", 1)
	wantSize(t, window, 1280, 720)
	wantPixel(t, decode(t, window), 10, 50, "red")
	wantPixel(t, decode(t, window), 10, 650, "blue")
	wantSize(t, whole, 1280, 2000)
	wantPixel(t, decode(t, whole), 10, 50, "red")
	wantPixel(t, decode(t, whole), 10, 1050, "blue")
	if whole.ContentType != "image/webp" || printed.ContentType != "application/pdf" || !bytes.HasPrefix(printed.Image, []byte("%PDF-")) {
		t.Errorf("the pictures are %s and %s", whole.ContentType, printed.ContentType)
	}
	for _, shot := range []darkroom.Shot{window, whole, printed} {
		wantWarning(t, shot, "hide_selectors")
		if shot.HTTPStatus != 200 || shot.FinalURL != r.url+"/tall" || shot.Title != window.Title {
			t.Errorf("status %d, title %q, at %s", shot.HTTPStatus, shot.Title, shot.FinalURL)
		}
	}
	wantWarning(t, whole, "truncated")
	if len(window.Warnings) != 1 || len(printed.Warnings) != 1 {
		t.Errorf("a picture has the warnings of another: %q, %q", window.Warnings, printed.Warnings)
	}
}

// Byte for byte, a picture of a kept page is that of a page loaded for it.
func TestAKeptPageLooksLikeOneLoadedAnew(t *testing.T) {
	r := newRig(t)
	clip := &darkroom.Clip{X: 10, Y: 650, Width: 300, Height: 500}
	ways := []darkroom.Options{
		{},
		{PNGCompression: "small"},
		{Format: "jpeg", Quality: 50},
		{Clip: clip},
		{Selector: "body *"},
		{FullPage: true},
		{FullPage: true, Format: "webp"},
		{FullPage: true, ScrollY: 300},
	}
	paths := []string{"/sticky", "/lazy", "/animation"}
	if os.Getenv("DARKROOM_LONG") != "" {
		paths = append(paths, "/tall", "/font", "/fixed", "/vh", "/clutter", "/covered")
	}
	for _, path := range paths {
		t.Run(path, func(t *testing.T) {
			r.t = t
			before := len(r.site.Visits(path))
			var kept []darkroom.Shot
			for _, options := range ways {
				shot, err := r.next(path, options)
				if err != nil {
					t.Fatalf("%+v: %v", options, err)
				}
				kept = append(kept, shot)
			}
			r.wantLoads(path, before+1)
			for i, options := range ways {
				fresh := r.good(path, options)
				if !bytes.Equal(fresh.Image, kept[i].Image) || fresh.Title != kept[i].Title {
					t.Errorf("way %d: %d × %d, %d bytes, %q; loaded anew %d × %d, %d bytes, %q", i,
						kept[i].Width, kept[i].Height, len(kept[i].Image), kept[i].Title, fresh.Width, fresh.Height, len(fresh.Image), fresh.Title)
				}
			}
			r.wantLoads(path, before+1+len(ways))
		})
	}
}

func TestWhatNeedsALoadGetsIt(t *testing.T) {
	r := newRig(t)
	scheme := "document.body.style.background = matchMedia('(prefers-color-scheme: dark)').matches ? '#00f' : '#0f0'"
	mark := "addEventListener('scroll', () => document.body.style.background = '#f00')"
	for _, row := range []struct {
		name          string
		path          string
		before, after darkroom.Options
		x, y          int
		want          string
	}{
		{"a page that asks for the scheme as it loads", "/colour/fff", darkroom.Options{JS: scheme}, darkroom.Options{JS: scheme, DarkMode: true}, 5, 5, "blue"},
		{"another window", "/tall", darkroom.Options{}, darkroom.Options{Width: 400}, 10, 50, "red"},
		{"the window after the whole page", "/vh", darkroom.Options{JS: mark, FullPage: true}, darkroom.Options{JS: mark}, 10, 50, "blue"},
		{"a style sheet", "/colour/f00", darkroom.Options{}, darkroom.Options{CSS: "body{background:#0f0!important}"}, 5, 5, "green"},
		{"no style sheet", "/colour/e00", darkroom.Options{CSS: "body{background:#0f0!important}"}, darkroom.Options{}, 5, 5, "red"},
	} {
		t.Run(row.name, func(t *testing.T) {
			r.t = t
			before := len(r.site.Visits(row.path))
			r.kept(row.path, row.before)
			wantPixel(t, decode(t, r.kept(row.path, row.after)), row.x, row.y, row.want)
			r.wantLoads(row.path, before+2)
		})
	}
	t.Run("another URL", func(t *testing.T) {
		r.t = t
		r.kept("/colour/f00", darkroom.Options{})
		wantPixel(t, decode(t, r.kept("/colour/00f", darkroom.Options{})), 5, 5, "blue")
	})
	t.Run("another session", func(t *testing.T) {
		r.t = t
		before := len(r.site.Visits("/fixed"))
		r.kept("/fixed", darkroom.Options{})
		if shot, err := r.nextIn("other", r.url+"/fixed", darkroom.Options{}); err != nil || shot.Width != 1280 {
			t.Errorf("%d, %v", shot.Width, err)
		}
		r.wantLoads("/fixed", before+2)
	})
	t.Run("a page that went elsewhere meanwhile", func(t *testing.T) {
		r.t = t
		leaves := darkroom.Options{JS: "if (location.search !== '?left') setTimeout(() => location.href = '?left', 300)"}
		r.kept("/sticky", leaves)
		c := r.slot.kept.capture
		loader := c.settled
		for deadline := time.Now().Add(generous); c.rests(loader) && time.Now().Before(deadline); {
			time.Sleep(5 * time.Millisecond)
		}
		shot := r.kept("/sticky", leaves)
		if shot.FinalURL != r.url+"/sticky" || len(r.site.Visits("/sticky")) != 3 {
			t.Errorf("shot at %s, visits %d", shot.FinalURL, len(r.site.Visits("/sticky")))
		}
	})
	t.Run("a page whose process died meanwhile", func(t *testing.T) {
		r.t = t
		r.kept("/element", darkroom.Options{})
		killRenderers(int(r.slot.group.Load()))
		if shot, err := r.next("/element", darkroom.Options{Selector: "#it"}); err != nil || shot.Width != 300 {
			t.Errorf("%d, %v", shot.Width, err)
		}
	})
	t.Run("a browser that died meanwhile", func(t *testing.T) {
		r.t = t
		r.kept("/element", darkroom.Options{})
		killGroup(int(r.slot.group.Load()))
		if shot, err := r.next("/element", darkroom.Options{Selector: "#it"}); err != nil || shot.Width != 300 {
			t.Errorf("%d, %v", shot.Width, err)
		}
	})
}

// Each picture is judged by its own options, and told of by its own.
func TestEachPictureOfAPageHasItsOwnFacts(t *testing.T) {
	r := newRig(t, oddLists)
	t.Run("status", func(t *testing.T) {
		r.t = t
		r.kept("/status/404", darkroom.Options{FailOnStatus: []string{}})
		if shot, err := r.next("/status/404", darkroom.Options{}); darkroom.CodeOf(err) != darkroom.CodeHTTPError || shot.HTTPStatus != 404 || shot.Kept {
			t.Errorf("status %d: %v", shot.HTTPStatus, err)
		}
		r.wantLoads("/status/404", 1)
	})
	t.Run("an element that is not there", func(t *testing.T) {
		r.t = t
		r.kept("/colour/0f0", darkroom.Options{})
		if _, err := r.next("/colour/0f0", darkroom.Options{Selector: "]["}); darkroom.CodeOf(err) != darkroom.CodeSelectorNotFound {
			t.Errorf("%v", err)
		}
		r.wantLoads("/colour/0f0", 1)
	})
	t.Run("evidence and blocked requests", func(t *testing.T) {
		r.t = t
		path := "/clutter?other=" + url.QueryEscape(r.other)
		first := r.kept(path, darkroom.Options{BlockAds: true})
		second := r.kept(path, darkroom.Options{BlockAds: true, Evidence: true, Format: "jpeg"})
		if first.Blocked != 2 || second.Blocked != 2 || first.Evidence != nil || second.Evidence == nil {
			t.Errorf("blocked %d and %d; evidence %v and %v", first.Blocked, second.Blocked, first.Evidence, second.Evidence)
		}
		r.wantLoads(path, 1)
	})
	t.Run("deterministic", func(t *testing.T) {
		r.t = t
		fresh := r.good("/animation", darkroom.Options{Deterministic: true, Format: "webp"})
		first := r.kept("/animation", darkroom.Options{Deterministic: true})
		second := r.kept("/animation", darkroom.Options{Deterministic: true, Format: "webp"})
		if !first.Stable || !second.Stable || first.PixelHash != second.PixelHash || second.PixelHash != fresh.PixelHash {
			t.Errorf("hashes %s, %s, loaded anew %s", first.PixelHash, second.PixelHash, fresh.PixelHash)
		}
		r.wantLoads("/animation", 2)
	})
	t.Run("a page that got another try", func(t *testing.T) {
		r.t = t
		shot, err := r.next("/colour/00f", darkroom.Options{QualityGate: true})
		if err != nil || shot.Kept {
			t.Errorf("kept: %v, %v", shot.Kept, err)
		}
		wantWarning(t, shot, "quality: the picture is blank")
	})
}

// What a kept page leaves is taken away as that of any other, also when nobody
// comes for it.
func TestNothingPassesFromAKeptPage(t *testing.T) {
	r := newRig(t)
	plant := darkroom.Options{WaitUntil: "networkidle", Delay: 300}
	r.kept("/plant", plant)
	plant.Format = "jpeg"
	r.kept("/plant", plant)
	if got := left(r, "session"); got != "left:" {
		t.Errorf("the next page finds %q", got)
	}
	r.kept("/plant", plant)
	if got := left(r, "other"); got != "left:" {
		t.Errorf("the next session finds %q", got)
	}
	r.kept("/plant", plant)
	r.settled() // it is ready for that page, and leaves it
	gone := func() bool {
		check := r.slot.take(t.Context())
		defer r.slot.give()
		return check == nil && r.slot.kept == nil
	}
	if gone() {
		t.Fatal("the page was left at once")
	}
	for deadline := time.Now().Add(generous); !gone(); time.Sleep(20 * time.Millisecond) {
		if time.Now().After(deadline) {
			t.Fatal("the page is kept for ever")
		}
	}
	if got := left(r, "session"); got != "left:" {
		t.Errorf("a page long after finds %q", got)
	}
}
