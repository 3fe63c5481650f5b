package chrome

import (
	"context"
	"fmt"
	"sync"

	"github.com/chromedp/cdproto/cdp"
	"github.com/chromedp/cdproto/emulation"
	"github.com/chromedp/cdproto/fetch"
	"github.com/chromedp/cdproto/runtime"
	"github.com/chromedp/cdproto/target"
)

// doorman sees every page that appears in a browser, held before it runs
// anything: those that we opened are let in, those that a page opened are
// closed. A headless browser has no popup blocker of its own.
type doorman struct {
	root session

	mu      sync.Mutex
	ours    map[target.ID]string // the session of each page that nobody has fetched yet
	open    map[string]bool      // the sessions of pages that are there
	changed chan struct{}        // closed, and replaced, when a page came or went
	worker  bool                 // a shared worker was started

	disguise *emulation.SetUserAgentOverrideParams // what workers must be told; nil = nothing
}

func newDoorman(ctx context.Context, root session) (*doorman, error) {
	d := &doorman{root: root, ours: map[target.ID]string{}, open: map[string]bool{}, changed: make(chan struct{})}
	root.conn.listen(root.id, d.hear)
	_, err := call(ctx, root, target.SetAutoAttach, target.SetAutoAttachParams{
		AutoAttach: true, WaitForDebuggerOnStart: true, Flatten: new(true), Filter: target.Filter{{Type: "page"}, {Type: "shared_worker"}},
	})
	if err != nil {
		return nil, fmt.Errorf("have new pages reported: %w", err)
	}
	return d, nil
}

// hear takes the browser's own events. It must not wait.
func (d *doorman) hear(m message) {
	switch m.method {
	case "Target.attachedToTarget":
		d.onAttached(m)
	case "Target.detachedFromTarget":
		d.update(func() { delete(d.open, string(cutMember(m.body, `"sessionId":"`))) })
	}
}

// update changes what is known of the pages and wakes who waits for it.
func (d *doorman) update(change func()) {
	d.mu.Lock()
	defer d.mu.Unlock()
	change()
	close(d.changed)
	d.changed = make(chan struct{})
}

func (d *doorman) onAttached(m message) {
	var event struct {
		Session string `json:"sessionId"`
		Target  struct {
			ID     target.ID `json:"targetId"`
			Type   string    `json:"type"`
			Opener target.ID `json:"openerId"`
		} `json:"targetInfo"`
	}
	if !m.into(&event) {
		return
	}
	if event.Target.Type != "page" {
		started := session{conn: d.root.conn, id: event.Session}
		d.tell(started, event.Target.Type)
		post(started, runtime.RunIfWaitingForDebugger, cdp.Empty{})
		d.mu.Lock()
		d.worker = true
		d.mu.Unlock()
		return
	}
	if event.Target.Opener != "" {
		d.turnAway(event.Target.ID, session{conn: d.root.conn, id: event.Session})
		return
	}
	d.update(func() { d.ours[event.Target.ID], d.open[event.Session] = event.Session, true })
}

// sawWorker reports whether a shared worker was started since it was last
// asked.
func (d *doorman) sawWorker() bool {
	d.mu.Lock()
	defer d.mu.Unlock()
	saw := d.worker
	d.worker = false
	return saw
}

// turnAway closes a popup. It has to be let go for that, because a page that
// is held also holds the one that opened it; so its requests are stopped
// first.
func (d *doorman) turnAway(id target.ID, popup session) {
	post(popup, fetch.Enable, fetch.EnableParams{})
	post(popup, emulation.SetScriptExecutionDisabled, emulation.SetScriptExecutionDisabledParams{Value: true})
	post(d.root, target.CloseTarget, target.CloseTargetParams{TargetID: id})
	post(popup, runtime.RunIfWaitingForDebugger, cdp.Empty{})
}

// fetch gives the session of a page that we opened.
func (d *doorman) fetch(ctx context.Context, id target.ID) (session, error) {
	var found string
	err := d.until(ctx, func() bool { found = d.ours[id]; delete(d.ours, id); return found != "" })
	return session{conn: d.root.conn, id: found}, err
}

// showOut closes a page and returns when it is gone: until then it may still
// do something.
func (d *doorman) showOut(ctx context.Context, id target.ID, page session) error {
	if _, err := call(ctx, d.root, target.CloseTarget, target.CloseTargetParams{TargetID: id}); err != nil {
		return err
	}
	return d.until(ctx, func() bool { return !d.open[page.id] })
}

// until waits for a condition of the pages.
func (d *doorman) until(ctx context.Context, condition func() bool) error {
	for {
		d.mu.Lock()
		met, changed := condition(), d.changed
		d.mu.Unlock()
		if met {
			return nil
		}
		select {
		case <-changed:
		case <-d.root.conn.done:
			return errBrowserGone
		case <-ctx.Done():
			return ctx.Err()
		}
	}
}
