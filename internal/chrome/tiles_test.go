package chrome

import (
	"bytes"
	"errors"
	"image"
	"image/color"
	"image/jpeg"
	"image/png"
	"testing"

	"darkroom"
)

// A picture put together from tiles is the same as the whole, pixel by pixel.
func TestTiles(t *testing.T) {
	const width, height = 4000, 4001
	paint := func(x, y int) color.NRGBA { return color.NRGBA{uint8(x), uint8(y), uint8(x ^ y>>8), 255} }
	var fetched int
	s := &strip{width: width, height: height, fetch: func(top, rows int) (image.Image, error) {
		fetched++
		tile := image.NewNRGBA(image.Rect(0, 0, width, rows))
		for y := range rows {
			for x := range width {
				tile.SetNRGBA(x, y, paint(x, top+y))
			}
		}
		return tile, nil
	}}
	var out bytes.Buffer
	if err := writePNG(&out, s, false); err != nil {
		t.Fatal(err)
	}
	decoded, err := png.Decode(&out)
	if err != nil {
		t.Fatal(err)
	}
	if decoded.Bounds() != s.Bounds() {
		t.Fatalf("the picture is %v", decoded.Bounds())
	}
	for y := 0; y < height; y += 13 {
		for x := 0; x < width; x += 11 {
			if got := color.NRGBAModel.Convert(decoded.At(x, y)); got != paint(x, y) {
				t.Fatalf("pixel (%d, %d) is %v, want %v", x, y, got, paint(x, y))
			}
		}
	}
	if fetched != 3 {
		t.Errorf("%d tiles were fetched, want 3", fetched)
	}
	out.Reset()
	s.tile, fetched = nil, 0
	if err := jpeg.Encode(&out, s, nil); err != nil {
		t.Fatal(err)
	}
	if fetched != 3 {
		t.Errorf("the JPEG encoder fetched %d tiles, want each once", fetched)
	}
	s.tile, s.err = nil, errors.New("gone")
	if err := writePNG(&out, s, false); err == nil {
		t.Error("a failed tile went unnoticed")
	}
}

// Pictures above the limit of one piece come in tiles; fixed elements must be
// where they are in one piece.
func TestTilesOfAPage(t *testing.T) {
	t.Parallel()
	r := newRig(t)
	const height = 33000
	shot := r.good("/tall?height=33000", darkroom.Options{FullPage: true, MaxHeight: height, Format: "jpeg"})
	wantSize(t, shot, 1280, height)
	jpeg := decode(t, shot)
	for y := 50; y < height; y += 100 {
		want := [...]string{"red", "green", "blue", "white"}[y/100%4]
		if got := at(jpeg, 640, y); got != want {
			t.Fatalf("row %d is %s, want %s", y, got, want)
		}
	}
	picture := decode(t, r.good("/fixed-tall", darkroom.Options{FullPage: true, MaxHeight: height}))
	for y := 10; y < picture.Bounds().Dy(); y += 100 {
		want := "blue"
		if y < 360 {
			want = "green"
		}
		if got := at(picture, 640, y); got != want {
			t.Fatalf("row %d is %s, want %s", y, got, want)
		}
	}
}
