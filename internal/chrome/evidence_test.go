package chrome

import (
	"bytes"
	"encoding/json"
	"image/jpeg"
	"net/url"
	"strings"
	"testing"

	"darkroom"
)

// failure captures a path that must fail, and gives what was noticed.
func (r *rig) failure(path string, options darkroom.Options) *darkroom.Evidence {
	r.t.Helper()
	shot, err := r.take(path, options)
	if err == nil || shot.Evidence == nil {
		r.t.Fatalf("%s: error %v, evidence %v", path, err, shot.Evidence)
	}
	return shot.Evidence
}

func (r *rig) wantFrame(evidence *darkroom.Evidence, colour string) {
	r.t.Helper()
	picture, err := jpeg.Decode(bytes.NewReader(evidence.LastFrame))
	if err != nil {
		r.t.Fatalf("the last frame: %v", err)
	}
	wantPixel(r.t, picture, 900, 600, colour)
}

func TestEvidenceOfFailures(t *testing.T) {
	t.Parallel()
	r := newRig(t)
	t.Run("a page that never loads", func(t *testing.T) {
		r.t = t
		evidence := r.failure("/endless", darkroom.Options{Timeout: 3000})
		r.wantFrame(evidence, "green")
		if len(evidence.Pending) != 1 || evidence.Pending[0] != r.url+"/never" {
			t.Errorf("pending: %q", evidence.Pending)
		}
	})
	t.Run("a page that never answers", func(t *testing.T) {
		r.t = t
		evidence := r.failure("/never", darkroom.Options{Timeout: 3000})
		if evidence.LastFrame != nil || len(evidence.Pending) != 1 {
			t.Errorf("a frame of %d bytes, pending %q", len(evidence.LastFrame), evidence.Pending)
		}
	})
	t.Run("a page that spins", func(t *testing.T) {
		r.t = t
		r.failure("/spin-later", darkroom.Options{Timeout: 3000})
	})
	t.Run("redirects of every kind", func(t *testing.T) {
		r.t = t
		third := "/status/410"
		second := "/js-redirect?to=" + url.QueryEscape("/redirect?to="+third)
		evidence := r.failure("/redirect?to="+url.QueryEscape(second), darkroom.Options{})
		want := []darkroom.Redirect{
			{URL: r.url + "/redirect?to=" + url.QueryEscape(second), Status: 302},
			{URL: r.url + second, Status: 200},
			{URL: r.url + "/redirect?to=" + third, Status: 302},
		}
		wantSame(t, evidence.Redirects, want)
		r.wantFrame(evidence, "green")
	})
	t.Run("a redirect loop", func(t *testing.T) {
		r.t = t
		evidence := r.failure("/redirect-loop", darkroom.Options{})
		if len(evidence.Redirects) < 10 || evidence.Redirects[0] != (darkroom.Redirect{URL: r.url + "/redirect-loop", Status: 302}) {
			t.Errorf("redirects: %+v", evidence.Redirects)
		}
	})
	t.Run("a browser that is not there", func(t *testing.T) {
		r.t = t
		if evidence := r.failure("/reset", darkroom.Options{}); evidence.LastFrame != nil {
			t.Error("it has a frame of nothing")
		}
	})
}

func wantSame(t *testing.T, got, want any) {
	t.Helper()
	a, err := json.Marshal(got)
	if err != nil {
		t.Fatal(err)
	}
	b, err := json.Marshal(want)
	if err != nil {
		t.Fatal(err)
	}
	if !bytes.Equal(a, b) {
		t.Errorf("got  %s\nwant %s", a, b)
	}
}

func TestEvidenceWhenAskedFor(t *testing.T) {
	t.Parallel()
	r := newRig(t)
	const secret = `pass"word é`
	options := darkroom.Options{
		Evidence: true, Delay: 300,
		Secrets: darkroom.Secrets{Headers: map[string]string{"Authorization": "Bearer s3cr3t-value"}, Cookies: []darkroom.Cookie{{Name: "c", Value: secret}}},
	}
	shot := r.good("/troubled?echo="+url.QueryEscape("s3cr3t-value and "+secret), options)
	evidence := shot.Evidence
	if evidence == nil {
		t.Fatal("there is none")
	}
	whole, err := json.Marshal(evidence)
	if err != nil {
		t.Fatal(err)
	}
	for _, want := range []string{
		`"url":"` + r.url + `/nothing.png","status":404`, `"url":"` + r.url + `/reset","error":"connection_reset"`,
		"first Object", "Uncaught Error: nobody catches this", "Uncaught (in promise) TypeError: nor this", r.url + "/never?token=",
		`"line":2`, "Failed to load resource",
	} {
		if !strings.Contains(string(whole), want) {
			t.Errorf("%s is not in %s", want, whole)
		}
	}
	for _, never := range []string{"no error", "s3cr3t", "pass", "%C3%A9"} {
		if strings.Contains(string(whole), never) {
			t.Errorf("%s is in %s", never, whole)
		}
	}
	if evidence.LastFrame != nil {
		t.Error("a picture that succeeded has a last frame")
	}
	if shot := r.good("/troubled", darkroom.Options{}); shot.Evidence != nil {
		t.Error("nobody asked for evidence")
	}
}

// What a page does without end must not grow without end.
func TestEvidenceIsBounded(t *testing.T) {
	t.Parallel()
	r := newRig(t)
	script := `for (let i = 0; i < 3000; i++) { console.error('x'.repeat(5000) + i); new Image().src = '/nothing?' + i + 'y'.repeat(5000); fetch('/never?' + i) }`
	evidence := r.good("/colour/0f0", darkroom.Options{Evidence: true, JS: script}).Evidence
	for name, n := range map[string]int{"pending": len(evidence.Pending), "failed": len(evidence.Failed), "console": len(evidence.Console)} {
		if n == 0 && name != "failed" || n > darkroom.MaxEvidenceEntries {
			t.Errorf("%d entries of %s", n, name)
		}
	}
	for _, entry := range evidence.Console {
		if len(entry.Text) > darkroom.MaxEvidenceText {
			t.Errorf("a text has %d bytes", len(entry.Text))
		}
	}
	for _, address := range evidence.Pending {
		if len(address) > darkroom.MaxEvidenceText {
			t.Errorf("a URL has %d bytes", len(address))
		}
	}
}
