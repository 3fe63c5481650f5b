package chrome

import (
	"io"
	"net/http"
	"net/http/httptest"
	"net/url"
	"strings"
	"testing"
	"time"

	"github.com/chromedp/cdproto/emulation"

	"darkroom"
	"darkroom/internal/egress"
)

// whereAmI asks the browser for its position and writes the answer into the
// title.
const whereAmI = `document.title = await new Promise(r => navigator.geolocation.getCurrentPosition(
  p => r(p.coords.latitude + ',' + p.coords.longitude), e => r('refused')))`

func TestGeolocation(t *testing.T) {
	t.Parallel()
	r := newRig(t)
	here := darkroom.Options{Geolocation: &darkroom.Geolocation{Latitude: 52.5, Longitude: -13.25}, JS: whereAmI}
	for _, row := range []struct {
		name, path string
		options    darkroom.Options
		want       string
	}{
		{"without", "/colour/fff", darkroom.Options{JS: whereAmI}, "refused"},
		{"asked for", "/colour/fff", here, "52.5,-13.25"},
		{"the next capture", "/colour/fff", darkroom.Options{JS: whereAmI}, "refused"},
		{"another origin after a redirect", "/redirect?to=" + r.other + "/colour/fff", here, "refused"},
	} {
		t.Run(row.name, func(t *testing.T) {
			r.t = t
			if got := r.good(row.path, row.options).Title; got != row.want {
				t.Errorf("the page is told %q, want %q", got, row.want)
			}
		})
	}
	t.Run("a frame from elsewhere", func(t *testing.T) {
		r.t = t
		here.JS = `const f = document.createElement('iframe'); f.src = '` + r.other + `/where';
			document.title = await new Promise(r => { onmessage = e => r(e.data); document.body.append(f) })`
		if got := r.good("/colour/fff", here).Title; got != "refused" {
			t.Errorf("the frame is told %q", got)
		}
	})
}

func TestTimezone(t *testing.T) {
	t.Parallel()
	r := newRig(t)
	const zone = "Intl.DateTimeFormat().resolvedOptions().timeZone + new Date(0).getTimezoneOffset()"
	for _, row := range []struct {
		options darkroom.Options
		want    string
	}{
		{darkroom.Options{}, "UTC0"},
		{darkroom.Options{Timezone: "America/New_York"}, "America/New_York300"},
		{darkroom.Options{Timezone: "America/New_York"}, "America/New_York300"},
		{darkroom.Options{Timezone: "Asia/Tokyo"}, "Asia/Tokyo-540"},
		{darkroom.Options{}, "UTC0"},
	} {
		if got := r.fact(zone, row.options); got != row.want {
			t.Errorf("with %q the page is in %q, want %q", row.options.Timezone, got, row.want)
		}
	}
}

// Every name that a job may give must be one that the browser knows.
func TestEveryTimezone(t *testing.T) {
	t.Parallel()
	r := newRig(t)
	r.settled()
	for _, name := range darkroom.Timezones() {
		_, err := call(t.Context(), r.slot.browser.tab.session, emulation.SetTimezoneOverride, emulation.SetTimezoneOverrideParams{TimezoneID: name})
		if err != nil {
			t.Errorf("%s: %v", name, err)
		}
	}
}

// After a page that failed, or one that must be stopped, the process may still
// have the time zone and the language of before.
func TestTimezoneAndLocaleAfterAFailure(t *testing.T) {
	t.Parallel()
	r := newRig(t)
	abroad := darkroom.Options{Timezone: "Asia/Tokyo", Locale: "ja-JP"}
	const both = "Intl.DateTimeFormat().resolvedOptions().timeZone + Intl.DateTimeFormat().resolvedOptions().locale"
	for _, path := range []string{"/status/404", "/spin", "/heap"} {
		options := abroad
		options.Timeout = 2000
		if _, err := r.take(path, options); err == nil {
			t.Fatalf("%s did not fail", path)
		}
		if got := r.fact(both, abroad); got != "Asia/Tokyoja-JP" {
			t.Errorf("after %s: %q", path, got)
		}
		if got := r.fact(both, darkroom.Options{Timezone: "Europe/Paris", Locale: "fr"}); got != "Europe/Parisfr" {
			t.Errorf("then: %q", got)
		}
	}
}

func TestReducedMotion(t *testing.T) {
	t.Parallel()
	r := newRig(t)
	const asked = "matchMedia('(prefers-reduced-motion: reduce)').matches + ' ' + matchMedia('(prefers-color-scheme: dark)').matches"
	for _, row := range []struct {
		options darkroom.Options
		want    string
	}{
		{darkroom.Options{}, "false false"},
		{darkroom.Options{ReducedMotion: true}, "true false"},
		{darkroom.Options{ReducedMotion: true, DarkMode: true}, "true true"},
		{darkroom.Options{}, "false false"},
	} {
		if got := r.fact(asked, row.options); got != row.want {
			t.Errorf("%+v: %q, want %q", row.options, got, row.want)
		}
	}
}

func TestBypassCSP(t *testing.T) {
	t.Parallel()
	r := newRig(t)
	for bypass, want := range map[bool]string{true: "green", false: "white"} {
		shot := r.good("/csp-inline", darkroom.Options{BypassCSP: bypass})
		if got := at(decode(t, shot), 500, 500); got != want {
			t.Errorf("bypass_csp %v: the page is %s, want %s", bypass, got, want)
		}
	}
	if got := at(decode(t, r.good("/csp-inline", darkroom.Options{})), 500, 500); got != "white" {
		t.Errorf("the next capture: the page is %s", got)
	}
}

func TestBasicAuth(t *testing.T) {
	t.Parallel()
	r := newRig(t)
	login := func(password string) darkroom.Options {
		return darkroom.Options{Secrets: darkroom.Secrets{BasicAuth: &darkroom.BasicAuth{Username: "me", Password: password}}}
	}
	r.fails("/auth", darkroom.Options{}, darkroom.CodeHTTPError)
	if title := r.good("/auth", login("secret")).Title; title != "in" {
		t.Errorf("with the password: %q", title)
	}
	r.fails("/auth", login("wrong"), darkroom.CodeHTTPError)
	r.fails("/auth", darkroom.Options{}, darkroom.CodeHTTPError)
	// What the page itself sends stays as it is.
	own := login("secret")
	own.JS = `document.title = await fetch('/told?own', {headers: {Authorization: 'Bearer page'}}).then(r => r.status)`
	r.good("/auth", own)
	if sent := r.site.Visits("/told")[0].Header.Get("Authorization"); sent != "Bearer page" {
		t.Errorf("the page's own request carries %q", sent)
	}
}

// TestPasswordsGoToTheTargetOnly watches a third party's picture and frame, and
// what lies behind redirects to it.
func TestPasswordsGoToTheTargetOnly(t *testing.T) {
	t.Parallel()
	r := newRig(t)
	options := darkroom.Options{Secrets: darkroom.Secrets{
		BasicAuth: &darkroom.BasicAuth{Username: "me", Password: "secret"}, Headers: map[string]string{"X-Secret": "s3"},
	}}
	other := url.QueryEscape(r.other)
	r.good("/third-party?other="+r.other, options)
	r.good("/leaky-image?other="+r.other, options)
	r.good("/redirect?to="+other+"/colour/0f0", options)
	r.good("/redirect?to="+url.QueryEscape(r.other+"/redirect?to="+url.QueryEscape(r.url+"/colour/0f0")), options)
	own, foreign := strings.TrimPrefix(r.url, "http://"), strings.TrimPrefix(r.other, "http://")
	seen := map[string]int{}
	for _, visit := range r.site.Visits("") {
		seen[visit.Host+visit.Path]++
		sent := visit.Header.Get("Authorization") + visit.Header.Get("X-Secret")
		if visit.Host == own && sent != "Basic bWU6c2VjcmV0s3" {
			t.Errorf("%s of the target came with %q", visit.Path, sent)
		}
		if visit.Host == foreign && sent != "" {
			t.Errorf("%s of another origin came with %q", visit.Path, sent)
		}
	}
	for _, want := range []string{own + "/third-party", foreign + "/solid.svg", foreign + "/colour/fff", foreign + "/colour/0f0", foreign + "/redirect", own + "/colour/0f0"} {
		if seen[want] == 0 {
			t.Errorf("%s was never asked for, so nothing was shown", want)
		}
	}
}

func TestIgnoreHTTPSErrors(t *testing.T) {
	t.Parallel()
	stranger := newAuthority(t, "Stranger")
	for _, allowed := range []bool{true, false} {
		r := newRig(t, func(c *Config) { c.AllowInsecureTLS = allowed })
		r.url = stranger.serve(t, r, "127.0.0.1", time.Now().Add(-time.Hour))
		r.fails("/colour/0f0", darkroom.Options{}, darkroom.CodeTLSError)
		if !allowed {
			r.fails("/colour/0f0", darkroom.Options{IgnoreHTTPSErrors: true}, darkroom.CodeTLSError)
			continue
		}
		shot := r.good("/colour/0f0", darkroom.Options{IgnoreHTTPSErrors: true})
		wantPixel(t, decode(t, shot), 5, 5, "green")
		wantWarning(t, shot, "certificates were not checked")
		r.fails("/colour/0f0", darkroom.Options{}, darkroom.CodeTLSError)
	}
}

// jobProxy is an HTTP proxy in the style of a job's own, which keeps what it
// was asked for.
func jobProxy(t *testing.T) (address string, asked func() []string) {
	t.Helper()
	lines := make(chan string, 1000)
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, q *http.Request) {
		if q.Header.Get("Proxy-Authorization") != "Basic bWU6czNjcmV0" {
			w.WriteHeader(http.StatusProxyAuthRequired)
			return
		}
		lines <- q.Method + " " + q.RequestURI
		q.RequestURI = ""
		response, err := http.DefaultTransport.RoundTrip(q)
		if err != nil {
			w.WriteHeader(http.StatusBadGateway)
			return
		}
		defer func() { _ = response.Body.Close() }()
		w.Header().Set("Content-Type", response.Header.Get("Content-Type"))
		w.WriteHeader(response.StatusCode)
		_, _ = io.Copy(w, response.Body)
	}))
	t.Cleanup(server.Close)
	return server.Listener.Addr().String(), func() (all []string) {
		for {
			select {
			case line := <-lines:
				all = append(all, line)
			default:
				return all
			}
		}
	}
}

func through(address string) darkroom.Options {
	return darkroom.Options{Secrets: darkroom.Secrets{Proxy: "http://" + address}}
}

func TestProxy(t *testing.T) {
	t.Parallel()
	r := newRig(t)
	address, asked := jobProxy(t)
	r.good("/colour/00f", darkroom.Options{})
	r.settled()
	before := r.slot.browser.context
	wantPixel(t, decode(t, r.good("/colour/0f0", through("me:s3cret@"+address))), 5, 5, "green")
	if got := asked(); len(got) == 0 || got[0] != "GET "+r.url+"/colour/0f0" {
		t.Errorf("the proxy was asked for %q", got)
	}
	r.settled()
	if r.slot.browser.context == before {
		t.Error("pages that came by different ways share a context")
	}
	between := r.slot.browser.context
	r.good("/colour/0f0?2", through("me:s3cret@"+address))
	r.settled()
	if r.slot.browser.context != between {
		t.Error("pages that came by the same way do not share a context")
	}
	r.good("/colour/00f", darkroom.Options{})
	if got := asked(); len(got) != 1 {
		t.Errorf("then it was asked for %q", got)
	}
	if failure := r.fails("/colour/0f0", through("me:wrong@"+address), darkroom.CodeConnectionRefused); strings.Contains(failure.Error(), "wrong") {
		t.Errorf("the failure shows the password: %v", failure)
	}
	r.fails("/colour/0f0", through("127.0.0.1:"+freePort(t)), darkroom.CodeConnectionRefused)
}

func TestProxiesMayBeRefused(t *testing.T) {
	t.Parallel()
	address, asked := jobProxy(t)
	r := newRig(t, func(c *Config) { c.RefuseProxies = true })
	r.fails("/colour/0f0", through("me:s3cret@"+address), darkroom.CodeBlockedTarget)
	policy, err := egress.NewPolicy(egress.Config{AllowPrivate: true, Deny: []string{address}})
	if err != nil {
		t.Fatal(err)
	}
	r = newRig(t, func(c *Config) { c.Policy = policy })
	r.fails("/colour/0f0", through("me:s3cret@"+address), darkroom.CodeBlockedTarget)
	if got := asked(); len(got) > 0 || len(r.site.Visits("")) > 0 {
		t.Errorf("it was asked for %q", got)
	}
	r.good("/colour/0f0", darkroom.Options{})
}
