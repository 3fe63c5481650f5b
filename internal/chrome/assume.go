package chrome

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"strings"

	"github.com/chromedp/cdproto/browser"
	"github.com/chromedp/cdproto/cdp"
	"github.com/chromedp/cdproto/emulation"
	"github.com/chromedp/cdproto/runtime"
	"github.com/chromedp/cdproto/target"
)

// assume has the tab, and the workers that its pages start, show an identity.
func (t *tab) assume(who identity, known Browser) []*pending {
	override := who.override(known)
	before := t.dressed.identity
	commands := []*pending{
		post(t.session, emulation.SetUserAgentOverride, override),
		post(t.session, target.SetAutoAttach, beside(who != identity{})),
	}
	if who.locale != before.locale {
		commands = append(commands, post(t.session, emulation.SetLocaleOverride, emulation.SetLocaleOverrideParams{Locale: who.locale}))
	}
	t.door.wear(who, override)
	return commands
}

// enframe gives the window its usual rim: a page sees its outer size too.
func (t *tab) enframe(ctx context.Context, window emulatedWindow) error {
	if !window.identity.stealth || window.view.Mobile {
		return nil
	}
	root := t.session.conn.browser()
	shown, err := call(ctx, root, browser.GetWindowForTarget, browser.GetWindowForTargetParams{TargetID: t.target})
	if err != nil {
		return fmt.Errorf("find the window: %w", err)
	}
	_, err = call(ctx, root, browser.SetWindowBounds, browser.SetWindowBoundsParams{WindowID: shown.WindowID, Bounds: &browser.Bounds{
		Width: int64(window.view.Width), Height: int64(window.view.Height) + frameHeight,
	}})
	if err != nil {
		return fmt.Errorf("frame the window: %w", err)
	}
	return nil
}

// beside has what runs beside the page reported: it makes requests that are
// not reported here. With a disguise it is held at its start until it was told
// who it is.
func beside(disguised bool) target.SetAutoAttachParams {
	kinds := target.Filter{{Type: "worker"}, {Type: "iframe"}, {Type: "service_worker"}}
	return target.SetAutoAttachParams{AutoAttach: true, WaitForDebuggerOnStart: disguised, Flatten: new(true), Filter: kinds}
}

// onAttached hears of a worker, or of a frame of another process.
func (t *tab) onAttached(m message) {
	var event struct {
		Session string `json:"sessionId"`
		Target  struct {
			Type string `json:"type"`
		} `json:"targetInfo"`
	}
	if !m.into(&event) {
		return
	}
	t.change(func(s *pageState) {
		s.spoilt = true
		// A service worker's requests show in the proxy's answers only.
		s.marked = s.marked || event.Target.Type != "service_worker"
	})
	t.door.tell(session{conn: t.session.conn, id: event.Session}, event.Target.Type)
}

// wear has workers told that identity from now on.
func (d *doorman) wear(who identity, override emulation.SetUserAgentOverrideParams) {
	d.mu.Lock()
	defer d.mu.Unlock()
	d.disguise = nil
	if (who != identity{}) {
		d.disguise = &override
	}
}

// tell tells what runs beside the page who it is, and lets it run. It must not
// wait.
func (d *doorman) tell(found session, kind string) {
	d.mu.Lock()
	disguise := d.disguise
	d.mu.Unlock()
	if disguise == nil {
		return
	}
	override := *disguise
	if strings.HasSuffix(kind, "worker") && override.UserAgent != "" {
		if override.UserAgentMetadata == nil {
			override.UserAgentMetadata = &emulation.UserAgentMetadata{} // nil would leave them the browser's own
		}
		// The override does not reach all that these show their scripts.
		if words, err := json.Marshal([]string{override.UserAgent, override.Platform}); err == nil {
			post(found, runtime.Evaluate, runtime.EvaluateParams{Expression: "(" + scriptIdentity + ")(..." + string(words) + ")"})
		}
	}
	post(found, emulation.SetUserAgentOverride, override)
	post(found, runtime.RunIfWaitingForDebugger, cdp.Empty{})
}

// undress takes off what a whole process wears: the next tab of the process
// could not put on its own.
func (t *tab) undress(ctx context.Context) error {
	var commands []*pending
	if t.dressed.timezone != "" {
		commands = append(commands, post(t.session, emulation.SetTimezoneOverride, emulation.SetTimezoneOverrideParams{}))
	}
	if t.dressed.identity.locale != "" {
		commands = append(commands, post(t.session, emulation.SetLocaleOverride, emulation.SetLocaleOverrideParams{}))
	}
	if len(commands) == 0 {
		return nil
	}
	ctx, cancel := context.WithTimeout(ctx, stepLimit)
	defer cancel()
	err := waitAll(ctx, commands...)
	if _, refused := errors.AsType[*protocolError](err); err != nil && !refused {
		return fmt.Errorf("take off time zone and language: %w", err)
	}
	return nil
}
