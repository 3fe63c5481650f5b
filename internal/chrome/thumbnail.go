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
	small := newThumbnail(size.Width, size.Height)
	if err := eachRow(picture, small.add); err != nil {
		return nil, err
	}
	var out bytes.Buffer
	if err := jpeg.Encode(&out, small.image, &jpeg.Options{Quality: thumbnailQuality}); err != nil {
		return nil, fmt.Errorf("make the thumbnail: %w", err)
	}
	return out.Bytes(), nil
}

func newThumbnail(width, height int) *shrinker {
	across := min(width, darkroom.ThumbnailWidth)
	shown := min(height, darkroom.ThumbnailHeight*width/across)
	return newShrinker(image.Rect(0, 0, width, shown), image.Pt(across, max(1, shown*across/width)))
}
