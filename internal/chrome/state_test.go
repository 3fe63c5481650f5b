package chrome

import (
	"slices"
	"strings"
	"testing"

	"darkroom"
)

// planted makes a page put something in every place that a browser remembers.
func planted(r *rig, session string) {
	r.t.Helper()
	shot, err := r.takeIn(session, "/plant", darkroom.Options{WaitUntil: "networkidle", Delay: 300})
	if err != nil || shot.Title != "planted" {
		r.t.Fatalf("planting: %q, %v", shot.Title, err)
	}
}

func left(r *rig, session string) string {
	r.t.Helper()
	shot, err := r.takeIn(session, "/probe", darkroom.Options{Delay: 1500})
	if err != nil {
		r.t.Fatal(err)
	}
	return shot.Title
}

// TestNothingPasses plants cookies, storage of every kind, workers, history
// and a window name, and looks for them in the next captures.
func TestNothingPasses(t *testing.T) {
	t.Parallel()
	r := newRig(t)
	planted(r, "a")
	if got := left(r, "a"); got != "left:" {
		t.Errorf("the next capture of the session finds %q", got)
	}
	planted(r, "a")
	if got := left(r, "b"); got != "left:" {
		t.Errorf("another session finds %q", got)
	}
	planted(r, "b")
	r.fails("/spin", darkroom.Options{Timeout: 2000}, darkroom.CodeTimeout)
	if got := left(r, "b"); got != "left:" {
		t.Errorf("after a page that had to be killed: %q", got)
	}
}

// The test above means something only if the probe finds what is there.
func TestTheProbeFinds(t *testing.T) {
	t.Parallel()
	r := newRig(t)
	script := `
		const frame = document.createElement('iframe'); frame.src = '/plant'; document.body.append(frame);
		for (let i = 0; i < 200 && frame.contentDocument?.title !== 'planted'; i++) await new Promise(r => setTimeout(r, 100));
		window.name = 'x'; location.href = '/probe'`
	shot := r.good("/colour/fff", darkroom.Options{JS: script, Delay: 2500})
	for _, what := range []string{"name", "cookie", "local", "session", "history", "indexeddb", "cache", "worker", "file", "heard-service"} {
		if !strings.Contains(shot.Title, what) {
			t.Errorf("the probe overlooks %s: %q", what, shot.Title)
		}
	}
}

func TestPasswordsAreForgotten(t *testing.T) {
	t.Parallel()
	r := newRig(t)
	for path, title := range map[string]string{
		"/login": "200", "/login-frame": "200", "/login-worker": "200", "/login-blob": "200", "/login-shared-worker": "200", "/login-url": "in",
	} {
		t.Run(path, func(t *testing.T) {
			r.t = t
			shot, err := r.take(path, darkroom.Options{Delay: 500})
			if err != nil || shot.Title != title {
				t.Fatalf("logging in gave %q, %v", shot.Title, err)
			}
			if title := r.good("/logged-in", darkroom.Options{}).Title; title != "401" {
				t.Errorf("the next capture is let in: %s", title)
			}
		})
	}
}

func TestCookies(t *testing.T) {
	t.Parallel()
	r := newRig(t)
	options := darkroom.Options{Secrets: darkroom.Secrets{Cookies: []darkroom.Cookie{
		{Name: "mine", Value: "1"},
		{Name: "path", Value: "2", Path: "/elsewhere"},
		{Name: "other", Value: "3", Domain: "example.com"},
		{Name: "host", Value: "4", Domain: "127.0.0.1"},
	}}}
	shot := r.good("/colour/0f0", options)
	sent := r.site.Visits("/colour/0f0")[0].Header.Get("Cookie")
	for cookie, want := range map[string]bool{"mine=1": true, "host=4": true, "path=2": false, "other=3": false} {
		if strings.Contains(sent, cookie) != want {
			t.Errorf("Cookie is %q; %s in it should be %v", sent, cookie, want)
		}
	}
	wantWarning(t, shot, `cookie "other" was left out`)
	if strings.Contains(strings.Join(shot.Warnings, ""), "3") {
		t.Errorf("a warning shows a value: %q", shot.Warnings)
	}
	r.good("/colour/00f", darkroom.Options{})
	if sent := r.site.Visits("/colour/00f")[0].Header.Get("Cookie"); sent != "" {
		t.Errorf("the next capture sends Cookie %q", sent)
	}
}

func TestHeadersGoToTheTargetOnly(t *testing.T) {
	t.Parallel()
	r := newRig(t)
	options := darkroom.Options{Secrets: darkroom.Secrets{
		Headers: map[string]string{"X-Secret": "s3", "Accept-Language": "tlh"},
		Cookies: []darkroom.Cookie{{Name: "both", Value: "1"}},
	}}
	r.good("/third-party?other="+r.other, options)
	r.good("/leaky-image?other="+r.other, options)
	r.good("/redirect?to="+r.other+"/colour/0f0", options)
	own, foreign := strings.TrimPrefix(r.url, "http://"), strings.TrimPrefix(r.other, "http://")
	var seen []string
	for _, visit := range r.site.Visits("") {
		seen = append(seen, visit.Host+visit.Path)
		switch secret := visit.Header.Get("X-Secret"); {
		case visit.Host == own && secret != "s3":
			t.Errorf("%s on the target's origin came without the header: %v", visit.Path, visit.Header)
		case visit.Host == foreign && secret != "":
			t.Errorf("%s on another origin came with the header", visit.Path)
		}
		if visit.Host == own && (visit.Header.Get("Accept-Language") != "tlh" || !strings.Contains(visit.Header.Get("Cookie"), "both=1")) {
			t.Errorf("%s: a replaced header or a cookie is missing: %v", visit.Path, visit.Header)
		}
	}
	for _, want := range []string{own + "/third-party", own + "/solid.svg", foreign + "/solid.svg", foreign + "/colour/fff", foreign + "/colour/0f0", own + "/redirect"} {
		if !slices.Contains(seen, want) {
			t.Errorf("%s was never asked for, so nothing was shown", want)
		}
	}
	r.good("/colour/00f", darkroom.Options{})
	if sent := r.site.Visits("/colour/00f")[0].Header.Get("X-Secret"); sent != "" {
		t.Error("the next capture sends the header")
	}
}

// A server must see the same browser as a script does.
func TestClientHintsAgree(t *testing.T) {
	t.Parallel()
	r := newRig(t)
	r.good("/colour/0f0", darkroom.Options{Device: "Pixel 7"})
	sent := r.site.Visits("/colour/0f0")[0].Header
	major := r.engine.browser.Major()
	if got := sent.Get("Sec-Ch-Ua"); !strings.Contains(got, `"Google Chrome";v="`+major+`"`) || strings.Contains(got, "Headless") {
		t.Errorf("Sec-CH-UA is %q", got)
	}
	if got := sent.Get("Sec-Ch-Ua-Platform") + sent.Get("Sec-Ch-Ua-Mobile"); got != `"Android"?1` {
		t.Errorf("platform and mobile are %s", got)
	}
	if got := sent.Get("User-Agent"); !strings.Contains(got, "Chrome/"+major+".0.0.0 Mobile") {
		t.Errorf("User-Agent is %q", got)
	}
	r.good("/colour/00f", darkroom.Options{Device: "iPhone 14"})
	if got := r.site.Visits("/colour/00f")[0].Header.Get("Sec-Ch-Ua"); got != "" {
		t.Errorf("a Safari sends Sec-CH-UA %q", got)
	}
}
