package api

import (
	"maps"
	"net/http"
	"sync"
	"time"

	"darkroom"
)

// How many unknown keys one address may try in a minute. Then it is not looked
// up what it tries, until the minute is over; keys that it has used lately go
// on working, because several clients may share one address.
const (
	maxFailedLogins = 100
	failedLoginSpan = time.Minute
	trustedFor      = time.Hour
	maxAddresses    = 10_000 // remembered; beyond that the memory begins anew
)

// attempt is a key presented from an address.
type attempt struct {
	address string
	hash    string // HashAPIKey of what was presented
}

// logins limits failed logins by address. It is kept in memory: an address
// that comes anew after a restart, or at another instance, has all its tries.
type logins struct {
	mu       sync.Mutex
	failures map[string]failures
	trusted  map[attempt]time.Time // when it last succeeded
}

type failures struct {
	count int
	since time.Time
}

// admit refuses an attempt that is not to be looked up.
func (l *logins) admit(one attempt, now time.Time) error {
	l.mu.Lock()
	defer l.mu.Unlock()
	known := l.failures[one.address]
	wait := known.since.Add(failedLoginSpan).Sub(now)
	if known.count < maxFailedLogins || wait <= 0 || wait > failedLoginSpan || now.Sub(l.trusted[one]) < trustedFor {
		return nil
	}
	return &darkroom.Error{
		Code:       darkroom.CodeRateLimited,
		Message:    "Too many unknown API keys came from this address",
		Hint:       "Try again when the time of Retry-After is over",
		RetryAfter: wait,
	}
}

func (l *logins) failed(one attempt, now time.Time) {
	l.mu.Lock()
	defer l.mu.Unlock()
	if l.failures == nil || len(l.failures) >= maxAddresses {
		l.failures = map[string]failures{}
	}
	delete(l.trusted, one)
	known := l.failures[one.address]
	if since := now.Sub(known.since); since < 0 || since >= failedLoginSpan {
		known = failures{since: now}
	}
	known.count++
	l.failures[one.address] = known
}

func (l *logins) succeeded(one attempt, now time.Time) {
	l.mu.Lock()
	defer l.mu.Unlock()
	if l.trusted == nil {
		l.trusted = map[attempt]time.Time{}
	}
	if _, known := l.trusted[one]; !known && len(l.trusted) >= maxAddresses {
		maps.DeleteFunc(l.trusted, func(_ attempt, at time.Time) bool { return now.Sub(at) >= trustedFor })
		if len(l.trusted) >= maxAddresses {
			clear(l.trusted)
		}
	}
	l.trusted[one] = now
}

// addressOf names the client for the limit. Of IPv6 it is the network: one
// client has all of a /64.
func (s *server) addressOf(r *http.Request) string {
	address, ok := s.Front.client(r)
	if !ok {
		return r.RemoteAddr
	}
	if address.Is6() {
		if network, err := address.Prefix(64); err == nil {
			return network.String()
		}
	}
	return address.String()
}
