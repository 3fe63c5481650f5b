package chrome

import (
	"context"
	"crypto/rand"
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"maps"
	"slices"
	"strconv"
	"time"

	"github.com/chromedp/cdproto/page"

	"darkroom"
)

// A deterministic page has a clock of its own, which stands still until we let
// time pass: then its timers and frames run, one after the other, each at its
// own moment, as fast as they can. So what a page shows depends on how much
// time we let pass, not on how long anything took. See scriptClock.
const (
	clockSpan = 2 * time.Second // passes after a page has loaded, and after each act

	clockRounds = 5               // of time passing, while it makes the page load more
	passLimit   = 5 * time.Second // for one of them, really
	quietLimit  = 2 * time.Second // for what a page is loading
	quietPeriod = 50 * time.Millisecond

	// agreeLimit bounds the looks at a page, agreePause lies between two.
	agreeLimit = 10 * time.Second
	agreePause = 150 * time.Millisecond
)

// pageClock is what we have to know of it.
type pageClock struct {
	name  string // of the events that move it; "" = the real clock
	noisy bool   // the page never comes to an end with its requests
}

// setClock gives every document of the tab the clock.
func (c *capture) setClock(ctx context.Context) error {
	if !c.options.Deterministic {
		return nil
	}
	c.clock.name = "darkroom-" + rand.Text()
	source := fmt.Sprintf("(%s)(%s, %d, %d)", scriptClock, strconv.Quote(c.clock.name), darkroom.DeterministicTime, passLimit.Milliseconds())
	if _, err := c.tab.addScript(ctx, page.AddScriptToEvaluateOnNewDocumentParams{Source: source}); err != nil {
		return fmt.Errorf("set the page's clock: %w", err)
	}
	return nil
}

// passTime lets time pass in a deterministic page, and as much again while
// that makes it load more.
func (c *capture) passTime(ctx context.Context, span time.Duration) error {
	if c.clock.name == "" {
		return nil
	}
	for range clockRounds {
		if err := c.quiet(ctx); err != nil {
			return err
		}
		before := c.begun()
		if err := c.tab.run(ctx, scriptAdvance, nil, c.clock.name, span.Milliseconds(), passLimit.Milliseconds()); err != nil {
			return err
		}
		if c.begun() == before {
			return nil
		}
	}
	return c.quiet(ctx)
}

// linger waits, by the page's clock too.
func (c *capture) linger(ctx context.Context, wait time.Duration) error {
	if err := c.tab.rest(ctx, wait); err != nil || c.clock.name == "" {
		return err
	}
	return c.on(ctx, func(ctx context.Context) error { return c.passTime(ctx, wait) })
}

func (c *capture) begun() (n int) {
	c.tab.look(func(s *pageState) { n = s.loading.begun })
	return n
}

// quiet waits until the page has all that it asked for. One that never has it
// is waited for only once.
func (c *capture) quiet(ctx context.Context) error {
	if c.clock.noisy {
		return nil
	}
	end := time.Now().Add(quietLimit)
	return c.tab.until(ctx, func(s *pageState) (bool, time.Time) {
		now := time.Now()
		if len(s.loading.pending) > 0 && now.After(end) {
			c.clock.noisy = true
		}
		return len(s.loading.pending) == 0 || c.clock.noisy, now.Add(quietPeriod)
	})
}

// agreed looks at the page until two looks agree, and notes whether they did.
func (c *capture) agreed(ctx context.Context, clip *page.Viewport) ([]byte, error) {
	limit := agreeLimit
	if deadline, ok := ctx.Deadline(); ok {
		limit = min(limit, time.Until(deadline)/2)
	}
	end := time.Now().Add(limit)
	c.shot.Stable, c.shot.PixelHash = false, ""
	for {
		picture, sum, err := c.oneLook(ctx, clip)
		if err != nil {
			return nil, err
		}
		c.shot.Stable, c.shot.PixelHash = sum == c.shot.PixelHash, sum
		if c.shot.Stable {
			return c.packed(ctx, clip, picture)
		}
		if time.Now().After(end) {
			c.warnForNow("not stable: the page kept changing for %s", limit.Round(time.Second))
			return c.packed(ctx, clip, picture)
		}
		if err := c.tab.rest(ctx, agreePause); err != nil {
			return nil, err
		}
	}
}

// oneLook gives the picture, and the hash of its pixels before anything was
// lost. It is a PNG, or, where it came in tiles, already what was asked for.
func (c *capture) oneLook(ctx context.Context, clip *page.Viewport) (picture []byte, sum string, err error) {
	if c.tiled(clip) {
		pixels := sha256.New()
		picture, err = c.inTiles(ctx, clip, pixels)
		return picture, hex.EncodeToString(pixels.Sum(nil)), err
	}
	if picture, err = c.steady(ctx, clip, "png"); err != nil {
		return nil, "", err
	}
	sum, err = pixelHash(picture)
	return picture, sum, err
}

// packed gives the picture in its own format.
func (c *capture) packed(ctx context.Context, clip *page.Viewport, picture []byte) ([]byte, error) {
	if c.options.Format == "png" || c.tiled(clip) {
		return picture, nil
	}
	return c.steady(ctx, clip, c.options.Format)
}

func (c *capture) tiled(clip *page.Viewport) bool { return clip != nil && c.pixels(clip) > onePiece }

// still stops what moves in a deterministic page without its clock.
func (c *capture) still(ctx context.Context) error {
	if c.clock.name == "" {
		return nil
	}
	moving := []string{}
	c.tab.look(func(s *pageState) { moving = slices.AppendSeq(moving, maps.Keys(s.loading.moving)) })
	return c.tab.run(ctx, scriptStill, nil, moving)
}
