package chrome

import (
	"context"
	"crypto/rand"
	"errors"
	"fmt"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/chromedp/cdproto/cdp"
	"github.com/chromedp/cdproto/emulation"
	"github.com/chromedp/cdproto/fetch"
	"github.com/chromedp/cdproto/page"
	"github.com/chromedp/cdproto/runtime"
	"github.com/chromedp/cdproto/storage"
)

// scriptLeave replaces the document by an empty one of the same origin and
// process, which holds nothing but the mark. The page's window ends with all
// that runs in it. Unlike a navigation to an empty page, and unlike a new tab,
// that costs next to nothing: the renderer is kept, and the browser is not
// asked. A page whose policy forbids it stays.
const scriptLeave = `(mark, limit) => new Promise(stayed => {
  document.addEventListener('securitypolicyviolation', stayed);
  setTimeout(stayed, limit);
  location.href = 'javascript:"' + mark + '"';
})`

// scriptForget empties what belongs to the tab and not to a site's storage. It
// gives what the document holds. It runs in the document's own world, where
// nobody else's script is: another world would have to be made for it.
const scriptForget = `window.name = ''; sessionStorage.clear(); localStorage.clear(); document.cookie; history.replaceState(null, '', '/'); document.documentElement.textContent.slice(0, 100)`

// leaveLimit is how long a page may take to give way to the empty one.
const leaveLimit = 250 * time.Millisecond

// emptyings is how often the storage is emptied before the browser is given up.
const emptyings = 5

var errNotEmptied = errors.New("cookies come back")

var errStayed = errors.New("the page did not give way")

// emptyTab makes the tab as good as new for the next page of the same session:
// no script of the last one runs any more, and nothing that it left can be
// found. It fails when the tab has to be replaced for that.
func (b *instance) emptyTab(ctx context.Context) error {
	t := b.tab
	if t.spoilt() {
		return errStayed
	}
	mark := rand.Text()
	err := t.run(ctx, scriptLeave, nil, mark, leaveLimit.Milliseconds())
	if !errors.Is(err, errNavigated) {
		return errors.Join(errStayed, err)
	}
	t.world = world{}
	// A navigation that the page had begun ends here; one that came before this
	// shows in what the document holds, one that comes yet in the tab's state.
	t.look((*pageState).reset)
	commands := append(t.takeBack(), post(t.session, page.StopLoading, cdp.Empty{}), post(t.session, page.ResetNavigationHistory, cdp.Empty{}))
	forget := post(t.session, runtime.Evaluate, runtime.EvaluateParams{Expression: scriptForget, Silent: new(true)})
	if err := waitAll(ctx, commands...); err != nil {
		return fmt.Errorf("stop the page: %w", err)
	}
	answer, err := receive[runtime.EvaluateResult](ctx, forget)
	if err != nil || answer.Result == nil || string(answer.Result.Value) != strconv.Quote(mark) {
		return errors.Join(errStayed, err)
	}
	return b.emptyStorage(ctx)
}

// spoilt reports whether the page may have left something in the tab that
// emptyTab does not reach: the session storage of another origin, a service
// worker that still holds on to its page, the trust that comes with a click.
// Nor is a page asked to give way that has a policy about scripts: its owner
// might be sent a report.
func (t *tab) spoilt() (spoilt bool) {
	t.look(func(s *pageState) { spoilt = s.spoilt || s.crashed || s.fault != nil })
	return spoilt
}

// scriptPolicies are the directives of a content security policy that
// scriptLeave may violate.
var scriptPolicies = []string{"script-src", "default-src", "require-trusted-types-for", "sandbox"}

func aboutScripts(policy string) bool {
	return slices.ContainsFunc(scriptPolicies, func(directive string) bool { return strings.Contains(strings.ToLower(policy), directive) })
}

// wandered reports whether a tab that was emptied has gone elsewhere since.
func (t *tab) wandered() (wandered bool) {
	t.look(func(s *pageState) { wandered = s.navigations > 0 })
	return wandered
}

// forCapture has a change of the tab taken back after the capture.
func (t *tab) forCapture(undo func() *pending) { t.undo = append(t.undo, undo) }

// takeBack gives the commands that do it.
func (t *tab) takeBack() []*pending {
	var commands []*pending
	for _, undo := range t.undo {
		commands = append(commands, undo())
	}
	t.undo = nil
	t.mu.Lock()
	defer t.mu.Unlock()
	t.headers, t.blocker, t.once = headerRule{}, nil, once{}
	return commands
}

// addScript has a script run in every document of the capture, before the
// document's own.
func (t *tab) addScript(ctx context.Context, script page.AddScriptToEvaluateOnNewDocumentParams) (page.ScriptIdentifier, error) {
	added, err := call(ctx, t.session, page.AddScriptToEvaluateOnNewDocument, script)
	if err != nil {
		return "", err
	}
	id := added.Identifier
	t.forCapture(func() *pending {
		return post(t.session, page.RemoveScriptToEvaluateOnNewDocument, page.RemoveScriptToEvaluateOnNewDocumentParams{Identifier: id})
	})
	return id, nil
}

// pauseRequests has requests of some kinds wait for onPaused.
func (t *tab) pauseRequests(ctx context.Context, which []*fetch.RequestPattern) error {
	if _, err := call(ctx, t.session, fetch.Enable, fetch.EnableParams{Patterns: which}); err != nil {
		return fmt.Errorf("have requests paused: %w", err)
	}
	t.forCapture(func() *pending { return post(t.session, fetch.Disable, cdp.Empty{}) })
	return nil
}

// scriptArrive asks for what the page has written: the answer comes after all
// that was sent before.
const scriptArrive = `() => { document.cookie; return localStorage.length }`

// silence ends the page's scripts, so that they write nothing when the page is
// left, and sees to it that what they wrote has arrived where it can be taken
// away. A page that hangs does not answer, and one without storage refuses.
func (t *tab) silence(ctx context.Context) {
	ctx, cancel := context.WithTimeout(ctx, stepLimit)
	defer cancel()
	ended := post(t.session, emulation.SetScriptExecutionDisabled, emulation.SetScriptExecutionDisabledParams{Value: true})
	_ = t.run(ctx, scriptArrive, nil)
	_, _ = ended.wait(ctx)
}

// emptyStorage takes away what the context's pages have stored, of every
// origin. No page may be there to fill it again. A cookie that was written last
// is now and then still there afterwards, so that is looked after.
func (b *instance) emptyStorage(ctx context.Context) error {
	for range emptyings {
		_, err := call(ctx, b.tab.session, storage.ClearDataForOrigin, storage.ClearDataForOriginParams{Origin: "*", StorageTypes: "all"})
		if err != nil {
			return fmt.Errorf("empty the storage: %w", err)
		}
		left, err := call(ctx, b.conn.browser(), storage.GetCookies, storage.GetCookiesParams{BrowserContextID: b.context})
		if err != nil {
			return fmt.Errorf("look for cookies: %w", err)
		}
		if len(left.Cookies) == 0 {
			return nil
		}
	}
	return errNotEmptied
}
