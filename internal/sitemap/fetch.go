package sitemap

import (
	"bufio"
	"context"
	"fmt"
	"net/http"
	"net/url"
	"strconv"
	"strings"
	"time"

	"darkroom"
	"darkroom/internal/egress"
)

const (
	userAgent = "Darkroom/1.0"
	accept    = "application/xml, text/xml, application/rss+xml, application/atom+xml, text/plain;q=0.9, */*;q=0.5"
)

// file is the answer to a request for a file. Its body must be closed.
type file struct {
	*http.Response
	address *url.URL // after redirects
}

// fetch asks for a file and follows redirects, each of them decided by Admit.
// enter is asked at every hop whether that address may be read; it may be nil.
// The error is always a *darkroom.Error; an answer with a status other than
// 2xx is one of CodeHTTPError.
func (r *Reader) fetch(ctx context.Context, address *url.URL, enter func(*url.URL) error) (*file, error) {
	asked := make(map[string]bool)
	for range r.limits.Redirects + 1 {
		asked[plain(address)] = true
		if enter != nil {
			if err := enter(address); err != nil {
				return nil, err
			}
		}
		response, err := r.get(ctx, address)
		if err != nil {
			return nil, err
		}
		if response.StatusCode/100 == 2 {
			return &file{response, address}, nil
		}
		_ = response.Body.Close() // nothing of it is read
		if !isRedirect(response) {
			return nil, r.refused(address, response)
		}
		from := address
		if address, err = r.follow(from, response.Header.Get("Location")); err != nil {
			return nil, err
		}
		if asked[plain(address)] {
			return nil, darkroom.Errorf(darkroom.CodeTooManyRedirects, "%s redirects in a circle", show(from.String()))
		}
	}
	return nil, darkroom.Errorf(darkroom.CodeTooManyRedirects, "%s was reached after %d redirects and redirects again", show(address.String()), r.limits.Redirects)
}

// plain is an address as it is asked for, without what is never sent.
func plain(address *url.URL) string {
	sent := *address
	sent.Fragment, sent.RawFragment = "", ""
	return sent.String()
}

func (r *Reader) get(ctx context.Context, address *url.URL) (*http.Response, error) {
	request, err := http.NewRequestWithContext(ctx, http.MethodGet, address.String(), http.NoBody)
	if err != nil {
		return nil, darkroom.Errorf(darkroom.CodeInternal, "ask for %s: %w", show(address.String()), err)
	}
	request.Header.Set("User-Agent", userAgent)
	request.Header.Set("Accept", accept)
	request.Header.Set("Accept-Encoding", "gzip")
	response, err := r.client.Do(request)
	switch {
	case err == nil:
		return response, nil
	case strings.Contains(err.Error(), "failed to parse Location header"): // net/http exports no value for it
		return nil, blocked(err, "%s redirects to something that is not an address", show(address.String()))
	}
	return nil, failure(ctx, address, err)
}

// failure is why a file could not be fetched, or not to its end.
func failure(ctx context.Context, address *url.URL, err error) *darkroom.Error {
	why := egress.ClientError(ctx, address, err)
	failed := *why
	failed.Message = fmt.Sprintf("%s could not be read: %s", show(address.String()), why.Message)
	return &failed
}

func isRedirect(response *http.Response) bool {
	switch response.StatusCode {
	case http.StatusMovedPermanently, http.StatusFound, http.StatusSeeOther, http.StatusTemporaryRedirect, http.StatusPermanentRedirect:
		return response.Header.Get("Location") != ""
	}
	return false
}

// follow is where a redirect leads.
func (r *Reader) follow(from *url.URL, location string) (*url.URL, error) {
	text := location
	if next, err := from.Parse(location); err == nil {
		text = next.String()
	}
	next, err := r.admit(text)
	if err != nil {
		return nil, blocked(err, "%s redirects to %s, which may not be reached", show(from.String()), quote(location))
	}
	return next, nil
}

// blocked is the refusal of an address by Admit where a sitemap leads to it.
func blocked(err error, format string, args ...any) *darkroom.Error {
	return &darkroom.Error{Code: darkroom.CodeBlockedTarget, Message: fmt.Sprintf(format, args...), Err: err}
}

// refused is the problem of an answer that is no file.
func (r *Reader) refused(address *url.URL, response *http.Response) *darkroom.Error {
	status := strconv.Itoa(response.StatusCode)
	if text := http.StatusText(response.StatusCode); text != "" {
		status += " " + text
	}
	failed := darkroom.Errorf(darkroom.CodeHTTPError, "%s answered %s", show(address.String()), status)
	failed.HTTPStatus = response.StatusCode
	failed.RetryAfter = r.retryAfter(response.Header.Get("Retry-After"))
	return failed
}

// retryAfter reads seconds or a date; 0 when there is neither.
func (r *Reader) retryAfter(value string) time.Duration {
	if seconds, err := strconv.ParseUint(value, 10, 31); err == nil {
		return time.Duration(seconds) * time.Second
	}
	if date, err := http.ParseTime(value); err == nil {
		return max(date.Sub(r.now()), 0)
	}
	return 0
}

// open unpacks a file and makes it UTF-8. all is what is left for all files.
func (f *file) open(fileBytes int64, all *int64) (*bufio.Reader, error) {
	unpacked, err := unpack(f.Body, f.Header.Get("Content-Encoding"), fileBytes, all)
	if err != nil {
		return nil, err
	}
	return plainText(unpacked, f.Header.Get("Content-Type"))
}
