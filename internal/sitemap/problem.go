package sitemap

import (
	"context"
	"errors"
	"io"
	"net/url"

	"github.com/dustin/go-humanize"

	"darkroom"
)

// record keeps the problem of what was done about an address, and gives the
// error that ends the walk.
func (w *walk) record(ctx context.Context, address *url.URL, err error) error {
	problem, err := w.classify(ctx, address, err)
	if problem != nil {
		w.complain(problem)
	}
	return err
}

// classify tells the error that ends a walk from the problem of one file.
func (w *walk) classify(ctx context.Context, address *url.URL, err error) (*darkroom.Error, error) {
	name := show(address.String())
	switch {
	case err == nil:
		return nil, nil
	case errors.Is(err, errStop):
		return nil, errStop
	case errors.Is(context.Cause(ctx), errTimeUp):
		return darkroom.Errorf(darkroom.CodeTimeout, "%s could not be read to its end: sitemaps may take %v in all", name, w.limits.Time), errStop
	case ctx.Err() != nil:
		return nil, ctx.Err()
	case errors.Is(err, errVisited):
		w.warn(name + " is named more than once, or in a circle; it was read once")
		return nil, nil
	case errors.Is(err, errAllBytes):
		return tooLarge("the sitemaps are larger than %s together; the rest, from %s on, was not read", size(w.limits.TotalBytes), name), errStop
	case errors.Is(err, errAllURLs):
		return tooLarge("the sitemaps have more than %d entries together; the rest, from %s on, was not read", w.limits.TotalURLs, name), errStop
	case errors.Is(err, errOddURLs):
		return tooLarge("more than %d URLs are not written plainly; the rest, from %s on, was not read", maxAdmitted, name), errStop
	}
	return w.problem(ctx, address, err), nil
}

// problem says what is wrong with one file.
func (w *walk) problem(ctx context.Context, address *url.URL, err error) *darkroom.Error {
	name := show(address.String())
	if wrong, ok := errors.AsType[malformed](err); ok {
		return invalid(name, string(wrong))
	}
	if known, ok := errors.AsType[*darkroom.Error](err); ok {
		return known
	}
	switch {
	case errors.Is(err, errTruncated), errors.Is(err, io.ErrUnexpectedEOF):
		return darkroom.Errorf(darkroom.CodeSitemapInvalid, "%s ends in the middle; what comes before counts", name)
	case errors.Is(err, errFileURLs):
		return tooLarge("%s has more than %d entries; the rest was not read", name, w.limits.FileURLs)
	case errors.Is(err, errFileBytes):
		return tooLarge("%s is larger than %s; the rest was not read", name, size(w.limits.FileBytes))
	}
	return failure(ctx, address, err)
}

func tooLarge(format string, args ...any) *darkroom.Error {
	return darkroom.Errorf(darkroom.CodeSitemapTooLarge, format, args...)
}

func size(bytes int64) string { return humanize.IBytes(uint64(bytes)) }
