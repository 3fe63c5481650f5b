package egress

import (
	"context"
	"fmt"
	"net/netip"
)

// OwnServer denies what serves this service, such as its database, for good: the
// addresses that "host:port" has now. The name is looked up as it stands, search
// domains included, as drivers do. A server of this machine is denied on every
// address of it: what listens on one may listen on all.
func (p *Policy) OwnServer(ctx context.Context, server string) error {
	target, err := parseTarget(server)
	if err != nil {
		return err
	}
	addrs, err := p.resolver.LookupNetIP(ctx, "ip", target.host)
	if err != nil {
		return fmt.Errorf("look up %s: %w", target.host, err)
	}
	for _, addr := range addrs {
		p.ownServer(netip.AddrPortFrom(addr.Unmap().WithZone(""), target.port))
	}
	return nil
}

func (p *Policy) ownServer(server netip.AddrPort) {
	if server.Addr().IsLoopback() || p.machine.has(server.Addr()) {
		server = netip.AddrPortFrom(netip.IPv4Unspecified(), server.Port())
	}
	p.mu.Lock()
	defer p.mu.Unlock()
	p.self[server] = max(p.self[server], 1) // nobody releases it
}
