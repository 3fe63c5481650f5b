package chrome

import (
	"context"
	"errors"
	"fmt"
	"net/url"
	"runtime/debug"
	"sync"
	"sync/atomic"
	"time"

	"darkroom"
	"darkroom/internal/egress"
)

// Slot takes one picture after the other with a browser of its own. Its
// methods may be called from any goroutine; captures wait for one another.
type Slot struct {
	engine *Engine
	proxy  *egress.Proxy

	closing atomic.Bool
	keeping sync.WaitGroup // who waits for the end of a kept page's time
	group   atomic.Int64   // of the browser's processes; 0 = none

	// turn lies here while nobody uses the slot. Who takes it may use what
	// follows: a capture, and after it the repair.
	turn    chan struct{}
	browser *instance // nil before the first capture and after a failure
	kept    *keptPage // nil when there is none
	window  emulatedWindow
}

var errSlotClosed = errors.New("the slot is closed")

func newSlot(e *Engine) *Slot {
	s := &Slot{
		engine: e, proxy: egress.NewProxy(e.config.Policy, e.config.Limits),
		turn: make(chan struct{}, 1), window: windowOf(darkroom.Options{}),
	}
	s.give()
	return s
}

// take waits for the slot, and for the repairs after its last capture.
func (s *Slot) take(ctx context.Context) error {
	select {
	case <-s.turn:
	case <-ctx.Done():
		return ctx.Err()
	}
	if s.closing.Load() {
		s.give()
		return errSlotClosed
	}
	return nil
}

func (s *Slot) give() { s.turn <- struct{}{} }

// Prepare starts the browser, so that the first capture need not.
func (s *Slot) Prepare(ctx context.Context) error {
	if err := s.take(ctx); err != nil {
		return fmt.Errorf("prepare a browser: %w", err)
	}
	defer s.give()
	if s.kept != nil && s.browser.alive() {
		return nil // it is ready for the next picture of that page
	}
	s.release()
	if err := s.ready(ctx, ""); err != nil {
		s.dismiss()
		return fmt.Errorf("prepare a browser: %w", err)
	}
	return nil
}

// Capture takes one picture. ctx must have a deadline; the call returns within
// two seconds after it. An error is always a *darkroom.Error with a code for
// captures, and the shot then holds what was learned of the page. A browser
// that breaks is replaced before the next capture.
func (s *Slot) Capture(ctx context.Context, request darkroom.CaptureRequest) (shot darkroom.Shot, err error) {
	if _, ok := ctx.Deadline(); !ok {
		return shot, darkroom.Errorf(darkroom.CodeInternal, "a capture needs a deadline")
	}
	target, err := url.Parse(request.URL)
	if err != nil || target.Host == "" {
		return shot, darkroom.Errorf(darkroom.CodeInternal, "the URL of the capture is not canonical")
	}
	if err := s.take(ctx); err != nil {
		return shot, s.notTaken(err)
	}
	page := s.release()
	if page == nil || page.fits(request, target) && s.browser.alive() {
		return s.capture(ctx, request, target, page)
	}
	s.afterwards(page.capture, nil)
	if err := s.take(ctx); err != nil {
		return shot, s.notTaken(err)
	}
	return s.capture(ctx, request, target, nil)
}

func (s *Slot) notTaken(err error) error {
	switch {
	case errors.Is(err, context.DeadlineExceeded):
		return &darkroom.Error{Code: darkroom.CodeTimeout, Message: "no browser was free in time", Err: err}
	case errors.Is(err, context.Canceled):
		return &darkroom.Error{Code: darkroom.CodeCancelled, Message: "the capture was cancelled", Err: err}
	}
	return &darkroom.Error{Code: darkroom.CodeInternal, Message: "the browser is being shut down", Err: err}
}

// capture holds the turn; the repair after it gives it back. page is the one
// that the slot has kept for it, nil to load one.
func (s *Slot) capture(ctx context.Context, request darkroom.CaptureRequest, target *url.URL, page *keptPage) (shot darkroom.Shot, err error) {
	c, err := s.begin(ctx, request, target, page)
	if err != nil {
		defer s.give()
		return shot, s.notReady(ctx, err)
	}
	s.browser.guest.begin()
	s.browser.clean = false
	s.browser.shots++
	failure := s.guarded(ctx, c)
	s.window = c.tab.dressed
	switch {
	case failure == nil && request.Keep && c.keepable():
		c.shot.Kept = true
		s.keep(c, sessionOf(request))
		return c.shot, nil
	case failure == nil:
		s.afterwards(c, c.trouble)
		return c.shot, nil
	case page != nil && ctx.Err() == nil && foundFalse(failure):
		s.afterwards(c, failure)
		if err := s.take(ctx); err != nil {
			return shot, s.notTaken(err)
		}
		return s.capture(ctx, request, target, nil)
	}
	failure = s.memoryFailure(failure)
	failure.HTTPStatus = c.shot.HTTPStatus
	c.shot.Image, c.shot.ContentType, c.shot.Width, c.shot.Height = nil, "", 0, 0
	c.shot.Thumbnail, c.shot.PixelHash, c.shot.Stable = nil, "", false
	s.afterwards(c, failure)
	return c.shot, failure
}

func (s *Slot) begin(ctx context.Context, request darkroom.CaptureRequest, target *url.URL, page *keptPage) (*capture, error) {
	if page != nil {
		return page.capture.follow(request), nil
	}
	if err := s.wake(ctx, sessionOf(request)); err != nil {
		return nil, err
	}
	return &capture{
		tab: s.browser.tab, proxy: s.proxy, browser: s.engine.browser, target: target, options: request.Options.WithDefaults(),
		filter: s.engine.config.Filter, access: s.engine.access(), root: s.browser.conn.browser(), context: s.browser.context,
		thumbnail: request.Thumbnail,
	}, nil
}

// heapDeath is how much a browser has when V8 ends a page at its limit (see
// --js-flags): the crash itself does not say why it came.
const heapDeath = 400 << 20

func (s *Slot) memoryFailure(failure *darkroom.Error) *darkroom.Error {
	guest := s.browser.guest
	switch {
	case guest.overLimit():
		return &darkroom.Error{
			Code: darkroom.CodeOutOfMemory, Err: failure,
			Message: fmt.Sprintf("the page used more than %d MB of memory", s.engine.config.MemoryLimit>>20),
		}
	case failure.Code == darkroom.CodeRendererCrashed && guest.highest() > heapDeath:
		return &darkroom.Error{Code: darkroom.CodeOutOfMemory, Err: failure, Message: "the page's scripts used more memory than they may"}
	}
	return failure
}

// guarded turns a panic into an error: one odd page must not end the server.
func (s *Slot) guarded(ctx context.Context, c *capture) (failure *darkroom.Error) {
	defer func() {
		if cause := recover(); cause != nil {
			s.engine.config.Log.Error("a capture panicked", "err", cause, "stack", string(debug.Stack()))
			failure = darkroom.Errorf(darkroom.CodeInternal, "the capture broke off")
		}
	}()
	failure = asFailure(c.run(ctx))
	c.testify(ctx, failure)
	c.present()
	return failure
}

func asFailure(err error) *darkroom.Error {
	if err == nil {
		return nil
	}
	if known, ok := errors.AsType[*darkroom.Error](err); ok {
		return known
	}
	return darkroom.Errorf(darkroom.CodeInternal, "the picture could not be taken: %w", err)
}

func (s *Slot) notReady(ctx context.Context, err error) error {
	s.dismiss()
	if ctx.Err() != nil {
		return &darkroom.Error{Code: darkroom.CodeTimeout, Message: "the browser was not ready in time", Err: err}
	}
	return &darkroom.Error{Code: darkroom.CodeInternal, Message: "the browser could not be made ready", Err: err}
}

// ready sees to it that there is a browser, a context of this session in it,
// and an empty tab. A session "" takes any context.
func (s *Slot) ready(ctx context.Context, session string) error {
	if s.browser != nil && !s.browser.alive() {
		s.dismiss()
	}
	if s.browser == nil {
		if s.closing.Load() {
			return errSlotClosed
		}
		started, err := s.launch(ctx)
		if err != nil {
			return err
		}
		s.browser = started
	}
	b := s.browser
	if b.clean && session != "" {
		b.session = session
	}
	if b.context == "" || session != "" && b.session != session {
		if err := b.enterContext(ctx, session); err != nil {
			return err
		}
		s.proxy.Reset()
	}
	if b.tab != nil && !b.tab.wandered() {
		return nil
	}
	if err := b.renewTab(ctx); err != nil {
		return err
	}
	return b.tab.dress(ctx, s.window, s.engine.browser)
}

// wake makes the slot ready. A browser that was idle may have died, which is seen
// only when something is asked of it: the page that it was wanted for gets
// another one.
func (s *Slot) wake(ctx context.Context, session string) error {
	idle := s.browser != nil
	err := s.ready(ctx, session)
	if err == nil && idle {
		err = s.browser.tab.answers(ctx)
	}
	if err == nil || !idle || ctx.Err() != nil || s.closing.Load() {
		return err
	}
	s.dismiss()
	return s.ready(ctx, session)
}

// dismiss ends the browser; the next capture starts another.
func (s *Slot) dismiss() {
	if s.browser != nil {
		s.countRestart()
		s.discard(s.browser)
		s.browser = nil
	}
}

func (s *Slot) countRestart() {
	switch {
	case s.closing.Load():
	case s.browser.alive() && s.browser.wornOut():
		s.engine.wornOut.Add(1)
	default:
		s.engine.broken.Add(1)
	}
}

func (s *Slot) discard(b *instance) {
	s.group.Store(0)
	b.leaveTab()
	s.engine.watchdog.leave(b.guest)
	err := errors.Join(b.end(), s.engine.run.drop(b.folder))
	if err != nil {
		s.engine.config.Log.Warn("a browser was not put away cleanly", "err", err)
	}
}

// Close ends the browser and its proxy. A capture in progress fails.
func (s *Slot) Close() error {
	if s.closing.Swap(true) {
		return nil
	}
	if group := s.group.Load(); group != 0 {
		killGroup(int(group))
	}
	<-s.turn
	s.release()
	s.keeping.Wait()
	defer s.give()
	s.dismiss()
	s.engine.forget(s)
	return nil
}

func (b *instance) alive() bool {
	select {
	case <-b.exited:
		return false
	case <-b.conn.done:
		return false
	default:
		return true
	}
}

// Recycling bounds. It costs nothing that could be measured, and what leaks in
// a browser goes with it.
const (
	maxShots  = 60
	maxAge    = 15 * time.Minute
	maxIdleMB = 400 // of the whole browser, between two captures
)

func (b *instance) wornOut() bool {
	return b.shots >= maxShots || time.Since(b.started) > maxAge || b.guest.size() > maxIdleMB<<20
}
