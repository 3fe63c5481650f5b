package chrome

import (
	"context"
	"errors"
	"fmt"
	"net/url"
	"slices"
	"time"

	"github.com/chromedp/cdproto/cdp"

	"darkroom"
	"darkroom/internal/egress"
	"darkroom/internal/filter"
)

// capture is one page on its way to a picture.
type capture struct {
	tab     *tab
	proxy   *egress.Proxy
	browser Browser
	target  *url.URL
	options darkroom.Options // with defaults
	filter  *filter.Set
	access  access
	root    session              // of the whole browser
	context cdp.BrowserContextID // that the tab is in
	shot    darkroom.Shot

	thumbnail bool

	dressed cdp.LoaderID // the document that has the caller's style sheet
	settled cdp.LoaderID // the document whose fonts and images were waited for
	clock   pageClock
	trouble *darkroom.Error // of another try, whose failure cost nothing

	fleeting []string // warnings that another try makes anew
	tried    bool     // it had another try

	follows  bool // the page was loaded for an earlier picture
	loaded   loaded
	walked   int  // down to which height the page was walked through; 0 = not at all
	scrolled int  // how far it is scrolled
	moved    bool // one of the two was for this picture
}

// step is one of those that lead to a picture.
type step struct {
	name string
	do   func(context.Context) error
}

// Steps from which another try may begin.
const (
	stepOpen    = "open the page"
	stepElement = "wait for an element"
	stepScroll  = "scroll"
)

// steps lists them all, in order.
func (c *capture) steps() []step { return append(c.loading(), c.shooting()...) }

// loading are those that end with a page that anybody could have loaded, and
// that is the same for every picture of it.
func (c *capture) loading() []step {
	return []step{
		{"prepare the tab", c.prepare},
		{stepOpen, c.open},
		{"refuse cookies", c.refuseCookies},
		{stepElement, c.waitFor},
		{"run the js option", c.script},
		{"click", c.click},
		{"note the page", c.noteLoaded},
	}
}

// shooting are those that each picture needs.
func (c *capture) shooting() []step {
	return []step{
		{stepScroll, c.scroll},
		{"wait", c.delay},
		{"pose", c.pose},
		{"shoot", c.shoot},
	}
}

func walk(ctx context.Context, steps []step) error {
	for _, step := range steps {
		if err := step.do(ctx); err != nil {
			return fmt.Errorf("%s: %w", step.name, err)
		}
	}
	return nil
}

// run takes the picture. What is known of the page is in c.shot afterwards,
// also when it failed.
func (c *capture) run(ctx context.Context) error {
	defer c.countBlocked()
	steps := c.steps()
	if c.follows {
		steps = c.shooting()
	}
	if err := walk(ctx, steps); err != nil {
		return c.explain(ctx, err)
	}
	c.lookAgain(ctx)
	if over := c.proxy.OverBudget(); over != nil {
		return over
	}
	return nil
}

func (c *capture) noteLoaded(ctx context.Context) error {
	if err := c.settle(ctx); err != nil {
		return err
	}
	c.loaded = loaded{warnings: slices.Clone(c.shot.Warnings), fleeting: slices.Clone(c.fleeting)}
	return nil
}

func (c *capture) prepare(ctx context.Context) error {
	c.tab.look((*pageState).reset)
	chain, err := c.access.route(c.options)
	if err != nil {
		return err
	}
	c.proxy.Use(chain)
	c.proxy.Begin()
	if err := c.tab.dress(ctx, windowOf(c.options), c.browser); err != nil {
		return err
	}
	if err := c.tab.addHeaders(ctx, c.target, c.options.Secrets); err != nil {
		return err
	}
	if err := c.block(ctx); err != nil {
		return err
	}
	if err := c.setClock(ctx); err != nil {
		return err
	}
	if err := c.permit(ctx); err != nil {
		return err
	}
	return c.setCookies(ctx)
}

// on runs a step in the settled page, and again in the next one should the
// page go elsewhere meanwhile. The number of navigations bounds that.
func (c *capture) on(ctx context.Context, step func(context.Context) error) error {
	for {
		if err := c.settle(ctx); err != nil {
			return err
		}
		if err := step(ctx); !errors.Is(err, errNavigated) {
			return err
		}
	}
}

// settle waits until the page is where wait_until wants it, nothing sends it
// elsewhere, and fonts and images have come. Each document goes through that
// once.
func (c *capture) settle(ctx context.Context) error {
	for {
		if err := c.tab.until(ctx, c.arrived); err != nil {
			return err
		}
		if over := c.proxy.OverBudget(); over != nil {
			return over
		}
		if err := c.judge(); err != nil {
			return err
		}
		var loader cdp.LoaderID
		c.tab.look(func(s *pageState) { loader = s.loader })
		if loader == c.settled {
			return nil
		}
		err := c.furnish(ctx, loader)
		if err == nil {
			c.settled = loader
		}
		if err != nil && !errors.Is(err, errNavigated) {
			return err
		}
	}
}

// budgetPeriod is how often the budget is looked at while a page loads: what
// exceeds it is cut off, and may then never come to an end.
const budgetPeriod = 250 * time.Millisecond

func (c *capture) arrived(s *pageState) (bool, time.Time) {
	if c.proxy.OverBudget() != nil || s.broken() {
		return true, time.Time{}
	}
	still, again := s.still()
	if still && (s.unreachable != "" || s.ready(c.options.WaitUntil)) {
		return true, time.Time{}
	}
	if look := time.Now().Add(budgetPeriod); again.IsZero() || look.Before(again) {
		again = look
	}
	return false, again
}

// furnishLimit is how long fonts and images in view may take after the page
// says that it has loaded.
const furnishLimit = 5 * time.Second

func (c *capture) furnish(ctx context.Context, loader cdp.LoaderID) error {
	if c.dressed != loader {
		if err := c.style(ctx); err != nil {
			return err
		}
		c.dressed = loader
	}
	if err := c.tidy(ctx); err != nil {
		return err
	}
	if err := c.awaitLook(ctx); err != nil || c.clock.name == "" {
		return err
	}
	if err := c.passTime(ctx, clockSpan); err != nil {
		return err
	}
	return c.awaitLook(ctx)
}

func (c *capture) awaitLook(ctx context.Context) error {
	inTime := true
	if err := c.tab.run(ctx, scriptSettle, &inTime, furnishLimit.Milliseconds()); err != nil {
		return err
	}
	if !inTime {
		c.warnForNow("some fonts or images had not loaded after %s", furnishLimit)
	}
	return nil
}

// style adds the caller's style sheet and hides what is to be hidden.
func (c *capture) style(ctx context.Context) error {
	if c.options.CSS == "" && len(c.options.HideSelectors) == 0 {
		return nil
	}
	var bad []string
	hidden := append([]string{}, c.options.HideSelectors...)
	if err := c.tab.run(ctx, scriptDress, &bad, c.options.CSS, hidden, furnishLimit.Milliseconds()); err != nil {
		return err
	}
	for _, selector := range bad {
		c.warn("hide_selectors: %q is not a CSS selector", shorten(selector, 64))
	}
	return nil
}

// warnForNow is warn for what holds of this try only.
func (c *capture) warnForNow(format string, args ...any) {
	c.warn(format, args...)
	c.fleeting = append(c.fleeting, fmt.Sprintf(format, args...))
}

// warn notes something once that the caller should know of a picture that was
// taken nevertheless.
func (c *capture) warn(format string, args ...any) {
	text := fmt.Sprintf(format, args...)
	for _, known := range c.shot.Warnings {
		if known == text {
			return
		}
	}
	c.shot.Warnings = append(c.shot.Warnings, text)
}
