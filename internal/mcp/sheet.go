package mcp

import (
	"bytes"
	"context"
	"fmt"
	"image"
	"image/color"
	"image/jpeg"
	"strings"

	sdk "github.com/modelcontextprotocol/go-sdk/mcp"
	"golang.org/x/image/draw"
	"golang.org/x/image/font"
	"golang.org/x/image/font/basicfont"
	"golang.org/x/image/math/fixed"

	"darkroom"
	"darkroom/client"
)

// A contact sheet is a grid of tiles, each a label above a thumbnail.
const (
	sheetColumns = 4
	tileWidth    = MaxPictureSide / sheetColumns
	tileHeight   = 200
	labelHeight  = 18
	tileGap      = 4
)

// sheet shows the captures of a job from a number on.
func (c call) sheet(ctx context.Context, job client.Job, from int) ([]sdk.Content, error) {
	page, err := c.ResultsPage(ctx, job.ID, client.ResultParams{Cursor: before(from), Limit: TilesPerSheet})
	if err != nil {
		return nil, err
	}
	if len(page.Results) == 0 {
		return nil, darkroom.Errorf(darkroom.CodeNoResult, "job %s has no capture from number %d on; it is %s", job.ID, max(from, 1), job.Status)
	}
	canvas := newCanvas(len(page.Results))
	lines := []string{headline(job) + c.place(job.ID)}
	for i, result := range page.Results {
		thumbnail, err := c.thumbnail(ctx, job.ID, result)
		if err != nil {
			return nil, err
		}
		drawTile(canvas, i, result, thumbnail)
		lines = append(lines, resultLine(result))
	}
	picture, _, err := pack(canvas)
	if err != nil {
		return nil, err
	}
	last := page.Results[len(page.Results)-1].Index
	if last < job.Progress.Total {
		lines = append(lines, fmt.Sprintf("This sheet ends at %d of %d; the next begins with from %d.", last, job.Progress.Total, last+1))
	}
	return []sdk.Content{picture, text("%s", strings.Join(lines, "\n"))}, nil
}

// thumbnail gives the small picture of a capture, or of a failure the last that
// its page showed; nil when there is none.
func (c call) thumbnail(ctx context.Context, id string, r client.Result) (image.Image, error) {
	view := darkroom.ViewThumbnail
	switch {
	case r.ThumbnailURL != nil:
	case r.LastFrameURL != nil:
		view = darkroom.ViewLastFrame
	default:
		return nil, nil
	}
	content, err := c.Picture(ctx, id, r.Index, view)
	if err != nil {
		return nil, err
	}
	picture, err := jpeg.Decode(bytes.NewReader(content))
	if err != nil {
		return nil, fmt.Errorf("unpack the thumbnail of capture %d: %w", r.Index, err)
	}
	return picture, nil
}

func newCanvas(tiles int) *image.RGBA {
	rows := (tiles + sheetColumns - 1) / sheetColumns
	canvas := image.NewRGBA(image.Rect(0, 0, sheetColumns*tileWidth, rows*tileHeight))
	draw.Draw(canvas, canvas.Rect, image.NewUniform(color.Gray{0x33}), image.Point{}, draw.Src)
	return canvas
}

// drawTile puts the capture's number and URL above its thumbnail, whose upper
// part is shown; a failed one is red and has its code across.
func drawTile(canvas *image.RGBA, place int, r client.Result, thumbnail image.Image) {
	corner := image.Pt(place%sheetColumns*tileWidth, place/sheetColumns*tileHeight)
	tile := image.Rect(0, 0, tileWidth-tileGap, tileHeight-tileGap).Add(corner)
	label := image.Rect(tile.Min.X, tile.Min.Y, tile.Max.X, tile.Min.Y+labelHeight)
	shown := image.Rect(tile.Min.X, label.Max.Y, tile.Max.X, tile.Max.Y)
	draw.Draw(canvas, shown, image.NewUniform(color.Gray{0x88}), image.Point{}, draw.Src)
	if thumbnail != nil {
		size := thumbnail.Bounds().Size()
		scale := min(1, float64(shown.Dx())/float64(size.X))
		from := image.Rect(0, 0, size.X, min(size.Y, int(float64(shown.Dy())/scale)))
		to := image.Rect(0, 0, int(float64(from.Dx())*scale), int(float64(from.Dy())*scale)).Add(shown.Min)
		draw.ApproxBiLinear.Scale(canvas, to, thumbnail, from.Add(thumbnail.Bounds().Min), draw.Src, nil)
	}
	ground := color.RGBA{0x11, 0x11, 0x11, 0xff}
	if r.State == darkroom.CaptureFailed {
		ground = color.RGBA{0xa0, 0x18, 0x18, 0xff}
		write(canvas, image.Rect(shown.Min.X, shown.Max.Y-labelHeight, shown.Max.X, shown.Max.Y), ground, string(r.ErrorCode))
	} else if !r.State.Terminal() {
		write(canvas, image.Rect(shown.Min.X, shown.Max.Y-labelHeight, shown.Max.X, shown.Max.Y), ground, string(r.State))
	}
	write(canvas, label, ground, fmt.Sprintf("%d %s", r.Index, tail(r.URL)))
}

// tail is what tells the pages of a site apart.
func tail(url string) string {
	_, rest, _ := strings.Cut(url, "://")
	if _, path, found := strings.Cut(rest, "/"); found && path != "" {
		return "/" + path
	}
	return rest
}

// write puts white letters on a ground, as many as fit.
func write(canvas *image.RGBA, at image.Rectangle, ground color.Color, words string) {
	draw.Draw(canvas, at, image.NewUniform(ground), image.Point{}, draw.Src)
	face := basicfont.Face7x13
	runes := []rune(words)
	if fit := (at.Dx() - 6) / face.Advance; len(runes) > fit {
		runes = append(runes[:fit-2], '.', '.')
	}
	drawer := font.Drawer{Dst: canvas, Src: image.White, Face: face, Dot: fixed.P(at.Min.X+3, at.Max.Y-5)}
	drawer.DrawString(string(runes))
}
