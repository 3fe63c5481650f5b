package api

import (
	"net/http"

	"darkroom"
)

// DevicesAnswer lists the presets of the device option.
type DevicesAnswer struct {
	Devices []DeviceAnswer `json:"devices" doc:"By name."`
}

// DeviceAnswer is one preset, portrait.
type DeviceAnswer struct {
	Name      string  `json:"name"`
	Width     int     `json:"width" doc:"Of the viewport, in CSS pixels."`
	Height    int     `json:"height" doc:"Of the viewport, in CSS pixels."`
	Scale     float64 `json:"device_scale_factor" doc:"Device pixels per CSS pixel."`
	Mobile    bool    `json:"is_mobile"`
	Touch     bool    `json:"has_touch"`
	UserAgent string  `json:"user_agent" doc:"As it is sent: with the version of the browser in use."`
}

func (s *server) devices(http.ResponseWriter, *http.Request, darkroom.APIKey) (reply, error) {
	var answer DevicesAnswer
	for _, device := range darkroom.Devices() {
		view := device.Viewport
		if s.BrowserMajor != "" {
			view.UserAgent = darkroom.PatchUserAgent(view.UserAgent, s.BrowserMajor)
		}
		answer.Devices = append(answer.Devices, DeviceAnswer{
			Name: device.Name, Width: view.Width, Height: view.Height, Scale: view.Scale,
			Mobile: view.Mobile, Touch: view.Touch, UserAgent: view.UserAgent,
		})
	}
	return reply{body: answer}, nil
}
