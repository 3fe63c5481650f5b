package egress

import (
	"context"
	"fmt"
	"log/slog"
	"net"
	"net/netip"
	"syscall"
	"time"

	"darkroom"
)

// Limits of one connection.
const (
	connectTimeout = 10 * time.Second // look-up and every address included
	minTryTimeout  = 2 * time.Second  // least time for one of several addresses
)

// DialContext connects to addr ("host:port") when the policy permits every
// address that the host has. It dials the vetted address, never the name, and
// looks at the socket's address once more before anything is sent. It is given
// up after 10 s at the latest. network must be "tcp", "tcp4" or "tcp6"; the
// addresses of the other family are then left out.
//
// The error is a *darkroom.Error: CodeBlockedTarget, CodeDNSError,
// CodeConnectionRefused, CodeConnectionReset, CodeTimeout, or CodeCancelled
// when ctx was.
func (p *Policy) DialContext(ctx context.Context, network, addr string) (net.Conn, error) {
	target, err := parseTarget(addr)
	if err != nil {
		found := &denial{reason: ReasonTarget}
		return nil, found.blocked(target, err)
	}
	conn, err := p.dial(ctx, p.resolver, network, target)
	if err != nil {
		p.logDenied(ctx, slog.LevelInfo, target, err)
		if darkroom.CodeOf(err) == darkroom.CodeBlockedTarget {
			p.denials.Add(1)
		}
		return nil, err
	}
	return conn, nil
}

func (p *Policy) dial(ctx context.Context, resolver Resolver, network string, target target) (*net.TCPConn, error) {
	limited, cancel := context.WithTimeout(ctx, connectTimeout)
	defer cancel()
	addrs, err := p.resolve(limited, resolver, target)
	if err != nil {
		return nil, err
	}
	return p.dialVetted(limited, network, target, addrs)
}

// dialVetted tries the addresses one after the other and answers the first
// failure when none connects.
func (p *Policy) dialVetted(ctx context.Context, network string, target target, addrs []netip.Addr) (*net.TCPConn, error) {
	var first error
	for i, addr := range addrs {
		if network == "tcp4" && !addr.Is4() || network == "tcp6" && !addr.Is6() {
			continue
		}
		conn, err := p.dialOne(ctx, target, addr, len(addrs)-i)
		if err == nil {
			return conn, nil
		}
		if first == nil {
			first = classifyError(ctx, target, err)
		}
		if ctx.Err() != nil {
			break
		}
	}
	if first == nil {
		first = darkroom.Errorf(darkroom.CodeDNSError, "the name %s has no %s address", quote(target.host), network)
	}
	return nil, first
}

// dialOne gives one address its share of the time that is left.
func (p *Policy) dialOne(ctx context.Context, target target, addr netip.Addr, left int) (*net.TCPConn, error) {
	if deadline, ok := ctx.Deadline(); ok && left > 1 {
		share := max(time.Until(deadline)/time.Duration(left), minTryTimeout)
		var cancel context.CancelFunc
		ctx, cancel = context.WithTimeout(ctx, share)
		defer cancel()
	}
	vetted := netip.AddrPortFrom(addr, target.port)
	dialer := net.Dialer{Control: func(_, address string, _ syscall.RawConn) error {
		return p.recheck(target, vetted, address)
	}}
	conn, err := dialer.DialContext(ctx, "tcp", vetted.String())
	if err != nil {
		return nil, fmt.Errorf("dial %s: %w", vetted, err)
	}
	return conn.(*net.TCPConn), nil
}

// recheck is the last gate: it sees the address that the socket is about to
// connect to, whatever happened before.
func (p *Policy) recheck(target target, vetted netip.AddrPort, address string) error {
	actual, err := netip.ParseAddrPort(address)
	if err != nil {
		return (&denial{reason: ReasonTarget}).blocked(target, fmt.Errorf("read socket address %q: %w", address, err))
	}
	actual = netip.AddrPortFrom(actual.Addr().Unmap(), actual.Port())
	if actual != vetted {
		return (&denial{reason: ReasonTarget}).blocked(target, fmt.Errorf("socket goes to %s, vetted was %s", actual, vetted))
	}
	if found := p.decideAddr(target, actual.Addr()); found != nil {
		return found.blocked(target, fmt.Errorf("%s is %s", actual, found.why))
	}
	return nil
}

// logDenied keeps the reason that nobody outside is told.
func (p *Policy) logDenied(ctx context.Context, level slog.Level, target target, err error) {
	if darkroom.CodeOf(err) == darkroom.CodeBlockedTarget {
		p.log.Log(ctx, level, "target denied", "host", target.String(), "code", darkroom.CodeBlockedTarget, "err", err)
	}
}
