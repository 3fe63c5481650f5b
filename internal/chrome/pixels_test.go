package chrome

import (
	"bytes"
	"image"
	"image/color"
	"image/png"
	"math/rand/v2"
	"testing"
)

// noise is opaque where alpha is 255, and exercises every filter of a PNG.
func noise(width, height int, alpha bool) *image.NRGBA {
	random := rand.New(rand.NewPCG(1, 2))
	picture := image.NewNRGBA(image.Rect(0, 0, width, height))
	for y := range height {
		for x := range width {
			c := color.NRGBA{uint8(x * 3), uint8(y * 5), uint8(x*y) + uint8(random.IntN(9)), 255}
			if alpha && x%7 == 0 {
				c.A = uint8(y)
			}
			picture.SetNRGBA(x, y, c)
		}
	}
	return picture
}

// Row by row a PNG must have the pixels that the library's decoder sees.
func TestRowsOfAPNG(t *testing.T) {
	for _, alpha := range []bool{false, true} {
		for _, level := range []png.CompressionLevel{png.NoCompression, png.BestSpeed, png.BestCompression} {
			want := noise(301, 97, alpha)
			var packed bytes.Buffer
			if err := (&png.Encoder{CompressionLevel: level}).Encode(&packed, want); err != nil {
				t.Fatal(err)
			}
			y := 0
			err := eachRow(packed.Bytes(), func(row []byte) bool {
				if !bytes.Equal(row, want.Pix[y*want.Stride:][:len(row)]) {
					t.Fatalf("row %d differs", y)
				}
				y++
				return true
			})
			if err != nil || y != 97 {
				t.Errorf("%d rows, %v", y, err)
			}
		}
	}
}

func TestPixelHash(t *testing.T) {
	hashOf := func(picture image.Image, level png.CompressionLevel) string {
		var packed bytes.Buffer
		if err := (&png.Encoder{CompressionLevel: level}).Encode(&packed, picture); err != nil {
			t.Fatal(err)
		}
		sum, err := pixelHash(packed.Bytes())
		if err != nil {
			t.Fatal(err)
		}
		return sum
	}
	one := noise(40, 30, false)
	if a, b := hashOf(one, png.NoCompression), hashOf(one, png.BestCompression); a != b {
		t.Error("the hash depends on how the pixels are packed")
	}
	other := noise(40, 30, false)
	other.Pix[1000] ^= 1
	if hashOf(one, png.BestSpeed) == hashOf(other, png.BestSpeed) {
		t.Error("another pixel, the same hash")
	}
	// The same pixels in other rows are another picture.
	if hashOf(image.NewNRGBA(image.Rect(0, 0, 20, 2)), png.BestSpeed) == hashOf(image.NewNRGBA(image.Rect(0, 0, 2, 20)), png.BestSpeed) {
		t.Error("another shape, the same hash")
	}
}

func FuzzRowsOfAPNG(f *testing.F) {
	var packed bytes.Buffer
	if err := png.Encode(&packed, noise(9, 9, true)); err != nil {
		f.Fatal(err)
	}
	f.Add(packed.Bytes())
	f.Add([]byte(pngMark))
	f.Add(append([]byte(pngMark), 0xff, 0xff, 0xff, 0xff, 'I', 'D', 'A', 'T', 0, 0, 0, 0))
	f.Fuzz(func(t *testing.T, raw []byte) {
		if !bytes.HasPrefix(raw, []byte(pngMark)) {
			return
		}
		rows, bytesSeen := 0, 0
		// Whatever it is, it ends: with rows or with an error.
		_ = eachRow(raw, func(row []byte) bool { rows++; bytesSeen += len(row); return rows < 100 && bytesSeen < 1<<20 })
	})
}
