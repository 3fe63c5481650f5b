package chrome

import (
	"context"
	"encoding/json"
	"fmt"
	"net/url"
	"strings"
	"time"

	"github.com/chromedp/cdproto/cdp"
	"github.com/chromedp/cdproto/network"
	"github.com/chromedp/cdproto/page"

	"darkroom"
)

// restoreItems has the local storage of the target's own origin put in place.
// It belongs to a document, so that is done when the first of the origin
// comes, before anything of the page's own runs.
func (c *capture) restoreItems(ctx context.Context) error {
	if c.options.StorageState == nil {
		return nil
	}
	own := originOf(c.target)
	var items []darkroom.StateItem
	foreign := 0
	for _, origin := range c.options.StorageState.Origins {
		if parsed, err := url.Parse(origin.Origin); err == nil && originOf(parsed) == own {
			items = append(items, origin.LocalStorage...)
		} else {
			foreign++
		}
	}
	if foreign > 0 {
		c.warn("storage_state: the local storage of %d other origins was left out", foreign)
	}
	if len(items) == 0 {
		return nil
	}
	return c.tab.onFirst(ctx, own, items)
}

// once is a script for the first document of an origin.
type once struct {
	origin string
	id     page.ScriptIdentifier
}

// onFirst has items stored in the first document of the origin. A page that
// then empties its storage and loads itself again finds it empty.
func (t *tab) onFirst(ctx context.Context, origin string, items []darkroom.StateItem) error {
	arguments, err := json.Marshal([]any{origin, items})
	if err != nil {
		return fmt.Errorf("write the local storage as JSON: %w", err)
	}
	added, err := t.addScript(ctx, page.AddScriptToEvaluateOnNewDocumentParams{
		Source: "(" + scriptStore + ")(..." + string(arguments) + ")", WorldName: worldName,
	})
	if err != nil {
		return fmt.Errorf("restore the local storage: %w", err)
	}
	t.mu.Lock()
	defer t.mu.Unlock()
	t.once = once{origin: origin, id: added}
	return nil
}

// landed takes the script for the first document away again. It must not wait.
func (t *tab) landed(address string) {
	t.mu.Lock()
	defer t.mu.Unlock()
	if t.once.id == "" {
		return
	}
	if at, err := url.Parse(address); err == nil && originOf(at) == t.once.origin {
		post(t.session, page.RemoveScriptToEvaluateOnNewDocument, page.RemoveScriptToEvaluateOnNewDocumentParams{Identifier: t.once.id})
		t.once = once{}
	}
}

// stateCookies gives the cookies of the storage state that the target's host
// gets to see, and tells of the others.
func (c *capture) stateCookies(now time.Time) []*network.CookieParam {
	if c.options.StorageState == nil {
		return nil
	}
	var own []*network.CookieParam
	foreign := 0
	for _, cookie := range c.options.StorageState.Cookies {
		switch {
		case !reaches(cookie.Domain, c.target.Hostname()):
			foreign++
		case cookie.Expires > 0 && cookie.Expires < float64(now.Unix()):
		default:
			own = append(own, stateCookie(cookie))
		}
	}
	if foreign > 0 {
		c.warn("storage_state: %d cookies of other sites were left out", foreign)
	}
	return own
}

// reaches reports whether a browser that has the cookie sends it to the host:
// with a dot before its domain to every host below it too.
func reaches(domain, host string) bool {
	if strings.HasPrefix(domain, ".") {
		return belongs(domain, host)
	}
	return strings.EqualFold(domain, host)
}

func stateCookie(cookie darkroom.StateCookie) *network.CookieParam {
	param := &network.CookieParam{
		Name: cookie.Name, Value: cookie.Value, Path: cookie.Path, Secure: cookie.Secure, HTTPOnly: cookie.HTTPOnly,
		SameSite: network.CookieSameSite(cookie.SameSite), URL: "http://" + strings.TrimPrefix(cookie.Domain, ".") + "/",
	}
	if cookie.Path == "" {
		param.Path = "/"
	}
	if cookie.Secure {
		param.URL = "https" + strings.TrimPrefix(param.URL, "http")
	}
	if strings.HasPrefix(cookie.Domain, ".") {
		param.Domain = cookie.Domain
	}
	if cookie.Expires > 0 {
		param.Expires = cdp.TimeSinceEpoch(cookie.Expires)
	}
	return param
}
