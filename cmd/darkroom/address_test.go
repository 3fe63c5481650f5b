package main

import (
	"net/netip"
	"testing"
)

func TestHowThisMachineReachesItsListener(t *testing.T) {
	cases := []struct{ asked, listening, want string }{
		{"127.0.0.1:0", "127.0.0.1:4711", "127.0.0.1:4711"},
		{"localhost:0", "[::1]:4711", "[::1]:4711"},
		{"0.0.0.0:0", "[::]:4711", "127.0.0.1:4711"},
		{"0.0.0.0:0", "0.0.0.0:4711", "127.0.0.1:4711"},
		{":4711", "[::]:4711", "127.0.0.1:4711"},
		{"[::]:4711", "[::]:4711", "[::1]:4711"},
		{"192.0.2.1:80", "192.0.2.1:80", "192.0.2.1:80"},
	}
	for _, c := range cases {
		if got := reachable(c.asked, netip.MustParseAddrPort(c.listening)).String(); got != c.want {
			t.Errorf("%s as %s: %s, want %s", c.asked, c.listening, got, c.want)
		}
	}
}
