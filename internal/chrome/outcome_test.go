package chrome

import (
	"net"
	"net/url"
	"strings"
	"testing"
	"time"

	"darkroom"
	"darkroom/internal/egress"
)

func TestOutcomes(t *testing.T) {
	t.Parallel()
	r := newRig(t)
	short := darkroom.Options{Timeout: 3000}
	for _, row := range []struct {
		name, path string
		options    darkroom.Options
		code       darkroom.Code
		says       string // in the sentence
		status     int
	}{
		{"missing page", "/nothing-here", darkroom.Options{}, darkroom.CodeHTTPError, "404", 404},
		{"server error", "/status/503", darkroom.Options{}, darkroom.CodeHTTPError, "503 (Service Unavailable)", 503},
		{"server error without a body", "/status/500?empty", darkroom.Options{}, darkroom.CodeHTTPError, "500", 500},
		{"403 and 502 of the page itself", "/status/403", darkroom.Options{}, darkroom.CodeHTTPError, "403", 403},
		{"502 of the page itself", "/status/502", darkroom.Options{}, darkroom.CodeHTTPError, "502", 502},
		{"one status fails", "/status/503", darkroom.Options{FailOnStatus: []string{"503"}}, darkroom.CodeHTTPError, "503", 503},
		{"password asked for", "/auth", darkroom.Options{}, darkroom.CodeHTTPError, "401", 401},
		{"status after a redirect", "/redirect?to=/status/404", darkroom.Options{}, darkroom.CodeHTTPError, "404", 404},
		{"status after a client-side redirect", "/js-redirect?to=/status/410", darkroom.Options{}, darkroom.CodeHTTPError, "410", 410},
		{"redirect loop", "/redirect-loop", darkroom.Options{}, darkroom.CodeTooManyRedirects, "redirected too often", 0},
		{"meta refresh loop", "/meta-loop", darkroom.Options{}, darkroom.CodeTooManyRedirects, "more than 10 times", 200},
		{"reload loop", "/reload-loop", darkroom.Options{WaitUntil: "networkidle"}, darkroom.CodeTooManyRedirects, "more than 10 times", 200},
		{"download", "/download", darkroom.Options{}, darkroom.CodeDownload, "Content-Disposition", 200},
		{"archive", "/zip", darkroom.Options{}, darkroom.CodeDownload, "application/zip", 200},
		{"pdf", "/pdf", darkroom.Options{}, darkroom.CodeUnsupportedContent, "application/pdf", 200},
		{"video", "/video", darkroom.Options{}, darkroom.CodeUnsupportedContent, "video/mp4", 200},
		{"no content", "/204", darkroom.Options{}, darkroom.CodeUnsupportedContent, "204", 204},
		{"connection closed", "/reset", darkroom.Options{}, darkroom.CodeConnectionReset, "", 0},
		{"connection closed in mid page", "/broken", darkroom.Options{}, darkroom.CodeConnectionReset, "", 200},
		{"redirect to a file", "/redirect?to=file:///etc/passwd", darkroom.Options{}, darkroom.CodeBlockedTarget, "", 0},
		{"script to a metadata address", "/js-redirect?to=http://169.254.169.254/", darkroom.Options{}, darkroom.CodeBlockedTarget, "", 0},
		{"redirect to a metadata address", "/redirect?to=http://169.254.169.254/", darkroom.Options{}, darkroom.CodeBlockedTarget, "", 0},
		{"never answers", "/never", short, darkroom.CodeTimeout, "did not answer within 3s", 0},
		{"never loads", "/endless", short, darkroom.CodeTimeout, "did not finish loading within 3s", 200},
		{"wait_for nothing", "/colour/0f0", darkroom.Options{WaitFor: "#nothing", Timeout: 3000}, darkroom.CodeSelectorNotFound, `wait_for "#nothing" matched no element within 3s`, 200},
		{"wait_for a hidden element", "/element", darkroom.Options{WaitFor: ".gone", Timeout: 3000}, darkroom.CodeSelectorNotFound, "no visible element", 200},
		{"click nothing", "/colour/0f0", darkroom.Options{Click: "#nothing", Timeout: 3000}, darkroom.CodeSelectorNotFound, "click", 200},
		{"selector of nothing", "/colour/0f0", darkroom.Options{Selector: "#nothing", Timeout: 3000}, darkroom.CodeSelectorNotFound, "selector", 200},
		{"selector that is none", "/colour/0f0", darkroom.Options{Selector: `"];alert(1)//`}, darkroom.CodeSelectorNotFound, "not a CSS selector", 200},
		{"script throws", "/colour/0f0", darkroom.Options{JS: "nothing.at.all"}, darkroom.CodeScriptError, "ReferenceError: nothing is not defined", 200},
		{"script is none", "/colour/0f0", darkroom.Options{JS: "for ("}, darkroom.CodeScriptError, "SyntaxError", 200},
		{"script rejects", "/colour/0f0", darkroom.Options{JS: "await Promise.reject('no')"}, darkroom.CodeScriptError, "no", 200},
		{"crash by heap", "/heap", darkroom.Options{}, darkroom.CodeOutOfMemory, "", 200},
	} {
		t.Run(row.name, func(t *testing.T) {
			r.t = t
			failure := r.fails(row.path, row.options, row.code)
			if !strings.Contains(failure.Message, row.says) {
				t.Errorf("it says %q, want %q in it", failure.Message, row.says)
			}
			if strings.ContainsAny(failure.Message, "\n") || failure.Message == "" {
				t.Errorf("%q is not one sentence", failure.Message)
			}
			if failure.HTTPStatus != row.status {
				t.Errorf("the status is %d, want %d", failure.HTTPStatus, row.status)
			}
		})
	}
	t.Run("and then a good page", func(t *testing.T) {
		r.t = t
		wantPixel(t, decode(t, r.good("/colour/0f0", darkroom.Options{})), 5, 5, "green")
	})
}

func TestGoodInSpite(t *testing.T) {
	t.Parallel()
	r := newRig(t)
	for _, row := range []struct {
		name, path string
		options    darkroom.Options
		final      string
		status     int
	}{
		{"redirect", "/redirect?to=/colour/0f0", darkroom.Options{}, "/colour/0f0", 200},
		{"meta refresh", "/meta?to=/colour/0f0", darkroom.Options{}, "/colour/0f0", 200},
		{"meta refresh in a minute", "/meta-slow?to=/colour/f00", darkroom.Options{}, "/meta-slow?to=/colour/f00", 200},
		{"script redirect", "/js-redirect?to=/colour/0f0", darkroom.Options{}, "/colour/0f0", 200},
		{"script download", "/js-download", darkroom.Options{}, "/js-download", 200},
		{"status that may be", "/status/503", darkroom.Options{FailOnStatus: []string{}}, "/status/503", 503},
		{"status that may be, of another class", "/status/404", darkroom.Options{FailOnStatus: []string{"5xx"}}, "/status/404", 404},
		{"dialogs", "/alert", darkroom.Options{}, "/alert", 200},
		{"a thousand dialogs", "/alerts", darkroom.Options{}, "/alerts", 200},
		{"does not want to be left", "/beforeunload", darkroom.Options{}, "/beforeunload", 200},
		{"asks before it is left", "/leave", darkroom.Options{Click: "#l"}, "/colour/0f0", 200},
		{"prints", "/print", darkroom.Options{}, "/print", 200},
		{"history storm", "/push-storm", darkroom.Options{}, "", 200},
		{"long poll", "/long-poll", darkroom.Options{}, "/long-poll", 200},
		{"always loading something", "/busy", darkroom.Options{}, "/busy", 200},
		{"a worker spins", "/worker", darkroom.Options{}, "/worker", 200},
		{"popups", "/popups", darkroom.Options{}, "/popups", 200},
		{"permissions", "/permissions", darkroom.Options{}, "/permissions", 200},
	} {
		t.Run(row.name, func(t *testing.T) {
			r.t = t
			shot := r.good(row.path, row.options)
			wantPixel(t, decode(t, shot), 900, 600, "green")
			if row.final != "" && shot.FinalURL != r.url+row.final {
				t.Errorf("it ended at %s, want %s", shot.FinalURL, row.final)
			}
			if shot.HTTPStatus != row.status {
				t.Errorf("the status is %d, want %d", shot.HTTPStatus, row.status)
			}
		})
	}
	t.Run("an empty error page", func(t *testing.T) {
		r.t = t
		if shot := r.good("/status/500?empty", darkroom.Options{FailOnStatus: []string{}}); shot.HTTPStatus != 500 {
			t.Errorf("the status is %d", shot.HTTPStatus)
		}
	})
	t.Run("text", func(t *testing.T) { r.t = t; r.good("/text", darkroom.Options{}) })
	t.Run("a picture", func(t *testing.T) { r.t = t; r.good("/image?c=00ff00", darkroom.Options{}) })
}

func TestNoPopupRuns(t *testing.T) {
	t.Parallel()
	r := newRig(t)
	r.good("/popups", darkroom.Options{Delay: 1000})
	r.settled()
	if ran := r.site.Visits("/popped-ran"); len(ran) > 0 {
		t.Errorf("%d popups ran", len(ran))
	}
	if asked := r.site.Visits("/popped"); len(asked) > 0 {
		t.Errorf("%d popups were loaded", len(asked))
	}
	if targets := r.pages(); targets != 1 {
		t.Errorf("%d pages are open, want the slot's own", targets)
	}
}

func TestPermissionsAreDenied(t *testing.T) {
	t.Parallel()
	r := newRig(t)
	shot := r.good("/permissions", darkroom.Options{Delay: 2500})
	if shot.Title == "" || strings.Contains(shot.Title, "granted") {
		t.Errorf("the page was told %q", shot.Title)
	}
}

func TestRetryAfter(t *testing.T) {
	t.Parallel()
	r := newRig(t)
	shot, err := r.take("/status/503?after=7", darkroom.Options{})
	if darkroom.CodeOf(err) != darkroom.CodeHTTPError || shot.RetryAfter != 7*time.Second {
		t.Errorf("got %v, %v; want http_error, 7s", err, shot.RetryAfter)
	}
	now := time.Date(2026, 4, 1, 10, 0, 0, 0, time.UTC)
	for header, want := range map[string]time.Duration{
		"": 0, "7": 7 * time.Second, " 120 ": 2 * time.Minute, "-1": 0, "soon": 0, "1.5": 0,
		"Wed, 01 Apr 2026 10:00:30 GMT": 30 * time.Second, "Wed, 01 Apr 2026 09:00:00 GMT": 0, "99999999999999": 0,
	} {
		if got := retryAfter(header, now); got != want {
			t.Errorf("Retry-After %q is %v, want %v", header, got, want)
		}
	}
}

func TestBadTargets(t *testing.T) {
	t.Parallel()
	r := newRig(t)
	for _, row := range []struct {
		name, url string
		code      darkroom.Code
	}{
		{"refused", "http://127.0.0.1:" + freePort(t) + "/", darkroom.CodeConnectionRefused},
		{"no such name", "http://no-such-name.invalid/", darkroom.CodeDNSError},
		{"metadata", "http://169.254.169.254/latest/meta-data/", darkroom.CodeBlockedTarget},
		{"metadata over TLS", "https://169.254.169.254/", darkroom.CodeBlockedTarget},
		{"refused over TLS", "https://127.0.0.1:" + freePort(t) + "/", darkroom.CodeConnectionRefused},
	} {
		t.Run(row.name, func(t *testing.T) {
			r.t = t
			target, err := url.Parse(row.url)
			if err != nil {
				t.Fatal(err)
			}
			old := r.url
			defer func() { r.url = old }()
			r.url = target.Scheme + "://" + target.Host
			r.fails(target.RequestURI(), darkroom.Options{Timeout: 20000}, row.code)
		})
	}
}

func TestPrivateTargetsAreDenied(t *testing.T) {
	t.Parallel()
	policy, err := egress.NewPolicy(egress.Config{Log: quietLog()})
	if err != nil {
		t.Fatal(err)
	}
	r := newRig(t, func(c *Config) { c.Policy = policy })
	r.fails("/colour/0f0", darkroom.Options{}, darkroom.CodeBlockedTarget)
	if visits := r.site.Visits(""); len(visits) > 0 {
		t.Errorf("the page was reached: %v", visits)
	}
}

func TestBudget(t *testing.T) {
	t.Parallel()
	r := newRig(t, func(c *Config) { c.Limits = egress.Limits{Bytes: 1 << 20} })
	r.fails("/bytes?n=50000000", darkroom.Options{}, darkroom.CodeTooLarge)
	r.fails("/bytes-later?n=50000000", darkroom.Options{}, darkroom.CodeTooLarge)
	r.good("/bytes?n=1000", darkroom.Options{})
}

func TestTimeBudget(t *testing.T) {
	t.Parallel()
	r := newRig(t, func(c *Config) { c.Limits = egress.Limits{Time: time.Nanosecond} })
	r.fails("/colour/0f0", darkroom.Options{}, darkroom.CodeTimeout)
	if visits := r.site.Visits(""); len(visits) > 0 {
		t.Errorf("the page was reached: %v", visits)
	}
}

func TestRequestBudget(t *testing.T) {
	t.Parallel()
	r := newRig(t, func(c *Config) { c.Limits = egress.Limits{Requests: 5} })
	r.fails("/many", darkroom.Options{Delay: 1000}, darkroom.CodeTooLarge)
	r.good("/colour/0f0", darkroom.Options{})
}

// freePort gives a port on which nobody listens.
func freePort(t *testing.T) string {
	t.Helper()
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = listener.Close() }()
	_, port, err := net.SplitHostPort(listener.Addr().String())
	if err != nil {
		t.Fatal(err)
	}
	return port
}

func TestStrictIsolation(t *testing.T) {
	t.Parallel()
	r := newRig(t, func(c *Config) { c.Strict = true })
	r.good("/third-party?other="+r.other, darkroom.Options{})
	wantPixel(t, decode(t, r.good("/frames", darkroom.Options{})), 600, 300, "green")
	planted(r, "a")
	if got := left(r, "a"); got != "left:" {
		t.Errorf("the next capture finds %q", got)
	}
}

// A browser that was warmed belongs to whoever comes first.
func TestPrepareIsNotWasted(t *testing.T) {
	t.Parallel()
	r := newRig(t)
	r.settled()
	before := r.slot.browser.context
	r.good("/colour/0f0", darkroom.Options{})
	r.settled()
	if r.slot.browser.context != before {
		t.Error("the first capture made another context")
	}
	if _, err := r.takeIn("other", "/colour/0f0", darkroom.Options{}); err != nil {
		t.Fatal(err)
	}
	r.settled()
	if r.slot.browser.context == before {
		t.Error("another session got the same context")
	}
}
