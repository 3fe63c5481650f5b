package chrome

import (
	"bytes"
	"context"
	"fmt"
	"hash"
	"image"
	"image/color"
	"image/draw"
	"image/jpeg"
	"image/png"
	"math"

	"github.com/chromedp/cdproto/page"
)

// The browser needs about twelve bytes for a pixel of a picture that it takes
// in one piece, so a large one comes in tiles. A tile is what the server has
// to hold unpacked, at four bytes a pixel.
const (
	onePiece  = 40_000_000 // pixels
	tileLimit = 6_000_000  // pixels
	// tileRows divide every tile's height: a JPEG is encoded in blocks of 16.
	tileRows = 16
)

func (c *capture) pixels(clip *page.Viewport) float64 {
	scale := c.options.Viewport().Scale * clip.Scale
	return clip.Width * clip.Height * scale * scale
}

// strip gives a large picture row by row: it holds one tile, and fetches the
// next when a row beyond it is asked for. Rows must be asked for in order.
type strip struct {
	width, height int
	fetch         func(top, rows int) (image.Image, error)

	sum hash.Hash // of the rows so far; nil = nobody wants it

	tile *image.RGBA // opaque; its bounds are in the coordinates of the whole
	err  error
}

// inTiles takes a large picture without anybody holding all its pixels. The
// tiles are lossless, whatever the format; sum, if there is one, is given their
// pixels.
func (c *capture) inTiles(ctx context.Context, clip *page.Viewport, sum hash.Hash) ([]byte, error) {
	scale := c.options.Viewport().Scale * clip.Scale
	s := &strip{width: int(math.Round(clip.Width * scale)), height: int(math.Round(clip.Height * scale)), sum: sum}
	if sum != nil {
		sum.Write(sizeOf(s.width, s.height))
	}
	s.fetch = func(top, rows int) (image.Image, error) {
		part := *clip
		part.Y, part.Height = clip.Y+float64(top)/scale, float64(rows)/scale
		raw, err := c.steady(ctx, &part, "png")
		if err != nil {
			return nil, err
		}
		return png.Decode(bytes.NewReader(raw))
	}
	var out bytes.Buffer
	var err error
	if c.options.Format == "jpeg" {
		err = jpeg.Encode(&out, s, &jpeg.Options{Quality: c.options.Quality})
	} else {
		err = writePNG(&out, s, c.options.PNGCompression == "small")
	}
	if s.err != nil {
		return nil, s.err
	}
	if err != nil {
		return nil, fmt.Errorf("put the picture together: %w", err)
	}
	return out.Bytes(), nil
}

// row gives the pixels of one row, four bytes each; nil after a failure.
func (s *strip) row(y int) []byte {
	if !s.reach(y) {
		return nil
	}
	start := s.tile.PixOffset(0, y)
	return s.tile.Pix[start : start+4*s.width]
}

// reach sees to it that the tile holds row y.
func (s *strip) reach(y int) bool {
	if s.err != nil {
		return false
	}
	if s.tile != nil && y >= s.tile.Rect.Min.Y && y < s.tile.Rect.Max.Y {
		return true
	}
	rows := max(tileRows, tileLimit/max(1, s.width)/tileRows*tileRows)
	top := y / rows * rows
	rows = min(rows, s.height-top)
	part, err := s.fetch(top, rows)
	if err != nil {
		s.err = err
		return false
	}
	// Rounding may make a tile a pixel larger or smaller than was asked for.
	s.tile = image.NewRGBA(image.Rect(0, top, s.width, top+rows))
	draw.Draw(s.tile, s.tile.Rect, part, part.Bounds().Min, draw.Src)
	if s.sum != nil {
		s.sum.Write(s.tile.Pix)
	}
	return true
}

// At, Bounds and ColorModel make a strip an image for the JPEG encoder, which
// goes through it in rows of blocks.
func (s *strip) At(x, y int) color.Color {
	if !s.reach(y) {
		return color.RGBA{}
	}
	return s.tile.RGBAAt(x, y)
}

// Bounds is the whole picture.
func (s *strip) Bounds() image.Rectangle { return image.Rect(0, 0, s.width, s.height) }

// ColorModel is that of the tiles.
func (s *strip) ColorModel() color.Model { return color.RGBAModel }
