package chrome

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/chromedp/cdproto/input"
	"github.com/chromedp/cdproto/runtime"

	"darkroom"
)

// box is a rectangle of the page in CSS pixels.
type box struct {
	X      float64 `json:"x"`
	Y      float64 `json:"y"`
	Width  float64 `json:"width"`
	Height float64 `json:"height"`
}

// pollPeriod is how often an awaited element is looked for.
const pollPeriod = 50 * time.Millisecond

// find waits for a visible element. When the time is up it fails with
// CodeSelectorNotFound, provided that the page could be asked at all.
func (c *capture) find(ctx context.Context, option, selector string) (box, error) {
	var asked, hidden bool // hidden as of the last answer: the next may not come in time
	for {
		var found struct {
			Bad     bool `json:"bad"`
			Found   bool `json:"found"`
			Visible bool `json:"visible"`
			Box     box  `json:"box"`
		}
		err := c.on(ctx, func(ctx context.Context) error { return c.tab.run(ctx, scriptFind, &found, selector) })
		switch {
		case err == nil && found.Bad:
			return box{}, darkroom.Errorf(darkroom.CodeSelectorNotFound, "%s is not a CSS selector: %q", option, shorten(selector, 64))
		case err == nil && found.Visible:
			return found.Box, nil
		case err == nil:
			asked, hidden = true, found.Found
			err = c.linger(ctx, pollPeriod)
		}
		if asked && errors.Is(err, context.DeadlineExceeded) {
			return box{}, c.absent(option, selector, hidden)
		}
		if err != nil {
			return box{}, err
		}
	}
}

func (c *capture) absent(option, selector string, hidden bool) error {
	what := "matched no element"
	if hidden {
		what = "matched no visible element"
	}
	return darkroom.Errorf(darkroom.CodeSelectorNotFound, "%s %q %s within %s",
		option, shorten(selector, 64), what, c.options.AttemptTimeout())
}

func (c *capture) waitFor(ctx context.Context) error {
	if c.options.WaitFor == "" {
		return nil
	}
	_, err := c.find(ctx, "wait_for", c.options.WaitFor)
	return err
}

// script runs the caller's script in the page's own world, once.
func (c *capture) script(ctx context.Context) error {
	if c.options.JS == "" {
		return nil
	}
	if err := c.settle(ctx); err != nil {
		return err
	}
	answer, err := c.evaluate(ctx)
	// A script that sends the page elsewhere ends with its document.
	if err = elsewhere(err); errors.Is(err, errNavigated) {
		return c.settle(ctx)
	}
	if err != nil && !errors.Is(err, errTooLong) { // what it gives is not asked for
		return fmt.Errorf("run the script: %w", err)
	}
	if answer.ExceptionDetails != nil {
		why := shorten(c.options.Secrets.Redact(describe(answer.ExceptionDetails)), maxComplaint)
		return darkroom.Errorf(darkroom.CodeScriptError, "the script of the js option failed: %s", why)
	}
	return c.resettle(ctx)
}

// evaluate runs the script. A deterministic page gets the time that it may
// wait for.
func (c *capture) evaluate(ctx context.Context) (result runtime.EvaluateResult, err error) {
	sent := post(c.tab.session, runtime.Evaluate, runtime.EvaluateParams{
		Expression: c.options.JS, AwaitPromise: new(true), ReplMode: new(true), Silent: new(true), AllowUnsafeEvalBlockedByCSP: new(true),
	})
	for c.clock.name != "" {
		// The page may go elsewhere, and then the script's own answer says so.
		err := c.passTime(ctx, clockSpan)
		if sent.answered() || errors.Is(err, errNavigated) {
			break
		}
		if err != nil {
			return result, err
		}
	}
	return receive[runtime.EvaluateResult](ctx, sent)
}

// click presses and releases the mouse on the element, as a person does, so
// that pages which mistrust scripts obey; an element that something covers is
// clicked by script.
func (c *capture) click(ctx context.Context) error {
	if c.options.Click == "" {
		return nil
	}
	if _, err := c.find(ctx, "click", c.options.Click); err != nil {
		return err
	}
	c.tab.look(func(s *pageState) { s.spoilt = true })
	var at *struct {
		X float64 `json:"x"`
		Y float64 `json:"y"`
	}
	err := c.on(ctx, func(ctx context.Context) error { return c.tab.run(ctx, scriptAim, &at, c.options.Click) })
	if err != nil {
		return err
	}
	if at == nil {
		err = c.tab.run(ctx, scriptClick, nil, c.options.Click)
	} else {
		err = c.press(ctx, at.X, at.Y)
	}
	if err = elsewhere(err); err != nil && !errors.Is(err, errNavigated) {
		return err
	}
	return c.resettle(ctx)
}

func (c *capture) press(ctx context.Context, x, y float64) error {
	mouse := func(kind input.DispatchMouseEventType, x, y float64, clicks int64) *pending {
		event := input.DispatchMouseEventParams{Type: kind, X: x, Y: y, Button: input.MouseButtonLeft, ClickCount: clicks}
		if kind == input.DispatchMouseEventTypeMouseMoved {
			event.Button = input.MouseButtonNone
		}
		return post(c.tab.session, input.DispatchMouseEvent, event)
	}
	return waitAll(ctx,
		mouse(input.DispatchMouseEventTypeMouseMoved, x, y, 0),
		mouse(input.DispatchMouseEventTypeMousePressed, x, y, 1),
		mouse(input.DispatchMouseEventTypeMouseReleased, x, y, 1),
	)
}

// resettle waits again for fonts and images: an act may have brought new ones,
// or another page.
func (c *capture) resettle(ctx context.Context) error {
	// A frame gives a navigation that the act began the time to show.
	err := c.tab.run(ctx, scriptFrame, nil)
	if err != nil && !errors.Is(err, errNavigated) {
		return err
	}
	c.settled = ""
	return c.on(ctx, func(context.Context) error { return nil })
}

func (c *capture) scroll(ctx context.Context) error {
	walked, scrolled := c.options.Traces()
	c.moved = !c.follows || walked != c.walked || scrolled != c.scrolled
	if walked != c.walked {
		if err := c.stroll(ctx); err != nil {
			return err
		}
		c.walked = walked
	}
	if scrolled == c.scrolled {
		return nil
	}
	err := c.on(ctx, func(ctx context.Context) error { return c.tab.run(ctx, scriptScroll, nil, c.options.ScrollY) })
	if err != nil {
		return err
	}
	c.scrolled = scrolled
	return c.resettle(ctx)
}

// strollLimit bounds the walk through a full page.
const strollLimit = 10 * time.Second

// stroll shows the page's every part once, so that what loads on sight loads.
func (c *capture) stroll(ctx context.Context) error {
	limit := strollLimit
	if deadline, ok := ctx.Deadline(); ok {
		limit = min(limit, time.Until(deadline)/2)
	}
	inTime := true
	err := c.on(ctx, func(ctx context.Context) error {
		return c.tab.run(ctx, scriptStroll, &inTime, c.options.MaxHeight, limit.Milliseconds())
	})
	if err == nil && !inTime {
		c.warnForNow("some parts of the page had not loaded after %s", limit.Round(time.Second))
	}
	return err
}

// delay waits before the first picture of a page, and after each move.
func (c *capture) delay(ctx context.Context) error {
	if c.options.Delay == 0 || !c.moved {
		return nil
	}
	return c.linger(ctx, time.Duration(c.options.Delay)*time.Millisecond)
}

// pose brings the page to rest and reads its title and address.
func (c *capture) pose(ctx context.Context) error {
	var facts struct {
		Title string `json:"title"`
		URL   string `json:"url"`
	}
	err := c.on(ctx, func(ctx context.Context) error {
		if _, err := c.unveil(ctx); err != nil {
			return err
		}
		if err := c.tidy(ctx); err != nil {
			return err
		}
		if err := c.tab.run(ctx, scriptPose, &facts, c.options.Animations != "allow"); err != nil {
			return err
		}
		return c.still(ctx)
	})
	if err != nil {
		return err
	}
	c.shot.FinalURL = facts.URL
	c.shot.Title = facts.Title
	return nil
}
