package egress

import (
	"encoding/binary"
	"net/netip"
	"slices"
	"strings"
	"testing"
)

// edges are the addresses just before, at both ends of, and just after a range.
// Those outside are invalid where the range ends the space of its family.
func edges(prefix netip.Prefix) (before, first, last, after netip.Addr) {
	first = prefix.Masked().Addr()
	b := first.AsSlice()
	for bit := prefix.Bits(); bit < first.BitLen(); bit++ {
		b[bit/8] |= 0x80 >> (bit % 8)
	}
	last, _ = netip.AddrFromSlice(b)
	return first.Prev(), first, last, last.Next()
}

// forms are the ways in which an IPv6 address carries an IPv4 one. Every
// gateway's range is opened by a rule, so that only what stands behind it
// decides.
func forms() (gateways []string, write map[string]func(netip.Addr) netip.Addr) {
	in := func(text string, at int) func(netip.Addr) netip.Addr {
		return func(inner netip.Addr) netip.Addr {
			b := netip.MustParseAddr(text).As16()
			copy(b[at:], inner.AsSlice())
			return netip.AddrFrom16(b)
		}
	}
	write = map[string]func(netip.Addr) netip.Addr{
		"v4-mapped":     in("::ffff:0:0", 12),
		"v4-compatible": in("::", 12),
		"translated":    in("::ffff:0:0:0", 12),
		"NAT64":         in("64:ff9b::", 12),
		"local NAT64":   in("64:ff9b:1:808:8:800::", 12), // 8.8.8.8 where RFC 6052 has it
		"6to4":          in("2002::1", 2),
		"Teredo server": in("2001:0:0:0:8000:63bf:f7f7:f7f7", 4), // client 8.8.8.8
		"ISATAP":        in("2606:4700::5efe:0:0", 12),
		"ISATAP, local": in("2606:4700::200:5efe:0:0", 12),
		"local NAT64 of RFC 6052": func(inner netip.Addr) netip.Addr {
			b, v4 := netip.MustParseAddr("64:ff9b:1::808:808").As16(), inner.As4()
			b[6], b[7], b[9], b[10] = v4[0], v4[1], v4[2], v4[3]
			return netip.AddrFrom16(b)
		},
		"Teredo client": func(inner netip.Addr) netip.Addr {
			b := netip.MustParseAddr("2001:0:808:808:8000:63bf::").As16()
			v4 := inner.As4()
			binary.BigEndian.PutUint32(b[12:], ^binary.BigEndian.Uint32(v4[:]))
			return netip.AddrFrom16(b)
		},
	}
	return []string{"::/96", "::ffff:0:0:0/96", "64:ff9b::/96", "64:ff9b:1::/48", "2002::/16", "2001::/32"}, write
}

// Whatever carries an IPv4 address is decided as that address is, at both edges
// of every range and just outside.
func TestEdgesInEveryForm(t *testing.T) {
	gateways, write := forms()
	plain, open := newPolicy(t, Config{}), newPolicy(t, Config{Allow: gateways})
	checked := 0
	for _, c := range classes4 {
		before, first, last, after := edges(c.prefix)
		for _, inner := range []netip.Addr{before, first, last, after} {
			if !inner.IsValid() {
				continue
			}
			want := decide(plain, inner.String()) == nil
			if c.prefix.Contains(inner) && want {
				t.Errorf("%s is permitted", inner)
			}
			for form, carry := range write {
				outer := carry(inner)
				if outer.IsLoopback() || outer.IsUnspecified() {
					continue // ::1 and :: carry nothing
				}
				if found := decide(open, outer.String()); (found == nil) != want {
					t.Errorf("%s as %s (%s): %v, want permitted %v", inner, form, outer, found, want)
				}
				if form != "v4-mapped" && !strings.HasPrefix(form, "ISATAP") && decide(plain, outer.String()) == nil {
					t.Errorf("%s as %s (%s) is permitted though no rule opens the gateway", inner, form, outer)
				}
				checked++
			}
		}
	}
	if checked < 600 {
		t.Errorf("only %d forms were looked at", checked)
	}
}

// What lies between the named ranges of IPv6 is not public either, and private
// targets do not open it.
func TestIPv6BetweenTheRanges(t *testing.T) {
	for _, private := range []bool{false, true} {
		p := newPolicy(t, Config{AllowPrivate: private})
		for _, text := range []string{
			"::1:0:0", "::fffe:ffff:ffff", "::1:0:0:0", "::fffe:ffff:ffff:ffff", "64:ff9a:ffff:ffff:ffff:ffff:ffff:ffff", "64:ff9b::1:0:0", "64:ff9b:0:ffff:ffff:ffff:ffff:ffff", "64:ff9b:2::",
			"ff:ffff:ffff:ffff:ffff:ffff:ffff:ffff", "100:0:0:1::", "1fff:ffff:ffff:ffff:ffff:ffff:ffff:ffff", "4000::",
			"5eff:ffff:ffff:ffff:ffff:ffff:ffff:ffff", "5f01::", "fbff:ffff:ffff:ffff:ffff:ffff:ffff:ffff", "fe00::", "fe7f:ffff:ffff:ffff:ffff:ffff:ffff:ffff",
		} {
			if found := decide(p, text); found == nil || found.why != "outside the public part of IPv6" {
				t.Errorf("%s, private targets %v: %v", text, private, found)
			}
		}
	}
}

// AllowPrivate opens these ranges whole, and nothing just outside of them that
// was not open before.
func TestAllowPrivateOpensRangesToTheirEdges(t *testing.T) {
	closed, open := newPolicy(t, Config{}), newPolicy(t, Config{AllowPrivate: true})
	opened := []string{
		"10.0.0.0/8", "100.64.0.0/10", "127.0.0.0/8", "169.254.0.0/16", "172.16.0.0/12", "192.168.0.0/16", "198.18.0.0/15",
		"::1/128", "fc00::/7", "fe80::/10", "fec0::/10",
	}
	for _, c := range append(classes4[:], classes6[:]...) {
		before, first, last, after := edges(c.prefix)
		for _, inside := range []netip.Addr{first, last} {
			want := slices.ContainsFunc(opened, func(text string) bool { return netip.MustParsePrefix(text).Contains(inside) })
			if found := decide(open, inside.String()); (found == nil) != want {
				t.Errorf("%s: %v, want permitted %v", inside, found, want)
			}
		}
		for _, outside := range []netip.Addr{before, after} {
			if !outside.IsValid() || slices.ContainsFunc(opened, func(text string) bool { return netip.MustParsePrefix(text).Contains(outside) }) {
				continue
			}
			if (decide(open, outside.String()) == nil) != (decide(closed, outside.String()) == nil) {
				t.Errorf("%s is decided otherwise with private targets", outside)
			}
		}
	}
}

// The neighbours of a metadata address are what their range says.
func TestMetadataEdges(t *testing.T) {
	p := newPolicy(t, Config{AllowPrivate: true})
	for text, permitted := range map[string]bool{
		"169.254.169.253": true, "169.254.169.254": false, "169.254.169.255": true,
		"169.254.170.1": true, "169.254.170.2": false, "169.254.170.3": true, "169.254.170.22": true, "169.254.170.23": false, "169.254.170.24": true,
		"100.100.100.199": true, "100.100.100.200": false, "100.100.100.201": true,
		"168.63.129.15": true, "168.63.129.16": false, "168.63.129.17": true,
		"192.0.0.191": false, "192.0.0.192": false, "192.0.0.193": false,
		"fd00:ec2::253": true, "fd00:ec2::254": false, "fd00:ec2::255": true, "fd00:ec2::22": true, "fd00:ec2::23": false, "fd00:ec2::24": true,
		"fd20:ce::253": true, "fd20:ce::254": false, "fd20:ce::255": true, "fd00:42::41": true, "fd00:42::42": false, "fd00:42::43": true,
	} {
		if found := decide(p, text); (found == nil) != permitted {
			t.Errorf("%s: %v, want permitted %v", text, found, permitted)
		}
	}
}

// A metadata name stays denied wherever it leads, however it is written; only a
// rule that names it opens it.
func TestMetadataNames(t *testing.T) {
	answers := map[string][]string{}
	for _, name := range metadataNames {
		answers[name+"."] = []string{"8.8.8.8"}
	}
	p := newPolicy(t, Config{AllowPrivate: true, Allow: []string{"0.0.0.0/0", "::/0", "*.internal", "*.goog", "*.com", "*.google.internal"}, Resolver: resolverWith(answers)})
	for _, name := range metadataNames {
		for _, written := range []string{name, strings.ToUpper(name), name + ".", strings.Replace(name, "a", "%61", 1), strings.Replace(name, "a", "ａ", 1), strings.ReplaceAll(name, ".", "。")} {
			if _, err := p.Admit("http://" + written + "/"); Reason(err) != ReasonTarget {
				t.Errorf("%s: %v", written, err)
			}
		}
		if _, err := resolvePublic(t.Context(), p, name+":80"); err == nil {
			t.Errorf("%s is looked up", name)
		}
		named := newPolicy(t, Config{Allow: []string{name}, Resolver: resolverWith(answers)})
		if _, err := resolvePublic(t.Context(), named, name+":80"); err != nil {
			t.Errorf("%s is denied though a rule names it: %v", name, err)
		}
	}
}

// No rule and no setting opens a port that browsers refuse; a port next to it
// is none of them.
func TestEveryPort(t *testing.T) {
	public := newPolicy(t, Config{})
	open := newPolicy(t, Config{AllowPrivate: true, Allow: []string{"example.com", "8.8.8.8", "0.0.0.0/0"}})
	refused := map[uint16]bool{}
	for number := range 1 << 16 {
		port := uint16(number)
		if public.decideText(target{"example.com", port}) != nil {
			refused[port] = true
		}
		for _, host := range []string{"example.com", "8.8.8.8", "127.0.0.1"} {
			if found := open.decideText(target{host, port}); found == nil && isUnsafePort(port) {
				t.Errorf("%s:%d is permitted", host, port)
			}
		}
	}
	if want := len(unsafePorts) + len(commandPorts); len(refused) != want {
		t.Errorf("%d ports are refused, want %d", len(refused), want)
	}
	for _, port := range []uint16{0, 1, 22, 25, 6000, 6379, 6665, 6669, 10080, 11211} {
		if !refused[port] {
			t.Errorf("port %d is permitted", port)
		}
	}
	for _, port := range []uint16{2, 24, 80, 443, 3000, 5999, 6001, 6378, 6380, 6664, 8080, 10079, 10081, 11210, 11212, 65535} {
		if refused[port] {
			t.Errorf("port %d is refused", port)
		}
	}
	if !slices.IsSorted(unsafePorts[:]) || !slices.IsSorted(commandPorts[:]) {
		t.Error("the lists are searched as sorted ones")
	}
}
