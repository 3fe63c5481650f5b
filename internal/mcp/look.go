package mcp

import (
	"context"
	"fmt"
	"image"
	"strings"

	sdk "github.com/modelcontextprotocol/go-sdk/mcp"

	"darkroom"
	"darkroom/client"
)

// part is a rectangle of an original picture, in its pixels. The zero value is
// what shows best: all of it, or of a tall one the upper part.
type part struct {
	X      int `json:"x,omitempty" jsonschema:"pixels from the left"`
	Y      int `json:"y,omitempty" jsonschema:"pixels from the top"`
	Width  int `json:"width" jsonschema:"pixels"`
	Height int `json:"height" jsonschema:"pixels"`
}

type lookArgs struct {
	ID     string `json:"id" jsonschema:"the job's id; - is the latest job"`
	N      int    `json:"n,omitempty" jsonschema:"number of the capture; without it a contact sheet of the job is shown"`
	From   int    `json:"from,omitempty" jsonschema:"without n: begin the contact sheet at this number"`
	Region *part  `json:"region,omitempty" jsonschema:"with n: only this part of the picture, in pixels of the original"`
}

func lookTool() *sdk.Tool {
	return &sdk.Tool{
		Name: "look", Annotations: reads("Look at pictures"),
		Description: fmt.Sprintf("Show the pictures of a job: without n a contact sheet with numbered tiles (%d of them; from shows later ones), with n one picture. "+
			"Of a tall picture the upper part is shown; region shows any other part, and small text in full sharpness.", TilesPerSheet),
	}
}

func look(ctx context.Context, c call, in lookArgs) ([]sdk.Content, error) {
	id, err := c.find(ctx, in.ID)
	if err != nil {
		return nil, err
	}
	job, err := c.Job(ctx, id)
	if err != nil {
		return nil, err
	}
	if in.N == 0 {
		if in.Region != nil {
			return nil, darkroom.Invalid("region", "a region is of one picture: give its number n")
		}
		return c.sheet(ctx, job, in.From)
	}
	result, err := c.result(ctx, job.ID, in.N)
	if err != nil {
		return nil, err
	}
	region := part{}
	if in.Region != nil {
		if region = *in.Region; region.Width <= 0 || region.Height <= 0 || region.X < 0 || region.Y < 0 {
			return nil, darkroom.Invalid("region", "width and height must be more than 0, x and y not less")
		}
	}
	return c.show(ctx, job, result, region, nil)
}

// show gives a picture with its facts and a link to the original.
func (c call) show(ctx context.Context, job client.Job, r client.Result, region part, warnings []string) ([]sdk.Content, error) {
	if r.State != darkroom.CaptureCompleted || !strings.HasPrefix(r.ContentType, "image/") {
		return nil, noPicture(r)
	}
	picture, err := c.Picture(ctx, job.ID, r.Index, darkroom.ViewImage)
	if err != nil {
		return nil, err
	}
	shown := region.of(image.Pt(r.Width, r.Height))
	if shown.Empty() {
		return nil, darkroom.Invalid("region", "the picture is %d×%d; nothing of it is in that region", r.Width, r.Height)
	}
	block, size, err := c.block(ctx, picture, shown)
	if err != nil {
		return nil, err
	}
	lines := []string{facts(job, r), extent(shown, image.Pt(r.Width, r.Height), size)}
	for _, warning := range append(warnings, r.Warnings...) {
		lines = append(lines, "Warning: "+warning)
	}
	return []sdk.Content{block, text("%s", strings.Join(lines, "\n")), linkTo(job.ID, r)}, nil
}

// tallest is how much taller than wide a picture is shown without a region.
const tallest = 1.6

// of is the part of a picture of that size that is shown.
func (p part) of(size image.Point) image.Rectangle {
	whole := image.Rectangle{Max: size}
	if p.Width > 0 {
		return image.Rect(p.X, p.Y, p.X+p.Width, p.Y+p.Height).Intersect(whole)
	}
	whole.Max.Y = min(size.Y, max(MaxPictureSide, int(tallest*float64(size.X))))
	return whole
}

func facts(job client.Job, r client.Result) string {
	line := fmt.Sprintf("Capture %d of job %s: %s", r.Index, job.ID, r.URL)
	if r.FinalURL != "" && r.FinalURL != r.URL {
		line += " → " + r.FinalURL
	}
	if r.HTTPStatus > 0 {
		line += fmt.Sprintf(", HTTP %d", r.HTTPStatus)
	}
	if r.Title != "" {
		line += ", title " + quoted(r.Title)
	}
	return line + "."
}

// extent says what of the original is shown, and how to see the rest.
func extent(shown image.Rectangle, of, size image.Point) string {
	line := fmt.Sprintf("The original has %d×%d pixels", of.X, of.Y)
	switch {
	case shown.Size() != of:
		line += fmt.Sprintf("; shown is x %d to %d, y %d to %d", shown.Min.X, shown.Max.X, shown.Min.Y, shown.Max.Y)
	case size == of:
		return line + ", shown as it is."
	}
	if size != shown.Size() {
		line += fmt.Sprintf(", downscaled to %d×%d", size.X, size.Y)
	}
	return line + ". look with a region shows other parts, and up to " + fmt.Sprint(MaxPictureSide) + " pixels unscaled."
}
