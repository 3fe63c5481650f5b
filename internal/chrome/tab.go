package chrome

import (
	"context"
	"errors"
	"fmt"
	"sync"
	"time"

	"github.com/chromedp/cdproto/cdp"
	"github.com/chromedp/cdproto/network"
	"github.com/chromedp/cdproto/page"
	"github.com/chromedp/cdproto/runtime"
	"github.com/chromedp/cdproto/target"
)

// tab is one page of a browser, and what its events have told so far.
type tab struct {
	session session
	door    *doorman
	target  target.ID
	frame   cdp.FrameID    // the main frame
	dressed emulatedWindow // in force

	mu      sync.Mutex
	changed chan struct{} // closed, and replaced, at every change
	state   pageState
	world   world
	headers headerRule
	blocker *blocker // nil = no request is kept back

	once once
	undo []func() *pending // takes back what the capture has changed
}

// world is our own JavaScript world in the current document: the page's
// scripts can neither see nor change it.
type world struct {
	loader  cdp.LoaderID
	context runtime.ExecutionContextID
}

var (
	errCrashed   = errors.New("the page's process has ended")
	errNavigated = errors.New("the page went elsewhere meanwhile")
)

// openTab makes a tab in a context, ready for navigation. The doorman has
// attached us to it and holds it.
func openTab(ctx context.Context, door *doorman, in cdp.BrowserContextID) (*tab, error) {
	created, err := call(ctx, door.root, target.CreateTarget, target.CreateTargetParams{URL: "about:blank", BrowserContextID: in})
	if err != nil {
		return nil, fmt.Errorf("open a tab: %w", err)
	}
	attached, err := door.fetch(ctx, created.TargetID)
	if err != nil {
		return nil, fmt.Errorf("attach to the tab: %w", err)
	}
	t := &tab{session: attached, door: door, target: created.TargetID, frame: cdp.FrameID(created.TargetID), changed: make(chan struct{})}
	t.state.reset()
	attached.conn.listen(attached.id, t.hear)
	err = waitAll(ctx,
		post(attached, page.Enable, page.EnableParams{}),
		post(attached, page.SetLifecycleEventsEnabled, page.SetLifecycleEventsEnabledParams{Enabled: true}),
		// The buffers are for response bodies, which nobody asks for.
		post(attached, network.Enable, network.EnableParams{MaxTotalBufferSize: new(int64(0)), MaxResourceBufferSize: new(int64(0)), MaxPostDataSize: new(int64(0))}),
		post(attached, target.SetAutoAttach, beside(false)),
		post(attached, runtime.RunIfWaitingForDebugger, cdp.Empty{}),
	)
	if err != nil {
		return nil, fmt.Errorf("prepare the tab: %w", err)
	}
	return t, nil
}

// forget stops listening; the tab is closed or about to be.
func (t *tab) forget() { t.session.conn.listen(t.session.id, nil) }

// change lets an event change the state and wakes who waits for it.
func (t *tab) change(update func(*pageState)) {
	t.mu.Lock()
	defer t.mu.Unlock()
	update(&t.state)
	close(t.changed)
	t.changed = make(chan struct{})
}

// look reads the state.
func (t *tab) look(read func(*pageState)) {
	t.mu.Lock()
	defer t.mu.Unlock()
	read(&t.state)
}

// until waits for a condition of the page's state. It fails with errCrashed,
// errBrowserGone, the state's own fault (too many navigations), or the
// context's error. A condition that also depends on time names the moment at
// which it wants to be asked again; zero is never.
func (t *tab) until(ctx context.Context, condition func(*pageState) (met bool, again time.Time)) error {
	for {
		t.mu.Lock()
		changed, crashed, fault := t.changed, t.state.crashed, t.state.fault
		met, again := condition(&t.state)
		t.mu.Unlock()
		switch {
		case crashed:
			return errCrashed
		case fault != nil:
			return fault
		case met:
			return nil
		}
		if err := t.sleep(ctx, changed, again); err != nil {
			return err
		}
	}
}

func (t *tab) sleep(ctx context.Context, changed <-chan struct{}, again time.Time) error {
	var alarm <-chan time.Time
	if !again.IsZero() {
		timer := time.NewTimer(time.Until(again))
		defer timer.Stop()
		alarm = timer.C
	}
	select {
	case <-changed:
	case <-alarm:
	case <-t.session.conn.done:
		return errBrowserGone
	case <-ctx.Done():
		return ctx.Err()
	}
	return nil
}

// rest waits that long, or until the page can no longer be had.
func (t *tab) rest(ctx context.Context, wait time.Duration) error {
	end := time.Now().Add(wait)
	return t.until(ctx, func(*pageState) (bool, time.Time) { return !time.Now().Before(end), end })
}
