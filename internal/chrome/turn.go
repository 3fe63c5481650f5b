package chrome

import (
	"context"
	"time"

	"github.com/chromedp/cdproto/cdp"
	"github.com/chromedp/cdproto/runtime"

	"darkroom"
)

// turnLimit bounds the whole repair of a slot, stepLimit each step of it: then
// the next, harder one is taken.
const (
	turnLimit = 60 * time.Second
	stepLimit = time.Second
)

// afterwards makes the slot ready for the next page, while the caller already has
// the picture of the last. Nothing that a page left may be seen by the next.
func (s *Slot) afterwards(c *capture, failure *darkroom.Error) {
	var marked bool
	c.tab.look(func(state *pageState) { marked = state.marked })
	secrets := marked || s.browser.door.sawWorker() || c.leavesCredentials()
	go func() {
		defer s.give()
		ctx, cancel := context.WithTimeout(context.Background(), turnLimit)
		defer cancel()
		if err := s.repair(ctx, failure, secrets); err != nil && !s.closing.Load() {
			s.engine.config.Log.Warn("a browser could not be made ready for the next capture", "err", err)
			s.dismiss()
		}
	}()
}

func (s *Slot) repair(ctx context.Context, failure *darkroom.Error, secrets bool) error {
	b := s.browser
	if failure == nil && !secrets && b.alive() && !b.wornOut() {
		if within(ctx, b.emptyTab) {
			return nil
		}
		if !within(ctx, b.tab.answers) {
			failure = darkroom.Errorf(darkroom.CodeTimeout, "the page hangs")
		}
	}
	if !b.alive() || b.wornOut() || !s.calm(ctx, failure) {
		session := b.session
		s.dismiss()
		return s.ready(ctx, session)
	}
	if secrets {
		// Whoever knows the credentials goes: the browser remembers those that
		// a server accepted in a place that nothing else empties.
		if err := b.enterContext(ctx, b.session); err != nil {
			return err
		}
		s.proxy.Reset()
		return s.ready(ctx, b.session)
	}
	if err := b.renewTab(ctx); err != nil {
		return err
	}
	return b.tab.dress(ctx, s.window, s.engine.browser)
}

// calm stops what a page that failed may still be doing: its scripts, the page
// itself, its process. False: only the end of the browser will do.
func (s *Slot) calm(ctx context.Context, failure *darkroom.Error) bool {
	if failure == nil {
		return true
	}
	b := s.browser
	old := b.tab
	old.forget()
	b.tab = nil
	switch failure.Code {
	case darkroom.CodeTimeout, darkroom.CodeSelectorNotFound, darkroom.CodeCancelled, darkroom.CodeTooManyRedirects,
		darkroom.CodeRendererCrashed, darkroom.CodeInternal, darkroom.CodeTooLarge:
	default:
		b.tab = old
		return true
	}
	post(old.session, runtime.TerminateExecution, cdp.Empty{})
	if !within(ctx, func(ctx context.Context) error {
		return b.door.showOut(ctx, old.target, old.session)
	}) {
		return false
	}
	for range 2 {
		if within(ctx, b.renewTab) && within(ctx, b.tab.answers) {
			return true
		}
		killRenderers(b.group())
	}
	return false
}

func within(ctx context.Context, step func(context.Context) error) bool {
	ctx, cancel := context.WithTimeout(ctx, stepLimit)
	defer cancel()
	return step(ctx) == nil
}

// answers reports whether scripts run in the tab's process.
func (t *tab) answers(ctx context.Context) error {
	_, err := call(ctx, t.session, runtime.Evaluate, runtime.EvaluateParams{Expression: "1"})
	return err
}
