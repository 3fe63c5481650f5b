package chrome

import (
	"net/url"
	"slices"
	"time"

	"github.com/chromedp/cdproto/cdp"

	"darkroom"
)

// keepLimit is how long a page waits for the next picture of it. Until then it
// goes on as if somebody looked at it.
const keepLimit = 2 * time.Second

// keptPage is a page that was photographed and may be again.
type keptPage struct {
	capture *capture // the last one
	session string
	loader  cdp.LoaderID
	taken   chan struct{} // closed when somebody has come for it, or for the slot
}

// keep leaves the page as it is and gives the slot back. When nobody comes in
// time the slot is made ready for another page.
func (s *Slot) keep(c *capture, session string) {
	page := &keptPage{capture: c, session: session, loader: c.settled, taken: make(chan struct{})}
	s.kept = page
	s.keeping.Go(func() { s.await(page) })
	s.give()
}

func (s *Slot) await(page *keptPage) {
	limit := time.NewTimer(keepLimit)
	defer limit.Stop()
	select {
	case <-limit.C:
	case <-page.taken:
		return
	}
	select {
	case <-s.turn:
	case <-page.taken:
		return
	}
	if s.kept != page {
		s.give()
		return
	}
	s.afterwards(s.release().capture, nil)
}

// release takes the kept page off the slot; the turn must be held.
func (s *Slot) release() *keptPage {
	page := s.kept
	if page != nil {
		s.kept = nil
		close(page.taken)
	}
	return page
}

// fits reports whether a request can be answered from the page, and the page is
// still what it was.
func (p *keptPage) fits(request darkroom.CaptureRequest, target *url.URL) bool {
	return p.session == sessionOf(request) && p.capture.target.String() == target.String() &&
		request.Options.CanFollow(p.capture.options) && p.capture.rests(p.loader)
}

// rests reports whether the page shows that document, and nothing sends it
// elsewhere.
func (c *capture) rests(loader cdp.LoaderID) (rests bool) {
	c.tab.look(func(s *pageState) {
		still, _ := s.still()
		rests = still && loader != "" && s.loader == loader && !s.crashed && s.fault == nil && !s.broken()
	})
	return rests && c.proxy.OverBudget() == nil
}

// keepable reports whether the next picture would be as that of a page loaded
// anew: one that got another try is not what it would be then.
func (c *capture) keepable() bool {
	return !c.tried && c.trouble == nil && c.rests(c.settled)
}

// follow is the capture of another picture of the same page.
func (c *capture) follow(request darkroom.CaptureRequest) *capture {
	next := *c
	next.options, next.thumbnail = request.Options.WithDefaults(), request.Thumbnail
	next.shot = darkroom.Shot{Warnings: slices.Clone(c.loaded.warnings)}
	next.fleeting = slices.Clone(c.loaded.fleeting)
	next.follows = true
	return &next
}

// loaded is what was known when the page had been loaded, before anything that
// belongs to one picture.
type loaded struct{ warnings, fleeting []string }

// foundFalse reports whether a capture from a kept page failed for what only a
// page loaded anew can tell: its status and its elements are the same.
func foundFalse(failure *darkroom.Error) bool {
	return failure.Code != darkroom.CodeHTTPError && failure.Code != darkroom.CodeSelectorNotFound
}
