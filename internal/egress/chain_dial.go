package egress

import (
	"bufio"
	"bytes"
	"context"
	"crypto/tls"
	"encoding/base64"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"

	"golang.org/x/net/proxy"

	"darkroom"
)

// reach connects an exchange to its target by its route.
func (x *Proxy) reach(ctx context.Context, e *exchange) (net.Conn, error) {
	if e.route.chain == nil {
		return x.dial(ctx, "tcp", e.target)
	}
	return x.dialThrough(ctx, e.route.chain, e.target)
}

// dialChain connects to the job's proxy itself, whose addresses are vetted
// like any other's.
func (x *Proxy) dialChain(ctx context.Context, chain *Chain) (net.Conn, error) {
	conn, err := x.dial(ctx, "tcp", chain.target)
	if err != nil {
		return nil, chain.unreachable(err)
	}
	return conn, nil
}

// dialThrough connects to a target through the job's proxy. What the text of
// the target tells is decided here; its name is for the proxy to look up.
func (x *Proxy) dialThrough(ctx context.Context, chain *Chain, wanted target) (net.Conn, error) {
	if failed := x.policy.blockedUnresolved(wanted); failed != nil {
		return nil, failed
	}
	ctx, cancel := context.WithTimeout(ctx, x.limits.ConnectTimeout)
	defer cancel()
	if chain.url.Scheme == "socks5" {
		return x.dialSOCKS(ctx, chain, wanted)
	}
	conn, err := x.dialChain(ctx, chain)
	if err != nil {
		return nil, err
	}
	if chain.url.Scheme == "https" {
		conn = tls.Client(conn, x.chainTLS(chain))
	}
	opened, err := chain.tunnel(ctx, conn, wanted)
	if err != nil {
		return nil, errors.Join(chain.blame(err), ignoreClosed(conn.Close()))
	}
	return opened, nil
}

func ignoreClosed(err error) error {
	if errors.Is(err, net.ErrClosed) {
		return nil
	}
	return err
}

// blockedUnresolved decides about a target whose name nobody here looks up.
func (p *Policy) blockedUnresolved(wanted target) *darkroom.Error {
	if !wanted.literal().IsValid() && !validName(wanted.host) {
		return (&denial{reason: ReasonTarget, why: "not a host name"}).blocked(wanted, errors.New("not a host name that may be looked up"))
	}
	if p.listedOnly && !wanted.literal().IsValid() && !p.allow.hasHost(wanted.host, wanted.port) {
		return (&denial{reason: ReasonTarget}).blocked(wanted, errors.New("no rule names it, and the job's proxy would choose its address"))
	}
	return p.blockedByText(wanted)
}

// tunnel asks an HTTP proxy for a connection to the target. ctx bounds the
// question, not the tunnel.
func (c *Chain) tunnel(ctx context.Context, conn net.Conn, wanted target) (net.Conn, error) {
	release := context.AfterFunc(ctx, func() { _ = conn.SetDeadline(aLongTimeAgo()) })
	defer release()
	if _, err := io.WriteString(conn, c.question(wanted)); err != nil {
		return nil, fmt.Errorf("ask the proxy for a tunnel: %w", err)
	}
	reader := bufio.NewReader(io.LimitReader(conn, maxHeaderBytes))
	response, err := http.ReadResponse(reader, &http.Request{Method: http.MethodConnect})
	if err != nil {
		return nil, fmt.Errorf("read the proxy's answer: %w", err)
	}
	if response.StatusCode/100 != 2 {
		return nil, errors.Join(c.refused(response.StatusCode, wanted), response.Body.Close())
	}
	if !release() {
		return nil, ctx.Err()
	}
	early, err := reader.Peek(reader.Buffered())
	if err != nil || len(early) == 0 {
		return conn, err
	}
	return &earlyConn{Conn: conn, early: bytes.NewReader(bytes.Clone(early))}, nil
}

func (c *Chain) question(wanted target) string {
	text := "CONNECT " + wanted.String() + " HTTP/1.1\r\nHost: " + wanted.String() + "\r\n"
	if user := c.url.User; user != nil {
		password, _ := user.Password()
		text += "Proxy-Authorization: Basic " + base64.StdEncoding.EncodeToString([]byte(user.Username()+":"+password)) + "\r\n"
	}
	return text + "\r\n"
}

// earlyConn gives first what the target has sent together with the proxy's
// answer.
type earlyConn struct {
	net.Conn
	early *bytes.Reader
}

func (c *earlyConn) Read(p []byte) (int, error) {
	if c.early.Len() > 0 {
		return c.early.Read(p)
	}
	return c.Conn.Read(p)
}

// dialSOCKS connects through a SOCKS proxy, which gets the name as it is.
func (x *Proxy) dialSOCKS(ctx context.Context, chain *Chain, wanted target) (net.Conn, error) {
	var auth *proxy.Auth
	if user := chain.url.User; user != nil {
		password, _ := user.Password()
		auth = &proxy.Auth{User: user.Username(), Password: password}
	}
	dialer, err := proxy.SOCKS5("tcp", chain.target.String(), auth, chainDialer(func(ctx context.Context) (net.Conn, error) {
		return x.dialChain(ctx, chain)
	}))
	if err != nil {
		return nil, fmt.Errorf("set up the SOCKS proxy: %w", err)
	}
	conn, err := dialer.(proxy.ContextDialer).DialContext(ctx, "tcp", wanted.String())
	if err != nil {
		return nil, chain.socksFailure(err, wanted)
	}
	return conn, nil
}

// chainDialer connects the SOCKS library to the proxy, whatever it asks for.
type chainDialer func(context.Context) (net.Conn, error)

// Dial is DialContext without an end.
func (d chainDialer) Dial(string, string) (net.Conn, error) { return d(context.Background()) }

// DialContext connects to the proxy.
func (d chainDialer) DialContext(ctx context.Context, _, _ string) (net.Conn, error) { return d(ctx) }

// dialMeteredChain connects plain requests to an HTTP proxy.
func (x *Proxy) dialMeteredChain(chain *Chain) func(context.Context, string, string) (net.Conn, error) {
	return func(ctx context.Context, _, _ string) (net.Conn, error) { return x.metered(x.dialChain(ctx, chain)) }
}

// dialMeteredThrough connects plain requests to their target through a SOCKS
// proxy.
func (x *Proxy) dialMeteredThrough(chain *Chain) func(context.Context, string, string) (net.Conn, error) {
	return func(ctx context.Context, _, addr string) (net.Conn, error) {
		wanted, err := parseTarget(addr)
		if err != nil {
			return nil, err
		}
		return x.metered(x.dialThrough(ctx, chain, wanted))
	}
}

func (x *Proxy) metered(conn net.Conn, err error) (net.Conn, error) {
	if err != nil {
		return nil, err
	}
	return &meteredConn{Conn: conn, proxy: x}, nil
}
