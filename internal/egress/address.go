package egress

import "net/netip"

// class is a range of addresses that are not public, and whether AllowPrivate
// opens it.
type class struct {
	prefix  netip.Prefix
	what    string // completes "it is …"
	private bool   // AllowPrivate opens it; the others open by an Allow rule only
}

// The ranges of IPv4 that are not public: the union of the lists of the IANA
// special-purpose registry and of the proxies that have been broken and
// mended over this.
var classes4 = [...]class{
	{netip.MustParsePrefix("0.0.0.0/8"), "an unspecified address", false},
	{netip.MustParsePrefix("10.0.0.0/8"), "in a private network", true},
	{netip.MustParsePrefix("100.64.0.0/10"), "in a provider's shared network", true},
	{netip.MustParsePrefix("127.0.0.0/8"), "a loopback address", true},
	{netip.MustParsePrefix("169.254.0.0/16"), "a link-local address", true},
	{netip.MustParsePrefix("172.16.0.0/12"), "in a private network", true},
	{netip.MustParsePrefix("192.0.0.0/24"), "reserved for protocols", false},
	{netip.MustParsePrefix("192.0.2.0/24"), "reserved for documentation", false},
	{netip.MustParsePrefix("192.88.99.0/24"), "a 6to4 relay", false},
	{netip.MustParsePrefix("192.168.0.0/16"), "in a private network", true},
	{netip.MustParsePrefix("198.18.0.0/15"), "in a benchmark network", true},
	{netip.MustParsePrefix("198.51.100.0/24"), "reserved for documentation", false},
	{netip.MustParsePrefix("203.0.113.0/24"), "reserved for documentation", false},
	{netip.MustParsePrefix("224.0.0.0/4"), "a multicast address", false},
	{netip.MustParsePrefix("240.0.0.0/4"), "reserved", false},
}

// The ranges of IPv6 that are not public. Those outside 2000::/3 are here for
// their names and for AllowPrivate: what is outside and not listed is denied
// as well.
var classes6 = [...]class{
	{netip.MustParsePrefix("::/128"), "an unspecified address", false},
	{netip.MustParsePrefix("::1/128"), "a loopback address", true},
	{netip.MustParsePrefix("::/96"), "an IPv4-compatible address", false},
	{netip.MustParsePrefix("64:ff9b::/96"), "a NAT64 address", false},
	{netip.MustParsePrefix("64:ff9b:1::/48"), "a NAT64 address", false},
	{netip.MustParsePrefix("100::/64"), "reserved for discarding", false},
	{netip.MustParsePrefix("5f00::/16"), "a segment-routing address", false},
	{netip.MustParsePrefix("fc00::/7"), "in a private network", true},
	{netip.MustParsePrefix("fe80::/10"), "a link-local address", true},
	{netip.MustParsePrefix("fec0::/10"), "a site-local address", true},
	{netip.MustParsePrefix("ff00::/8"), "a multicast address", false},
	{netip.MustParsePrefix("2001::/23"), "reserved for protocols", false},
	{netip.MustParsePrefix("2001:db8::/32"), "reserved for documentation", false},
	{netip.MustParsePrefix("2002::/16"), "a 6to4 address", false},
	{netip.MustParsePrefix("3fff::/20"), "reserved for documentation", false},
}

// Only this part of IPv6 has been given out for public use.
var public6 = netip.MustParsePrefix("2000::/3")

// metadata are the addresses at which clouds give credentials to whoever asks
// from inside.
var metadata = [...]netip.Addr{
	netip.MustParseAddr("169.254.169.254"), // most clouds
	netip.MustParseAddr("169.254.170.2"),   // Amazon, containers
	netip.MustParseAddr("169.254.170.23"),  // Amazon, Kubernetes
	netip.MustParseAddr("100.100.100.200"), // Alibaba
	netip.MustParseAddr("168.63.129.16"),   // Azure, in public space
	netip.MustParseAddr("192.0.0.192"),     // Oracle
	netip.MustParseAddr("fd00:ec2::254"),   // Amazon
	netip.MustParseAddr("fd00:ec2::23"),    // Amazon, Kubernetes
	netip.MustParseAddr("fd20:ce::254"),    // Google
	netip.MustParseAddr("fd00:42::42"),     // Scaleway
}

func isMetadata(addr netip.Addr) bool {
	for _, known := range metadata {
		if addr == known {
			return true
		}
	}
	return false
}

// classify finds the range that makes an address not public. addr is unmapped.
func classify(addr netip.Addr) (class, bool) {
	list := classes6[:]
	if addr.Is4() {
		list = classes4[:]
	}
	for _, c := range list {
		if c.prefix.Contains(addr) {
			return c, true
		}
	}
	if addr.Is6() && !public6.Contains(addr) {
		return class{what: "outside the public part of IPv6"}, true
	}
	return class{}, false
}

// The forms in which an IPv6 address carries an IPv4 one.
var (
	compatible4 = netip.MustParsePrefix("::/96")
	translated4 = netip.MustParsePrefix("::ffff:0:0:0/96")
	nat64       = netip.MustParsePrefix("64:ff9b::/96")
	nat64Local  = netip.MustParsePrefix("64:ff9b:1::/48")
	sixToFour   = netip.MustParsePrefix("2002::/16")
	teredo      = netip.MustParsePrefix("2001::/32")
)

// embedded gives the IPv4 addresses that a gateway may make of an IPv6
// address: each must be permitted too. addr is unmapped.
func embedded(addr netip.Addr) []netip.Addr {
	if addr.Is4() || addr.IsLoopback() || addr.IsUnspecified() {
		return nil
	}
	b := addr.As16()
	last := netip.AddrFrom4([4]byte(b[12:16]))
	switch {
	case compatible4.Contains(addr), translated4.Contains(addr), nat64.Contains(addr):
		return []netip.Addr{last}
	case nat64Local.Contains(addr):
		return []netip.Addr{last, netip.AddrFrom4([4]byte{b[6], b[7], b[9], b[10]})}
	case sixToFour.Contains(addr):
		return []netip.Addr{netip.AddrFrom4([4]byte(b[2:6]))}
	case teredo.Contains(addr):
		client := netip.AddrFrom4([4]byte{^b[12], ^b[13], ^b[14], ^b[15]})
		return []netip.Addr{netip.AddrFrom4([4]byte(b[4:8])), client}
	case isISATAP(b):
		return []netip.Addr{last}
	}
	return nil
}

// isISATAP looks for the interface identifier of RFC 5214, whatever the
// prefix.
func isISATAP(b [16]byte) bool {
	return b[8]&^2 == 0 && b[9] == 0 && b[10] == 0x5e && b[11] == 0xfe
}
