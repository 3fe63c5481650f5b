package chrome

import (
	"cmp"
	"runtime"
	"strconv"
	"strings"

	"github.com/chromedp/cdproto/emulation"

	"darkroom"
)

// identity is who the browser says it is: to servers in the request headers,
// to scripts in navigator, and to both in the same words. The zero value is
// the browser's own.
type identity struct {
	userAgent string // "" = the browser's own
	verbatim  bool   // userAgent is the caller's text, not a preset's
	mobile    bool   // the preset is a telephone or tablet
	stealth   bool
	locale    string
}

func identityOf(options darkroom.Options, view darkroom.Viewport) identity {
	return identity{
		userAgent: view.UserAgent, verbatim: options.UserAgent != "", mobile: view.Mobile,
		stealth: options.Stealth, locale: options.Locale,
	}
}

// override makes the text, navigator.platform, the client hints and the
// languages tell the same story. A browser that is no Chromium sends no client
// hints.
func (i identity) override(browser Browser) emulation.SetUserAgentOverrideParams {
	params := emulation.SetUserAgentOverrideParams{AcceptLanguage: i.languages()}
	switch {
	case i.userAgent != "":
		params.UserAgent = i.userAgent
		if !i.verbatim {
			params.UserAgent = darkroom.PatchUserAgent(i.userAgent, browser.Major())
		}
		params.Platform = platformOf(params.UserAgent)
		params.UserAgentMetadata = i.clientHints(params.UserAgent, browser)
	case i.stealth:
		params.UserAgent = browser.userAgent()
		params.UserAgentMetadata = browser.clientHints()
	}
	return params
}

// languages are what the reader prefers, the most general last, as a browser
// in that language sends them.
func (i identity) languages() string {
	locale := i.locale
	if locale == "" && i.stealth {
		locale = "en-US"
	}
	general, _, regional := strings.Cut(locale, "-")
	if regional {
		return locale + "," + general
	}
	return locale
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

// productVersion gives the version that follows a product's name; "" when the
// text does not name it.
func productVersion(text, product string) string {
	_, after, found := strings.Cut(text, " "+product+"/")
	if !found {
		return ""
	}
	version, _, _ := strings.Cut(after, " ")
	return version
}

// clientHints are those of the Chromium that the text says it is; nil when it
// says something else.
func (i identity) clientHints(text string, browser Browser) *emulation.UserAgentMetadata {
	version := productVersion(text, "Chrome")
	if version == "" || strings.Contains(text, "CriOS") {
		return nil
	}
	if !i.verbatim {
		version = browser.Version
	}
	brand := "Google Chrome"
	if strings.Contains(text, " Edg/") {
		brand = "Microsoft Edge"
	}
	hints := hintsOf(brand, version)
	hints.Platform, hints.Architecture, hints.Bitness = "Linux", "x86", "64"
	if hints.Mobile = (i.mobile || i.verbatim) && strings.Contains(text, "Mobile"); hints.Mobile {
		hints.FormFactors = []string{"Mobile"}
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

// androidFacts reads "(Linux; Android 14; Pixel 7)".
func androidFacts(text string) (version, model string) {
	_, rest, _ := strings.Cut(text, "Android ")
	inside, _, _ := strings.Cut(rest, ")")
	version, model, _ = strings.Cut(inside, ";")
	model, _, _ = strings.Cut(model, " Build/")
	return strings.TrimSpace(version), strings.TrimSpace(model)
}

// userAgent is what the browser would call itself with a window on this
// machine.
func (b Browser) userAgent() string {
	system := map[string]string{
		"darwin": "Macintosh; Intel Mac OS X 10_15_7", "windows": "Windows NT 10.0; Win64; x64",
	}[runtime.GOOS]
	text := "Mozilla/5.0 (" + cmp.Or(system, "X11; Linux x86_64") + ") AppleWebKit/537.36 (KHTML, like Gecko) Chrome/" + b.Major() + ".0.0.0 Safari/537.36"
	if b.Product == "microsoft-edge" {
		text += " Edg/" + b.Major() + ".0.0.0"
	}
	return text
}

// clientHints are those that the browser would send with a window on this
// machine.
func (b Browser) clientHints() *emulation.UserAgentMetadata {
	brand := map[string]string{"google-chrome": "Google Chrome", "microsoft-edge": "Microsoft Edge"}[b.Product]
	hints := hintsOf(brand, b.Version)
	hints.Platform = cmp.Or(map[string]string{"darwin": "macOS", "windows": "Windows"}[runtime.GOOS], "Linux")
	hints.Architecture, hints.Bitness = "x86", "64"
	if runtime.GOARCH == "arm64" {
		hints.Architecture = "arm"
	}
	return hints
}

// hintsOf lists the brands of a version, as Chromium does: with one that
// means nothing, whose words and place change with the version, so that nobody
// relies on them. brand "" is Chromium itself.
func hintsOf(brand, version string) *emulation.UserAgentMetadata {
	major, _, _ := strings.Cut(version, ".")
	seed, _ := strconv.Atoi(major) // a version that is none has the brands of version 0
	nonsense, nonsenseVersion := meaningless(seed)
	return &emulation.UserAgentMetadata{
		Brands:          brands(seed, brand, major, nonsense, nonsenseVersion),
		FullVersionList: brands(seed, brand, version, nonsense, nonsenseVersion+".0.0.0"),
		FormFactors:     []string{"Desktop"},
	}
}

func meaningless(seed int) (brand, version string) {
	signs := [...]string{" ", "(", ":", "-", ".", "/", ")", ";", "=", "?", "_"}
	versions := [...]string{"8", "99", "24"}
	return "Not" + signs[seed%len(signs)] + "A" + signs[(seed+1)%len(signs)] + "Brand", versions[seed%len(versions)]
}

func brands(seed int, brand, version, nonsense, nonsenseVersion string) []*emulation.UserAgentBrandVersion {
	known := []*emulation.UserAgentBrandVersion{{Brand: nonsense, Version: nonsenseVersion}, {Brand: "Chromium", Version: version}}
	places := [][]int{{0, 1}, {1, 0}}
	if brand != "" {
		known = append(known, &emulation.UserAgentBrandVersion{Brand: brand, Version: version})
		places = [][]int{{0, 1, 2}, {0, 2, 1}, {1, 0, 2}, {1, 2, 0}, {2, 0, 1}, {2, 1, 0}}
	}
	list := make([]*emulation.UserAgentBrandVersion, len(known))
	for i, place := range places[seed%len(places)] {
		list[place] = known[i]
	}
	return list
}
