package chrome

import (
	"bytes"
	"fmt"
	"image"
)

// Preview shows a part of a picture that a Slot has taken, but not of a PDF, in
// an image whose sides are at most so many pixels. Of an empty part it shows
// the whole, and never more than there is. It gives the size of the picture
// too. A tall picture is unpacked only as far as the part reaches.
func Preview(picture []byte, part image.Rectangle, side int) (shown image.Image, of image.Point, err error) {
	size, _, err := image.DecodeConfig(bytes.NewReader(picture))
	if err != nil {
		return nil, of, fmt.Errorf("look at the picture: %w", err)
	}
	of = image.Pt(size.Width, size.Height)
	whole := image.Rectangle{Max: of}
	if part.Empty() {
		part = whole
	}
	if part = part.Intersect(whole); part.Empty() {
		return nil, of, fmt.Errorf("nothing of the picture, %d×%d, is in that part", of.X, of.Y)
	}
	small := newShrinker(part, fitted(part.Size(), side))
	if err := eachRow(picture, small.add); err != nil {
		return nil, of, err
	}
	return small.image, of, nil
}

// fitted shrinks a size until no side is longer than that.
func fitted(size image.Point, side int) image.Point {
	longer := max(size.X, size.Y)
	if longer <= side {
		return size
	}
	return image.Pt(max(1, size.X*side/longer), max(1, size.Y*side/longer))
}
