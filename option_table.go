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

// Option describes one capture option: the single place that request bodies,
// query text, the command line, the OpenAPI file and the docs are made from.
// To add an option, add a field to Options and a row to the table.
type Option struct {
	Name     string // as on the wire: "full_page"
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
		{Name: "width", Kind: OptionInteger, Unit: "px", Min: 320, Max: 3840, Default: "1280", Doc: "Width of the viewport.", field: func(o *Options) any { return &o.Width }},
		{Name: "height", Kind: OptionInteger, Unit: "px", Min: 240, Max: 2160, Default: "720", Doc: "Height of the viewport.", field: func(o *Options) any { return &o.Height }},
		{Name: "format", Kind: OptionText, Enum: []string{"png", "jpeg", "webp"}, Default: "png", Doc: "Image format.", field: func(o *Options) any { return &o.Format }},
		{Name: "quality", Kind: OptionInteger, Min: 1, Max: 100, Default: "80", Doc: "Quality of jpeg and webp.", field: func(o *Options) any { return &o.Quality }},
		{Name: "png_compression", Kind: OptionText, Enum: []string{"fast", "small"}, Default: "fast", Doc: "Encode a PNG quickly, or make it smaller.", field: func(o *Options) any { return &o.PNGCompression }},
		{Name: "full_page", Kind: OptionBoolean, Doc: "Capture the whole page, not only the viewport.", field: func(o *Options) any { return &o.FullPage }},
		{Name: "max_height", Kind: OptionInteger, Unit: "px", Min: 240, Max: 100000, Default: "16384", Doc: "Height at which a full page is cut; the result then says so.", field: func(o *Options) any { return &o.MaxHeight }},
		{Name: "retina", Kind: OptionBoolean, Doc: "Two device pixels per CSS pixel.", field: func(o *Options) any { return &o.Retina }},
		{Name: "viewport_landscape", Kind: OptionBoolean, Doc: "Swap width and height of the viewport.", field: func(o *Options) any { return &o.ViewportLandscape }},
		{Name: "dark_mode", Kind: OptionBoolean, Doc: "Prefer the dark colour scheme.", field: func(o *Options) any { return &o.DarkMode }},
		{Name: "device", Kind: OptionText, Max: 100, Doc: "Device preset: sets viewport, scale, touch and user agent.", field: func(o *Options) any { return &o.Device }},
		{Name: "delay", Kind: OptionInteger, Unit: "ms", Min: 0, Max: 10000, Default: "0", Doc: "Wait this long after the page is ready.", field: func(o *Options) any { return &o.Delay }},
		{Name: "wait_for", Kind: OptionText, Max: maxSelectorBytes, Doc: "Wait until this CSS selector matches a visible element.", field: func(o *Options) any { return &o.WaitFor }},
		{Name: "wait_until", Kind: OptionText, Enum: []string{"load", "domcontentloaded", "networkidle"}, Default: "load", Doc: "The event after which a page counts as loaded.", field: func(o *Options) any { return &o.WaitUntil }},
		{Name: "css", Kind: OptionText, Max: maxScriptBytes, Doc: "Style sheet added to the page.", field: func(o *Options) any { return &o.CSS }},
		{Name: "js", Kind: OptionText, Max: maxScriptBytes, Doc: "Script run in the page once it is loaded.", field: func(o *Options) any { return &o.JS }},
		{Name: "hide_selectors", Kind: OptionTexts, Max: 100, Doc: "CSS selectors of elements to hide.", field: func(o *Options) any { return &o.HideSelectors }},
		{Name: "click", Kind: OptionText, Max: maxSelectorBytes, Doc: "CSS selector of an element to click before the capture.", field: func(o *Options) any { return &o.Click }},
		{Name: "scroll_y", Kind: OptionInteger, Unit: "px", Min: 0, Max: 1000000, Default: "0", Doc: "Scroll down this far before the capture.", field: func(o *Options) any { return &o.ScrollY }},
		{Name: "clip", Kind: OptionObject, Doc: "Capture only this rectangle: x, y, width, height in CSS pixels.", field: func(o *Options) any { return &o.Clip }},
		{Name: "selector", Kind: OptionText, Max: maxSelectorBytes, Doc: "Capture only the first element that this CSS selector matches.", field: func(o *Options) any { return &o.Selector }},
		{Name: "user_agent", Kind: OptionText, Max: 512, Doc: "User agent to send.", field: func(o *Options) any { return &o.UserAgent }},
		{Name: "headers", Kind: OptionObject, Doc: "Request headers, sent to the target's own origin only.", field: func(o *Options) any { return &o.Headers }},
		{Name: "cookies", Kind: OptionObject, Doc: "Cookies: name, value, and optionally domain and path.", field: func(o *Options) any { return &o.Cookies }},
		{Name: "animations", Kind: OptionText, Enum: []string{"finish", "allow"}, Default: "finish", Doc: "Bring finite animations to their end and stop endless ones, or leave them alone.", field: func(o *Options) any { return &o.Animations }},
		{Name: "timeout", Kind: OptionInteger, Unit: "ms", Min: 1000, Max: 120000, Default: "30000", Doc: "Time of one attempt, everything included.", field: func(o *Options) any { return &o.Timeout }},
		{Name: "attempts", Kind: OptionInteger, Min: 1, Max: 5, Default: "3", Doc: "How often a capture is tried before it has failed.", field: func(o *Options) any { return &o.Attempts }},
		{Name: "fail_on_status", Kind: OptionTexts, Max: 50, Default: "4xx,5xx", Doc: "Statuses of the main document that fail the capture; an empty list means none.", field: func(o *Options) any { return &o.FailOnStatus }},
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
