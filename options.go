package darkroom

import (
	"maps"
	"time"
)

// Options say how one capture is taken. The zero value of a field means its
// default, because published clients send zero values for what was not set;
// optionTable holds names, ranges, units and defaults.
type Options struct {
	Width             int      `json:"width,omitempty"`
	Height            int      `json:"height,omitempty"`
	Format            string   `json:"format,omitempty"`
	Quality           int      `json:"quality,omitempty"`
	PNGCompression    string   `json:"png_compression,omitempty"`
	PageFormat        string   `json:"page_format,omitempty"`
	Landscape         bool     `json:"landscape,omitempty"`
	Margin            int      `json:"margin,omitempty"`
	FullPage          bool     `json:"full_page,omitempty"`
	MaxHeight         int      `json:"max_height,omitempty"`
	Retina            bool     `json:"retina,omitempty"`
	ViewportLandscape bool     `json:"viewport_landscape,omitempty"`
	DarkMode          bool     `json:"dark_mode,omitempty"`
	Device            string   `json:"device,omitempty"`
	Delay             int      `json:"delay,omitempty"`
	WaitFor           string   `json:"wait_for,omitempty"`
	WaitUntil         string   `json:"wait_until,omitempty"`
	CSS               string   `json:"css,omitempty"`
	JS                string   `json:"js,omitempty"`
	HideSelectors     []string `json:"hide_selectors,omitempty"`
	BlockAds          bool     `json:"block_ads,omitempty"`
	BlockTrackers     bool     `json:"block_trackers,omitempty"`
	BlockChats        bool     `json:"block_chats,omitempty"`
	Click             string   `json:"click,omitempty"`
	ScrollY           int      `json:"scroll_y,omitempty"`
	Clip              *Clip    `json:"clip,omitempty"`
	Selector          string   `json:"selector,omitempty"`
	UserAgent         string   `json:"user_agent,omitempty"`
	Animations        string   `json:"animations,omitempty"`
	ReducedMotion     bool     `json:"reduced_motion,omitempty"`
	Timezone          string   `json:"timezone,omitempty"`
	Locale            string   `json:"locale,omitempty"`
	Stealth           bool     `json:"stealth,omitempty"`
	BypassCSP         bool     `json:"bypass_csp,omitempty"`
	IgnoreHTTPSErrors bool     `json:"ignore_https_errors,omitempty"`
	Deterministic     bool     `json:"deterministic,omitempty"`
	QualityGate       bool     `json:"quality_gate,omitempty"`
	Evidence          bool     `json:"evidence,omitempty"`

	// BlockCookieBanners also gives back the scrolling that a banner took.
	BlockCookieBanners bool `json:"block_cookie_banners,omitempty"`

	Geolocation *Geolocation `json:"geolocation,omitempty"`
	Timeout     int          `json:"timeout,omitempty"`
	Attempts    int          `json:"attempts,omitempty"`
	Cache       bool         `json:"cache,omitempty"`
	CacheTTL    int          `json:"cache_ttl,omitempty"`

	// FailOnStatus lists the statuses of the main document that fail a capture:
	// "404" or a class such as "5xx". nil means the default; an empty list means
	// that no status fails.
	FailOnStatus []string `json:"fail_on_status,omitzero"`

	Secrets
}

// Secrets are the options that may carry credentials. They are sealed at rest,
// wiped when the job ends, sent only to the target's own origin, and never
// appear in an answer, a log or an archive.
type Secrets struct {
	Headers map[string]string `json:"headers,omitempty"`
	Cookies []Cookie          `json:"cookies,omitempty"`

	Proxy        string        `json:"proxy,omitempty"` // URL; may hold a user name and a password
	BasicAuth    *BasicAuth    `json:"basic_auth,omitempty"`
	StorageState *StorageState `json:"storage_state,omitempty"`
}

// Empty reports whether there is nothing to keep secret.
func (s Secrets) Empty() bool {
	return len(s.Headers) == 0 && len(s.Cookies) == 0 && s.Proxy == "" && s.BasicAuth == nil && s.StorageState == nil
}

// Cookie is set before the capture. Without a domain it belongs to the
// target's own host.
type Cookie struct {
	Name   string `json:"name"`
	Value  string `json:"value"`
	Domain string `json:"domain,omitempty"`
	Path   string `json:"path,omitempty"`
}

// Clip is a rectangle of the page, in CSS pixels from its top left corner.
type Clip struct {
	X      float64 `json:"x"`
	Y      float64 `json:"y"`
	Width  float64 `json:"width"`
	Height float64 `json:"height"`
}

// Defaults of the options that are not plain zero values.
const (
	DefaultWidth     = 1280
	DefaultHeight    = 720
	DefaultFormat    = "png"
	FormatPDF        = "pdf" // the one format that is not made of pixels
	DefaultQuality   = 80
	DefaultMaxHeight = 16384
	DefaultTimeout   = 30000 // milliseconds
	DefaultAttempts  = 3
)

// WithDefaults replaces every unset option by its default, and resolves device,
// retina and viewport_landscape no further than that.
func (o Options) WithDefaults() Options {
	setDefault(&o.Width, DefaultWidth)
	setDefault(&o.Height, DefaultHeight)
	setDefault(&o.Format, DefaultFormat)
	setDefault(&o.Quality, DefaultQuality)
	setDefault(&o.MaxHeight, DefaultMaxHeight)
	setDefault(&o.WaitUntil, "load")
	setDefault(&o.Animations, "finish")
	setDefault(&o.PNGCompression, "fast")
	setDefault(&o.Timeout, DefaultTimeout)
	setDefault(&o.Attempts, DefaultAttempts)
	setDefault(&o.CacheTTL, DefaultCacheTTL)
	if o.FailOnStatus == nil {
		o.FailOnStatus = []string{"4xx", "5xx"}
	}
	return o
}

func setDefault[T comparable](field *T, value T) {
	var zero T
	if *field == zero {
		*field = value
	}
}

// WithoutSecrets gives the options as they may be stored in clear and shown.
func (o Options) WithoutSecrets() Options {
	o.Secrets = Secrets{}
	return o
}

// Clone gives options that share no map or slice with o.
func (o Options) Clone() Options {
	o.Headers = maps.Clone(o.Headers)
	o.Cookies = append([]Cookie(nil), o.Cookies...)
	o.StorageState = o.StorageState.clone()
	return o
}

// AttemptTimeout is the time of one attempt, everything included.
func (o Options) AttemptTimeout() time.Duration {
	return time.Duration(o.WithDefaults().Timeout) * time.Millisecond
}

// ContentType is the media type of the picture.
func (o Options) ContentType() string {
	format := o.WithDefaults().Format
	if format == FormatPDF {
		return "application/pdf"
	}
	return "image/" + format
}

// FailsOn reports whether this status of the main document fails the capture.
func (o Options) FailsOn(status int) bool {
	for _, pattern := range o.WithDefaults().FailOnStatus {
		if matchesStatus(pattern, status) {
			return true
		}
	}
	return false
}

// Viewport is the browser window that the options ask for: the device's, or
// width and height, turned when viewport_landscape says so.
func (o Options) Viewport() Viewport {
	o = o.WithDefaults()
	view := Viewport{Width: o.Width, Height: o.Height, Scale: 1, UserAgent: o.UserAgent}
	if device, ok := FindDevice(o.Device); ok {
		view = device.Viewport
		if o.UserAgent != "" {
			view.UserAgent = o.UserAgent
		}
	}
	if o.Retina {
		view.Scale = max(view.Scale, 2)
	}
	if o.ViewportLandscape {
		view.Width, view.Height = view.Height, view.Width
	}
	return view
}

// Viewport is the window a page is shown in, as the DevTools protocol takes
// it.
type Viewport struct {
	Width     int     // CSS pixels
	Height    int     // CSS pixels
	Scale     float64 // device pixels per CSS pixel
	Mobile    bool
	Touch     bool
	UserAgent string // "" = the browser's own
}
