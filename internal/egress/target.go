package egress

import (
	"fmt"
	"net"
	"net/netip"
	"net/url"
	"strconv"
	"strings"
)

// target is a host and port that someone wants to reach.
type target struct {
	host string // canonical name, or an address without brackets
	port uint16
}

// parseTarget reads "host:port" as a dialer or CONNECT has it.
func parseTarget(text string) (target, error) {
	host, portText, err := net.SplitHostPort(text)
	if err != nil {
		return target{}, fmt.Errorf("split %q into host and port: %w", text, err)
	}
	port, err := strconv.ParseUint(portText, 10, 16)
	if err != nil {
		return target{}, fmt.Errorf("read the port of %q: %w", text, err)
	}
	return target{host: strings.ToLower(host), port: uint16(port)}, nil
}

// targetOf is the target of a canonical http or https URL.
func targetOf(u *url.URL) target {
	port := uint64(80)
	if u.Scheme == "https" {
		port = 443
	}
	if text := u.Port(); text != "" {
		port, _ = strconv.ParseUint(text, 10, 16) // canonical: it is a port
	}
	return target{host: u.Hostname(), port: uint16(port)}
}

// literal is the address that the host is, invalid when it is a name.
func (t target) literal() netip.Addr {
	addr, err := netip.ParseAddr(t.host)
	if err != nil {
		return netip.Addr{}
	}
	return addr.Unmap()
}

// String gives "host:port".
func (t target) String() string {
	return net.JoinHostPort(t.host, strconv.Itoa(int(t.port)))
}

// key is the target as the failure log has it.
func (t target) key() string {
	t.host = plainName(t.host)
	return t.String()
}

// HostPort gives "host:port" of a canonical URL, with the scheme's default
// port spelled out and without the dot at the end of a name: what pace and
// affinity go by.
func HostPort(u *url.URL) string { return targetOf(u).key() }
