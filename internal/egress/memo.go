package egress

import (
	"context"
	"net/netip"
	"slices"
	"sync"
)

// memo remembers the answers of a resolver for the length of one capture: the
// several connections to a host cost one look-up, and a name cannot change its
// mind under a page.
type memo struct {
	resolver Resolver

	mu      sync.Mutex
	answers map[string][]netip.Addr
}

// LookupNetIP asks the resolver for what it has not answered yet. Failures are
// not remembered.
func (m *memo) LookupNetIP(ctx context.Context, network, host string) ([]netip.Addr, error) {
	if known, found := m.recall(host); found {
		return known, nil
	}
	addrs, err := m.resolver.LookupNetIP(ctx, network, host)
	if err != nil {
		return nil, err
	}
	m.mu.Lock()
	defer m.mu.Unlock()
	if m.answers == nil {
		m.answers = make(map[string][]netip.Addr)
	}
	if len(m.answers) < maxFailures {
		m.answers[host] = addrs
	}
	return slices.Clone(addrs), nil
}

func (m *memo) recall(host string) ([]netip.Addr, bool) {
	m.mu.Lock()
	defer m.mu.Unlock()
	known, found := m.answers[host]
	return slices.Clone(known), found
}
