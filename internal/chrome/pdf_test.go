package chrome

import (
	"bytes"
	"context"
	"image/jpeg"
	"regexp"
	"testing"

	"darkroom"
)

func (r *rig) pdf(path string, options darkroom.Options) []byte {
	r.t.Helper()
	options.Format = darkroom.FormatPDF
	shot := r.good(path, options)
	if shot.ContentType != "application/pdf" || !bytes.HasPrefix(shot.Image, []byte("%PDF-")) || !bytes.Contains(shot.Image[len(shot.Image)-32:], []byte("%%EOF")) {
		r.t.Fatalf("%s: %s of %d bytes is no PDF", path, shot.ContentType, len(shot.Image))
	}
	return shot.Image
}

// boxesOf gives the size of each page, in points.
func boxesOf(document []byte) (boxes []string) {
	for _, found := range regexp.MustCompile(`/MediaBox \[0 0 ([0-9.]+ [0-9.]+)\]`).FindAllSubmatch(document, -1) {
		boxes = append(boxes, string(found[1]))
	}
	return boxes
}

func TestPDF(t *testing.T) {
	t.Parallel()
	r := newRig(t)
	for _, row := range []struct {
		name, path string
		options    darkroom.Options
		box        string // of every page
		pages      int    // at least
	}{
		{"a4", "/colour/0f0", darkroom.Options{}, "595.91998 841.91998", 1},
		{"letter", "/colour/0f0", darkroom.Options{PageFormat: "letter"}, "612 792", 1},
		{"landscape", "/colour/0f0", darkroom.Options{PageFormat: "letter", Landscape: true}, "792 612", 1},
		{"a long page", "/tall", darkroom.Options{}, "595.91998 841.91998", 3},
		{"the page's own paper", "/paper", darkroom.Options{}, "288 288", 1},
		{"before the page's own", "/paper", darkroom.Options{PageFormat: "legal"}, "612 1008", 1},
	} {
		t.Run(row.name, func(t *testing.T) {
			r.t = t
			boxes := boxesOf(r.pdf(row.path, row.options))
			if len(boxes) < row.pages {
				t.Fatalf("it has %d pages, want %d", len(boxes), row.pages)
			}
			for _, box := range boxes {
				if box != row.box {
					t.Errorf("a page is %s, want %s", box, row.box)
				}
			}
		})
	}
	t.Run("margin", func(t *testing.T) {
		r.t = t
		plain, with := r.pdf("/tall", darkroom.Options{}), r.pdf("/tall", darkroom.Options{Margin: 50})
		if a, b := len(boxesOf(plain)), len(boxesOf(with)); b <= a {
			t.Errorf("%d pages with a margin, %d without", b, a)
		}
	})
	t.Run("what loads on sight", func(t *testing.T) {
		r.t = t
		if shot := r.pdf("/lazy", darkroom.Options{}); len(r.site.Visits("/solid.svg")) == 0 {
			t.Errorf("the picture below was never loaded (%d bytes)", len(shot))
		}
	})
	t.Run("status", func(t *testing.T) {
		r.t = t
		r.fails("/status/404", darkroom.Options{Format: "pdf"}, darkroom.CodeHTTPError)
	})
}

func TestThumbnails(t *testing.T) {
	t.Parallel()
	r := newRig(t)
	for _, row := range []struct {
		name, path    string
		options       darkroom.Options
		width, height int
		pixels        []pixel
	}{
		{"a window", "/tall", darkroom.Options{}, 320, 180, []pixel{{10, 10, "red"}, {10, 40, "green"}}},
		{"a tall page", "/tall", darkroom.Options{FullPage: true}, 320, 480, []pixel{{10, 10, "red"}, {310, 462, "blue"}}},
		{"jpeg", "/colour/0f0", darkroom.Options{Format: "jpeg"}, 320, 180, []pixel{{160, 90, "green"}}},
		{"webp", "/colour/0f0", darkroom.Options{Format: "webp"}, 320, 180, []pixel{{160, 90, "green"}}},
		{"pdf", "/colour/0f0", darkroom.Options{Format: "pdf"}, 320, 180, []pixel{{160, 90, "green"}}},
		{"smaller than that", "/element", darkroom.Options{Selector: "#it"}, 300, 200, []pixel{{5, 5, "red"}}},
		{"retina", "/tall", darkroom.Options{Retina: true}, 320, 180, []pixel{{10, 10, "red"}}},
	} {
		t.Run(row.name, func(t *testing.T) {
			r.t = t
			ctx, cancel := context.WithTimeout(t.Context(), generous)
			defer cancel()
			request := darkroom.CaptureRequest{Session: "s", URL: r.url + row.path, Options: row.options, Thumbnail: true}
			shot, err := r.slot.Capture(ctx, request)
			if err != nil {
				t.Fatal(err)
			}
			small, err := jpeg.Decode(bytes.NewReader(shot.Thumbnail))
			if err != nil {
				t.Fatal(err)
			}
			if size := small.Bounds().Size(); size.X != row.width || size.Y != row.height {
				t.Errorf("it is %v, want %d×%d", size, row.width, row.height)
			}
			for _, p := range row.pixels {
				wantPixel(t, small, p.x, p.y, p.want)
			}
		})
	}
	r.t = t
	if shot := r.good("/colour/0f0", darkroom.Options{}); shot.Thumbnail != nil {
		t.Error("nobody asked for a thumbnail")
	}
}
