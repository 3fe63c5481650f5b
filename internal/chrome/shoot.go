package chrome

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"image"
	_ "image/jpeg" // its size is read from its first bytes
	_ "image/png"  // likewise
	"math"
	"strings"

	"github.com/chromedp/cdproto/cdp"
	"github.com/chromedp/cdproto/page"
	_ "golang.org/x/image/webp" // likewise

	"darkroom"
)

// shoot takes the picture of what the options ask for.
func (c *capture) shoot(ctx context.Context) error {
	if c.options.Format == darkroom.FormatPDF {
		return c.print(ctx)
	}
	clip, err := c.area(ctx)
	if err != nil {
		return err
	}
	picture, err := c.picture(ctx, clip)
	if err != nil {
		return err
	}
	size, _, err := image.DecodeConfig(bytes.NewReader(picture))
	if err != nil {
		return fmt.Errorf("look at the picture: %w", err)
	}
	c.shot.Image, c.shot.ContentType = picture, c.options.ContentType()
	c.shot.Width, c.shot.Height = size.Width, size.Height
	return c.shrink(picture)
}

func (c *capture) picture(ctx context.Context, clip *page.Viewport) ([]byte, error) {
	switch {
	case c.options.Deterministic:
		return c.agreed(ctx, clip)
	case c.tiled(clip):
		return c.inTiles(ctx, clip, nil)
	}
	return c.steady(ctx, clip, c.options.Format)
}

// steady tries once more where the browser may refuse once: right after a
// navigation.
func (c *capture) steady(ctx context.Context, clip *page.Viewport, format string) ([]byte, error) {
	raw, err := c.expose(ctx, clip, format)
	if refusal, ok := errors.AsType[*protocolError](err); ok && strings.Contains(refusal.Message, "Not attached to an active page") {
		if err = c.tab.run(ctx, scriptFrame, nil); err == nil || errors.Is(err, errNavigated) {
			raw, err = c.expose(ctx, clip, format)
		}
	}
	if err != nil {
		return nil, err
	}
	return pictureIn(raw)
}

func (c *capture) expose(ctx context.Context, clip *page.Viewport, format string) ([]byte, error) {
	params := page.CaptureScreenshotParams{Format: page.CaptureScreenshotFormat(format), Clip: clip}
	if clip != nil {
		params.CaptureBeyondViewport = new(true)
	}
	if format == "png" {
		params.OptimizeForSpeed = new(c.options.PNGCompression == "fast")
	} else {
		params.Quality = new(int64(c.options.Quality))
	}
	return post(c.tab.session, page.CaptureScreenshot, params).wait(ctx)
}

// area is the part of the page to shoot, in CSS pixels from its top; nil is
// what the window shows.
func (c *capture) area(ctx context.Context) (*page.Viewport, error) {
	switch {
	case c.options.Clip != nil:
		clip := c.options.Clip
		return c.within(box{clip.X, clip.Y, clip.Width, clip.Height}, 1), nil
	case c.options.Selector != "":
		found, err := c.find(ctx, "selector", c.options.Selector)
		if err != nil {
			return nil, err
		}
		return c.within(found, 1), nil
	case c.options.FullPage:
		return c.wholePage(ctx)
	}
	return nil, nil
}

// wholePage is as wide as the window and as high as the page. A page for
// desktops on an emulated telephone is laid out wider than the screen and shown
// smaller; so is its picture.
func (c *capture) wholePage(ctx context.Context) (*page.Viewport, error) {
	layout, err := call(ctx, c.tab.session, page.GetLayoutMetrics, cdp.Empty{})
	if err != nil {
		return nil, err
	}
	view := c.options.Viewport()
	width, scale := float64(view.Width), 1.0
	if view.Mobile && layout.CSSLayoutViewport != nil && float64(layout.CSSLayoutViewport.ClientWidth) > width {
		scale = width / float64(layout.CSSLayoutViewport.ClientWidth)
		width = float64(layout.CSSLayoutViewport.ClientWidth)
	}
	height := float64(view.Height)
	if layout.CSSContentSize != nil {
		height = max(height, layout.CSSContentSize.Height)
	}
	if limit := float64(c.options.MaxHeight) / scale; height > limit {
		c.warn("truncated: the page is %.0f px high, the picture ends at %d px", math.Ceil(height*scale), c.options.MaxHeight)
		height = limit
	}
	return c.within(box{0, 0, width, height}, scale), nil
}

// within cuts an area to what its format can hold.
func (c *capture) within(area box, scale float64) *page.Viewport {
	limit := float64(maxSide(c.options.Format)) / (c.options.Viewport().Scale * scale)
	if area.Height > limit {
		c.warn("truncated: a %s can be no more than %d pixels high", c.options.Format, maxSide(c.options.Format))
		area.Height = math.Floor(limit)
	}
	if area.Width > limit {
		c.warn("truncated: a %s can be no more than %d pixels wide", c.options.Format, maxSide(c.options.Format))
		area.Width = math.Floor(limit)
	}
	// Nothing here can put a webp together from tiles.
	if pixels := c.options.Viewport().Scale * scale; c.options.Format == "webp" && area.Width*area.Height*pixels*pixels > onePiece {
		area.Height = math.Floor(onePiece / (area.Width * pixels * pixels))
		c.warn("truncated: a webp can have no more than %d million pixels", onePiece/1_000_000)
	}
	return &page.Viewport{X: area.X, Y: area.Y, Width: area.Width, Height: area.Height, Scale: scale}
}

// maxSide is the largest width or height of an image, in pixels.
func maxSide(format string) int {
	switch format {
	case "webp":
		return 16383
	case "jpeg":
		return 65500
	}
	return 300_000
}
