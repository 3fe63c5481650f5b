package chrome

import (
	"bytes"
	"fmt"
	"image"
	"image/jpeg"

	"darkroom"
)

const thumbnailQuality = 75

// shrink makes the thumbnail of a picture, where one is wanted.
func (c *capture) shrink(picture []byte) (err error) {
	if c.thumbnail {
		c.shot.Thumbnail, err = Thumbnail(picture)
	}
	return err
}

// Thumbnail makes a small JPEG, at most darkroom.ThumbnailWidth ×
// darkroom.ThumbnailHeight, of a picture that a Slot has taken, but not of a
// PDF. A tall picture is unpacked only as far as the thumbnail reaches.
func Thumbnail(picture []byte) ([]byte, error) {
	size, _, err := image.DecodeConfig(bytes.NewReader(picture))
	if err != nil {
		return nil, fmt.Errorf("look at the picture: %w", err)
	}
	small := newShrinker(size.Width, size.Height)
	if err := eachRow(picture, small.add); err != nil {
		return nil, err
	}
	var out bytes.Buffer
	if err := jpeg.Encode(&out, small.image, &jpeg.Options{Quality: thumbnailQuality}); err != nil {
		return nil, fmt.Errorf("make the thumbnail: %w", err)
	}
	return out.Bytes(), nil
}

// shrinker makes each pixel of the small image the average of those that it
// stands for. An image that is small already stays as it is.
type shrinker struct {
	image *image.RGBA
	from  image.Point // size of the part of the picture that is shown
	y     int         // rows taken so far
	sums  []int       // red, green, blue and the number of pixels, of each column
}

func newShrinker(width, height int) *shrinker {
	small := image.Pt(min(width, darkroom.ThumbnailWidth), 0)
	shown := min(height, darkroom.ThumbnailHeight*width/small.X)
	small.Y = max(1, shown*small.X/width)
	return &shrinker{
		image: image.NewRGBA(image.Rectangle{Max: small}), from: image.Pt(width, shown), sums: make([]int, 4*small.X),
	}
}

func (s *shrinker) add(row []byte) (more bool) {
	width := s.image.Rect.Dx()
	for x := range s.from.X {
		sum := s.sums[4*(x*width/s.from.X):]
		sum[0] += int(row[4*x])
		sum[1] += int(row[4*x+1])
		sum[2] += int(row[4*x+2])
		sum[3]++
	}
	line := s.lineOf(s.y)
	s.y++
	if s.y == s.from.Y || s.lineOf(s.y) != line {
		s.flush(line)
	}
	return s.y < s.from.Y
}

func (s *shrinker) lineOf(y int) int { return y * s.image.Rect.Dy() / s.from.Y }

func (s *shrinker) flush(line int) {
	out := s.image.Pix[line*s.image.Stride:]
	for x := range s.image.Rect.Dx() {
		sum := s.sums[4*x : 4*x+4]
		for i := range 3 {
			out[4*x+i] = byte(sum[i] / sum[3])
		}
		out[4*x+3] = 0xff
	}
	clear(s.sums)
}
