package egress

import (
	"context"
	"errors"
	"fmt"
	"io"
	"log"
	"net/http"
	"net/http/httputil"
	"strings"
	"sync"

	"darkroom"
)

// forward passes a plain http request on.
func (x *Proxy) forward(w http.ResponseWriter, r *http.Request) {
	ctx, e, leave := x.enter(r.Context(), targetOf(r.URL), false)
	defer leave()
	release, failed := x.admit(ctx, e)
	if failed == nil {
		defer release()
		failed = x.blocked(e)
	}
	if failed != nil {
		e.ledger.fail(e.target, failed)
		answer(w, statusOf(failed))
		return
	}
	r.Header.Del("Upgrade") // browsers open websockets through CONNECT
	x.reverse.ServeHTTP(w, r.WithContext(context.WithValue(ctx, exchangeKey{}, e)))
}

// blockedByText decides again about every request what its text alone decides:
// a connection that is used again passes no dialer.
func (p *Policy) blockedByText(target target) *darkroom.Error {
	if found := p.decideText(target); found != nil {
		return found.blocked(target, fmt.Errorf("%s is %s", target, found.why))
	}
	return nil
}

// blocked decides about a plain request before anything is opened for it.
func (x *Proxy) blocked(e *exchange) *darkroom.Error {
	if e.route.chain != nil {
		return x.policy.blockedUnresolved(e.target)
	}
	return x.policy.blockedByText(e.target)
}

// statusOf is 403 for what may not be reached and 502 for what could not.
func statusOf(failed *darkroom.Error) int {
	if failed.Code == darkroom.CodeBlockedTarget || failed.Code == darkroom.CodeTooLarge || errors.Is(failed, errOverBudget) {
		return http.StatusForbidden
	}
	return http.StatusBadGateway
}

type exchangeKey struct{}

func (x *Proxy) newReverse() *httputil.ReverseProxy {
	return &httputil.ReverseProxy{
		Rewrite:        rewriteRequest,
		Transport:      roundTripper(x.roundTrip),
		ModifyResponse: modifyResponse,
		ErrorHandler:   failRequest,
		BufferPool:     &buffers{},
		ErrorLog:       log.New(io.Discard, "", 0), // every error is recorded with its exchange
	}
}

// rewriteRequest undoes what a reverse proxy does for its own side: the target
// gets what the browser sent, byte for byte in path and query, without what
// was meant for the proxy.
func rewriteRequest(r *httputil.ProxyRequest) {
	for name := range r.Out.Header {
		if strings.HasPrefix(name, "Proxy-") {
			r.Out.Header.Del(name)
		}
	}
	for _, name := range [...]string{"Forwarded", "X-Forwarded-For", "X-Forwarded-Host", "X-Forwarded-Proto"} {
		if values, found := r.In.Header[name]; found {
			r.Out.Header[name] = values
		}
	}
	path, query := rawPath(r.In.RequestURI)
	r.Out.URL.RawQuery = query
	if e := r.In.Context().Value(exchangeKey{}).(*exchange); e.route.asksInAbsoluteForm() {
		r.Out.URL.Opaque = "//" + r.Out.URL.Host + path
		return
	}
	if !strings.HasPrefix(path, "//") { // which Opaque would read as a host
		r.Out.URL.Opaque = path
	}
}

// rawPath cuts path and query out of an absolute URI as they stand.
func rawPath(uri string) (path, query string) {
	_, rest, _ := strings.Cut(uri, "://")
	path, query, _ = strings.Cut(rest, "?")
	if slash := strings.IndexByte(path, '/'); slash >= 0 {
		return path[slash:], query
	}
	return "/", query
}

func modifyResponse(r *http.Response) error {
	if r.StatusCode == http.StatusSwitchingProtocols {
		return errors.New("malformed HTTP: it switches protocols without being asked")
	}
	r.Header.Del(RefusalHeader)
	ctx := r.Request.Context()
	e := ctx.Value(exchangeKey{}).(*exchange)
	e.ledger.succeed(e.target)
	r.Body = &watchedBody{ReadCloser: r.Body, failed: func(err error) { e.ledger.fail(e.target, e.explain(ctx, err)) }}
	return nil
}

func failRequest(w http.ResponseWriter, r *http.Request, err error) {
	e := r.Context().Value(exchangeKey{}).(*exchange)
	failed := e.explain(r.Context(), err)
	e.ledger.fail(e.target, failed)
	answer(w, statusOf(failed))
}

// watchedBody tells of an answer that breaks off.
type watchedBody struct {
	io.ReadCloser
	failed func(error)
}

func (b *watchedBody) Read(p []byte) (int, error) {
	n, err := b.ReadCloser.Read(p)
	if err != nil && err != io.EOF {
		b.failed(err)
	}
	return n, err
}

// buffers lends the buffers through which answers are copied.
type buffers struct{ pool sync.Pool }

func (b *buffers) Get() []byte {
	if lent, ok := b.pool.Get().(*[]byte); ok {
		return *lent
	}
	return make([]byte, 32<<10)
}

func (b *buffers) Put(buffer []byte) { b.pool.Put(&buffer) }
