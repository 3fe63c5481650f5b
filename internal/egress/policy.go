package egress

import (
	"crypto/x509"
	"fmt"
	"log/slog"
	"net"
	"net/netip"
	"sync"
	"sync/atomic"
)

// Config is what the operator says about targets. The zero value refuses
// everything that is not public.
type Config struct {
	// AllowPrivate permits loopback, private, shared, benchmark and link-local
	// addresses, those of this machine's own interfaces, and local names. What
	// Self, Deny and the metadata services have stays denied.
	AllowPrivate bool

	// Allow and Deny are rules: an address ("10.1.2.3"), a CIDR ("10.0.0.0/8"), a
	// host ("intranet.example") or everything below one ("*.example"), each
	// optionally with a port ("10.0.0.0/8:443", "[fd00::1]:443", "host:8080",
	// "host:*"). A Deny rule may be a port alone (":25"). Deny wins over Allow.
	//
	// A metadata address is permitted only by an Allow rule for that very address,
	// an own listener only by one for that very address and port.
	Allow, Deny []string

	// ListedOnly denies everything that no Allow rule names, public or not, and
	// whatever AllowPrivate says. A name is reached when a rule names it, or when
	// rules have every address to which it leads.
	ListedOnly bool

	// Self are the service's own listeners; Own and OwnServer add to them. An
	// unspecified address (0.0.0.0, ::) means that port on every address of this
	// machine.
	Self []netip.AddrPort

	Resolver Resolver       // nil = Go's own resolver, never the C library's
	RootCAs  *x509.CertPool // for Client; nil = the system's
	Log      *slog.Logger   // nil = nothing is logged
}

// Policy decides which targets may be reached. It is safe for concurrent use.
type Policy struct {
	allowPrivate bool
	listedOnly   bool
	allow, deny  rules
	resolver     Resolver
	rootCAs      *x509.CertPool
	log          *slog.Logger
	machine      *machine

	denials atomic.Int64

	mu   sync.RWMutex
	self map[netip.AddrPort]int // how often each was claimed
}

// NewPolicy makes a policy. The error names the first rule that cannot be
// read.
func NewPolicy(config Config) (*Policy, error) {
	allow, err := parseAllow(config.Allow)
	if err != nil {
		return nil, fmt.Errorf("read --egress-allow: %w", err)
	}
	deny, err := parseRules(config.Deny)
	if err != nil {
		return nil, fmt.Errorf("read --egress-deny: %w", err)
	}
	policy := &Policy{
		allowPrivate: config.AllowPrivate,
		listedOnly:   config.ListedOnly,
		allow:        allow,
		deny:         deny,
		resolver:     config.Resolver,
		rootCAs:      config.RootCAs,
		log:          config.Log,
		machine:      &machine{list: net.InterfaceAddrs},
		self:         make(map[netip.AddrPort]int),
	}
	if policy.resolver == nil {
		policy.resolver = &net.Resolver{PreferGo: true}
	}
	if policy.log == nil {
		policy.log = slog.New(slog.DiscardHandler)
	}
	for _, own := range config.Self {
		policy.Own(own)
	}
	return policy, nil
}

// Denials is how often a target was refused since the start, whoever asked: a
// page, a sitemap or a webhook. What Admit refuses is not counted.
func (p *Policy) Denials() int64 { return p.denials.Load() }

// Own denies one more listener of this process from now on, until release is
// called. An unspecified address means that port on every address of this
// machine.
func (p *Policy) Own(listener netip.AddrPort) (release func()) {
	listener = netip.AddrPortFrom(listener.Addr().Unmap().WithZone(""), listener.Port())
	p.mu.Lock()
	defer p.mu.Unlock()
	p.self[listener]++
	return sync.OnceFunc(func() {
		p.mu.Lock()
		defer p.mu.Unlock()
		if p.self[listener]--; p.self[listener] == 0 {
			delete(p.self, listener)
		}
	})
}

// isSelf reports whether addr and port lead to one of our own listeners, or to
// a server of ours.
func (p *Policy) isSelf(addr netip.Addr, port uint16) bool {
	p.mu.RLock()
	defer p.mu.RUnlock()
	for own := range p.self {
		if own.Port() != port {
			continue
		}
		if own.Addr() == addr || own.Addr().IsUnspecified() && (addr.IsLoopback() || p.machine.has(addr)) {
			return true
		}
	}
	return false
}
