package main

import (
	"context"
	"errors"
	"log/slog"
	"net"
	"net/http"
	"sync"
	"syscall"
	"time"
)

// crowdQuiet is how long nothing more is logged about a crowd.
const crowdQuiet = time.Minute

// crowd is a listener that keeps no more connections than it may. For one more,
// the one is closed that has gone longest without a request being answered on
// it: one that is idle, or whose client takes its time with the header. While
// there is none, clients wait to be let in.
type crowd struct {
	net.Listener
	most int
	log  *slog.Logger

	mu      sync.Mutex
	changed *sync.Cond // a connection has gone, a request has ended, or closed
	seats   map[net.Conn]*seat
	closed  bool
	told    time.Time
}

// seat is one connection.
type seat struct {
	since time.Time // no request has been answered since; zero = one is being answered
	shown bool      // it was closed for another
}

type seatKey struct{}

func newCrowd(listener net.Listener, most int, log *slog.Logger) *crowd {
	c := &crowd{Listener: listener, most: most, log: log, seats: map[net.Conn]*seat{}}
	c.changed = sync.NewCond(&c.mu)
	return c
}

// Accept lets the next client in once there is room.
func (c *crowd) Accept() (net.Conn, error) {
	conn, err := c.Listener.Accept()
	if err != nil {
		if errors.Is(err, syscall.EMFILE) || errors.Is(err, syscall.ENFILE) {
			c.refused(err)
		}
		return nil, err // the server waits a little before it asks again
	}
	if !c.admit(conn) {
		return nil, errors.Join(net.ErrClosed, conn.Close())
	}
	return conn, nil
}

func (c *crowd) refused(err error) {
	c.mu.Lock()
	defer c.mu.Unlock()
	if !c.quiet() {
		c.log.Warn("no connection can be taken", "err", err, "hint", moreDescriptors)
	}
}

// admit is false when the listener was closed meanwhile.
func (c *crowd) admit(conn net.Conn) bool {
	c.mu.Lock()
	defer c.mu.Unlock()
	for len(c.seats) >= c.most && !c.closed {
		if longest := c.longest(); longest != nil {
			c.seats[longest].shown = true
			_ = longest.Close() // the server notices, and forget is called
		}
		if !c.quiet() {
			c.log.Warn("there are as many connections as there may be; for each more an idle one is closed", "connections", c.most, "hint", moreDescriptors)
		}
		c.changed.Wait()
	}
	if c.closed {
		return false
	}
	c.seats[conn] = &seat{since: time.Now()}
	return true
}

// longest is the connection that has been waiting longest; nil when a request
// is being answered on each, or one is being closed already.
func (c *crowd) longest() (found net.Conn) {
	for conn, s := range c.seats {
		switch {
		case s.shown:
			return nil
		case !s.since.IsZero() && (found == nil || s.since.Before(c.seats[found].since)):
			found = conn
		}
	}
	return found
}

// quiet reports whether a crowd was told of lately. Else it counts as told now.
func (c *crowd) quiet() bool {
	now := time.Now()
	if now.Sub(c.told) < crowdQuiet {
		return true
	}
	c.told = now
	return false
}

// Close lets nobody in any more.
func (c *crowd) Close() error {
	c.mu.Lock()
	c.closed = true
	c.changed.Broadcast()
	c.mu.Unlock()
	return c.Listener.Close()
}

// attend has a server tell which connections are busy.
func (c *crowd) attend(server *http.Server) {
	next := server.Handler
	server.ConnContext = func(ctx context.Context, conn net.Conn) context.Context {
		return context.WithValue(ctx, seatKey{}, conn)
	}
	server.ConnState = func(conn net.Conn, state http.ConnState) {
		if state == http.StateClosed || state == http.StateHijacked {
			c.forget(conn)
		}
	}
	server.Handler = http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		conn, _ := r.Context().Value(seatKey{}).(net.Conn)
		c.busy(conn, true)
		defer c.busy(conn, false)
		next.ServeHTTP(w, r)
	})
}

func (c *crowd) forget(conn net.Conn) {
	c.mu.Lock()
	defer c.mu.Unlock()
	delete(c.seats, conn)
	c.changed.Broadcast()
}

func (c *crowd) busy(conn net.Conn, busy bool) {
	c.mu.Lock()
	defer c.mu.Unlock()
	s, ok := c.seats[conn]
	if !ok {
		return
	}
	if s.since = time.Now(); busy {
		s.since = time.Time{}
	} else {
		c.changed.Broadcast()
	}
}
