package chrome

import (
	"context"

	"github.com/chromedp/cdproto/page"

	"darkroom"
)

const millimetresPerInch = 25.4

// print makes a PDF of the whole page, backgrounds included. It has no size in
// pixels. A page may name its own paper; the option goes before it.
func (c *capture) print(ctx context.Context) error {
	paper, margin := c.options.Paper(), float64(c.options.Margin)/millimetresPerInch
	raw, err := post(c.tab.session, page.PrintToPDF, page.PrintToPDFParams{
		PrintBackground: new(true), PaperWidth: paper.Width, PaperHeight: paper.Height, PreferCSSPageSize: new(c.options.PageFormat == ""),
		MarginTop: &margin, MarginBottom: &margin, MarginLeft: &margin, MarginRight: &margin,
	}).wait(ctx)
	if err != nil {
		return err
	}
	if c.shot.Image, err = pictureIn(raw); err != nil {
		return err
	}
	c.shot.ContentType = c.options.ContentType()
	return c.shrinkWindow(ctx)
}

// window gives what the window shows, for those who have to look at a page
// that was printed.
func (c *capture) window(ctx context.Context) ([]byte, error) {
	return c.steady(ctx, nil, string(page.CaptureScreenshotFormatPng))
}

func (c *capture) shrinkWindow(ctx context.Context) error {
	if !c.thumbnail {
		return nil
	}
	ctx, cancel := context.WithTimeout(ctx, evidenceLimit)
	defer cancel()
	if picture, err := c.window(ctx); err == nil {
		return c.shrink(picture)
	}
	return nil // the print is there, and worth more than its thumbnail
}

// wholly reports whether all of the page is to be seen, not what the window
// shows.
func (c *capture) wholly() bool {
	return c.options.FullPage || c.options.Format == darkroom.FormatPDF
}
