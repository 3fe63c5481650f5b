package chrome

import (
	"context"
	"errors"
	"fmt"
	"net/netip"
	"strings"
	"time"

	"github.com/chromedp/cdproto/network"

	"darkroom"
)

// setCookies puts the caller's cookies into the context. One that is for
// another site is left out: it would be a credential in the wrong hands.
func (c *capture) setCookies(ctx context.Context) error {
	var accepted []*network.CookieParam
	for _, cookie := range c.options.Cookies {
		if !belongs(cookie.Domain, c.target.Hostname()) {
			c.warn("cookie %q was left out: its domain is not the target's", shorten(cookie.Name, 64))
			continue
		}
		accepted = append(accepted, c.cookie(cookie))
	}
	accepted = append(accepted, c.stateCookies(time.Now())...)
	if len(accepted) == 0 {
		return nil
	}
	_, err := call(ctx, c.tab.session, network.SetCookies, network.SetCookiesParams{Cookies: accepted})
	if _, refused := errors.AsType[*protocolError](err); refused {
		return c.setOneByOne(ctx, accepted)
	}
	if err != nil {
		return fmt.Errorf("set the cookies: %w", err)
	}
	return nil
}

// setOneByOne finds those that the browser refuses: it names none, and sets
// none when one of them is wrong.
func (c *capture) setOneByOne(ctx context.Context, cookies []*network.CookieParam) error {
	for _, cookie := range cookies {
		_, err := call(ctx, c.tab.session, network.SetCookies, network.SetCookiesParams{Cookies: []*network.CookieParam{cookie}})
		if _, refused := errors.AsType[*protocolError](err); refused {
			c.warn("cookie %q was left out: the browser refused it", shorten(cookie.Name, 64))
		} else if err != nil {
			return fmt.Errorf("set a cookie: %w", err)
		}
	}
	return nil
}

func (c *capture) cookie(cookie darkroom.Cookie) *network.CookieParam {
	param := &network.CookieParam{Name: cookie.Name, Value: cookie.Value, URL: c.target.String(), Path: cookie.Path}
	if param.Path == "" {
		param.Path = "/"
	}
	if _, err := netip.ParseAddr(c.target.Hostname()); err != nil && cookie.Domain != "" {
		param.Domain = cookie.Domain
	}
	// Names with these prefixes are refused unless the cookie is secure.
	if strings.HasPrefix(cookie.Name, "__Secure-") || strings.HasPrefix(cookie.Name, "__Host-") {
		param.Secure = true
	}
	if strings.HasPrefix(cookie.Name, "__Host-") {
		param.Domain, param.Path = "", "/"
	}
	return param
}

// belongs reports whether a cookie of that domain may go to the host: its own
// or a parent. Without a domain it is the host's own.
func belongs(domain, host string) bool {
	domain = strings.ToLower(strings.TrimPrefix(domain, "."))
	host = strings.ToLower(host)
	if domain == "" || domain == host {
		return true
	}
	if _, err := netip.ParseAddr(host); err == nil {
		return false
	}
	return strings.HasSuffix(host, "."+domain)
}
