package egress

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"io"
	"net"
	"sync"
	"sync/atomic"
	"syscall"
	"time"
)

const (
	downloadStep = 128 << 10 // copied inside the kernel before it is counted
	uploadBuffer = 8 << 10
)

// relay is an open tunnel.
type relay struct {
	proxy             *Proxy
	browser, upstream net.Conn

	moved          atomic.Int64 // when a byte last did, unix nanoseconds
	received, sent atomic.Int64 // bytes from and to upstream
	closing        atomic.Bool  // by us
	browserGone    atomic.Bool  // before anything else ended the tunnel
}

// open tells the browser that its tunnel stands, and gives upstream what the
// browser has sent too early.
func (r *relay) open(early *bufio.Reader) error {
	if err := r.browser.SetDeadline(time.Time{}); err != nil {
		return fmt.Errorf("lift the browser's deadline: %w", err)
	}
	if _, err := io.WriteString(r.browser, "HTTP/1.1 200 Connection established\r\n\r\n"); err != nil {
		return fmt.Errorf("answer the browser: %w", err)
	}
	n, err := io.CopyN(r.upstream, early, int64(early.Buffered()))
	if err != nil {
		return fmt.Errorf("pass on what came early: %w", err)
	}
	r.sent.Add(n)
	return r.proxy.spend(int(n))
}

// run copies both ways until one side ends, nothing moves for too long, the
// budget is spent or ctx is done. The error says how upstream failed, nil when
// it did not. Both connections are closed then.
func (r *relay) run(ctx context.Context) error {
	r.moved.Store(time.Now().UnixNano())
	stop := context.AfterFunc(ctx, r.close)
	defer stop()
	var upload sync.WaitGroup
	var uploaded error
	upload.Go(func() {
		uploaded = r.upload()
		r.close()
	})
	err := r.download()
	r.close()
	upload.Wait()
	switch {
	case errors.Is(err, io.EOF) && r.received.Load() == 0 && r.sent.Load() > 0:
		return fmt.Errorf("read the first answer: %w", err)
	case errors.Is(err, io.EOF):
		return nil
	case uploaded != nil:
		return uploaded
	}
	return err
}

func (r *relay) close() {
	r.closing.Store(true)
	_ = r.browser.Close()
	_ = r.upstream.Close()
}

// download copies from upstream, where the kernel can do it without us, and
// ends with io.EOF when upstream has no more.
func (r *relay) download() error {
	for {
		if err := r.upstream.SetReadDeadline(r.nextLook()); err != nil {
			return fmt.Errorf("set deadline: %w", err)
		}
		n, err := io.CopyN(r.browser, r.upstream, downloadStep)
		r.received.Add(n)
		if errors.Is(err, syscall.EPIPE) { // only writing to the browser ends so
			r.browserGone.Store(true)
		}
		if err := r.stopReason(int(n), err); err != nil {
			return err
		}
	}
}

// upload copies from the browser, nil when the browser has hung up: it never
// closes one direction only.
func (r *relay) upload() error {
	buffer := make([]byte, uploadBuffer)
	for {
		if err := r.browser.SetReadDeadline(r.nextLook()); err != nil {
			return nil
		}
		n, readErr := r.browser.Read(buffer)
		if n > 0 {
			r.sent.Add(int64(n))
			if _, err := r.upstream.Write(buffer[:n]); err != nil {
				return r.unlessClosing(fmt.Errorf("send to upstream: %w", err))
			}
		}
		switch err := r.stopReason(n, readErr); {
		case err == nil:
		case readErr != nil && !isTimeout(readErr):
			r.browserGone.Store(!r.closing.Load())
			return nil
		default:
			return err
		}
	}
}

// unlessClosing drops an error that we have caused by closing.
func (r *relay) unlessClosing(err error) error {
	if r.closing.Load() {
		return nil
	}
	return err
}

// nextLook is when a silent direction looks whether the other one is silent
// too.
func (r *relay) nextLook() time.Time {
	return time.Now().Add(r.proxy.limits.IdleTimeout / 2)
}

// stopReason counts what a step has moved, and turns a deadline into errIdle
// when neither direction has moved anything for the idle timeout.
func (r *relay) stopReason(n int, err error) error {
	now := time.Now()
	if n > 0 {
		r.moved.Store(now.UnixNano())
		if over := r.proxy.spend(n); over != nil {
			return over
		}
	}
	if err == nil || !isTimeout(err) {
		return err
	}
	if now.Sub(time.Unix(0, r.moved.Load())) >= r.proxy.limits.IdleTimeout {
		return errIdle
	}
	return nil
}
