package chrome

import (
	"context"
	"fmt"

	"github.com/chromedp/cdproto/emulation"

	"darkroom"
)

// emulatedWindow is what a tab pretends to be.
type emulatedWindow struct {
	view     darkroom.Viewport
	dark     bool
	still    bool   // reduced motion
	timezone string // "" = the browser's own, which is UTC
	identity identity
}

func windowOf(options darkroom.Options) emulatedWindow {
	view := options.Viewport()
	return emulatedWindow{
		view: view, dark: options.DarkMode, still: options.ReducedMotion, timezone: options.Timezone,
		identity: identityOf(options, view),
	}
}

// dress makes the tab the window that is asked for. It costs nothing when it
// already is, as it mostly is: a tab stays as it is, and a new one is dressed
// like the last, ahead of its capture.
func (t *tab) dress(ctx context.Context, window emulatedWindow, browser Browser) error {
	if t.dressed == window {
		return nil
	}
	commands := []*pending{
		post(t.session, emulation.SetDeviceMetricsOverride, window.metrics()),
		post(t.session, emulation.SetEmulatedMedia, emulation.SetEmulatedMediaParams{Features: window.preferences()}),
	}
	if window.view.Touch || t.dressed.view.Touch {
		commands = append(commands, post(t.session, emulation.SetTouchEmulationEnabled,
			emulation.SetTouchEmulationEnabledParams{Enabled: window.view.Touch, MaxTouchPoints: 5}))
	}
	if window.timezone != t.dressed.timezone {
		commands = append(commands, post(t.session, emulation.SetTimezoneOverride, emulation.SetTimezoneOverrideParams{TimezoneID: window.timezone}))
	}
	if window.identity != t.dressed.identity {
		commands = append(commands, t.assume(window.identity, browser)...)
	}
	if err := waitAll(ctx, commands...); err != nil {
		return fmt.Errorf("set up the window: %w", err)
	}
	if err := t.enframe(ctx, window); err != nil {
		return err
	}
	t.dressed = window
	return nil
}

func (w emulatedWindow) metrics() emulation.SetDeviceMetricsOverrideParams {
	view := w.view
	orientation := &emulation.ScreenOrientation{Type: emulation.ScreenOrientationTypePortraitPrimary}
	if view.Width > view.Height {
		orientation = &emulation.ScreenOrientation{Type: emulation.ScreenOrientationTypeLandscapePrimary}
		if view.Mobile {
			orientation.Angle = 90
		}
	}
	width, height := w.screen()
	return emulation.SetDeviceMetricsOverrideParams{
		Width: int64(view.Width), Height: int64(view.Height), DeviceScaleFactor: view.Scale, Mobile: view.Mobile,
		ScreenWidth: width, ScreenHeight: height, ScreenOrientation: orientation,
	}
}

// screen is as large as the window, and with stealth the smallest usual one on
// which a window with such an inside has room.
func (w emulatedWindow) screen() (width, height int64) {
	width, height = int64(w.view.Width), int64(w.view.Height)
	if !w.identity.stealth || w.view.Mobile {
		return width, height
	}
	for _, usual := range [...][2]int64{{1920, 1080}, {2560, 1440}, {3840, 2160}} {
		if width <= usual[0] && height+frameHeight <= usual[1] {
			return usual[0], usual[1]
		}
	}
	return width, height + frameHeight
}

// frameHeight is what a browser's tabs and address bar take, in CSS pixels.
const frameHeight = 87

// preferences says day as well as night: a page may ask for either.
func (w emulatedWindow) preferences() []*emulation.MediaFeature {
	features := []*emulation.MediaFeature{{Name: "prefers-color-scheme", Value: "light"}}
	if w.dark {
		features[0].Value = "dark"
	}
	if w.still {
		features = append(features, &emulation.MediaFeature{Name: "prefers-reduced-motion", Value: "reduce"})
	}
	return features
}
