package egress

import (
	"bufio"
	"fmt"
	"io"
	"net"
	"net/http"
	"time"
)

// connect opens a tunnel: https, and every websocket.
func (s *service) connect(w http.ResponseWriter, r *http.Request) {
	x := s.proxy
	wanted, err := parseTarget(r.RequestURI)
	if err != nil {
		answer(w, http.StatusForbidden)
		return
	}
	ctx, e, leave := x.enter(r.Context(), wanted, true)
	defer leave()
	release, failed := x.admit(ctx, e)
	if failed != nil {
		e.ledger.fail(wanted, failed)
		answer(w, statusOf(failed))
		return
	}
	defer release()
	upstream, err := x.dial(ctx, "tcp", wanted)
	if err != nil {
		failed := e.explain(ctx, err)
		e.ledger.fail(wanted, failed)
		answer(w, statusOf(failed))
		return
	}
	defer upstream.Close()
	browser, early, err := http.NewResponseController(w).Hijack()
	if err != nil {
		return // the browser has hung up
	}
	defer s.conns.Done()
	defer browser.Close()
	if err := open(browser, early.Reader, upstream); err != nil {
		return
	}
	e.ledger.succeed(wanted)
	tunnel := &relay{proxy: x, browser: browser, upstream: upstream}
	if err := tunnel.run(ctx); err != nil && !tunnel.browserGone.Load() {
		x.current.Load().fail(wanted, e.explain(ctx, err))
	}
}

// open tells the browser that its tunnel stands, and gives upstream what the
// browser has sent too early.
func open(browser net.Conn, early *bufio.Reader, upstream net.Conn) error {
	if err := browser.SetDeadline(time.Time{}); err != nil {
		return fmt.Errorf("lift the browser's deadline: %w", err)
	}
	if _, err := io.WriteString(browser, "HTTP/1.1 200 Connection established\r\n\r\n"); err != nil {
		return fmt.Errorf("answer the browser: %w", err)
	}
	if _, err := io.CopyN(upstream, early, int64(early.Buffered())); err != nil {
		return fmt.Errorf("pass on what came early: %w", err)
	}
	return nil
}
