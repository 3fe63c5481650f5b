package chrome

import "image"

// shrinker makes each pixel of the small image the average of those that it
// stands for. An image that is small already stays as it is.
type shrinker struct {
	image *image.RGBA
	part  image.Rectangle // of the picture, that is shown
	y     int             // row of the picture that comes next
	sums  []int           // red, green, blue and the number of pixels, of each column
}

// newShrinker shows a part of a picture in an image that is no larger.
func newShrinker(part image.Rectangle, to image.Point) *shrinker {
	return &shrinker{image: image.NewRGBA(image.Rectangle{Max: to}), part: part, sums: make([]int, 4*to.X)}
}

// add takes the rows of the picture one after the other, from its first, and
// is false when no more of them is needed.
func (s *shrinker) add(row []byte) (more bool) {
	if s.y < s.part.Min.Y {
		s.y++
		return true
	}
	width, across := s.part.Dx(), s.image.Rect.Dx()
	row = row[4*s.part.Min.X:]
	for x := range width {
		sum := s.sums[4*(x*across/width):]
		sum[0] += int(row[4*x])
		sum[1] += int(row[4*x+1])
		sum[2] += int(row[4*x+2])
		sum[3]++
	}
	line := s.lineOf(s.y)
	s.y++
	if s.y == s.part.Max.Y || s.lineOf(s.y) != line {
		s.flush(line)
	}
	return s.y < s.part.Max.Y
}

func (s *shrinker) lineOf(y int) int { return (y - s.part.Min.Y) * s.image.Rect.Dy() / s.part.Dy() }

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
