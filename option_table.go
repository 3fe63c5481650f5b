package darkroom

import "slices"

// OptionKind is the shape of an option's value on the wire.
type OptionKind string

// The kinds. Each also accepts its text form ("80", "true"), because query
// text has no types and one published client sends everything as strings.
const (
	OptionInteger OptionKind = "integer"
	OptionBoolean OptionKind = "boolean"
	OptionText    OptionKind = "string"
	OptionTexts   OptionKind = "strings" // array, or one comma-separated string
	OptionObject  OptionKind = "object"  // JSON; as text too
)

// OptionPart says which part of a capture an option belongs to.
type OptionPart string

// The parts. A new option is OfLoad unless it is certain that a page which was
// loaded without it and photographed gives the same picture with it as a page
// that is loaded anew; see Options.CanFollow.
const (
	OfLoad OptionPart = "load" // the page, its server or its scripts may notice it
	OfShot OptionPart = "shot" // only what is made of the loaded page, or how hard it is tried
)

// Option describes one capture option: the single place that request bodies,
// query text, the command line, the OpenAPI file and the docs are made from.
// To add an option, add a field to Options and a row to the table.
type Option struct {
	Name     string // as on the wire: "full_page"
	Part     OptionPart
	Kind     OptionKind
	Unit     string // "px", "ms"; empty when there is none
	Min, Max int    // of an integer; bytes of a text, entries of a list
	Enum     []string
	Default  string // as text; empty = unset
	Doc      string // one sentence

	field func(*Options) any // pointer to the field
}

const (
	maxScriptBytes   = 64 << 10
	maxSelectorBytes = 1 << 10
)

// OptionTable lists every option in the order of the documentation.
func OptionTable() []Option {
	return []Option{
		{Name: "width", Part: OfLoad, Kind: OptionInteger, Unit: "px", Min: 320, Max: 3840, Default: "1280", Doc: "Width of the viewport.", field: func(o *Options) any { return &o.Width }},
		{Name: "height", Part: OfLoad, Kind: OptionInteger, Unit: "px", Min: 240, Max: 2160, Default: "720", Doc: "Height of the viewport.", field: func(o *Options) any { return &o.Height }},
		{Name: "format", Part: OfShot, Kind: OptionText, Enum: []string{"png", "jpeg", "webp", FormatPDF}, Default: "png", Doc: "Format of the picture; a pdf is the whole page, printed.", field: func(o *Options) any { return &o.Format }},
		{Name: "quality", Part: OfShot, Kind: OptionInteger, Min: 1, Max: 100, Default: "80", Doc: "Quality of jpeg and webp.", field: func(o *Options) any { return &o.Quality }},
		{Name: "png_compression", Part: OfShot, Kind: OptionText, Enum: []string{"fast", "small"}, Default: "fast", Doc: "Encode a PNG quickly, or make it smaller.", field: func(o *Options) any { return &o.PNGCompression }},
		{Name: "page_format", Part: OfShot, Kind: OptionText, Enum: paperNames(), Default: "a4", Doc: "Paper of a pdf, unless the page's own style sheet names one and this option is not given.", field: func(o *Options) any { return &o.PageFormat }},
		{Name: "landscape", Part: OfShot, Kind: OptionBoolean, Doc: "Turn the paper of a pdf.", field: func(o *Options) any { return &o.Landscape }},
		{Name: "margin", Part: OfShot, Kind: OptionInteger, Unit: "mm", Min: 0, Max: 50, Default: "0", Doc: "Margin of a pdf, on all four sides.", field: func(o *Options) any { return &o.Margin }},
		{Name: "full_page", Part: OfShot, Kind: OptionBoolean, Doc: "Capture the whole page, not only the viewport.", field: func(o *Options) any { return &o.FullPage }},
		{Name: "max_height", Part: OfShot, Kind: OptionInteger, Unit: "px", Min: 240, Max: 100000, Default: "16384", Doc: "Height at which a full page is cut; the result then says so.", field: func(o *Options) any { return &o.MaxHeight }},
		{Name: "retina", Part: OfLoad, Kind: OptionBoolean, Doc: "Two device pixels per CSS pixel.", field: func(o *Options) any { return &o.Retina }},
		{Name: "viewport_landscape", Part: OfLoad, Kind: OptionBoolean, Doc: "Swap width and height of the viewport.", field: func(o *Options) any { return &o.ViewportLandscape }},
		{Name: "dark_mode", Part: OfLoad, Kind: OptionBoolean, Doc: "Prefer the dark colour scheme.", field: func(o *Options) any { return &o.DarkMode }},
		{Name: "device", Part: OfLoad, Kind: OptionText, Max: 100, Doc: "Device preset: sets viewport, scale, touch and user agent.", field: func(o *Options) any { return &o.Device }},
		{Name: "delay", Part: OfLoad, Kind: OptionInteger, Unit: "ms", Min: 0, Max: 10000, Default: "0", Doc: "Wait this long after the page is ready.", field: func(o *Options) any { return &o.Delay }},
		{Name: "wait_for", Part: OfLoad, Kind: OptionText, Max: maxSelectorBytes, Doc: "Wait until this CSS selector matches a visible element.", field: func(o *Options) any { return &o.WaitFor }},
		{Name: "wait_until", Part: OfLoad, Kind: OptionText, Enum: []string{"load", "domcontentloaded", "networkidle"}, Default: "load", Doc: "The event after which a page counts as loaded.", field: func(o *Options) any { return &o.WaitUntil }},
		{Name: "css", Part: OfLoad, Kind: OptionText, Max: maxScriptBytes, Doc: "Style sheet added to the page.", field: func(o *Options) any { return &o.CSS }},
		{Name: "js", Part: OfLoad, Kind: OptionText, Max: maxScriptBytes, Doc: "Script run in the page once it is loaded.", field: func(o *Options) any { return &o.JS }},
		{Name: "hide_selectors", Part: OfLoad, Kind: OptionTexts, Max: 100, Doc: "CSS selectors of elements to hide.", field: func(o *Options) any { return &o.HideSelectors }},
		{Name: "block_ads", Part: OfLoad, Kind: OptionBoolean, Doc: "Keep requests for advertisements from being sent, and close up the places left empty.", field: func(o *Options) any { return &o.BlockAds }},
		{Name: "block_trackers", Part: OfLoad, Kind: OptionBoolean, Doc: "Keep requests of analytics and trackers from being sent.", field: func(o *Options) any { return &o.BlockTrackers }},
		{Name: "block_chats", Part: OfLoad, Kind: OptionBoolean, Doc: "Keep chat boxes from being loaded.", field: func(o *Options) any { return &o.BlockChats }},
		{Name: "block_cookie_banners", Part: OfLoad, Kind: OptionBoolean, Doc: "Refuse and hide cookie banners, and give back the scrolling that they took.", field: func(o *Options) any { return &o.BlockCookieBanners }},
		{Name: "click", Part: OfLoad, Kind: OptionText, Max: maxSelectorBytes, Doc: "CSS selector of an element to click before the capture.", field: func(o *Options) any { return &o.Click }},
		{Name: "scroll_y", Part: OfShot, Kind: OptionInteger, Unit: "px", Min: 0, Max: 1000000, Default: "0", Doc: "Scroll down this far before the capture.", field: func(o *Options) any { return &o.ScrollY }},
		{Name: "clip", Part: OfShot, Kind: OptionObject, Doc: "Capture only this rectangle: x, y, width, height in CSS pixels.", field: func(o *Options) any { return &o.Clip }},
		{Name: "selector", Part: OfShot, Kind: OptionText, Max: maxSelectorBytes, Doc: "Capture only the first element that this CSS selector matches.", field: func(o *Options) any { return &o.Selector }},
		{Name: "user_agent", Part: OfLoad, Kind: OptionText, Max: 512, Doc: "User agent to send.", field: func(o *Options) any { return &o.UserAgent }},
		{Name: "headers", Part: OfLoad, Kind: OptionObject, Doc: "Request headers, sent to the target's own origin only.", field: func(o *Options) any { return &o.Headers }},
		{Name: "cookies", Part: OfLoad, Kind: OptionObject, Doc: "Cookies: name, value, and optionally domain and path.", field: func(o *Options) any { return &o.Cookies }},
		{Name: "animations", Part: OfLoad, Kind: OptionText, Enum: []string{"finish", "allow"}, Default: "finish", Doc: "Bring finite animations to their end and stop endless ones, or leave them alone.", field: func(o *Options) any { return &o.Animations }},
		{Name: "reduced_motion", Part: OfLoad, Kind: OptionBoolean, Doc: "Prefer reduced motion.", field: func(o *Options) any { return &o.ReducedMotion }},
		{Name: "timezone", Part: OfLoad, Kind: OptionText, Max: 64, Doc: "Time zone of the page, by its IANA name such as Europe/Berlin; UTC when it is not given.", field: func(o *Options) any { return &o.Timezone }},
		{Name: "locale", Part: OfLoad, Kind: OptionText, Max: maxLanguageBytes, Doc: "Language and region, such as de-DE: Accept-Language, navigator.languages, formats of dates and numbers.", field: func(o *Options) any { return &o.Locale }},
		{Name: "geolocation", Part: OfLoad, Kind: OptionObject, Doc: "Place that the target's own origin may ask for: latitude and longitude in degrees.", field: func(o *Options) any { return &o.Geolocation }},
		{Name: "stealth", Part: OfLoad, Kind: OptionBoolean, Doc: "Show the browser without its marks of automation, each fact in agreement with the others; it is no promise to get past bot walls.", field: func(o *Options) any { return &o.Stealth }},
		{Name: "bypass_csp", Part: OfLoad, Kind: OptionBoolean, Doc: "Ignore the page's content security policy.", field: func(o *Options) any { return &o.BypassCSP }},
		{Name: "ignore_https_errors", Part: OfLoad, Kind: OptionBoolean, Doc: "Accept certificates that are not valid, where the operator allows it; the result says so.", field: func(o *Options) any { return &o.IgnoreHTTPSErrors }},
		{Name: "basic_auth", Part: OfLoad, Kind: OptionObject, Doc: "User name and password (username, password), sent to the target's own origin only.", field: func(o *Options) any { return &o.BasicAuth }},
		{Name: "storage_state", Part: OfLoad, Kind: OptionObject, Doc: "Cookies and local storage as Playwright saves them; what belongs to other sites than the target's is left out.", field: func(o *Options) any { return &o.StorageState }},
		{Name: "proxy", Part: OfLoad, Kind: OptionText, Max: MaxProxyBytes, Doc: "Proxy to load the page through, where the operator allows it: http, https or socks5, with user:password@ if it wants them.", field: func(o *Options) any { return &o.Proxy }},
		{Name: "deterministic", Part: OfLoad, Kind: OptionBoolean, Doc: "Fix what differs from one visit to the next (clock, randomness, animation) and shoot until two pictures agree; the result has stable and pixel_hash.", field: func(o *Options) any { return &o.Deterministic }},
		{Name: "quality_gate", Part: OfShot, Kind: OptionBoolean, Doc: "Look at the picture: when it is blank, still loading, a bot check or lacks images, wait and try once more; the result warns of what remains.", field: func(o *Options) any { return &o.QualityGate }},
		{Name: "evidence", Part: OfShot, Kind: OptionBoolean, Doc: "Keep what a failure always keeps: redirects, failed and pending requests, console errors; the archive tells of failures too.", field: func(o *Options) any { return &o.Evidence }},
		{Name: "timeout", Part: OfShot, Kind: OptionInteger, Unit: "ms", Min: 1000, Max: 120000, Default: "30000", Doc: "Time of one attempt, everything included.", field: func(o *Options) any { return &o.Timeout }},
		{Name: "attempts", Part: OfShot, Kind: OptionInteger, Min: 1, Max: 5, Default: "3", Doc: "How often a capture is tried before it has failed.", field: func(o *Options) any { return &o.Attempts }},
		{Name: "cache", Part: OfShot, Kind: OptionBoolean, Doc: "Answer with an earlier picture of the same URL and options where there is one that is young enough; never where headers, cookies or other secrets are sent.", field: func(o *Options) any { return &o.Cache }},
		{Name: "cache_ttl", Part: OfShot, Kind: OptionInteger, Unit: "s", Min: 1, Max: 31 * 24 * 3600, Default: "3600", Doc: "Age of such a picture at most; never more than the server keeps results.", field: func(o *Options) any { return &o.CacheTTL }},
		{Name: "fail_on_status", Part: OfShot, Kind: OptionTexts, Max: 50, Default: "4xx,5xx", Doc: "Statuses of the main document that fail the capture; an empty list means none.", field: func(o *Options) any { return &o.FailOnStatus }},
	}
}

// FindOption gives the option of that wire name.
func FindOption(name string) (Option, bool) {
	table := OptionTable()
	i := slices.IndexFunc(table, func(option Option) bool { return option.Name == name })
	if i < 0 {
		return Option{}, false
	}
	return table[i], true
}
