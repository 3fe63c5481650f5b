package egress

import (
	"context"
	"errors"
	"time"

	"darkroom"
)

// exchange is one request or tunnel under way.
type exchange struct {
	target target
	tunnel bool
	ledger *ledger // of the capture that began it
	route  *route  // in force when it began
	cancel context.CancelCauseFunc
}

// enter counts a request and makes it one that Begin, Reset and a spent budget
// can cut. leave must be called at its end.
func (x *Proxy) enter(ctx context.Context, target target, tunnel bool) (_ context.Context, e *exchange, leave func()) {
	ctx, cancel := context.WithCancelCause(ctx)
	e = &exchange{target: target, tunnel: tunnel, cancel: cancel}
	x.mu.Lock()
	e.ledger, e.route = x.current.Load(), x.route.Load()
	x.live[e] = struct{}{}
	x.mu.Unlock()
	return ctx, e, func() {
		x.mu.Lock()
		delete(x.live, e)
		x.mu.Unlock()
		cancel(nil)
	}
}

// admit waits for a place and takes one request off the budget.
func (x *Proxy) admit(ctx context.Context, e *exchange) (release func(), failed *darkroom.Error) {
	if !e.ledger.take() {
		x.cutAll()
		return nil, e.ledger.over.Load()
	}
	select {
	case x.slots <- struct{}{}:
		return func() { <-x.slots }, nil
	default:
	}
	patience := time.NewTimer(x.limits.ConnectTimeout)
	defer patience.Stop()
	select {
	case x.slots <- struct{}{}:
		return func() { <-x.slots }, nil
	case <-ctx.Done():
		return nil, e.explain(ctx, context.Cause(ctx))
	case <-patience.C:
		return nil, darkroom.Errorf(darkroom.CodeTimeout, "the page keeps %d connections busy", x.limits.Connections)
	}
}

// explain makes an error of the exchange one with a code.
func (e *exchange) explain(ctx context.Context, err error) *darkroom.Error {
	if errors.Is(err, errOverBudget) || errors.Is(context.Cause(ctx), errOverBudget) {
		if over := e.ledger.over.Load(); over != nil {
			return over
		}
		return &darkroom.Error{Code: darkroom.CodeTooLarge, Message: "the page is too large", Err: errOverBudget}
	}
	return classifyError(ctx, e.target, err)
}

// renew starts an empty ledger and ends those exchanges that are chosen, in one
// step: none begins unseen in between. It does not wait for them.
func (x *Proxy) renew(chosen func(*exchange) bool) {
	x.mu.Lock()
	defer x.mu.Unlock()
	x.current.Store(newLedger(x.limits, x.policy.resolver, &x.policy.denials))
	x.cutLocked(nil, chosen)
}

// cutAll ends every exchange, because the budget is spent.
func (x *Proxy) cutAll() {
	x.mu.Lock()
	defer x.mu.Unlock()
	x.cutLocked(errOverBudget, func(*exchange) bool { return true })
}

func (x *Proxy) cutLocked(cause error, chosen func(*exchange) bool) {
	for e := range x.live {
		if chosen(e) {
			e.cancel(cause)
		}
	}
}
