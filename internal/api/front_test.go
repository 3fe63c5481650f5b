package api_test

import (
	"fmt"
	"net/http"
	"net/netip"
	"strings"
	"testing"

	"darkroom"
	"darkroom/internal/api"
)

func TestPathPrefix(t *testing.T) {
	t.Parallel()
	r := newRigWith(t, conditions{front: api.Front{PathPrefix: "/shots"}})
	cases := []struct {
		path string
		want int
	}{
		{"/shots/v1/jobs", 200},
		{"/shots//v1/jobs", 200},
		{"//shots/v1/jobs", 200},
		{"/shots/healthz", 200},
		{"/healthz", 200},
		{"/readyz", 200}, // of the process itself
		{"/v1/jobs", 404},
		{"/health", 404},
		{"/shotsv1/jobs", 404},
		{"/shots/shots/v1/jobs", 404},
		{"/shots", 404},
		{"/", 404},
		{"/%73hots/v1/jobs", 404},
	}
	for _, c := range cases {
		expect(t, c.path, r.get(c.path).status, c.want)
	}
	created := r.send("POST", "/shots/v1/batch", `{"urls": ["https://example.com/"]}`)
	id := created.job(t).ID
	expect(t, "Location", created.header.Get("Location"), "/shots"+darkroom.JobPath(id))
	expect(t, "poll_url", created.job(t).PollURL, darkroom.JobPath(id))
	expect(t, "where Location leads", r.get(created.header.Get("Location")).status, http.StatusOK)
	if text := string(r.get("/shots/openapi.json").body); !strings.Contains(text, `"url":"/shots"`) {
		t.Errorf("the OpenAPI document does not name the prefix: %.300s", text)
	}
}

func TestPublicURL(t *testing.T) {
	t.Parallel()
	for _, c := range []struct{ public, location string }{
		{"https://shots.example.com", "/v1/jobs/"}, {"https://example.com/shots", "/shots/v1/jobs/"},
	} {
		r := newRigWith(t, conditions{front: api.Front{PublicURL: c.public}})
		created := r.send("POST", "/v1/batch", `{"urls": ["https://example.com/"]}`)
		expect(t, "Location", created.header.Get("Location"), c.location+created.job(t).ID)
		if text := string(r.get("/openapi.json").body); !strings.Contains(text, `"url":"`+c.public+`"`) {
			t.Errorf("the OpenAPI document does not name %s: %.300s", c.public, text)
		}
	}
}

// Whoever tries keys is limited by their own address, and cannot choose
// another by a header of their own.
func TestForwardedAddresses(t *testing.T) {
	t.Parallel()
	loopback := netip.MustParsePrefix("127.0.0.0/8")
	inner := netip.MustParsePrefix("10.0.0.0/8")
	cases := []struct {
		name    string
		trusted []netip.Prefix
		forward func(i int) string // of the i-th attempt
		limited bool
	}{
		{"one client behind the proxy", []netip.Prefix{loopback}, func(int) string { return "203.0.113.7" }, true},
		{"many clients behind the proxy", []netip.Prefix{loopback}, func(i int) string { return fmt.Sprintf("203.0.113.%d", i) }, false},
		{"one client that writes the header itself", []netip.Prefix{loopback}, func(i int) string { return fmt.Sprintf("198.51.100.%d, 203.0.113.7", i) }, true},
		{"two proxies", []netip.Prefix{loopback, inner}, func(i int) string { return fmt.Sprintf("203.0.113.%d, 10.1.2.3", i) }, false},
		{"two proxies, one client", []netip.Prefix{loopback, inner}, func(i int) string { return fmt.Sprintf("198.51.100.%d, 203.0.113.7, 10.1.2.3", i) }, true},
		{"ports", []netip.Prefix{loopback}, func(i int) string { return fmt.Sprintf("203.0.113.7:%d", 1000+i) }, true},
		{"one IPv6 network", []netip.Prefix{loopback}, func(i int) string { return fmt.Sprintf("[2001:db8::%x]:80", i) }, true},
		{"nonsense", []netip.Prefix{loopback}, func(i int) string { return fmt.Sprintf("unknown%d", i) }, true},
		{"nobody is trusted", nil, func(i int) string { return fmt.Sprintf("203.0.113.%d", i) }, true},
		{"another is trusted", []netip.Prefix{inner}, func(i int) string { return fmt.Sprintf("203.0.113.%d", i) }, true},
	}
	for _, c := range cases {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			r := newRigWith(t, conditions{front: api.Front{Trusted: c.trusted}})
			last := 0
			for i := range 101 {
				last = r.get("/v1/jobs", "X-Forwarded-For", c.forward(i), "Authorization", fmt.Sprintf("Bearer sk_live_%048x", i)).status
			}
			want := http.StatusUnauthorized
			if c.limited {
				want = http.StatusTooManyRequests
			}
			expect(t, "the 101st unknown key", last, want)
		})
	}
}
