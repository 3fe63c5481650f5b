package chrome

import (
	"context"
	"fmt"
	"sync"

	"github.com/chromedp/cdproto/target"
)

// doorman sees every page that appears in a browser, held before it runs
// anything: those that we opened are let in, those that a page opened are
// closed. A headless browser has no popup blocker of its own.
type doorman struct {
	root session

	mu      sync.Mutex
	ours    map[target.ID]string // the session of each page that nobody has fetched yet
	changed chan struct{}        // closed, and replaced, when one was added
}

func newDoorman(ctx context.Context, root session) (*doorman, error) {
	d := &doorman{root: root, ours: map[target.ID]string{}, changed: make(chan struct{})}
	root.conn.listen(root.id, d.hear)
	_, err := call(ctx, root, target.SetAutoAttach, target.SetAutoAttachParams{
		AutoAttach: true, WaitForDebuggerOnStart: true, Flatten: new(true), Filter: target.Filter{{Type: "page"}},
	})
	if err != nil {
		return nil, fmt.Errorf("have new pages reported: %w", err)
	}
	return d, nil
}

// hear takes the browser's own events. It must not wait.
func (d *doorman) hear(m message) {
	if m.method != "Target.attachedToTarget" {
		return
	}
	var event struct {
		Session string `json:"sessionId"`
		Target  struct {
			ID     target.ID `json:"targetId"`
			Opener target.ID `json:"openerId"`
		} `json:"targetInfo"`
	}
	if !m.into(&event) {
		return
	}
	if event.Target.Opener != "" {
		post(d.root, target.CloseTarget, target.CloseTargetParams{TargetID: event.Target.ID})
		return
	}
	d.mu.Lock()
	defer d.mu.Unlock()
	d.ours[event.Target.ID] = event.Session
	close(d.changed)
	d.changed = make(chan struct{})
}

// fetch gives the session of a page that we opened.
func (d *doorman) fetch(ctx context.Context, id target.ID) (session, error) {
	for {
		d.mu.Lock()
		found, ok := d.ours[id]
		delete(d.ours, id)
		changed := d.changed
		d.mu.Unlock()
		if ok {
			return session{conn: d.root.conn, id: found}, nil
		}
		select {
		case <-changed:
		case <-d.root.conn.done:
			return session{}, errBrowserGone
		case <-ctx.Done():
			return session{}, ctx.Err()
		}
	}
}
