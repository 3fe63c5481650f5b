package chrome

import (
	"bytes"
	"image"
	"image/color"
	"image/png"
	"math/rand/v2"
	"testing"
)

// BenchmarkThumbnail tells what a thumbnail costs besides its picture: a page
// of text, packed as quickly as the browser does it.
func BenchmarkThumbnail(b *testing.B) {
	page := image.NewRGBA(image.Rect(0, 0, 1280, 720))
	random := rand.New(rand.NewPCG(1, 2))
	for y := range page.Rect.Max.Y {
		for x := range page.Rect.Max.X {
			ink := uint8(0xff)
			if y%24 < 14 && x%900 > 80 && random.IntN(4) == 0 {
				ink = uint8(random.IntN(0xff))
			}
			page.Set(x, y, color.RGBA{ink, ink, ink, 0xff})
		}
	}
	var packed bytes.Buffer
	if err := (&png.Encoder{CompressionLevel: png.BestSpeed}).Encode(&packed, page); err != nil {
		b.Fatal(err)
	}
	b.SetBytes(int64(packed.Len()))
	for b.Loop() {
		c := &capture{thumbnail: true}
		if err := c.shrink(packed.Bytes()); err != nil {
			b.Fatal(err)
		}
	}
}
