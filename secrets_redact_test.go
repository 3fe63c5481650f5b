package darkroom_test

import (
	"testing"

	"darkroom"
)

func TestRedact(t *testing.T) {
	secrets := darkroom.Secrets{
		Headers:   map[string]string{"Authorization": "Bearer tokentoken", "X-Short": "abc"},
		Cookies:   []darkroom.Cookie{{Name: "sid", Value: `a"b c&d`}},
		Proxy:     "http://user:proxyword@127.0.0.1:3128",
		BasicAuth: &darkroom.BasicAuth{Username: "me", Password: "hunter22"},
		StorageState: &darkroom.StorageState{
			Cookies: []darkroom.StateCookie{{Name: "x", Value: "tokentokentoken"}},
			Origins: []darkroom.StateOrigin{{LocalStorage: []darkroom.StateItem{{Name: "jwt", Value: "eyJhbGci"}}}},
		},
	}
	tests := []struct{ name, text, want string }{
		{"nothing", "no such text, abc, me", "no such text, abc, me"},
		{"a header without its scheme", "got tokentoken!", "got …!"},
		{"the longer of two first", "got tokentokentoken!", "got …!"},
		{"as it is", `sid=a"b c&d;`, "sid=…;"},
		{"in a query", "?sid=a%22b+c%26d", "?sid=…"},
		{"in a path", "/a%22b%20c&d/", "/…/"},
		{"in JSON", `{"sid":"a\"b c\u0026d"}`, `{"sid":"…"}`},
		{"passwords", "proxyword hunter22", "… …"},
		{"what basic_auth sends", "Basic bWU6aHVudGVyMjI=", "Basic …"},
		{"local storage", "jwt eyJhbGci", "jwt …"},
	}
	for _, test := range tests {
		if got := secrets.Redact(test.text); got != test.want {
			t.Errorf("%s: %q became %q, want %q", test.name, test.text, got, test.want)
		}
	}
	if got := secrets.RedactLong("eyJhbGc eyJhbGci"); got != "eyJhbGc …" {
		t.Errorf("long ones only: %q", got)
	}
	short := darkroom.Secrets{Cookies: []darkroom.Cookie{{Name: "theme", Value: "dark"}}}
	if got := short.RedactLong("https://site.test/dark"); got != "https://site.test/dark" {
		t.Errorf("a short one was taken out of an address: %q", got)
	}
	if got := (darkroom.Secrets{}).Redact("text"); got != "text" {
		t.Errorf("without secrets: %q", got)
	}
}
