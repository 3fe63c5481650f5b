package egress

import (
	"cmp"
	"context"
	"crypto/tls"
	"errors"
	"fmt"
	"net/http"
	"net/netip"
	"net/url"
	"strconv"
	"strings"
	"time"

	"darkroom"
)

// Chain is a proxy of a job's own, behind ours: it is asked for every target.
// nil is none. Two of the same text are the same chain.
type Chain struct {
	url    *url.URL // canonical
	target target   // of the proxy itself
}

// AdmitProxy decides about a job's own proxy by its text alone, as Admit does
// about a target. The error is a validation error that never shows the text,
// which may hold a password.
func (p *Policy) AdmitProxy(text string) (*Chain, error) {
	parsed, err := darkroom.ParseProxy(text)
	if err != nil {
		return nil, err
	}
	host, err := canonicalHost(parsed.Hostname())
	if addr, ipErr := netip.ParseAddr(parsed.Hostname()); ipErr == nil {
		host, err = addr.Unmap().WithZone("").String(), nil
	}
	if err != nil {
		return nil, darkroom.Invalid("proxy", "the host of proxy can be neither looked up nor read as an address")
	}
	port, err := strconv.ParseUint(parsed.Port(), 10, 16)
	if err != nil {
		return nil, darkroom.Invalid("proxy", "the port of proxy is not a number between 1 and 65535")
	}
	chain := &Chain{url: parsed, target: target{host: host, port: uint16(port)}}
	chain.url.Host = chain.target.String()
	if found := p.decideText(chain.target); found != nil {
		refused := darkroom.Invalid("proxy", "the proxy is %s", found.why)
		refused.Hint = found.hint
		return nil, refused
	}
	return chain, nil
}

func (c *Chain) same(other *Chain) bool {
	if c == nil || other == nil {
		return c == other
	}
	return c.url.String() == other.url.String()
}

// route is how targets are reached.
type route struct {
	chain     *Chain // nil = directly
	transport *http.Transport
}

// Use has the targets of the captures to come reached through chain, nil for
// directly. When that is a change, every connection of before is closed:
// nothing that was opened by one way may serve the other.
func (x *Proxy) Use(chain *Chain) {
	old := x.route.Load()
	if old.chain.same(chain) {
		return
	}
	fresh := x.direct
	if chain != nil {
		fresh = &route{chain: chain, transport: x.newTransport()}
		x.chainTransport(fresh)
	}
	x.route.Store(fresh)
	x.Reset()
	old.transport.CloseIdleConnections()
}

// chainTransport has plain requests go through the chain: an HTTP proxy is
// asked in absolute form, because many refuse tunnels to port 80.
func (x *Proxy) chainTransport(r *route) {
	if r.chain.url.Scheme == "socks5" {
		r.transport.DialContext = x.dialMeteredThrough(r.chain)
		return
	}
	r.transport.Proxy = http.ProxyURL(r.chain.url)
	r.transport.DialContext = x.dialMeteredChain(r.chain)
	r.transport.TLSClientConfig = x.chainTLS(r.chain)
	r.transport.TLSHandshakeTimeout = x.limits.ConnectTimeout
	r.transport.MaxIdleConnsPerHost = x.limits.Connections // all of them lead to one host
}

func (x *Proxy) chainTLS(chain *Chain) *tls.Config {
	return &tls.Config{RootCAs: x.policy.rootCAs, ServerName: chain.target.host, MinVersion: tls.VersionTLS12}
}

// asksInAbsoluteForm reports whether plain requests go to an HTTP proxy.
func (r *route) asksInAbsoluteForm() bool { return r.chain != nil && r.chain.url.Scheme != "socks5" }

// roundTrip passes a plain request on by the way that was in force when it
// came in.
func (x *Proxy) roundTrip(r *http.Request) (*http.Response, error) {
	e := r.Context().Value(exchangeKey{}).(*exchange)
	response, err := e.route.transport.RoundTrip(r)
	switch {
	case !e.route.asksInAbsoluteForm():
		return response, err
	case err != nil:
		return nil, e.route.chain.blame(err)
	case response.StatusCode == http.StatusProxyAuthRequired:
		return nil, errors.Join(e.route.chain.refused(response.StatusCode, e.target), response.Body.Close())
	}
	return response, nil
}

type roundTripper func(*http.Request) (*http.Response, error)

func (f roundTripper) RoundTrip(r *http.Request) (*http.Response, error) { return f(r) }

// refused is the failure of a target that the job's proxy will not reach.
func (c *Chain) refused(status int, wanted target) *darkroom.Error {
	code, message := darkroom.CodeConnectionReset, "the proxy of the job could not reach "+quote(wanted.String())
	switch status {
	case http.StatusProxyAuthRequired, http.StatusUnauthorized:
		code, message = darkroom.CodeConnectionRefused, "the proxy of the job asks for a user name and password, or for others"
	case http.StatusForbidden, http.StatusMethodNotAllowed:
		code, message = darkroom.CodeConnectionRefused, "the proxy of the job refuses to reach "+quote(wanted.String())
	}
	return &darkroom.Error{Code: code, Message: fmt.Sprintf("%s (%d)", message, status), Err: fmt.Errorf("proxy %s answered %d", c.target, status)}
}

// blame makes it plain that a failure is that of the job's proxy. A target
// that failed behind it has a code already.
func (c *Chain) blame(err error) error {
	if _, known := errors.AsType[*darkroom.Error](err); known {
		return err
	}
	_, untrusted := errors.AsType[*tls.CertificateVerificationError](err)
	switch {
	case untrusted:
		return &darkroom.Error{Code: darkroom.CodeTLSError, Message: "the certificate of the job's proxy is not valid", Err: err}
	case errors.Is(err, context.Canceled):
		return err
	case isTimeout(err):
		return &darkroom.Error{Code: darkroom.CodeTimeout, Message: "the proxy of the job did not answer in time", Err: err}
	case isReset(err):
		return &darkroom.Error{Code: darkroom.CodeConnectionReset, Message: "the proxy of the job closed the connection too early", Err: err}
	}
	return err
}

// unreachable turns the failure to connect to the proxy into one that says so.
func (c *Chain) unreachable(err error) error {
	failure, ok := errors.AsType[*darkroom.Error](err)
	if !ok {
		return err
	}
	return &darkroom.Error{Code: failure.Code, Message: "the proxy of the job: " + failure.Message, Hint: failure.Hint, Err: failure.Err}
}

// socksFailure reads a reply of a SOCKS proxy, which the library gives as text
// only.
func (c *Chain) socksFailure(err error, wanted target) error {
	err = c.blame(err)
	if _, known := errors.AsType[*darkroom.Error](err); known || errors.Is(err, context.Canceled) {
		return err
	}
	text, code := err.Error(), darkroom.CodeConnectionReset
	for _, sign := range []string{"authentication", "not allowed", "connection refused", "unreachable", "no acceptable"} {
		if strings.Contains(text, sign) {
			code = darkroom.CodeConnectionRefused
		}
	}
	reason := cmp.Or(lastWords(text), "no reason given")
	return &darkroom.Error{Code: code, Message: "the proxy of the job could not reach " + quote(wanted.String()) + " (" + reason + ")", Err: err}
}

// lastWords is what follows the last colon.
func lastWords(text string) string {
	return strings.TrimPrefix(strings.TrimSpace(text[strings.LastIndexByte(text, ':')+1:]), "unknown error ")
}

// aLongTimeAgo interrupts what waits for a connection.
func aLongTimeAgo() time.Time { return time.Unix(1, 0) }
