package egress

import (
	"context"
	"errors"
	"fmt"
	"io"
	"log"
	"net"
	"net/http"
	"net/netip"
	"sync"
	"time"
)

// service is one run of Serve.
type service struct {
	proxy *Proxy
	conns sync.WaitGroup // the browser's connections, tunnels included
}

// Serve answers the connections of listener until ctx ends, and returns nil
// then: with the listener and every connection closed and nothing of them
// running any more. The listener's own address is denied as a target while it
// serves.
func (x *Proxy) Serve(ctx context.Context, listener net.Listener) error {
	ctx, cancel := context.WithCancel(ctx)
	defer cancel()
	if own, err := netip.ParseAddrPort(listener.Addr().String()); err == nil {
		defer x.policy.Own(own)()
	}
	running := &service{proxy: x}
	server := running.server(ctx, x.limits)
	closed := make(chan struct{})
	go func() {
		defer close(closed)
		<-ctx.Done()
		_ = server.Close() // the listener may be closed already
	}()
	err := server.Serve(listener)
	stopped := ctx.Err() != nil
	cancel()
	<-closed
	running.conns.Wait()
	x.route.Load().transport.CloseIdleConnections()
	if stopped || errors.Is(err, http.ErrServerClosed) {
		return nil
	}
	return fmt.Errorf("serve the browser's proxy: %w", err)
}

func (s *service) server(ctx context.Context, limits Limits) *http.Server {
	protocols := new(http.Protocols)
	protocols.SetHTTP1(true)
	return &http.Server{
		Handler:                      s,
		BaseContext:                  func(net.Listener) context.Context { return ctx },
		ConnState:                    s.track,
		Protocols:                    protocols,
		MaxHeaderBytes:               limits.HeaderBytes,
		ReadHeaderTimeout:            time.Minute,
		IdleTimeout:                  10 * time.Minute, // the browser closes what it does not need
		DisableGeneralOptionsHandler: true,
		ErrorLog:                     log.New(io.Discard, "", 0), // only ever tells that the browser hung up
	}
}

// track counts the connections. A hijacked one is counted off by its tunnel.
func (s *service) track(_ net.Conn, state http.ConnState) {
	switch state {
	case http.StateNew:
		s.conns.Add(1)
	case http.StateClosed:
		s.conns.Done()
	case http.StateActive, http.StateIdle, http.StateHijacked:
	}
}

// ServeHTTP passes on what a browser sends to its proxy; everything else, such
// as a page that asks the proxy itself, is refused.
func (s *service) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	switch {
	case r.Method == http.MethodConnect:
		s.connect(w, r)
	case r.URL.Scheme == "http" && r.URL.Host != "" && r.URL.User == nil:
		s.proxy.forward(w, r)
	default:
		answer(w, http.StatusForbidden)
	}
}

// RefusalHeader marks the answers that are the proxy's own, and is taken off
// those of targets.
const RefusalHeader = "Proxy-Status"

// answer is all that the proxy ever says by itself: it must not tell a page
// why.
func answer(w http.ResponseWriter, status int) {
	header := w.Header()
	header.Set(RefusalHeader, "darkroom")
	header.Set("Cache-Control", "no-store")
	header.Set("Content-Length", "0")
	w.WriteHeader(status)
}
