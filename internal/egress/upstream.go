package egress

import (
	"context"
	"log/slog"
	"net"
	"net/http"
	"time"
)

func (x *Proxy) newTransport() *http.Transport {
	return &http.Transport{
		Proxy:                  nil,
		DialContext:            x.dialMetered,
		DisableCompression:     true, // the browser asks for what it wants
		MaxIdleConns:           x.limits.Connections,
		MaxIdleConnsPerHost:    8, // browsers open six
		IdleConnTimeout:        x.limits.IdleTimeout,
		MaxResponseHeaderBytes: int64(x.limits.HeaderBytes),
		ReadBufferSize:         16 << 10,
		ExpectContinueTimeout:  time.Second,
	}
}

// dialMetered connects for plain requests.
func (x *Proxy) dialMetered(ctx context.Context, network, addr string) (net.Conn, error) {
	target, err := parseTarget(addr)
	if err != nil {
		return nil, err
	}
	conn, err := x.dial(ctx, network, target)
	if err != nil {
		return nil, err
	}
	return &meteredConn{Conn: conn, proxy: x}, nil
}

func (x *Proxy) dial(ctx context.Context, network string, target target) (*net.TCPConn, error) {
	ctx, cancel := context.WithTimeout(ctx, x.limits.ConnectTimeout)
	defer cancel()
	conn, err := x.policy.dial(ctx, x.current.Load().names, network, target)
	if err != nil {
		x.policy.logDenied(ctx, slog.LevelDebug, target, err) // a page can make thousands
		return nil, err
	}
	return conn, nil
}

// meteredConn counts every byte and closes a connection on which none moves.
type meteredConn struct {
	net.Conn
	proxy *Proxy
}

func (c *meteredConn) Read(p []byte) (int, error) {
	if err := c.SetReadDeadline(time.Now().Add(c.proxy.limits.IdleTimeout)); err != nil {
		return 0, err
	}
	n, err := c.Conn.Read(p)
	if over := c.proxy.spend(n); over != nil {
		return n, over
	}
	return n, err
}

func (c *meteredConn) Write(p []byte) (int, error) {
	if err := c.SetDeadline(time.Now().Add(c.proxy.limits.IdleTimeout)); err != nil {
		return 0, err
	}
	n, err := c.Conn.Write(p)
	if over := c.proxy.spend(n); over != nil {
		return n, over
	}
	return n, err
}
