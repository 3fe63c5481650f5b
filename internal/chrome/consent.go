package chrome

import (
	"context"
	_ "embed" // the library that knows the banners
	"fmt"
	"strings"
	"time"

	"github.com/chromedp/cdproto/cdp/jsonv2"
	"github.com/chromedp/cdproto/page"
	"github.com/chromedp/cdproto/runtime"
)

// The library comes from elsewhere, under a licence of its own: see
// consent/README.md.
//
//go:embed consent/autoconsent.js
var consentLibrary string

//go:embed consent/rules.json
var consentRules string

//go:embed consent/glue.js
var consentGlue string

// Limits of the work on cookie banners, from when the page has settled.
const (
	bannerLimit    = 8 * time.Second         // all of it
	bannerPatience = 800 * time.Millisecond  // for a page that shows no sign of one
	popupPatience  = 2500 * time.Millisecond // for one with the scripts of a banner, which may not show
	answerLimit    = time.Second             // for what the library wants to know of the page's own world
)

// refuseCookies has the library refuse what a cookie banner asks for, and then
// hides what is left of the banner and of what it did to the page.
func (c *capture) refuseCookies(ctx context.Context) error {
	if !c.options.BlockCookieBanners {
		return nil
	}
	if err := c.settle(ctx); err != nil {
		return err
	}
	if err := c.consult(ctx); err != nil {
		return err
	}
	if err := c.awaitRefusal(ctx); err != nil {
		return err
	}
	had := false
	err := c.on(ctx, func(ctx context.Context) (err error) { had, err = c.unveil(ctx); return err })
	if err != nil || !had {
		return err
	}
	return c.resettle(ctx)
}

// consult starts the library in the page and its frames, and in every document
// to come: some pages load again once they are refused.
func (c *capture) consult(ctx context.Context) error {
	rules, err := jsonv2.Marshal(consentRules)
	if err != nil {
		return fmt.Errorf("write the rules for banners: %w", err)
	}
	source := strings.NewReplacer("/* LIBRARY */", consentLibrary, `"RULES"`, string(rules)).Replace(consentGlue)
	_, err = c.tab.addScript(ctx, page.AddScriptToEvaluateOnNewDocumentParams{
		Source: source, WorldName: worldName, RunImmediately: new(true),
	})
	if err != nil {
		return fmt.Errorf("look for banners: %w", err)
	}
	return nil
}

// awaitRefusal gives the library its time.
func (c *capture) awaitRefusal(ctx context.Context) error {
	limit := bannerLimit
	if deadline, ok := ctx.Deadline(); ok {
		limit = min(limit, time.Until(deadline)/2)
	}
	answers := []reply{}
	for began := time.Now(); time.Since(began) < limit; {
		var state bannerState
		err := c.on(ctx, func(ctx context.Context) error { return c.tab.run(ctx, scriptBannerState, &state, answers, banners()) })
		if err != nil {
			return err
		}
		if state.over(time.Since(began)) {
			return nil
		}
		if answers = c.ask(ctx, state.Questions); len(answers) > 0 {
			continue
		}
		if err := c.tab.rest(ctx, pollPeriod); err != nil {
			return err
		}
	}
	return nil
}

// bannerState is how far the library has come.
type bannerState struct {
	Running   bool       `json:"running"` // it is refusing
	Found     bool       `json:"found"`   // there are scripts of a banner, or one that only its own frame can refuse
	Done      bool       `json:"done"`    // it has refused, or found nothing
	Questions []question `json:"questions"`
}

// over reports whether waiting for more is of no use.
func (s bannerState) over(waited time.Duration) bool {
	switch {
	case s.Running || len(s.Questions) > 0:
		return false
	case s.Done:
		return true
	case s.Found:
		return waited > popupPatience
	}
	return waited > bannerPatience
}

// question is code of the library for the page's own world.
type question struct {
	ID   string `json:"id"`
	Code string `json:"code"`
}

type reply struct {
	ID  string `json:"id"`
	Yes bool   `json:"yes"`
}

// ask puts the library's questions to the page's own world. What fails counts
// as no: the library has other ways.
func (c *capture) ask(ctx context.Context, questions []question) []reply {
	ctx, cancel := context.WithTimeout(ctx, answerLimit)
	defer cancel()
	asked := make([]*pending, len(questions))
	for i, question := range questions {
		asked[i] = post(c.tab.session, runtime.Evaluate, runtime.EvaluateParams{
			Expression:   `(async () => Boolean(await ` + question.Code + `))()`,
			AwaitPromise: new(true), ReturnByValue: new(true), Silent: new(true), AllowUnsafeEvalBlockedByCSP: new(true),
		})
	}
	answers := make([]reply, len(questions))
	for i, question := range questions {
		answers[i] = reply{ID: question.ID, Yes: affirms(asked[i].wait(ctx))}
	}
	return answers
}

func affirms(raw []byte, err error) bool {
	var given runtime.EvaluateResult
	return err == nil && jsonv2.Unmarshal(raw, &given, jsonv2.AllowInvalidUTF8(true)) == nil &&
		given.ExceptionDetails == nil && given.Result != nil && string(given.Result.Value) == "true"
}

// unveil hides banners that the library does not know, or could not refuse, and
// lets the page scroll again that one of them had stopped. had says whether
// there was one.
func (c *capture) unveil(ctx context.Context) (had bool, err error) {
	if !c.options.BlockCookieBanners {
		return false, nil
	}
	err = c.tab.run(ctx, scriptUnveil, &had, banners())
	return had, err
}
