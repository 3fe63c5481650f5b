package egress

import "net/http"

// connect opens a tunnel: https, and every websocket.
func (s *service) connect(w http.ResponseWriter, r *http.Request) {
	x := s.proxy
	wanted, err := parseTarget(r.RequestURI)
	if err != nil {
		answer(w, http.StatusForbidden)
		return
	}
	ended := func() {}
	defer func() { ended() }() // last of all: Serve waits for it
	ctx, e, leave := x.enter(r.Context(), wanted, true)
	defer leave()
	release, failed := x.admit(ctx, e)
	if failed != nil {
		e.ledger.fail(wanted, failed)
		answer(w, statusOf(failed))
		return
	}
	defer release()
	upstream, err := x.reach(ctx, e)
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
	ended = s.conns.Done
	defer browser.Close()
	e.ledger.succeed(wanted)
	tunnel := &relay{proxy: x, browser: browser, upstream: upstream}
	if err := tunnel.open(early.Reader); err != nil {
		return
	}
	if err := tunnel.run(ctx); err != nil && !tunnel.browserGone.Load() {
		x.current.Load().fail(wanted, e.explain(ctx, err))
	}
}
