package darkroom

import (
	"slices"
	"strings"
)

// Device is a named preset of viewport, scale, touch and user agent.
type Device struct {
	Name     string
	Viewport Viewport
}

// FindDevice gives the preset of that name, whatever its case, and false for
// an unknown or empty name.
func FindDevice(name string) (Device, bool) {
	for _, device := range Devices() {
		if strings.EqualFold(device.Name, strings.TrimSpace(name)) {
			return device, true
		}
	}
	return Device{}, false
}

func unknownDevice(name string) *Error {
	names := make([]string, 0, len(Devices()))
	for _, device := range Devices() {
		names = append(names, device.Name)
	}
	err := Invalid("device", "device %q is not known", shorten(name))
	err.Hint = "Use one of: " + strings.Join(names, ", ")
	return err
}

// Devices lists every preset, portrait, by name. viewport_landscape turns one.
func Devices() []Device { return slices.Clone(devices) }
