package chrome

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"time"

	"github.com/chromedp/cdproto/cdp"

	"darkroom"
)

// Bounds of the other try that a picture of poor quality gets.
const (
	patience     = 8 * time.Second // for a page that is not done
	reloadLimit  = 20 * time.Second
	leastSecond  = 1500 * time.Millisecond // of another try
	lookPeriod   = 250 * time.Millisecond
	calmLooks    = 2 // in a row without change, before a page counts as done
	blankPortion = 50_000
)

// faults is what is wrong with a picture or its page.
type faults struct {
	Wall    string `json:"wall"`    // who asks whether the visitor is a person; "" = nobody
	Loading bool   `json:"loading"` // it shows little else than that it is loading
	Missing int    `json:"missing"` // images that could not be shown
	Images  int    `json:"images"`  // all of them
	Size    int    `json:"size"`    // of text and elements: another number is another page
	blank   bool   // the picture has one colour
}

func (f faults) any() bool { return f.Wall != "" || f.Loading || f.Missing > 0 || f.blank }

// worse is a rough order: what cannot be seen at all is the worst.
func (f faults) worse(than faults) bool { return f.weight() > than.weight() }

// grave is the weight of a fault that hides the page; missing images weigh less
// all together.
const grave = 1000

func (f faults) weight() int {
	weight := min(f.Missing, grave-1)
	for _, hidden := range []bool{f.blank, f.Wall != "", f.Loading} {
		if hidden {
			weight += grave
		}
	}
	return weight
}

func (f faults) warn(c *capture) {
	if f.Wall != "" {
		c.warn("quality: the page is a bot check (%s)", f.Wall)
	}
	if f.Loading {
		c.warn("quality: the page still says that it is loading")
	}
	if f.blank {
		c.warn("quality: the picture is blank: it has only one colour")
	}
	if f.Missing > 0 {
		c.warn("quality: %d of %d images are missing", f.Missing, f.Images)
	}
}

// lookAgain is the quality gate: a picture with faults gets another try, and
// what is still wrong becomes a warning. It never fails: the first picture is
// there.
func (c *capture) lookAgain(ctx context.Context) {
	if !c.options.QualityGate {
		return
	}
	found, err := c.judgeLook(ctx)
	if err == nil && found.any() {
		found, err = c.secondTry(ctx, found)
	}
	if err != nil {
		c.trouble = c.explain(ctx, err)
	}
	found.warn(c)
}

// secondTry gives the faults of the picture that is kept: the better one.
func (c *capture) secondTry(ctx context.Context, first faults) (faults, error) {
	limit := patience
	if first.weight() < grave {
		limit = reloadLimit
	}
	if deadline, ok := ctx.Deadline(); ok {
		limit = min(limit, time.Until(deadline)*3/4)
	}
	if limit < leastSecond {
		return first, nil
	}
	ctx, cancel := context.WithTimeout(ctx, limit)
	defer cancel()
	kept := c.shot
	c.shot.Warnings = slices.DeleteFunc(slices.Clone(kept.Warnings), func(text string) bool { return slices.Contains(c.fleeting, text) })
	second, err := c.retake(ctx, first)
	if err != nil || second.worse(first) {
		c.shot = kept
		return first, err
	}
	return second, nil
}

// retake loads a page that only lacks images once more, with more patience;
// any other is given the time that it seems to want.
func (c *capture) retake(ctx context.Context, first faults) (faults, error) {
	c.tried, c.walked, c.scrolled = true, 0, 0
	begin := stepOpen
	if first.weight() < grave {
		c.options.WaitUntil = "networkidle"
	} else {
		elsewhere, err := c.waitForMore(ctx, first)
		if err != nil {
			return first, err
		}
		begin = stepScroll
		if elsewhere {
			begin = stepElement
		}
	}
	steps := c.steps()
	at := slices.IndexFunc(steps, func(s step) bool { return s.name == begin })
	if err := walk(ctx, steps[at:]); err != nil {
		return first, err
	}
	return c.judgeLook(ctx)
}

// waitForMore waits until the page has changed and rests again, for as long as
// the context allows less what a picture takes. It tells whether the page went
// elsewhere, as a bot check does when it is content.
func (c *capture) waitForMore(ctx context.Context, first faults) (elsewhere bool, err error) {
	began := c.loader()
	end := time.Now().Add(patience / 2)
	if deadline, ok := ctx.Deadline(); ok {
		end = time.Now().Add(time.Until(deadline) / 2)
	}
	last, same := first, 0
	for time.Now().Before(end) {
		if err := c.linger(ctx, lookPeriod); err != nil {
			return false, err
		}
		now, err := c.inspect(ctx)
		if err != nil {
			return false, err
		}
		if same++; now.Size != last.Size {
			same = 0
		}
		last = now
		if now.Size != first.Size && now.Wall == "" && !now.Loading && same >= calmLooks {
			break
		}
	}
	return c.loader() != began, nil
}

func (c *capture) loader() (loader cdp.LoaderID) {
	c.tab.look(func(s *pageState) { loader = s.loader })
	return loader
}

func (c *capture) inspect(ctx context.Context) (found faults, err error) {
	err = c.on(ctx, func(ctx context.Context) error { return c.tab.run(ctx, scriptInspect, &found, c.wholly()) })
	return found, err
}

// judgeLook looks at the page and at its picture.
func (c *capture) judgeLook(ctx context.Context) (faults, error) {
	found, err := c.inspect(ctx)
	if err != nil {
		return faults{}, fmt.Errorf("look at the page: %w", err)
	}
	picture := c.shot.Image
	if c.options.Format == darkroom.FormatPDF {
		if picture, err = c.window(ctx); err != nil {
			return faults{}, fmt.Errorf("look at the page: %w", err)
		}
	}
	found.blank, err = blank(picture)
	return found, err
}

// blank reports whether a picture has one colour, a few specks aside: fewer
// than a single letter has.
func blank(picture []byte) (bool, error) {
	const tolerance = 8 // of a channel: lossy formats waver
	var reference []byte
	total, different := 0, 0
	err := eachRow(picture, func(row []byte) bool {
		if reference == nil {
			reference = append([]byte{}, row[:3]...)
		}
		for i := 0; i < len(row); i += 4 {
			if distance(row[i], reference[0]) > tolerance || distance(row[i+1], reference[1]) > tolerance || distance(row[i+2], reference[2]) > tolerance {
				different++
			}
		}
		total += len(row) / 4
		return true
	})
	if err != nil {
		return false, errors.Join(errors.New("look at the picture"), err)
	}
	return different <= total/blankPortion, nil
}
