package chrome

import (
	"testing"
	"time"

	"github.com/chromedp/cdproto/page"
	"github.com/chromedp/cdproto/target"

	"darkroom"
)

// tabNow names the tab in which the next page will be shown.
func (r *rig) tabNow() target.ID {
	r.t.Helper()
	r.settled()
	return r.slot.browser.tab.target
}

// A page that does all it can to leave something behind leaves nothing, and
// the tab stays.
func TestNothingPassesInOneTab(t *testing.T) {
	t.Parallel()
	for name, strict := range map[string]bool{"shared": false, "strict": true} {
		t.Run(name, func(t *testing.T) {
			r := newRig(t, func(c *Config) { c.Strict = strict })
			r.good("/colour/0f0", darkroom.Options{})
			before := r.tabNow()
			for range 3 {
				if title := r.good("/plant-stubborn", darkroom.Options{Delay: 300}).Title; title != "planted" {
					t.Fatalf("planting gave %q", title)
				}
				if r.tabNow() != before {
					t.Error("the tab was replaced: the test shows nothing")
				}
				if got := left(r, "session"); got != "left:" {
					t.Errorf("the next capture finds %q", got)
				}
			}
		})
	}
}

// What a page leaves where emptying the tab does not reach goes with the tab.
func TestTabsThatAreReplaced(t *testing.T) {
	t.Parallel()
	r := newRig(t)
	for _, row := range []struct {
		name, path string
		options    darkroom.Options
		stays      bool
	}{
		{"a plain page", "/colour/0f0", darkroom.Options{}, true},
		{"another origin's frame", "/third-party?other=" + r.other, darkroom.Options{}, false},
		{"a frame of the page's own", "/third-party?other=" + r.url, darkroom.Options{}, true},
		{"a redirect by script to another origin", "/js-redirect?to=" + r.other + "/colour/0f0", darkroom.Options{}, false},
		{"a click", "/button", darkroom.Options{Click: "#b"}, false},
		{"a worker", "/login-worker", darkroom.Options{Delay: 300}, false},
		{"a policy, and all that can be left", "/plant-behind-policy", darkroom.Options{}, false},
		{"a sandbox", "/odd/sandboxed", darkroom.Options{}, false},
		{"a policy that is only reported", "/odd/csp-report-only", darkroom.Options{}, false},
		{"a policy about something else", "/odd/csp-frames", darkroom.Options{}, true},
		{"a policy in the page", "/meta-policy", darkroom.Options{}, false},
		{"a policy without inline scripts", "/csp-inline", darkroom.Options{}, false},
		{"a policy without anything", "/csp", darkroom.Options{}, false},
		{"a policy of trusted types", "/odd/trusted-types", darkroom.Options{}, false},
		{"a question before leaving", "/beforeunload", darkroom.Options{}, true},
		{"a failure", "/status/404", darkroom.Options{FailOnStatus: []string{"4xx"}}, false},
		{"a page that hangs when it is left", "/clings", darkroom.Options{}, false},
	} {
		t.Run(row.name, func(t *testing.T) {
			r.t = t
			before := r.tabNow()
			_, err := r.take(row.path, row.options)
			if (err != nil) != (row.name == "a failure") {
				t.Fatal(err)
			}
			if stays := r.tabNow() == before; stays != row.stays {
				t.Errorf("the tab stays: %v", stays)
			}
			if got := left(r, "session"); got != "left:" {
				t.Errorf("the next capture finds %q", got)
			}
		})
	}
	if reports := r.site.Visits("/policy-report"); len(reports) > 0 {
		t.Errorf("the owner of a page was sent %d reports", len(reports))
	}
}

// Whatever brings an emptied tab elsewhere costs it its place.
func TestATabThatWanders(t *testing.T) {
	t.Parallel()
	r := newRig(t)
	r.good("/colour/0f0", darkroom.Options{})
	before := r.tabNow()
	away := r.slot.browser.tab
	if _, err := call(t.Context(), away.session, page.Navigate, page.NavigateParams{URL: r.url + "/plant-stubborn"}); err != nil {
		t.Fatal(err)
	}
	if err := away.until(t.Context(), func(s *pageState) (bool, time.Time) { return s.ready("load"), time.Time{} }); err != nil {
		t.Fatal(err)
	}
	if got := left(r, "session"); got != "left:" {
		t.Errorf("the next capture finds %q", got)
	}
	if r.tabNow() == before {
		t.Error("the tab is the same")
	}
}

// What one capture asks for must not hold for the next one in its tab.
func TestOptionsAreTakenBack(t *testing.T) {
	t.Parallel()
	r := newRig(t)
	plain := func(path string) string { r.t.Helper(); return r.good(path, darkroom.Options{}).Title }
	const clock = "/fact?of=String(Date.now())"
	for _, row := range []struct {
		name, path string // where it can be seen
		options    darkroom.Options
	}{
		{"block_ads", "/colour/0f0", darkroom.Options{BlockAds: true, BlockTrackers: true}},
		{"block_cookie_banners", "/colour/0f0", darkroom.Options{BlockCookieBanners: true}},
		{"deterministic", clock, darkroom.Options{Deterministic: true}},
		{"bypass_csp", "/meta-policy", darkroom.Options{BypassCSP: true}},
		{"dark_mode", "/fact?of=String(matchMedia('(prefers-color-scheme:dark)').matches)", darkroom.Options{DarkMode: true}},
		{"width", "/fact?of=String(innerWidth)", darkroom.Options{Width: 500}},
		{"user_agent", "/fact?of=navigator.userAgent", darkroom.Options{UserAgent: "Odd/1"}},
		{"timezone", "/fact?of=String(new Date(0))", darkroom.Options{Timezone: "Asia/Tokyo"}},
		{"locale", "/fact?of=navigator.language", darkroom.Options{Locale: "de-DE"}},
	} {
		t.Run(row.name, func(t *testing.T) {
			r.t = t
			without := plain(row.path)
			before := r.tabNow()
			with := r.good(row.path, row.options).Title
			if r.tabNow() != before {
				t.Error("the tab was replaced: the test shows nothing")
			}
			if row.path == clock {
				if now := plain(row.path); len(now) != len(without) || now <= without {
					t.Errorf("the clock shows %s after %s", now, without)
				}
				return
			}
			if row.path != "/colour/0f0" && with == without {
				t.Errorf("the option does nothing: %q", with)
			}
			if now := plain(row.path); now != without {
				t.Errorf("the next capture finds %q, before it was %q", now, without)
			}
		})
	}
}
