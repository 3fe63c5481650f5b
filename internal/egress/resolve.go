package egress

import (
	"context"
	"errors"
	"fmt"
	"net"
	"net/netip"
	"strings"
	"time"

	"darkroom"
)

// Limits of one look-up.
const (
	lookupTimeout = 5 * time.Second
	maxAddresses  = 16 // of one name that are dialled; all of them are vetted
)

// Resolver looks names up. *net.Resolver is one.
type Resolver interface {
	// LookupNetIP gives the addresses of host. network is always "ip". A host with
	// a dot at its end is complete: search domains must not be tried.
	LookupNetIP(ctx context.Context, network, host string) ([]netip.Addr, error)
}

// resolve gives the addresses of a target, each of them permitted. When one is
// not, the whole target is denied: a name with one public and one private
// address is an attack or a mistake.
func (p *Policy) resolve(ctx context.Context, resolver Resolver, target target) ([]netip.Addr, error) {
	if found := p.decidePort(target); found != nil {
		return nil, found.blocked(target, nil)
	}
	addrs, err := p.addresses(ctx, resolver, target)
	if err != nil {
		return nil, err
	}
	for i, addr := range addrs {
		addrs[i] = addr.Unmap()
		if found := p.decideAddr(target, addr); found != nil {
			return nil, found.blocked(target, fmt.Errorf("%s is %s", addr, found.why))
		}
	}
	return addrs[:min(len(addrs), maxAddresses)], nil
}

// addresses looks a target up unless it is an address already.
func (p *Policy) addresses(ctx context.Context, resolver Resolver, target target) ([]netip.Addr, error) {
	if addr := target.literal(); addr.IsValid() {
		return []netip.Addr{addr}, nil
	}
	if !validName(target.host) {
		found := &denial{reason: ReasonTarget, why: "not a host name"}
		return nil, found.blocked(target, errors.New("not a host name that may be looked up"))
	}
	if found := p.decideName(target); found != nil {
		return nil, found.blocked(target, fmt.Errorf("%s is %s", target.host, found.why))
	}
	if isLocalhost(plainName(target.host)) {
		return []netip.Addr{netip.AddrFrom4([4]byte{127, 0, 0, 1}), netip.IPv6Loopback()}, nil
	}
	return p.lookup(ctx, resolver, target)
}

func (p *Policy) lookup(ctx context.Context, resolver Resolver, target target) ([]netip.Addr, error) {
	limited, cancel := context.WithTimeout(ctx, lookupTimeout)
	defer cancel()
	addrs, err := resolver.LookupNetIP(limited, "ip", p.complete(target.host))
	switch {
	case err == nil && len(addrs) == 0:
		return nil, darkroom.Errorf(darkroom.CodeDNSError, "the name %s has no address", quote(target.host))
	case err == nil:
		return addrs, nil
	case ctx.Err() != nil:
		return nil, classifyError(ctx, target, err)
	}
	return nil, lookupError(target, err)
}

// complete puts the dot at the end that keeps search domains out: with them,
// "wiki" or "example.com" could become a name of the network we stand in. Where
// private targets are permitted, a name without any dot may be such a name, or
// one of /etc/hosts.
func (p *Policy) complete(host string) string {
	if strings.HasSuffix(host, ".") || p.allowPrivate && !strings.Contains(host, ".") {
		return host
	}
	return host + "."
}

func lookupError(target target, err error) *darkroom.Error {
	failed := &darkroom.Error{Code: darkroom.CodeDNSError, Err: err}
	dns, ok := errors.AsType[*net.DNSError](err)
	switch {
	case ok && dns.IsNotFound:
		failed.Message = fmt.Sprintf("the name %s does not exist", quote(target.host))
	case ok && dns.IsTimeout, errors.Is(err, context.DeadlineExceeded):
		failed.Message = fmt.Sprintf("no name server answered for %s within %s", quote(target.host), lookupTimeout)
	default:
		failed.Message = fmt.Sprintf("the name %s could not be looked up", quote(target.host))
	}
	return failed
}
