package chrome

import (
	"context"
	"fmt"
	"net"

	"darkroom/internal/egress"
)

// outlet is the only way out of a browser: the slot's proxy, serving the
// listener that this browser was told of.
type outlet struct {
	cancel context.CancelFunc
	served chan error // what Serve ended with
}

// openOutlet serves as long as the browser runs, not as long as ctx.
func openOutlet(ctx context.Context, proxy *egress.Proxy, listener net.Listener) *outlet {
	serving, cancel := context.WithCancel(context.WithoutCancel(ctx))
	o := &outlet{cancel: cancel, served: make(chan error, 1)}
	go func() { o.served <- proxy.Serve(serving, listener) }()
	return o
}

// close returns when nobody is served any more. It may be called once.
func (o *outlet) close() error {
	o.cancel()
	if err := <-o.served; err != nil {
		return fmt.Errorf("close the browser's proxy: %w", err)
	}
	return nil
}
