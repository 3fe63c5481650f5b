package egress

import (
	"errors"
	"fmt"
	"sync"
	"sync/atomic"
	"time"

	"darkroom"
)

// errOverBudget is why everything of a capture is closed.
var errOverBudget = errors.New("the budget of the capture is spent")

// maxFailures bounds the failure log of one capture; a page can ask for any
// number of hosts.
const maxFailures = 4096

// ledger is what one capture has spent and which of its targets failed.
type ledger struct {
	limits Limits
	begun  time.Time

	bytes, requests, denied atomic.Int64
	over                    atomic.Pointer[darkroom.Error]

	names   *memo
	denials *atomic.Int64 // the policy's, of all captures

	mu       sync.Mutex
	failures map[string]*darkroom.Error // the last one of each host:port
}

func newLedger(limits Limits, resolver Resolver, denials *atomic.Int64) *ledger {
	return &ledger{
		limits:   limits,
		begun:    time.Now(),
		names:    &memo{resolver: resolver},
		denials:  denials,
		failures: make(map[string]*darkroom.Error),
	}
}

// take counts one request and reports whether the budget has room for it.
func (l *ledger) take() bool {
	if l.requests.Add(1) > l.limits.Requests {
		l.exceed(darkroom.CodeTooLarge, fmt.Sprintf("the page made more than %d requests", l.limits.Requests))
	}
	return l.holds()
}

// spend counts bytes and reports whether the budget still holds.
func (l *ledger) spend(n int) bool {
	if n > 0 && l.bytes.Add(int64(n)) > l.limits.Bytes {
		l.exceed(darkroom.CodeTooLarge, fmt.Sprintf("the page moved more than %d MB", l.limits.Bytes/1_000_000))
	}
	return l.holds()
}

// holds reports whether nothing is spent, time included. What neither begins
// nor moves anything is not looked at: the idle timeout ends it.
func (l *ledger) holds() bool {
	if l.over.Load() == nil && time.Since(l.begun) > l.limits.Time {
		l.exceed(darkroom.CodeTimeout, fmt.Sprintf("the page was still loading after %s", l.limits.Time))
	}
	return l.over.Load() == nil
}

func (l *ledger) exceed(code darkroom.Code, message string) {
	if l.over.Load() == nil {
		l.over.CompareAndSwap(nil, &darkroom.Error{Code: code, Message: message, Err: errOverBudget})
	}
}

// fail records why a target failed. What was given up by the browser or by us
// says nothing about the target.
func (l *ledger) fail(target target, failed *darkroom.Error) {
	if failed.Code == darkroom.CodeCancelled {
		return
	}
	if failed.Code == darkroom.CodeBlockedTarget {
		l.denied.Add(1)
		l.denials.Add(1)
	}
	l.mu.Lock()
	defer l.mu.Unlock()
	if len(l.failures) < maxFailures {
		l.failures[target.key()] = failed
	}
}

// succeed forgets an earlier failure: the browser has tried again by itself.
func (l *ledger) succeed(target target) {
	l.mu.Lock()
	defer l.mu.Unlock()
	if len(l.failures) > 0 {
		delete(l.failures, target.key())
	}
}

func (l *ledger) failure(target target) *darkroom.Error {
	l.mu.Lock()
	defer l.mu.Unlock()
	if failed, found := l.failures[target.key()]; found {
		return failed
	}
	return l.over.Load()
}
