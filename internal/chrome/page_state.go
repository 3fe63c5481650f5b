package chrome

import (
	"slices"
	"time"

	"github.com/chromedp/cdproto/cdp"

	"darkroom"
)

const (
	// maxNavigations of the main frame, the first included: a page that keeps
	// sending itself elsewhere is stopped.
	maxNavigations = 10
	// maxDialogs after which the script that opens them is stopped.
	maxDialogs = 20
	// maxRefreshDelay of a <meta refresh> that counts as a redirect.
	maxRefreshDelay = 1.0 // seconds
)

// pageState is what the events of one capture have told.
type pageState struct {
	crashed bool
	fault   error // ends the capture: too many navigations

	loader      cdp.LoaderID // of the committed document of the main frame
	url         string
	unreachable string       // the URL that could not be reached, when the browser's own error page is shown
	coming      cdp.LoaderID // a navigation of the main frame under way
	refreshBy   time.Time    // a <meta refresh> should have begun by then
	navigations int
	dialogs     int
	// marked: the browser may now remember credentials in a place that nothing
	// but a new context empties.
	marked bool
	// spoilt: something may be left in the tab that emptying it does not reach.
	spoilt bool
	origin string // of the documents so far, frames included, as long as it is one

	reached   map[cdp.LoaderID]milestones
	documents map[cdp.LoaderID]*document
	latest    cdp.LoaderID // of the last document asked for
	left      []darkroom.Redirect
	loading   loading
	console   []darkroom.ConsoleMessage
}

// milestones of one document.
type milestones struct{ parsed, loaded, idle bool }

// document is the answer to one navigation of the main frame.
type document struct {
	url         string // of the last hop
	status      int
	mime        string
	retryAfter  string
	disposition string
	refused     bool   // the answer is our proxy's: it could or may not reach the target
	failure     string // net::ERR_…; "" while there is none
	hops        []darkroom.Redirect
}

func (s *pageState) reset() {
	*s = pageState{
		crashed: s.crashed, reached: map[cdp.LoaderID]milestones{}, documents: map[cdp.LoaderID]*document{}, loading: newLoading(),
	}
}

// leave notes how the document in view is left when another takes its place.
func (s *pageState) leave(next cdp.LoaderID) {
	if s.loader == "" || s.loader == next {
		return
	}
	s.left = s.route()
}

// route is how the browser came to the document in view, that one included.
func (s *pageState) route() []darkroom.Redirect {
	answer, ok := s.documents[s.loader]
	if !ok || len(s.left) >= darkroom.MaxEvidenceEntries {
		return s.left
	}
	return slices.Concat(s.left, answer.hops, []darkroom.Redirect{{URL: answer.url, Status: answer.status}})
}

// redirects is what sent the browser elsewhere, up to the document asked for
// last.
func (s *pageState) redirects() []darkroom.Redirect {
	last, asked := s.documents[s.latest]
	if !asked {
		return s.left
	}
	if s.latest == s.loader || s.loader == "" {
		return slices.Concat(s.left, last.hops)
	}
	return slices.Concat(s.route(), last.hops)
}

func (s *pageState) document(loader cdp.LoaderID) *document {
	found, ok := s.documents[loader]
	if !ok {
		found = &document{}
		s.documents[loader] = found
	}
	return found
}

// still reports whether no navigation is under way or announced; when one is
// announced, it names the moment at which that announcement has lapsed.
func (s *pageState) still() (bool, time.Time) {
	if s.coming != "" {
		return false, time.Time{}
	}
	if !s.refreshBy.IsZero() && time.Now().Before(s.refreshBy) {
		return false, s.refreshBy
	}
	return true, time.Time{}
}

// broken reports whether the document in view broke off. A page that stops its
// own loading is not broken.
func (s *pageState) broken() bool {
	answer, ok := s.documents[s.loader]
	return ok && s.loader != "" && answer.failure != "" && answer.failure != "net::ERR_ABORTED"
}

// ready reports whether the document has come as far as wait_until asks.
func (s *pageState) ready(waitUntil string) bool {
	reached := s.reached[s.loader]
	switch waitUntil {
	case "domcontentloaded":
		return reached.parsed
	case "networkidle":
		return reached.loaded && reached.idle
	}
	return reached.loaded
}

// shown notes that a document of an origin was shown, in the main frame or in
// another.
func (s *pageState) shown(origin string) {
	s.spoilt = s.spoilt || s.origin != "" && s.origin != origin
	s.origin = origin
}

func (s *pageState) navigated() {
	s.navigations++
	if s.navigations > maxNavigations {
		s.fault = darkroom.Errorf(darkroom.CodeTooManyRedirects, "the page sent itself elsewhere more than %d times", maxNavigations)
	}
}
