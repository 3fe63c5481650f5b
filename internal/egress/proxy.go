package egress

import (
	"net"
	"net/http/httputil"
	"strconv"
	"strings"
	"sync"
	"sync/atomic"

	"darkroom"
)

// Proxy is the browser's only way out: an HTTP/1.1 forward proxy that decides
// about every target with its Policy. It belongs to one browser, which takes
// one capture at a time; Begin separates them. It takes CONNECT and requests
// in absolute form, and answers constant, empty 403 and 502 pages to all it
// does not pass on.
type Proxy struct {
	policy  *Policy
	limits  Limits
	direct  *route
	reverse *httputil.ReverseProxy
	slots   chan struct{} // one place per request or tunnel under way

	current atomic.Pointer[ledger]
	route   atomic.Pointer[route]

	mu   sync.Mutex
	live map[*exchange]struct{}
}

// NewProxy makes a proxy that is ready for its first capture.
func NewProxy(p *Policy, limits Limits) *Proxy {
	limits = limits.WithDefaults()
	x := &Proxy{
		policy: p,
		limits: limits,
		slots:  make(chan struct{}, limits.Connections),
		live:   make(map[*exchange]struct{}),
	}
	x.current.Store(newLedger(limits, p.resolver, &p.denials))
	x.direct = &route{transport: x.newTransport()}
	x.route.Store(x.direct)
	x.reverse = x.newReverse()
	return x
}

// Begin starts a capture of the same job as the one before: budgets and the
// failure log are empty, plain requests that are still under way are cut.
// Tunnels and idle connections stay open, since the browser uses them again;
// what they move from now on counts for the new capture.
func (x *Proxy) Begin() {
	x.renew(func(e *exchange) bool { return !e.tunnel })
}

// Reset is Begin for a capture of another job: every connection is closed.
func (x *Proxy) Reset() {
	x.renew(func(*exchange) bool { return true })
	x.route.Load().transport.CloseIdleConnections()
}

// Failure tells why the last request to that host and port failed since Begin,
// nil when it did not. host is as in a URL, with or without brackets. The code
// is one of blocked_target, dns_error, connection_refused, connection_reset,
// timeout and too_large; a spent budget is the failure of every host that has
// no other.
func (x *Proxy) Failure(host string, port int) *darkroom.Error {
	host = strings.TrimSuffix(strings.TrimPrefix(host, "["), "]")
	wanted, err := parseTarget(net.JoinHostPort(host, strconv.Itoa(port)))
	if err != nil {
		return nil
	}
	return x.current.Load().failure(wanted)
}

// OverBudget is nil until the capture has spent its budget. From then on
// everything of it is closed and refused; the code is too_large, or timeout when
// it was time that was spent.
func (x *Proxy) OverBudget() *darkroom.Error { return x.current.Load().over.Load() }

// Spent gives bytes, both ways, and requests since Begin. What a tunnel
// receives is counted in steps of at most 128 KiB.
func (x *Proxy) Spent() (bytes, requests int64) {
	now := x.current.Load()
	return now.bytes.Load(), now.requests.Load()
}

// Denied is how many requests since Begin went to a target that may not be
// reached.
func (x *Proxy) Denied() int64 { return x.current.Load().denied.Load() }

// spend counts bytes for the capture of this moment and closes everything when
// they are too many.
func (x *Proxy) spend(n int) error {
	now := x.current.Load()
	if now.spend(n) {
		return nil
	}
	x.cutAll()
	return errOverBudget
}
