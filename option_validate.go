package darkroom

import (
	"slices"
	"strconv"
	"strings"
	"unicode/utf8"
)

// Limits of the options that may carry credentials.
const (
	MaxHeaders     = 50
	MaxHeaderBytes = 4 << 10 // one value
	MaxCookies     = 50
	MaxCookieBytes = 4 << 10 // name and value
	MaxClipSide    = 16384   // CSS pixels
)

// Validate checks every option against the table and the rules that need more
// than one of them. Unset options are fine. The error is a validation error
// that names the first option at fault.
func (o Options) Validate() error {
	for _, option := range OptionTable() {
		if err := option.check(&o); err != nil {
			return err
		}
	}
	if o.Device != "" {
		if _, ok := FindDevice(o.Device); !ok {
			return unknownDevice(o.Device)
		}
	}
	if o.Clip != nil {
		if err := o.Clip.validate(); err != nil {
			return err
		}
	}
	if err := o.validatePlace(); err != nil {
		return err
	}
	if err := o.validateStatuses(); err != nil {
		return err
	}
	if err := o.validateConflicts(); err != nil {
		return err
	}
	return o.Secrets.validate()
}

func (p Option) check(o *Options) error {
	switch field := p.field(o).(type) {
	case *int:
		if *field != 0 && (*field < p.Min || *field > p.Max) {
			return p.invalid("must be between %d and %d%s", p.Min, p.Max, unitSuffix(p.Unit))
		}
	case *string:
		return p.checkText(*field)
	case *[]string:
		if len(*field) > p.Max {
			return p.invalid("may have at most %d entries", p.Max)
		}
		for _, text := range *field {
			if len(text) > maxSelectorBytes || !utf8.ValidString(text) || strings.ContainsRune(text, 0) {
				return p.invalid("has an entry that is longer than %d bytes or not text", maxSelectorBytes)
			}
		}
	}
	return nil
}

func (p Option) checkText(text string) error {
	switch {
	case text == "":
		return nil
	case p.Enum != nil && !slices.Contains(p.Enum, text):
		return p.invalid("must be one of %s", strings.Join(p.Enum, ", "))
	case p.Enum == nil && len(text) > p.Max:
		return p.invalid("may be at most %d bytes long", p.Max)
	case !utf8.ValidString(text) || strings.ContainsRune(text, 0):
		return p.invalid("must be valid text without NUL")
	case p.Name == "user_agent" && !headerValue(text):
		return p.invalid("must be one line of printable text")
	}
	return nil
}

func unitSuffix(unit string) string {
	if unit == "" {
		return ""
	}
	return " " + unit
}

func (c *Clip) validate() error {
	for _, side := range []struct {
		name            string
		value, min, max float64
	}{
		{"x", c.X, 0, 1e6},
		{"y", c.Y, 0, 1e6},
		{"width", c.Width, 1, MaxClipSide},
		{"height", c.Height, 1, MaxClipSide},
	} {
		if side.value < side.min || side.value > side.max {
			return Invalid("clip."+side.name, "clip.%s must be between %g and %g px", side.name, side.min, side.max)
		}
	}
	return nil
}

// validatePlace checks where and in which language the page is shown.
func (o Options) validatePlace() error {
	if o.Timezone != "" && !knownTimezone(o.Timezone) {
		return Invalid("timezone", "timezone %q is not known; use an IANA name such as Europe/Berlin", shorten(o.Timezone))
	}
	if o.Locale != "" && !languageTag(o.Locale) {
		return Invalid("locale", "locale %q is not a language tag such as de-DE", shorten(o.Locale))
	}
	if o.Geolocation != nil {
		return o.Geolocation.validate()
	}
	return nil
}

func (o Options) validateConflicts() error {
	if o.Clip != nil && o.FullPage {
		return Invalid("clip", "clip and full_page exclude each other: a clip is already a part of the page")
	}
	if o.Clip != nil && o.Selector != "" {
		return Invalid("clip", "clip and selector exclude each other: give one of them")
	}
	if o.Deterministic && o.Animations == "allow" {
		return Invalid("animations", "animations cannot be allowed in a deterministic picture")
	}
	if o.Format == FormatPDF {
		return o.validatePDF()
	}
	return nil
}

func (o Options) validateStatuses() error {
	for _, pattern := range o.FailOnStatus {
		if !validStatusPattern(pattern) {
			return Invalid("fail_on_status", "fail_on_status has %q; use a status such as 404 or a class such as 5xx", pattern)
		}
	}
	return nil
}

func validStatusPattern(pattern string) bool {
	if len(pattern) != 3 || pattern[0] < '1' || pattern[0] > '5' {
		return false
	}
	if strings.EqualFold(pattern[1:], "xx") {
		return true
	}
	_, err := strconv.ParseUint(pattern, 10, 16)
	return err == nil
}

func matchesStatus(pattern string, status int) bool {
	text := strconv.Itoa(status)
	return pattern == text || strings.EqualFold(pattern[1:], "xx") && pattern[0] == text[0]
}
