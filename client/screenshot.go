package client

import (
	"context"
	"io"
	"net/http"

	"darkroom"
)

// maxImageBytes bounds what a screenshot may bring.
const maxImageBytes = 512 << 20

// Screenshot captures one page now and gives the picture. It makes no job and
// stores nothing. A page that fails is ErrCaptureFailed, with the reason in
// Error.CaptureCode; one whose time is up is ErrTimeout and is not repeated.
func (c *Client) Screenshot(ctx context.Context, url string, options darkroom.Options) (Image, error) {
	body := struct {
		URL string `json:"url"`
		darkroom.Options
	}{url, options}
	r := request{
		method: http.MethodPost, path: "/v1/screenshot", body: body, onePass: true,
		extra: options.AttemptTimeout(),
	}
	var image Image
	err := c.exchange(ctx, r, func(resp *http.Response) error {
		content, err := io.ReadAll(io.LimitReader(resp.Body, maxImageBytes))
		if err != nil {
			return c.connectionError(r, err)
		}
		image = Image{Data: content, ContentType: resp.Header.Get("Content-Type")}
		return nil
	})
	return image, err
}

// Health asks the server how it is. It needs no key.
func (c *Client) Health(ctx context.Context) (Health, error) {
	var health Health
	err := c.call(ctx, request{method: http.MethodGet, path: "/health"}, &health)
	return health, err
}

// Usage tells what the key has used in the current period.
func (c *Client) Usage(ctx context.Context) (Usage, error) {
	var usage Usage
	err := c.call(ctx, request{method: http.MethodGet, path: "/v1/usage"}, &usage)
	return usage, err
}

// Devices lists the presets of the device option, by name.
func (c *Client) Devices(ctx context.Context) ([]Device, error) {
	var answer struct {
		Devices []Device `json:"devices"`
	}
	err := c.call(ctx, request{method: http.MethodGet, path: "/v1/devices"}, &answer)
	return answer.Devices, err
}
