package chrome

import (
	"context"
	"fmt"

	"github.com/chromedp/cdproto/browser"
	"github.com/chromedp/cdproto/emulation"
	"github.com/chromedp/cdproto/page"
	"github.com/chromedp/cdproto/security"

	"darkroom"
	"darkroom/internal/egress"
)

// access is what the operator lets jobs ask for beyond looking at a page.
type access struct {
	policy        *egress.Policy
	insecureTLS   bool
	refuseProxies bool
}

// route gives the proxy that the job's requests go through, nil for none.
func (a access) route(options darkroom.Options) (*egress.Chain, error) {
	if options.Proxy == "" {
		return nil, nil
	}
	if a.refuseProxies {
		return nil, darkroom.Errorf(darkroom.CodeBlockedTarget, "this server takes no proxies from jobs")
	}
	chain, err := a.policy.AdmitProxy(options.Proxy)
	if err != nil {
		return nil, darkroom.Errorf(darkroom.CodeBlockedTarget, "the proxy of the job may not be reached: %w", err)
	}
	return chain, nil
}

// permit grants what the options ask for beyond the window. A page without
// such options costs nothing here.
func (c *capture) permit(ctx context.Context) error {
	var commands []*pending
	if c.options.BypassCSP {
		commands = append(commands, post(c.tab.session, page.SetBypassCSP, page.SetBypassCSPParams{Enabled: true}))
		c.tab.forCapture(func() *pending {
			return post(c.tab.session, page.SetBypassCSP, page.SetBypassCSPParams{Enabled: false})
		})
	}
	if c.options.IgnoreHTTPSErrors {
		commands = append(commands, c.trustAnyone()...)
	}
	if c.options.Geolocation != nil {
		commands = append(commands, c.placeAt(*c.options.Geolocation)...)
	}
	if err := waitAll(ctx, commands...); err != nil {
		return fmt.Errorf("grant what the options ask for: %w", err)
	}
	return c.restoreItems(ctx)
}

func (c *capture) trustAnyone() []*pending {
	if !c.access.insecureTLS {
		c.warn("ignore_https_errors is not allowed on this server: certificates were checked")
		return nil
	}
	c.warn("certificates were not checked (ignore_https_errors)")
	return []*pending{post(c.tab.session, security.SetIgnoreCertificateErrors, security.SetIgnoreCertificateErrorsParams{Ignore: true})}
}

// accuracy of the place that a page is told, in metres: that of a telephone.
const accuracy = 10

// placeAt grants the position to the target's own origin and to no other.
func (c *capture) placeAt(place darkroom.Geolocation) []*pending {
	return []*pending{
		post(c.tab.session, emulation.SetGeolocationOverride, emulation.SetGeolocationOverrideParams{
			Latitude: new(place.Latitude), Longitude: new(place.Longitude), Accuracy: new(float64(accuracy)),
		}),
		post(c.root, browser.SetPermission, browser.SetPermissionParams{
			Permission: &browser.PermissionDescriptor{Name: "geolocation"}, Setting: browser.PermissionSettingGranted,
			Origin: originOf(c.target), BrowserContextID: c.context,
		}),
	}
}

// leavesCredentials reports whether the browser's context now knows more than
// the next capture may. The job's proxy is not part of that: a context belongs
// to one.
func (c *capture) leavesCredentials() bool {
	secrets := c.options.Secrets
	secrets.Proxy = ""
	return !secrets.Empty() || c.options.IgnoreHTTPSErrors || c.options.Geolocation != nil
}

// sessionOf is what captures must have in common to share a context: the
// session, and the way to their targets.
func sessionOf(request darkroom.CaptureRequest) string {
	if request.Options.Proxy == "" || request.Session == "" {
		return request.Session
	}
	return request.Session + " through " + request.Options.Proxy
}

func (e *Engine) access() access {
	return access{policy: e.config.Policy, insecureTLS: e.config.AllowInsecureTLS, refuseProxies: e.config.RefuseProxies}
}
