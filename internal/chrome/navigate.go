package chrome

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"net/url"
	"strconv"
	"strings"
	"time"

	"github.com/chromedp/cdproto/page"

	"darkroom"
)

// open sends the tab to the target and returns when a document has been
// committed, or fails with why none was.
func (c *capture) open(ctx context.Context) error {
	sent, err := call(ctx, c.tab.session, page.Navigate, page.NavigateParams{URL: c.target.String()})
	if err != nil {
		return elsewhere(err)
	}
	if sent.ErrorText == "" && !sent.IsDownload {
		return nil
	}
	var answer document
	c.tab.look(func(s *pageState) { answer = *s.document(sent.LoaderID) })
	if answer.url == "" {
		answer.url = c.target.String()
	}
	if err := c.note(answer); err != nil {
		return err
	}
	if c.emptyPage(sent.ErrorText) {
		return nil
	}
	return c.unreachable(answer, sent.ErrorText)
}

// emptyPage is how the browser reports an error status without a body. When
// that status shall not fail the capture, there is a page to shoot: its own.
func (c *capture) emptyPage(failure string) bool {
	return failure == "net::ERR_HTTP_RESPONSE_CODE_FAILURE" && c.shot.HTTPStatus != 0
}

// judge looks at the document that the page ended on.
func (c *capture) judge() error {
	var answer document
	var lost bool
	c.tab.look(func(s *pageState) {
		answer, lost = *s.document(s.loader), s.unreachable != "" || s.broken()
		if lost && answer.url == "" {
			answer.url = s.unreachable
		}
	})
	if err := c.note(answer); err != nil {
		return err
	}
	if lost && !c.emptyPage(answer.failure) {
		return c.unreachable(answer, answer.failure)
	}
	return nil
}

// note records the answer of the main document and fails for one that is no
// page.
func (c *capture) note(answer document) error {
	if failure := c.blame(answer); failure != nil {
		return failure
	}
	if answer.url != "" {
		c.shot.FinalURL = answer.url
	}
	if answer.status == 0 {
		return nil
	}
	c.shot.HTTPStatus = answer.status
	c.shot.RetryAfter = retryAfter(answer.retryAfter, time.Now())
	if c.options.FailsOn(answer.status) {
		failure := darkroom.Errorf(darkroom.CodeHTTPError, "the page answered with status %d", answer.status)
		if text := http.StatusText(answer.status); text != "" {
			failure.Message += " (" + text + ")"
		}
		failure.HTTPStatus, failure.RetryAfter = answer.status, c.shot.RetryAfter
		return failure
	}
	return notAPage(answer)
}

// blame asks the proxy why there is no answer of the target.
func (c *capture) blame(answer document) error {
	if answer.url == "" || answer.status != 0 && !answer.refused {
		return nil
	}
	if failure := c.failureOf(answer.url); failure != nil {
		return failure
	}
	if answer.refused {
		return darkroom.Errorf(darkroom.CodeConnectionReset, "%s could not be reached", hostOf(answer.url))
	}
	return nil
}

func hostOf(address string) string {
	if parsed, err := url.Parse(address); err == nil && parsed.Host != "" {
		return parsed.Host
	}
	return address
}

func (c *capture) failureOf(address string) *darkroom.Error {
	parsed, err := url.Parse(address)
	if err != nil || parsed.Host == "" {
		return nil
	}
	port := 80
	if parsed.Scheme == "https" {
		port = 443
	}
	if explicit, err := strconv.Atoi(parsed.Port()); err == nil {
		port = explicit
	}
	return c.proxy.Failure(parsed.Hostname(), port)
}

// notAPage refuses what has no picture.
func notAPage(answer document) error {
	kind := strings.ToLower(answer.mime)
	switch {
	case answer.status == http.StatusNoContent, answer.status == http.StatusResetContent:
		return darkroom.Errorf(darkroom.CodeUnsupportedContent, "the page answered with status %d, which has no content", answer.status)
	case attachment(answer.disposition):
		return darkroom.Errorf(darkroom.CodeDownload, "the URL is a download (Content-Disposition: attachment), not a page")
	case kind == "application/pdf", strings.HasPrefix(kind, "video/"), strings.HasPrefix(kind, "audio/"):
		return darkroom.Errorf(darkroom.CodeUnsupportedContent, "the URL is not a page but %s", kind)
	}
	return nil
}

func attachment(disposition string) bool {
	kind, _, _ := strings.Cut(disposition, ";")
	return strings.EqualFold(strings.TrimSpace(kind), "attachment")
}

// unreachable explains the browser's net::ERR_… of the main document.
func (c *capture) unreachable(answer document, failure string) error {
	name := strings.TrimPrefix(failure, "net::")
	host := hostOf(answer.url)
	if name == "ERR_ABORTED" && answer.status == 0 && answer.mime == "" {
		name = "ERR_UNKNOWN_URL_SCHEME" // where a redirect led
	}
	for _, known := range netErrors() {
		if strings.HasPrefix(name, known.prefix) {
			return darkroom.Errorf(known.code, "%s", strings.NewReplacer("{host}", host, "{name}", name, "{mime}", answer.mime).Replace(known.message))
		}
	}
	return darkroom.Errorf(darkroom.CodeConnectionReset, "%s could not be read (%s)", host, name)
}

// netErrors maps the browser's errors to ours; the first prefix that fits
// counts. Most failures to connect never come here: the proxy knows them
// better.
func netErrors() []struct {
	prefix  string
	code    darkroom.Code
	message string
} {
	return []struct {
		prefix  string
		code    darkroom.Code
		message string
	}{
		{"ERR_TOO_MANY_REDIRECTS", darkroom.CodeTooManyRedirects, "{host} redirected too often"},
		{"ERR_ABORTED", darkroom.CodeDownload, "the URL is a download ({mime}), not a page"},
		{"ERR_CERT_", darkroom.CodeTLSError, "the certificate of {host} is not valid ({name})"},
		{"ERR_SSL_", darkroom.CodeTLSError, "no secure connection to {host} could be made ({name})"},
		{"ERR_BAD_SSL", darkroom.CodeTLSError, "no secure connection to {host} could be made ({name})"},
		{"ERR_ECH_", darkroom.CodeTLSError, "no secure connection to {host} could be made ({name})"},
		{"ERR_NAME_", darkroom.CodeDNSError, "the name {host} could not be resolved ({name})"},
		{"ERR_CONNECTION_REFUSED", darkroom.CodeConnectionRefused, "{host} refused the connection"},
		{"ERR_ADDRESS_UNREACHABLE", darkroom.CodeConnectionRefused, "{host} could not be reached ({name})"},
		{"ERR_UNSAFE_PORT", darkroom.CodeBlockedTarget, "the port of {host} may not be reached"},
		{"ERR_UNSAFE_REDIRECT", darkroom.CodeBlockedTarget, "the page redirected to an address that may not be reached"},
		{"ERR_DISALLOWED_URL_SCHEME", darkroom.CodeBlockedTarget, "the page redirected to an address that is neither http nor https"},
		{"ERR_UNKNOWN_URL_SCHEME", darkroom.CodeBlockedTarget, "the page redirected to an address that is neither http nor https"},
		{"ERR_ACCESS_DENIED", darkroom.CodeBlockedTarget, "{host} may not be reached"},
		{"ERR_BLOCKED_BY_", darkroom.CodeBlockedTarget, "{host} may not be shown ({name})"},
		{"ERR_TIMED_OUT", darkroom.CodeTimeout, "{host} did not answer in time"},
		{"ERR_CONNECTION_TIMED_OUT", darkroom.CodeTimeout, "{host} did not answer in time"},
		{"ERR_EMPTY_RESPONSE", darkroom.CodeConnectionReset, "{host} closed the connection without an answer"},
		{"ERR_TUNNEL_CONNECTION_FAILED", darkroom.CodeConnectionReset, "no connection to {host} could be made"},
		{"ERR_CONTENT_DECODING_FAILED", darkroom.CodeUnsupportedContent, "the answer of {host} could not be unpacked"},
		{"ERR_OUT_OF_MEMORY", darkroom.CodeOutOfMemory, "the page needs more memory than it may have"},
		{"ERR_INSUFFICIENT_RESOURCES", darkroom.CodeOutOfMemory, "the page needs more than it may have"},
	}
}

// retryAfter reads the header: seconds or a date. What it cannot read, and the
// past, are zero.
func retryAfter(header string, now time.Time) time.Duration {
	header = strings.TrimSpace(header)
	if seconds, err := strconv.ParseUint(header, 10, 31); err == nil {
		return time.Duration(seconds) * time.Second
	}
	if date, err := http.ParseTime(header); err == nil {
		return max(0, date.Sub(now).Round(time.Second))
	}
	return 0
}

// explain turns whatever ended the capture into an error with a code of the
// closed list and one sentence.
func (c *capture) explain(ctx context.Context, err error) *darkroom.Error {
	if over := c.proxy.OverBudget(); over != nil {
		return over
	}
	c.recall()
	if known, ok := errors.AsType[*darkroom.Error](err); ok {
		return known
	}
	switch {
	case errors.Is(err, errCrashed):
		return &darkroom.Error{Code: darkroom.CodeRendererCrashed, Message: "the page crashed the browser's process that showed it", Err: err}
	case errors.Is(err, errBrowserGone):
		return &darkroom.Error{Code: darkroom.CodeRendererCrashed, Message: "the browser ended while it showed the page", Err: err}
	case errors.Is(ctx.Err(), context.Canceled):
		return &darkroom.Error{Code: darkroom.CodeCancelled, Message: "the capture was cancelled", Err: err}
	case ctx.Err() != nil:
		return c.late(err)
	}
	return &darkroom.Error{Code: darkroom.CodeInternal, Message: "the browser could not take the picture", Err: err}
}

// recall notes the status of a document that was never judged.
func (c *capture) recall() {
	c.tab.look(func(s *pageState) {
		answer := s.document(s.loader)
		if c.shot.HTTPStatus == 0 && !answer.refused {
			c.shot.HTTPStatus = answer.status
		}
	})
}

// late says what a capture was waiting for when its time was up.
func (c *capture) late(cause error) *darkroom.Error {
	var committed, loaded bool
	c.tab.look(func(s *pageState) { committed, loaded = s.loader != "", s.reached[s.loader].loaded })
	limit := c.options.AttemptTimeout()
	message := fmt.Sprintf("%s did not answer within %s", c.target.Host, limit)
	switch {
	case committed && loaded:
		message = fmt.Sprintf("the page did not come to rest within %s", limit)
	case committed:
		message = fmt.Sprintf("the page did not finish loading within %s", limit)
	default:
		if failure := c.failureOf(c.target.String()); failure != nil {
			return failure
		}
	}
	return &darkroom.Error{Code: darkroom.CodeTimeout, Message: message, Err: cause}
}
