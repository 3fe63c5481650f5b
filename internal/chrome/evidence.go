package chrome

import (
	"cmp"
	"context"
	"maps"
	"net/url"
	"slices"
	"strings"
	"time"

	"github.com/chromedp/cdproto/cdp"
	"github.com/chromedp/cdproto/log"
	"github.com/chromedp/cdproto/page"
	"github.com/chromedp/cdproto/runtime"

	"darkroom"
)

// evidenceLimit is how long the page may take to show what there is, also
// after the capture's time is up.
const evidenceLimit = 800 * time.Millisecond

// testify adds the evidence to the shot: of a failure always, else where the
// option asks for it.
func (c *capture) testify(ctx context.Context, failure *darkroom.Error) {
	if failure == nil && !c.options.Evidence {
		return
	}
	evidence := &darkroom.Evidence{}
	if c.shows(failure) {
		// The capture's own time may be up.
		ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), evidenceLimit)
		defer cancel()
		evidence.LastFrame = c.lastLook(ctx, failure)
	}
	c.tab.look(func(s *pageState) { c.record(s, evidence) })
	c.shot.Evidence = evidence
}

// shows reports whether there is a page that can still be asked.
func (c *capture) shows(failure *darkroom.Error) (shows bool) {
	if failure != nil && failure.Code == darkroom.CodeCancelled {
		return false
	}
	c.tab.look(func(s *pageState) {
		shows = s.loader != "" && s.unreachable == "" && !s.crashed && !s.document(s.loader).refused
	})
	return shows
}

// lastLook has the browser tell what the page wrote to its console, which it
// remembers without being asked, and after a failure gives a last frame.
func (c *capture) lastLook(ctx context.Context, failure *darkroom.Error) (frame []byte) {
	if failure != nil && failure.Code == darkroom.CodeTimeout {
		post(c.tab.session, runtime.TerminateExecution, cdp.Empty{})
	}
	told := []*pending{post(c.tab.session, runtime.Enable, cdp.Empty{}), post(c.tab.session, log.Enable, cdp.Empty{})}
	if failure != nil {
		frame = c.lastFrame(ctx)
	}
	// What has come by then is what there is.
	_ = waitAll(ctx, told...)
	return frame
}

// lastFrame is nil when the page does not paint any more.
func (c *capture) lastFrame(ctx context.Context) []byte {
	raw, err := post(c.tab.session, page.CaptureScreenshot, page.CaptureScreenshotParams{
		Format: page.CaptureScreenshotFormatJpeg, Quality: new(int64(60)),
	}).wait(ctx)
	if err != nil {
		return nil
	}
	picture, err := pictureIn(raw)
	if err != nil {
		return nil
	}
	return picture
}

func (c *capture) record(s *pageState, evidence *darkroom.Evidence) {
	for _, hop := range s.redirects() {
		evidence.Redirects = append(evidence.Redirects, darkroom.Redirect{URL: c.clean(hop.URL), Status: hop.Status})
	}
	pending := slices.SortedFunc(maps.Values(s.loading.pending), func(a, b pendingRequest) int { return cmp.Compare(a.order, b.order) })
	for _, request := range pending[:min(len(pending), darkroom.MaxEvidenceEntries)] {
		evidence.Pending = append(evidence.Pending, c.clean(unquote(request.url)))
	}
	for _, request := range s.loading.failed {
		evidence.Failed = append(evidence.Failed, c.failedRequest(request))
	}
	for _, entry := range s.console {
		evidence.Console = append(evidence.Console, darkroom.ConsoleMessage{
			Text: c.clean(entry.Text), URL: c.clean(entry.URL), Line: entry.Line,
		})
	}
}

func (c *capture) failedRequest(request failedRequest) darkroom.FailedRequest {
	address := unquote(request.url)
	failed := darkroom.FailedRequest{URL: c.clean(address), Status: request.status, Error: request.err}
	if request.refused {
		failed.Status, failed.Error = 0, string(darkroom.CodeConnectionReset)
		if why := c.failureOf(address); why != nil {
			failed.Error = string(why.Code)
		}
	}
	return failed
}

// clean makes a text of the page fit to be shown: cut, and without secrets.
func (c *capture) clean(text string) string {
	text = withoutPassword(c.options.Secrets.Redact(strings.ToValidUTF8(text, "\uFFFD")))
	return shorten(text, darkroom.MaxEvidenceText-len("…"))
}

// present makes what the page says of itself fit to be shown and stored. A
// server can write into a title or an address what it was sent.
func (c *capture) present() {
	tidy := func(text string, limit int) string {
		text = c.options.Secrets.RedactLong(strings.ToValidUTF8(text, "\uFFFD"))
		return strings.ToValidUTF8(text[:min(len(text), limit)], "")
	}
	c.shot.Title = tidy(c.shot.Title, darkroom.MaxTitleBytes)
	c.shot.FinalURL = tidy(withoutPassword(c.shot.FinalURL), darkroom.MaxURLBytes)
}

// withoutPassword takes user name and password out of a URL.
func withoutPassword(text string) string {
	if !strings.Contains(text, "@") {
		return text
	}
	parsed, err := url.Parse(text)
	if err != nil || parsed.User == nil {
		return text
	}
	parsed.User = nil
	return parsed.String()
}
