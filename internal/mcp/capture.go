package mcp

import (
	"context"
	"encoding/json"
	"maps"
	"slices"

	sdk "github.com/modelcontextprotocol/go-sdk/mcp"

	"darkroom"
	"darkroom/client"
)

// how is how pages are captured: what is asked for most by name, the rest as in
// the API.
type how struct {
	FullPage bool           `json:"full_page,omitempty" jsonschema:"the whole length of the page instead of the first screen"`
	Width    int            `json:"width,omitempty" jsonschema:"width of the window in CSS pixels, default 1280"`
	Height   int            `json:"height,omitempty" jsonschema:"height of the window in CSS pixels, default 720"`
	Device   string         `json:"device,omitempty" jsonschema:"capture as this device, such as iPhone 14"`
	DarkMode bool           `json:"dark_mode,omitempty" jsonschema:"ask the page for its dark colours"`
	WaitFor  string         `json:"wait_for,omitempty" jsonschema:"CSS selector to wait for before the picture is taken"`
	Selector string         `json:"selector,omitempty" jsonschema:"CSS selector of the one element to capture"`
	Options  map[string]any `json:"options,omitempty" jsonschema:"further capture options by their names in the HTTP API, such as block_ads, delay, cookies, hide_selectors, timeout"`
}

// captureOptions reads them as the API does. A name that it does not know is an
// error: a warning would be seen when the picture has been taken without it.
func (h how) captureOptions() (darkroom.Options, error) {
	options := darkroom.Options{
		Width: h.Width, Height: h.Height, Device: h.Device, FullPage: h.FullPage, DarkMode: h.DarkMode,
		WaitFor: h.WaitFor, Selector: h.Selector,
	}
	for _, name := range slices.Sorted(maps.Keys(h.Options)) {
		option, known := darkroom.FindOption(name)
		if !known {
			return options, darkroom.Invalid(name, "there is no capture option %q", name)
		}
		value, err := json.Marshal(h.Options[name])
		if err != nil {
			return options, darkroom.Invalid(name, "the value of %s is no JSON: %v", name, err)
		}
		if err := option.SetJSON(&options, value); err != nil {
			return options, err
		}
	}
	return options, nil
}

// byAgents is the tag of jobs that were made here.
const byAgents = "mcp"

type captureArgs struct {
	URL string `json:"url" jsonschema:"the page, with http:// or https://"`
	how
}

func captureTool() *sdk.Tool {
	return &sdk.Tool{
		Name: "capture", Annotations: captures("Capture a page"),
		Description: "Capture one web page with a real browser and show the picture, downscaled. " +
			"The original stays on the server: look shows any part of it in full sharpness, under the job and number that the answer names.",
	}
}

// capture takes one page as a job of its own, so that its picture and what was
// noticed of it can be looked at again.
func capture(ctx context.Context, c call, in captureArgs) ([]sdk.Content, error) {
	options, err := in.captureOptions()
	if err != nil {
		return nil, err
	}
	if options.Attempts == 0 {
		options.Attempts = 1 // the agent sees why it failed and decides
	}
	job, err := c.Batch(ctx, []string{in.URL}, client.Params{Options: options, Tags: []string{byAgents}})
	if err != nil {
		return nil, err
	}
	warnings := job.Warnings
	if job, err = c.await(ctx, job.ID, MaxCallWait); err != nil {
		return nil, err
	}
	if !job.Status.Terminal() {
		return []sdk.Content{text("The page has not been captured within %s; the server goes on. Ask job with id %s and wait_seconds.", MaxCallWait, job.ID)}, nil
	}
	result, err := c.result(ctx, job.ID, 1)
	if err != nil {
		return nil, err
	}
	if result.State != darkroom.CaptureCompleted {
		return c.explain(ctx, job, result)
	}
	return c.show(ctx, job, result, part{}, warnings)
}
