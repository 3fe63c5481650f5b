package chrome

import (
	"context"
	"fmt"
	"time"

	"github.com/chromedp/cdproto/browser"
	"github.com/chromedp/cdproto/cdp"
	"github.com/chromedp/cdproto/target"
)

// instance is one running browser with its one tab.
type instance struct {
	*process
	guest   *guest
	door    *doorman
	started time.Time
	shots   int

	session string               // that the context belongs to
	context cdp.BrowserContextID // "" before the first
	unused  bool                 // no tab was opened in the context yet
	clean   bool                 // no capture was taken in the context yet: it may serve any session
	tab     *tab                 // nil when a new one must be made
}

// launch starts a browser for a slot.
func (s *Slot) launch(ctx context.Context) (*instance, error) {
	started, err := s.engine.start(ctx, s.proxy)
	if err != nil {
		return nil, err
	}
	b := &instance{process: started, guest: s.engine.watchdog.watch(started.group()), started: time.Now()}
	s.group.Store(int64(started.group()))
	if s.closing.Load() {
		s.discard(b)
		return nil, errSlotClosed
	}
	if b.door, err = newDoorman(ctx, b.conn.browser()); err != nil {
		s.discard(b)
		return nil, err
	}
	return b, nil
}

// enterContext makes a context for a session, and takes the one before away
// with everything that it remembers.
func (b *instance) enterContext(ctx context.Context, session string) error {
	root := b.conn.browser()
	old := b.context
	made, err := call(ctx, root, target.CreateBrowserContext, target.CreateBrowserContextParams{})
	if err != nil {
		return fmt.Errorf("make a browser context: %w", err)
	}
	b.leaveTab()
	b.context, b.session, b.unused, b.clean = made.BrowserContextID, session, true, true
	commands := []*pending{post(root, browser.SetDownloadBehavior, browser.SetDownloadBehaviorParams{
		Behavior: browser.SetDownloadBehaviorBehaviorDeny, BrowserContextID: made.BrowserContextID,
	})}
	if old != "" {
		commands = append(commands, post(root, target.DisposeBrowserContext, target.DisposeBrowserContextParams{BrowserContextID: old}))
	}
	if err := waitAll(ctx, commands...); err != nil {
		return fmt.Errorf("change the browser context: %w", err)
	}
	return nil
}

func (b *instance) leaveTab() {
	if b.tab != nil {
		b.tab.forget()
		b.tab = nil
	}
}

// renewTab replaces the tab by a new one and empties the context's storage.
// The new tab comes before the old one goes, so that the renderer stays; and
// the storage is emptied when no page is there to fill it again.
func (b *instance) renewTab(ctx context.Context) error {
	fresh, err := openTab(ctx, b.door, b.context)
	if err != nil {
		return err
	}
	old := b.tab
	b.tab = fresh
	if old != nil {
		old.silence(ctx)
		old.forget()
		if err := old.undress(ctx); err != nil {
			return err
		}
		if err := b.door.showOut(ctx, old.target, old.session); err != nil {
			return fmt.Errorf("close the old tab: %w", err)
		}
	}
	if b.unused {
		b.unused = false
		return nil
	}
	return b.emptyStorage(ctx)
}
