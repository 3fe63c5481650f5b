package main

import "testing"

func TestProxySettingsAreChecked(t *testing.T) {
	cases := []struct {
		check func(string) error
		text  string
		ok    bool
	}{
		{checkPublicURL, "https://shots.example.com", true},
		{checkPublicURL, "https://example.com/shots/", true},
		{checkPublicURL, "shots.example.com", false},
		{checkPublicURL, "ftp://example.com", false},
		{checkPublicURL, "https://", false},
		{checkPublicURL, "https://user:secret@example.com", false},
		{checkPublicURL, "https://example.com/?a=b", false},
		{checkPathPrefix, "/shots", true},
		{checkPathPrefix, "/a/b", true},
		{checkPathPrefix, "/", false},
		{checkPathPrefix, "shots", false},
		{checkPathPrefix, "/shots/", false},
		{checkPathPrefix, "/a//b", false},
		{checkPathPrefix, "/a/../b", false},
		{checkPathPrefix, "/a%20b", false},
		{checkProxies, "10.0.0.0/8, 127.0.0.1,2001:db8::/32,::1", true},
		{checkProxies, "10.0.0.0/8,proxy.internal", false},
		{checkProxies, "10.0.0.0/33", false},
	}
	for _, c := range cases {
		if err := c.check(c.text); (err == nil) != c.ok {
			t.Errorf("%q: %v", c.text, err)
		}
	}
}
