package sitemap

import (
	"net/mail"
	"strings"
	"time"
)

// maxDateBytes bounds a date; a longer text is none.
const maxDateBytes = 64

// moment is what a date says: some time from at until before until. The zero
// value says nothing.
type moment struct{ at, until time.Time }

// layout is one form of a date, and how long what it names lasts.
type layout struct {
	text                string
	years, months, days int
	rest                time.Duration
}

// dates and times are the forms that W3C's note on dates has, and others that
// are met.
var (
	dates = [...]layout{
		{text: "2006-01-02", days: 1},
		{text: "2006-01", months: 1},
		{text: "2006", years: 1},
	}
	times = [...]layout{
		{text: time.RFC3339, rest: time.Second},
		{text: "2006-01-02T15:04Z07:00", rest: time.Minute},
		{text: "2006-01-02T15:04:05Z0700", rest: time.Second},
		{text: "2006-01-02T15:04:05", rest: time.Second},
		{text: "2006-01-02T15:04", rest: time.Minute},
		{text: "2006-01-02 15:04:05", rest: time.Second},
		{text: "2006-01-02 15:04:05Z07:00", rest: time.Second},
		{text: "2006-01-02 15:04:05 -0700", rest: time.Second},
		{text: "2006-01-02 15:04", rest: time.Minute},
	}
)

// parseMoment reads a date of a sitemap or Atom, or of RSS. What cannot be
// read says nothing. A time without a zone is taken as UTC.
func parseMoment(text []byte) moment {
	switch {
	case len(text) < len("2006") || len(text) > maxDateBytes:
		return moment{}
	case len(text) <= len("2006-01-02"):
		return parseLayouts(string(text), dates[:])
	case text[4] == '-':
		return parseLayouts(string(text), times[:])
	}
	return parseMail(string(text))
}

func parseLayouts(text string, layouts []layout) moment {
	for _, known := range layouts {
		if at, err := time.Parse(known.text, text); err == nil {
			return momentOf(at, known)
		}
	}
	return moment{}
}

// momentOf leaves out the years that RFC 3339 cannot write.
func momentOf(at time.Time, lasts layout) moment {
	if at = at.UTC(); at.Year() < 1 || at.Year() > 9999 {
		return moment{}
	}
	return moment{at, at.AddDate(lasts.years, lasts.months, lasts.days).Add(lasts.rest)}
}

// parseMail reads a date as mail and RSS have it: "Mon, 2 Jan 2006 15:04:05
// GMT", the day of the week left out or not.
func parseMail(text string) moment {
	day := text
	if _, rest, found := strings.Cut(text, ", "); found {
		day = rest
	}
	if day == "" || day[0] < '0' || day[0] > '9' {
		return moment{}
	}
	at, err := mail.ParseDate(numericZone(text))
	if err != nil {
		return moment{}
	}
	return momentOf(at, layout{rest: time.Second})
}

// numericZone writes the American zones of RFC 822 as numbers: the standard
// library knows them only where it runs in one of them.
func numericZone(text string) string {
	for _, zone := range [...]struct{ name, offset string }{
		{" EST", " -0500"},
		{" EDT", " -0400"},
		{" CST", " -0600"},
		{" CDT", " -0500"},
		{" MST", " -0700"},
		{" MDT", " -0600"},
		{" PST", " -0800"},
		{" PDT", " -0700"},
	} {
		if begin, found := strings.CutSuffix(text, zone.name); found {
			return begin + zone.offset
		}
	}
	return text
}

// before reports whether the whole of the moment was before that time. One
// that says nothing was not.
func (m moment) before(when time.Time) bool {
	return !m.until.IsZero() && !m.until.After(when)
}
