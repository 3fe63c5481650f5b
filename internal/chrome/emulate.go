package chrome

import (
	"context"
	"fmt"
	"strings"

	"github.com/chromedp/cdproto/emulation"

	"darkroom"
)

// emulatedWindow is what a tab pretends to be.
type emulatedWindow struct {
	view darkroom.Viewport
	dark bool
}

func windowOf(options darkroom.Options) emulatedWindow {
	return emulatedWindow{view: options.Viewport(), dark: options.DarkMode}
}

// dress makes the tab the window that is asked for. It costs nothing when it
// already is, as it mostly is: a new tab is dressed like the last one, ahead
// of its capture.
func (t *tab) dress(ctx context.Context, window emulatedWindow, browser Browser) error {
	if t.dressed == window {
		return nil
	}
	commands := []*pending{
		post(t.session, emulation.SetDeviceMetricsOverride, metrics(window.view)),
		post(t.session, emulation.SetEmulatedMedia, emulation.SetEmulatedMediaParams{Features: []*emulation.MediaFeature{colourScheme(window.dark)}}),
	}
	if window.view.Touch || t.dressed.view.Touch {
		commands = append(commands, post(t.session, emulation.SetTouchEmulationEnabled,
			emulation.SetTouchEmulationEnabledParams{Enabled: window.view.Touch, MaxTouchPoints: 5}))
	}
	if window.view.UserAgent != t.dressed.view.UserAgent {
		commands = append(commands, post(t.session, emulation.SetUserAgentOverride, userAgent(window.view, browser)))
	}
	if err := waitAll(ctx, commands...); err != nil {
		return fmt.Errorf("set up the window: %w", err)
	}
	t.dressed = window
	return nil
}

func metrics(view darkroom.Viewport) emulation.SetDeviceMetricsOverrideParams {
	orientation := &emulation.ScreenOrientation{Type: emulation.ScreenOrientationTypePortraitPrimary}
	if view.Width > view.Height {
		orientation = &emulation.ScreenOrientation{Type: emulation.ScreenOrientationTypeLandscapePrimary}
		if view.Mobile {
			orientation.Angle = 90
		}
	}
	return emulation.SetDeviceMetricsOverrideParams{
		Width: int64(view.Width), Height: int64(view.Height), DeviceScaleFactor: view.Scale, Mobile: view.Mobile,
		ScreenWidth: int64(view.Width), ScreenHeight: int64(view.Height), ScreenOrientation: orientation,
	}
}

func colourScheme(dark bool) *emulation.MediaFeature {
	if dark {
		return &emulation.MediaFeature{Name: "prefers-color-scheme", Value: "dark"}
	}
	return &emulation.MediaFeature{Name: "prefers-color-scheme", Value: "light"}
}

// userAgent makes the text, navigator.platform and the client hints tell the
// same story. A browser that is no Chrome sends no client hints.
func userAgent(view darkroom.Viewport, browser Browser) emulation.SetUserAgentOverrideParams {
	text := patchVersion(view.UserAgent, browser.Major())
	params := emulation.SetUserAgentOverrideParams{UserAgent: text, Platform: platformOf(text)}
	if strings.Contains(text, " Chrome/") && !strings.Contains(text, "CriOS") {
		params.UserAgentMetadata = clientHints(text, view, browser)
	}
	return params
}

// patchVersion puts the real browser's version in place of the one that a
// preset was recorded with, in the reduced form that Chrome sends:
// "Chrome/156.0.0.0". A user agent without Chrome stays as it is.
func patchVersion(text, major string) string {
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

func platformOf(text string) string {
	for _, known := range []struct{ word, platform string }{
		{"iPhone", "iPhone"}, {"iPad", "iPad"}, {"Android", "Linux armv81"}, {"Windows", "Win32"}, {"Macintosh", "MacIntel"},
	} {
		if strings.Contains(text, known.word) {
			return known.platform
		}
	}
	return "Linux x86_64"
}

func clientHints(text string, view darkroom.Viewport, browser Browser) *emulation.UserAgentMetadata {
	brand := "Google Chrome"
	if strings.Contains(text, " Edg/") {
		brand = "Microsoft Edge"
	}
	hints := &emulation.UserAgentMetadata{
		Brands:          brands(brand, browser.Major(), "99"),
		FullVersionList: brands(brand, browser.Version, "99.0.0.0"),
		Platform:        "Linux", Architecture: "x86", Bitness: "64", Mobile: view.Mobile && strings.Contains(text, "Mobile"),
	}
	switch {
	case strings.Contains(text, "Android"):
		hints.Platform, hints.Architecture, hints.Bitness = "Android", "", ""
		hints.PlatformVersion, hints.Model = androidFacts(text)
	case strings.Contains(text, "Windows"):
		hints.Platform, hints.PlatformVersion = "Windows", "10.0.0"
	case strings.Contains(text, "Macintosh"):
		hints.Platform, hints.PlatformVersion = "macOS", "10.15.7"
	case strings.Contains(text, "CrOS"):
		hints.Platform = "Chrome OS"
	}
	return hints
}

func brands(brand, version, other string) []*emulation.UserAgentBrandVersion {
	return []*emulation.UserAgentBrandVersion{
		{Brand: "Chromium", Version: version}, {Brand: brand, Version: version}, {Brand: "Not_A Brand", Version: other},
	}
}

// androidFacts reads "(Linux; Android 14; Pixel 7)".
func androidFacts(text string) (version, model string) {
	_, rest, _ := strings.Cut(text, "Android ")
	inside, _, _ := strings.Cut(rest, ")")
	version, model, _ = strings.Cut(inside, ";")
	model, _, _ = strings.Cut(model, " Build/")
	return strings.TrimSpace(version), strings.TrimSpace(model)
}
