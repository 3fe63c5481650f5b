package egress

import (
	"testing"
)

func TestRules(t *testing.T) {
	for _, c := range []struct {
		name    string
		config  Config
		allowed []string
		denied  []string
	}{
		{
			name:    "range with port",
			config:  Config{Allow: []string{"10.20.0.0/16:443", "fd00::/8:8080", "[fd01::1]:3000", "::ffff:172.16.0.0/108"}},
			allowed: []string{"https://10.20.1.1/", "http://[fd12::1]:8080/", "http://[fd01::1]:3000/", "http://172.16.0.1/"},
			denied:  []string{"http://10.20.1.1/", "https://10.21.0.1/", "http://[fd12::1]/", "http://[fd01::1]/"},
		},
		{
			name:    "address",
			config:  Config{Allow: []string{"10.0.0.1", "fd00::1", "10.0.0.2:8080"}},
			allowed: []string{"http://10.0.0.1:9000/", "http://[fd00::1]/", "http://10.0.0.2:8080/"},
			denied:  []string{"http://10.0.0.3/", "http://10.0.0.2/", "http://[fd00::2]/"},
		},
		{
			name:    "host",
			config:  Config{Allow: []string{"printer.local", "Wiki.Internal:8080", "*.lab.internal:*", "bücher.local"}},
			allowed: []string{"http://printer.local/", "http://PRINTER.local.:99/", "http://wiki.internal:8080/", "http://a.b.lab.internal/", "http://xn--bcher-kva.local/"},
			denied:  []string{"http://wiki.internal/", "http://lab.internal/", "http://xlab.internal/", "http://x.printer.local/"},
		},
		{
			name:    "deny wins",
			config:  Config{AllowPrivate: true, Allow: []string{"10.0.0.0/8", "bad.example"}, Deny: []string{"10.0.0.7", "bad.example", "*.worse.example", ":81", "example.com:8080", "8.8.8.0/24"}},
			allowed: []string{"http://10.0.0.8/", "http://good.example/", "http://worse.example/", "http://example.com/"},
			denied:  []string{"http://10.0.0.7/", "http://bad.example/", "http://BAD.example./", "http://x.worse.example/", "http://good.example:81/", "http://example.com:8080/", "http://8.8.8.8/"},
		},
		{
			name:    "a port where no web server is expected",
			config:  Config{Allow: []string{"cache.example:6379", "8.8.0.0/16:11211", "other.example", "unsafe.example:22"}},
			allowed: []string{"http://cache.example:6379/", "http://8.8.8.8:11211/"},
			denied:  []string{"http://cache.example:11211/", "http://8.8.8.8:6379/", "http://other.example:6379/", "http://unsafe.example:22/"},
		},
	} {
		t.Run(c.name, func(t *testing.T) {
			p := newPolicy(t, c.config)
			for _, raw := range c.allowed {
				if _, err := p.Admit(raw); err != nil {
					t.Errorf("%s: %v", raw, err)
				}
			}
			for _, raw := range c.denied {
				if _, err := p.Admit(raw); Reason(err) != ReasonTarget && Reason(err) != ReasonPort {
					t.Errorf("%s: %v, want it denied", raw, err)
				}
			}
		})
	}
}

func TestRulesThatCannotBeRead(t *testing.T) {
	for _, text := range []string{
		"", ":", ":0", ":99999", ":http", "10.0.0.0/33", "10.0.0.0/8:x", "a b", "http://example.com/", "example.com/path",
		"[fd00::1", "[fd00::1]x", "user@host", "*.", "*", "127.1/8", "host:70000",
	} {
		if _, err := NewPolicy(Config{Deny: []string{text}}); err == nil {
			t.Errorf("deny rule %q was accepted", text)
		}
	}
	if _, err := NewPolicy(Config{Allow: []string{":8080"}}); err == nil {
		t.Error("an allow rule that is a port alone opens every address")
	}
}
