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
			name:    "edges of a range",
			config:  Config{Allow: []string{"10.20.0.0/15", "fd00:1::/32", "192.168.7.9/24"}, Deny: []string{"8.8.8.0/30", "2606:4700::/127"}},
			allowed: []string{"http://10.20.0.0/", "http://10.21.255.255/", "http://[fd00:1::]/", "http://[fd00:1:ffff:ffff:ffff:ffff:ffff:ffff]/", "http://192.168.7.0/", "http://192.168.7.255/", "http://8.8.7.255/", "http://8.8.8.4/", "http://[2606:4700::2]/"},
			denied:  []string{"http://10.19.255.255/", "http://10.22.0.0/", "http://[fd00:0:ffff::]/", "http://[fd00:2::]/", "http://192.168.6.255/", "http://192.168.8.0/", "http://8.8.8.0/", "http://8.8.8.3/", "http://[2606:4700::]/", "http://[2606:4700::1]/", "http://[::ffff:8.8.8.1]/"},
		},
		{
			name:    "suffix",
			config:  Config{Deny: []string{"*.bad.example", "*.Bücher.example:8080"}},
			allowed: []string{"http://bad.example/", "http://notbad.example/", "http://bad.example.org/", "http://a.xn--bcher-kva.example/", "http://xn--bcher-kva.example:8080/"},
			denied:  []string{"http://a.bad.example/", "http://a.b.BAD.example./", "http://a.%62ad.example/", "http://a.bad。example/", "http://a.bücher.example:8080/"},
		},
		{
			name:    "deny wins, whichever names more",
			config:  Config{AllowPrivate: true, Allow: []string{"10.0.0.1:8080", "a.b.example:8080", "10.1.0.0/24", "*.in.example"}, Deny: []string{"10.0.0.0/8", "*.example", ":9090"}},
			allowed: []string{"http://192.168.0.1:8080/", "http://example/"},
			denied:  []string{"http://10.0.0.1:8080/", "http://a.b.example:8080/", "http://10.1.0.7/", "http://x.in.example/", "http://192.168.0.1:9090/"},
		},
		{
			name:    "listed only",
			config:  Config{ListedOnly: true, AllowPrivate: true, Allow: []string{"example.com:443", "*.shop.example", "bücher.example"}},
			allowed: []string{"https://example.com/", "http://a.shop.example:8080/", "http://xn--bcher-kva.example/"},
			denied:  []string{"http://example.com/", "https://www.example.com/", "http://shop.example/", "http://8.8.8.8/", "http://[2606:4700::1111]/", "http://127.0.0.1/", "http://localhost/", "http://metadata/"},
		},
		{
			name:    "listed only, with ranges",
			config:  Config{ListedOnly: true, Allow: []string{"8.8.0.0/16:80", "10.0.0.0/8", "64:ff9b::/96"}, Deny: []string{"8.8.4.4"}},
			allowed: []string{"http://8.8.8.8/", "https://10.0.0.1/", "http://name.example/", "http://[64:ff9b::8.8.8.8]/"}, // where a name leads is not known yet
			denied:  []string{"https://8.8.8.8/", "http://8.8.4.4/", "http://8.9.0.0/", "http://169.254.169.254/", "http://metadata/", "http://[64:ff9b::9.9.9.9]/"},
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
		"[fd00::1", "[fd00::1]x", "user@host", "*.", "*", "127.1/8", "host:70000", "*.*.example", "a.*.example", "*example", "10.0.0.0/-1", "10.0.0/8",
		"fd00::/129", "10.0.0.0/8/8", "host:0", "host:80:80", "host:-1", "a..b", "10.0.0.1-10.0.0.9", "[10.0.0.0/8", "http:", "2130706433.5", "127.0.0.-1", "::1]:80",
	} {
		if _, err := NewPolicy(Config{Deny: []string{text}}); err == nil {
			t.Errorf("deny rule %q was accepted", text)
		}
	}
	if _, err := NewPolicy(Config{Allow: []string{":8080"}}); err == nil {
		t.Error("an allow rule that is a port alone opens every address")
	}
}

// Where names lead is looked at too when only what is listed may be reached.
func TestListedOnlyLooksAtAddresses(t *testing.T) {
	stub := resolverWith(map[string][]string{
		"listed.test.": {"8.8.8.8"}, "outside.test.": {"9.9.9.9"}, "half.test.": {"8.8.8.8", "9.9.9.9"}, "named.test.": {"9.9.9.9"}, "inside.test.": {"10.0.0.1"},
	})
	p := newPolicy(t, Config{ListedOnly: true, AllowPrivate: true, Allow: []string{"8.8.8.0/24", "named.test"}, Resolver: stub})
	for host, permitted := range map[string]bool{"listed.test": true, "named.test": true, "outside.test": false, "half.test": false, "inside.test": false, "localhost": false} {
		if _, err := resolvePublic(t.Context(), p, host+":80"); (err == nil) != permitted {
			t.Errorf("%s: %v, want permitted %v", host, err, permitted)
		}
	}
	// A job's own proxy looks names up by itself.
	for host, permitted := range map[string]bool{"listed.test": false, "named.test": true, "8.8.8.8": true, "9.9.9.9": false} {
		if failed := p.blockedUnresolved(target{host, 80}); (failed == nil) != permitted {
			t.Errorf("%s through a job's proxy: %v, want permitted %v", host, failed, permitted)
		}
	}
}
