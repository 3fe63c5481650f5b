package egress

import (
	"net/netip"
	"testing"

	"darkroom"
)

// Both edges of every range, and the addresses just outside.
func TestAddressClasses(t *testing.T) {
	const public = ""
	p := newPolicy(t, Config{})
	for _, c := range []struct{ before, first, last, after, what string }{
		{public, "0.0.0.0", "0.255.255.255", "1.0.0.0", "an unspecified address (0.0.0.0/8)"},
		{"9.255.255.255", "10.0.0.0", "10.255.255.255", "11.0.0.0", "in a private network (10.0.0.0/8)"},
		{"100.63.255.255", "100.64.0.0", "100.127.255.255", "100.128.0.0", "in a provider's shared network (100.64.0.0/10)"},
		{"126.255.255.255", "127.0.0.0", "127.255.255.255", "128.0.0.0", "a loopback address (127.0.0.0/8)"},
		{"169.253.255.255", "169.254.0.0", "169.254.255.255", "169.255.0.0", "a link-local address (169.254.0.0/16)"},
		{"172.15.255.255", "172.16.0.0", "172.31.255.255", "172.32.0.0", "in a private network (172.16.0.0/12)"},
		{"191.255.255.255", "192.0.0.0", "192.0.0.255", "192.0.1.0", "reserved for protocols (192.0.0.0/24)"},
		{"192.0.1.255", "192.0.2.0", "192.0.2.255", "192.0.3.0", "reserved for documentation (192.0.2.0/24)"},
		{"192.88.98.255", "192.88.99.0", "192.88.99.255", "192.88.100.0", "a 6to4 relay (192.88.99.0/24)"},
		{"192.167.255.255", "192.168.0.0", "192.168.255.255", "192.169.0.0", "in a private network (192.168.0.0/16)"},
		{"198.17.255.255", "198.18.0.0", "198.19.255.255", "198.20.0.0", "in a benchmark network (198.18.0.0/15)"},
		{"198.51.99.255", "198.51.100.0", "198.51.100.255", "198.51.101.0", "reserved for documentation (198.51.100.0/24)"},
		{"203.0.112.255", "203.0.113.0", "203.0.113.255", "203.0.114.0", "reserved for documentation (203.0.113.0/24)"},
		{"223.255.255.255", "224.0.0.0", "239.255.255.255", public, "a multicast address (224.0.0.0/4)"},
		{public, "240.0.0.0", "255.255.255.255", public, "reserved (240.0.0.0/4)"},
		{"168.63.129.15", "168.63.129.16", "168.63.129.16", "168.63.129.17", "the address of a metadata service"},

		{public, "::", "::", public, "an unspecified address (::/128)"},
		{public, "::1", "::1", public, "a loopback address (::1/128)"},
		{public, "::2", "::ffff:ffff", public, "an IPv4-compatible address (::/96)"},
		{public, "64:ff9b::", "64:ff9b::ffff:ffff", public, "a NAT64 address (64:ff9b::/96)"},
		{public, "64:ff9b:1::", "64:ff9b:1:ffff:ffff:ffff:ffff:ffff", public, "a NAT64 address (64:ff9b:1::/48)"},
		{public, "100::", "100::ffff:ffff:ffff:ffff", public, "reserved for discarding (100::/64)"},
		{public, "2001::", "2001:1ff:ffff:ffff:ffff:ffff:ffff:ffff", "2001:200::", "reserved for protocols (2001::/23)"},
		{"2001:db7:ffff:ffff:ffff:ffff:ffff:ffff", "2001:db8::", "2001:db8:ffff:ffff:ffff:ffff:ffff:ffff", "2001:db9::", "reserved for documentation (2001:db8::/32)"},
		{"2001:ffff:ffff:ffff:ffff:ffff:ffff:ffff", "2002::", "2002:ffff:ffff:ffff:ffff:ffff:ffff:ffff", "2003::", "a 6to4 address (2002::/16)"},
		{"3ffe:ffff:ffff:ffff:ffff:ffff:ffff:ffff", "3fff::", "3fff:fff:ffff:ffff:ffff:ffff:ffff:ffff", "3fff:1000::", "reserved for documentation (3fff::/20)"},
		{public, "5f00::", "5f00:ffff:ffff:ffff:ffff:ffff:ffff:ffff", public, "a segment-routing address (5f00::/16)"},
		{public, "fc00::", "fdff:ffff:ffff:ffff:ffff:ffff:ffff:ffff", public, "in a private network (fc00::/7)"},
		{public, "fe80::", "febf:ffff:ffff:ffff:ffff:ffff:ffff:ffff", public, "a link-local address (fe80::/10)"},
		{public, "fec0::", "feff:ffff:ffff:ffff:ffff:ffff:ffff:ffff", public, "a site-local address (fec0::/10)"},
		{public, "ff00::", "ffff:ffff:ffff:ffff:ffff:ffff:ffff:ffff", public, "a multicast address (ff00::/8)"},
		{public, "101::", "1fff:ffff:ffff:ffff:ffff:ffff:ffff:ffff", "2000::", "outside the public part of IPv6"},
		{"3fff:ffff:ffff:ffff:ffff:ffff:ffff:ffff", "4000::", "5eff:ffff:ffff:ffff:ffff:ffff:ffff:ffff", public, "outside the public part of IPv6"},
	} {
		for _, denied := range []string{c.first, c.last} {
			if found := decide(p, denied); found == nil || found.why != c.what {
				t.Errorf("%s: %v, want %q", denied, found, c.what)
			}
		}
		for _, allowed := range []string{c.before, c.after} {
			if allowed == public {
				continue
			}
			if found := decide(p, allowed); found != nil {
				t.Errorf("%s is just outside of %s and denied: %s", allowed, c.what, found.why)
			}
		}
	}
}

func decide(p *Policy, text string) *denial {
	return p.decideAddr(target{host: text, port: 80}, netip.MustParseAddr(text))
}

func TestAllowPrivateOpensOnlyWhatCanBeAWebServer(t *testing.T) {
	p := newPolicy(t, Config{AllowPrivate: true})
	for text, allowed := range map[string]bool{
		"127.0.0.1": true, "::1": true, "10.1.2.3": true, "172.20.0.1": true, "192.168.1.1": true, "100.64.1.1": true,
		"198.18.0.1": true, "169.254.7.7": true, "fd12::1": true, "fec0::1": true, "8.8.8.8": true, "2606:4700::1111": true,
		"0.0.0.0": false, "::": false, "224.0.0.1": false, "255.255.255.255": false, "192.0.2.1": false, "192.0.0.1": false,
		"64:ff9b::a00:1": false, "2002:a00:1::": false, "2001:db8::1": false, "100::1": false, "ff02::1": false, "4000::1": false,
	} {
		if found := decide(p, text); (found == nil) != allowed {
			t.Errorf("%s: %v, want allowed %v", text, found, allowed)
		}
	}
}

func TestMetadataStaysDenied(t *testing.T) {
	open := newPolicy(t, Config{AllowPrivate: true, Allow: []string{"169.254.0.0/16", "168.63.0.0/16", "64:ff9b::/96"}})
	for _, addr := range metadata {
		if found := decide(open, addr.String()); found == nil {
			t.Errorf("%s is permitted", addr)
		}
	}
	for _, hidden := range []string{"::ffff:169.254.169.254", "64:ff9b::169.254.169.254"} {
		if found := decide(open, hidden); found == nil || found.why != "the address of a metadata service" {
			t.Errorf("%s: %v", hidden, found)
		}
	}
	explicit := newPolicy(t, Config{Allow: []string{"169.254.169.254"}})
	if found := decide(explicit, "169.254.169.254"); found != nil {
		t.Errorf("denied although a rule names it: %s", found.why)
	}
	if found := decide(explicit, "169.254.170.2"); found == nil {
		t.Error("a rule for one metadata address opens another")
	}
}

// An Allow rule for a gateway's range does not open what stands behind it.
func TestEmbeddedAddressesAreVettedToo(t *testing.T) {
	p := newPolicy(t, Config{Allow: []string{"64:ff9b::/96", "64:ff9b:1::/48", "2002::/16", "2001::/32", "::/96", "::ffff:0:0:0/96"}, Deny: []string{"9.9.9.9"}})
	for text, allowed := range map[string]bool{
		"64:ff9b::8.8.8.8":                   true,
		"64:ff9b::10.0.0.1":                  false,
		"64:ff9b::9.9.9.9":                   false,
		"64:ff9b:1:a00:0:100:808:808":        false, // 10.0.0.1 where RFC 6052 puts it under a /48
		"64:ff9b:1::10.0.0.1":                false,
		"2002:808:808::1":                    true,
		"2002:7f00:1::1":                     false,
		"2001:0:808:808:8000:63bf:f7f7:f7f7": true,
		"2001:0:808:808:8000:63bf:80ff:fffe": false, // client 127.0.0.1
		"2001:0:7f00:1:8000:63bf:f7f7:f7f7":  false, // server 127.0.0.1
		"::8.8.8.8":                          true,
		"::192.168.0.1":                      false,
		"::ffff:0:192.168.0.1":               false,
		"2606:4700::5efe:192.168.0.1":        false, // ISATAP
		"2606:4700::200:5efe:8.8.8.8":        true,
		"::ffff:192.168.0.1":                 false,
		"::ffff:8.8.8.8":                     true,
	} {
		if found := decide(p, text); (found == nil) != allowed {
			t.Errorf("%s: %v, want allowed %v", text, found, allowed)
		}
	}
}

func TestSelfIsDenied(t *testing.T) {
	own := []netip.AddrPort{netip.MustParseAddrPort("127.0.0.1:8484"), netip.MustParseAddrPort("0.0.0.0:5432"), netip.MustParseAddrPort("[::ffff:10.1.2.3]:9000")}
	config := Config{AllowPrivate: true, Self: own, Allow: []string{"127.0.0.0/8", "127.0.0.1", "localhost"}}
	p := newPolicy(t, config)
	p.machine = machineWith("10.1.2.3/24")
	for text, allowed := range map[string]bool{
		"http://127.0.0.1:8484/": false, "http://127.0.0.1:8485/": true, "http://[::ffff:7f00:1]:8484/": false,
		"http://127.0.0.1:5432/": false, "http://127.9.9.9:5432/": false, "http://[::1]:5432/": false, "http://10.1.2.3:5432/": false,
		"http://10.1.2.4:5432/": true, "http://10.1.2.3:9000/": false, "http://10.1.2.3:9001/": true,
	} {
		if _, err := p.Admit(text); (err == nil) != allowed {
			t.Errorf("%s: %v, want allowed %v", text, err, allowed)
		}
	}
	config.Allow = []string{"127.0.0.1:8484"}
	explicit := newPolicy(t, config)
	if _, err := explicit.Admit("http://127.0.0.1:8484/"); err != nil {
		t.Errorf("denied although a rule names address and port: %v", err)
	}
}

func TestOwnServersAreDenied(t *testing.T) {
	p := newPolicy(t, Config{
		AllowPrivate: true, Allow: []string{"10.0.0.0/8", "db.test"},
		Resolver: resolverWith(map[string][]string{"localhost": {"127.0.0.1"}, "s3": {"10.1.2.3"}, "db.test": {"10.7.7.7", "fd00::5"}}),
	})
	p.machine = machineWith("10.1.2.3/24")
	for _, server := range []string{"localhost:5432", "s3:9000", "db.test:5433", "db.test:5433"} {
		if err := p.OwnServer(t.Context(), server); err != nil {
			t.Fatal(err)
		}
	}
	for text, allowed := range map[string]bool{
		"http://127.0.0.1:5432/": false, "http://127.9.9.9:5432/": false, "http://[::1]:5432/": false, "http://10.1.2.3:5432/": false,
		"http://127.0.0.1:9000/": false, "http://10.1.2.3:9000/": false, "http://10.1.2.4:9000/": true,
		"http://10.7.7.7:5433/": false, "http://[::ffff:a07:707]:5433/": false, "http://10.7.7.7:5432/": true, "http://10.7.7.8:5433/": true,
		"http://[fd00::5]:5433/": false, "http://[fd00::5]/": true,
	} {
		if _, err := p.Admit(text); (err == nil) != allowed {
			t.Errorf("%s: %v, want allowed %v", text, err, allowed)
		}
	}
	// A name that leads there is refused by its address, whatever a rule says of the name.
	if found := p.decideAddr(target{host: "db.test", port: 5433}, netip.MustParseAddr("10.7.7.7")); found == nil {
		t.Error("a name that leads to the database is permitted")
	}
	for _, server := range []string{"nobody.test:5432", "no port"} {
		if err := p.OwnServer(t.Context(), server); err == nil {
			t.Errorf("%s is known", server)
		}
	}
}

func TestOwnIsReleased(t *testing.T) {
	p := newPolicy(t, Config{AllowPrivate: true})
	listener := netip.MustParseAddrPort("127.0.0.1:9999")
	first, second := p.Own(listener), p.Own(listener)
	first()
	first()
	if _, err := p.Admit("http://127.0.0.1:9999/"); Reason(err) != ReasonTarget {
		t.Errorf("released while another one serves there: %v", err)
	}
	second()
	if _, err := p.Admit("http://127.0.0.1:9999/"); err != nil {
		t.Errorf("still denied: %v", err)
	}
}

func TestZonesAreDenied(t *testing.T) {
	p := newPolicy(t, Config{AllowPrivate: true})
	_, err := p.DialContext(t.Context(), "tcp", "[fe80::1%lo]:80")
	if darkroom.CodeOf(err) != darkroom.CodeBlockedTarget {
		t.Errorf("fe80::1%%lo: %v", err)
	}
}
