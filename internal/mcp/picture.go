package mcp

import (
	"bytes"
	"context"
	"fmt"
	"image"
	"image/jpeg"

	sdk "github.com/modelcontextprotocol/go-sdk/mcp"
	"golang.org/x/image/draw"
)

// block is a part of a picture as agents are shown it.
func (s *Server) block(ctx context.Context, picture []byte, shown image.Rectangle) (sdk.Content, image.Point, error) {
	select {
	case s.looking <- struct{}{}:
		defer func() { <-s.looking }()
	case <-ctx.Done():
		return nil, image.Point{}, context.Cause(ctx)
	}
	small, _, err := s.Preview(picture, shown, MaxPictureSide)
	if err != nil {
		return nil, image.Point{}, fmt.Errorf("shrink the picture: %w", err)
	}
	return pack(small)
}

// pack makes a block of a picture: a JPEG as good and as large as
// MaxPictureBytes lets it be.
func pack(picture image.Image) (sdk.Content, image.Point, error) {
	for {
		for _, quality := range []int{85, 70, 50} {
			var out bytes.Buffer
			if err := jpeg.Encode(&out, picture, &jpeg.Options{Quality: quality}); err != nil {
				return nil, image.Point{}, fmt.Errorf("pack the picture: %w", err)
			}
			if out.Len() <= MaxPictureBytes {
				return &sdk.ImageContent{Data: out.Bytes(), MIMEType: "image/jpeg"}, picture.Bounds().Size(), nil
			}
		}
		size := picture.Bounds().Size()
		smaller := image.NewRGBA(image.Rect(0, 0, size.X*3/4, size.Y*3/4))
		draw.ApproxBiLinear.Scale(smaller, smaller.Rect, picture, picture.Bounds(), draw.Src, nil)
		picture = smaller
	}
}
