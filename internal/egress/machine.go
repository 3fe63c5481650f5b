package egress

import (
	"net"
	"net/netip"
	"sync"
	"time"
)

// machineTTL is how long the list of this machine's addresses is trusted:
// asking the kernel at every dial would cost more than the dial's decision.
const machineTTL = 15 * time.Second

// machine knows the addresses of this machine's interfaces.
type machine struct {
	list func() ([]net.Addr, error)

	mu     sync.Mutex
	readAt time.Time
	addrs  map[netip.Addr]bool
}

// has reports whether addr belongs to one of the interfaces. An interface list
// that cannot be read keeps the last one that could.
func (m *machine) has(addr netip.Addr) bool {
	m.mu.Lock()
	defer m.mu.Unlock()
	if m.addrs == nil || time.Since(m.readAt) > machineTTL {
		m.read()
	}
	return m.addrs[addr]
}

func (m *machine) read() {
	list, err := m.list()
	if err != nil {
		return
	}
	m.readAt = time.Now()
	m.addrs = make(map[netip.Addr]bool, len(list))
	for _, entry := range list {
		if prefix, err := netip.ParsePrefix(entry.String()); err == nil {
			m.addrs[prefix.Addr().Unmap().WithZone("")] = true
		}
	}
}
