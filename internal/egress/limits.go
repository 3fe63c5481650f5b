package egress

import (
	"cmp"
	"time"
)

// Limits are the budgets of one capture and the patience of its connections.
// The zero value of a field means its default.
type Limits struct {
	Bytes          int64         // both ways, as on the wire; default 100 MB
	Time           time.Duration // since Begin, in which anything may move; default 150 s
	Requests       int64         // a tunnel (https, websocket) counts as one; default 2000
	Connections    int           // requests and tunnels at once; more wait; default 64
	ConnectTimeout time.Duration // look-up included, at most 10 s; default 10 s
	IdleTimeout    time.Duration // without a byte either way; default 30 s
	HeaderBytes    int           // of one request or answer; default 64 KiB
}

// WithDefaults is l with every zero field at its default.
func (l Limits) WithDefaults() Limits {
	return Limits{
		Bytes:          cmp.Or(l.Bytes, 100_000_000),
		Time:           cmp.Or(l.Time, 150*time.Second),
		Requests:       cmp.Or(l.Requests, 2000),
		Connections:    cmp.Or(l.Connections, 64),
		ConnectTimeout: cmp.Or(l.ConnectTimeout, connectTimeout),
		IdleTimeout:    cmp.Or(l.IdleTimeout, 30*time.Second),
		HeaderBytes:    cmp.Or(l.HeaderBytes, maxHeaderBytes),
	}
}
