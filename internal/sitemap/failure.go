package sitemap

import (
	"errors"
	"strings"
	"unicode"

	"darkroom"
)

// Why reading a file ended early. What it had given until then counts.
var (
	errTruncated = errors.New("the file ends in the middle")
	errFileBytes = errors.New("the file is larger than one sitemap may be")
	errAllBytes  = errors.New("the files are larger than all sitemaps together may be")
	errFileURLs  = errors.New("the file has more entries than one sitemap may have")
	errAllURLs   = errors.New("the files have more entries than all sitemaps together may have")
	errOddURLs   = errors.New("the files have too many addresses that take long to read")
	errTimeUp    = errors.New("the time for reading sitemaps is up")
)

// malformed is why a file is not a sitemap that can be read; it completes
// "it …".
type malformed string

func (m malformed) Error() string { return "it " + string(m) }

// invalid is the problem of a file that is no sitemap.
func invalid(name, why string) *darkroom.Error {
	return &darkroom.Error{Code: darkroom.CodeSitemapInvalid, Message: name + " is not a sitemap that can be read: it " + why}
}

// quote shows a stranger's text in a message.
func quote(text string) string { return `"` + show(text) + `"` }

// show cuts a stranger's text and drops what a terminal would act on.
func show(text string) string {
	const limit = 200
	if len(text) > limit {
		text = text[:limit] + "…"
	}
	return strings.Map(visible, strings.ToValidUTF8(text, ""))
}

func visible(r rune) rune {
	if unicode.IsControl(r) || unicode.Is(unicode.Bidi_Control, r) {
		return -1
	}
	return r
}

// sentence is what may be shown of an error.
func sentence(err error) string {
	if known, ok := errors.AsType[*darkroom.Error](err); ok {
		return known.Sentence()
	}
	return err.Error()
}

// asProblem is an error as the problem of one file.
func asProblem(err error) *darkroom.Error {
	if known, ok := errors.AsType[*darkroom.Error](err); ok {
		return known
	}
	return darkroom.Errorf(darkroom.CodeInternal, "read a sitemap: %w", err)
}
