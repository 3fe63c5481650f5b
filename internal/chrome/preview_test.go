package chrome

import (
	"bytes"
	"image"
	"image/color"
	"image/jpeg"
	"image/png"
	"testing"
)

// quarters has a colour in each of its quarters.
func quarters(width, height int) *image.RGBA {
	picture := image.NewRGBA(image.Rect(0, 0, width, height))
	for y := range height {
		for x := range width {
			picture.SetRGBA(x, y, color.RGBA{uint8(200 * (2 * x / width)), uint8(200 * (2 * y / height)), 90, 0xff})
		}
	}
	return picture
}

func TestPreview(t *testing.T) {
	var packed, plain bytes.Buffer
	if err := png.Encode(&packed, quarters(400, 1000)); err != nil {
		t.Fatal(err)
	}
	if err := jpeg.Encode(&plain, quarters(400, 1000), &jpeg.Options{Quality: 95}); err != nil {
		t.Fatal(err)
	}
	for _, test := range []struct {
		part image.Rectangle
		side int
		size image.Point
		left color.RGBA // at its upper left
		last color.RGBA // at its lower right
	}{
		{image.Rectangle{}, 100, image.Pt(40, 100), color.RGBA{0, 0, 90, 255}, color.RGBA{200, 200, 90, 255}},
		{image.Rect(0, 0, 200, 500), 1000, image.Pt(200, 500), color.RGBA{0, 0, 90, 255}, color.RGBA{0, 0, 90, 255}},
		{image.Rect(200, 500, 4000, 4000), 50, image.Pt(20, 50), color.RGBA{200, 200, 90, 255}, color.RGBA{200, 200, 90, 255}},
		{image.Rect(150, 0, 250, 100), 10, image.Pt(10, 10), color.RGBA{0, 0, 90, 255}, color.RGBA{200, 0, 90, 255}},
	} {
		for format, content := range map[string][]byte{"png": packed.Bytes(), "jpeg": plain.Bytes()} {
			shown, of, err := Preview(content, test.part, test.side)
			if err != nil || of != image.Pt(400, 1000) || shown.Bounds().Size() != test.size {
				t.Errorf("%s %v: %v of %v, %v", format, test.part, shown, of, err)
				continue
			}
			for at, want := range map[image.Point]color.RGBA{{}: test.left, test.size.Sub(image.Pt(1, 1)): test.last} {
				if got := color.RGBAModel.Convert(shown.At(at.X, at.Y)).(color.RGBA); !alike(got, want) {
					t.Errorf("%s %v at %v: %v, want %v", format, test.part, at, got, want)
				}
			}
		}
	}
	for _, bad := range [][]byte{nil, []byte("no picture")} {
		if _, _, err := Preview(bad, image.Rectangle{}, 10); err == nil {
			t.Errorf("%q is shown", bad)
		}
	}
	if _, _, err := Preview(packed.Bytes(), image.Rect(400, 0, 500, 10), 10); err == nil {
		t.Error("what is beside the picture is shown")
	}
}

func alike(a, b color.RGBA) bool {
	near := func(x, y uint8) bool { return max(x, y)-min(x, y) < 8 }
	return near(a.R, b.R) && near(a.G, b.G) && near(a.B, b.B)
}
