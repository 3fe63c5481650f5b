package api_test

import (
	"context"
	"encoding/json"
	"net/http"
	"strings"
	"testing"

	"darkroom"
)

// TestWhatTheOperatorPermits asks for what jobs may do only where the operator
// lets them, on every route that captures.
func TestWhatTheOperatorPermits(t *testing.T) {
	const (
		proxied  = `"proxy":"http://me:hunter2@proxy.example:3128"`
		insecure = `"ignore_https_errors":true`
	)
	for _, row := range []struct {
		name    string
		allowed conditions
		option  string
		status  int
		param   string
		says    string
	}{
		{"a proxy", conditions{}, proxied, 202, "", ""},
		{"a proxy where none is taken", conditions{refuseProxies: true}, proxied, 403, "proxy", "--job-proxy allow"},
		{"a proxy at a private address", conditions{}, `"proxy":"socks5://me:hunter2@10.0.0.1"`, 400, "proxy", "in a private network"},
		{"a proxy of another kind", conditions{}, `"proxy":"ftp://me:hunter2@proxy.example"`, 400, "proxy", "socks5://"},
		{"no proxy where none is taken", conditions{refuseProxies: true}, `"proxy":""`, 202, "", ""},
		{"insecure", conditions{}, insecure, 403, "ignore_https_errors", "--allow-insecure-tls"},
		{"insecure where that is allowed", conditions{insecureTLS: true}, insecure, 202, "", ""},
		{"not insecure", conditions{}, `"ignore_https_errors":false`, 202, "", ""},
	} {
		t.Run(row.name, func(t *testing.T) {
			t.Parallel()
			r := newRigWith(t, row.allowed)
			for path, body := range map[string]string{
				"/v1/batch":      `{"urls":["https://example.com/"],` + row.option + `}`,
				"/v1/sitemap":    `{"sitemap_url":"https://example.com/",` + row.option + `}`,
				"/v1/screenshot": `{"url":"https://example.com/",` + row.option + `}`,
			} {
				want := row.status
				if path == "/v1/screenshot" && want == 202 {
					want = 200
				}
				got := r.send("POST", path, body)
				if got.status != want {
					t.Errorf("%s: %d %s, want %d", path, got.status, got.body, want)
					continue
				}
				if want < 400 {
					continue
				}
				var failure struct{ Param, Message string }
				if err := json.Unmarshal(got.body, &failure); err != nil || failure.Param != row.param || !strings.Contains(failure.Message, row.says) {
					t.Errorf("%s: %s, %v", path, got.body, err)
				}
				if strings.Contains(string(got.body), "hunter2") {
					t.Errorf("%s shows a password: %s", path, got.body)
				}
			}
			if strings.Contains(r.log.String(), "hunter2") {
				t.Errorf("the log shows a password: %s", r.log)
			}
		})
	}
}

// TestIdentityOptionsReachTheEngine sends each as a client does, in a body and
// as query text.
func TestIdentityOptionsReachTheEngine(t *testing.T) {
	r := newRigWith(t, conditions{insecureTLS: true})
	var seen darkroom.Options
	shoot := r.shoot
	r.shoot = func(ctx context.Context, request darkroom.CaptureRequest) (darkroom.Shot, error) {
		seen = request.Options
		return shoot(ctx, request)
	}
	want := darkroom.Options{
		ReducedMotion: true, Timezone: "Europe/Berlin", Locale: "de-DE", Stealth: true, BypassCSP: true, IgnoreHTTPSErrors: true,
		Geolocation: &darkroom.Geolocation{Latitude: 52.5, Longitude: -13.25},
		Secrets: darkroom.Secrets{
			Proxy: "socks5://proxy.example:1080", BasicAuth: &darkroom.BasicAuth{Username: "me", Password: "hunter2"},
			StorageState: &darkroom.StorageState{Cookies: []darkroom.StateCookie{{Name: "a", Value: "b", Domain: ".example.com", Expires: -1}}},
		},
	}
	text := must(json.Marshal(want))(t)
	if got := r.send("POST", "/v1/screenshot", `{"url":"https://example.com/",`+strings.TrimPrefix(string(text), "{")); got.status != http.StatusOK {
		t.Fatalf("by body: %d %s", got.status, got.body)
	}
	if got := string(must(json.Marshal(seen))(t)); got != string(text) {
		t.Errorf("by body the engine gets\n%s, want\n%s", got, text)
	}
	seen = darkroom.Options{}
	query := "?url=https://example.com/&reduced_motion=1&timezone=Europe/Berlin&locale=de-DE&stealth=true&bypass_csp=yes&ignore_https_errors=on" +
		"&geolocation[latitude]=52.5&geolocation[longitude]=-13.25&proxy=socks5://proxy.example:1080" +
		"&basic_auth=%7B%22username%22:%22me%22,%22password%22:%22hunter2%22%7D" +
		"&storage_state=%7B%22cookies%22:%5B%7B%22name%22:%22a%22,%22value%22:%22b%22,%22domain%22:%22.example.com%22,%22expires%22:-1%7D%5D%7D"
	if got := r.get("/v1/screenshot" + query); got.status != http.StatusOK {
		t.Fatalf("by query: %d %s", got.status, got.body)
	}
	if got := string(must(json.Marshal(seen))(t)); got != string(text) {
		t.Errorf("by query the engine gets\n%s, want\n%s", got, text)
	}
}

func TestDevices(t *testing.T) {
	r := newRig(t)
	var answer struct {
		Devices []struct {
			Name      string
			Width     int
			Height    int
			Scale     float64 `json:"device_scale_factor"`
			Mobile    bool    `json:"is_mobile"`
			Touch     bool    `json:"has_touch"`
			UserAgent string  `json:"user_agent"`
		}
	}
	got := r.get("/v1/devices")
	if err := json.Unmarshal(got.body, &answer); err != nil || got.status != http.StatusOK {
		t.Fatalf("%d, %v", got.status, err)
	}
	if len(answer.Devices) < 100 {
		t.Errorf("only %d devices", len(answer.Devices))
	}
	for _, device := range answer.Devices {
		if known, ok := darkroom.FindDevice(device.Name); !ok || known.Viewport.Width != device.Width || device.Height == 0 || device.Scale == 0 {
			t.Errorf("%+v", device)
		}
		if device.Name == "Pixel 7" && (!device.Mobile || !device.Touch || !strings.Contains(device.UserAgent, " Chrome/160.0.0.0 Mobile ")) {
			t.Errorf("%+v", device)
		}
	}
}
