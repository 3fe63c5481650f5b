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

// PatchUserAgent puts the version of the browser in use in place of the one
// that a preset was recorded with, in the reduced form that Chrome sends:
// "Chrome/156.0.0.0". A user agent without Chrome or Edge stays as it is.
func PatchUserAgent(text, major string) string {
	for _, product := range []string{"Chrome/", "Edg/", "CriOS/"} {
		before, after, found := strings.Cut(text, product)
		if !found {
			continue
		}
		rest := ""
		if space := strings.IndexByte(after, ' '); space >= 0 {
			rest = after[space:]
		}
		text = before + product + major + ".0.0.0" + rest
	}
	return text
}
