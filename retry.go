package darkroom

import (
	"net/http"
	"time"
)

// LostBeforeAlone is how often a capture may die with its worker before it
// runs with nothing beside it: so it harms no neighbour, and can be told from
// them if it is the cause.
const LostBeforeAlone = 2

// MaxLostAttempts is how often a capture may die with its worker before it is
// given up as CodeRendererCrashed. It is generous, because a machine that is
// restarted again and again loses innocent captures too.
const MaxLostAttempts = 10

// LostBackoff is the wait before a capture is claimed again that has died with
// its worker lost times: none the first time, then a second, doubled up to a
// minute. So the neighbours go first, and a machine that is restarted again and
// again for minutes does not give up what is innocent.
func LostBackoff(lost int) time.Duration {
	if lost < LostBeforeAlone {
		return 0
	}
	return min(time.Second<<min(lost-LostBeforeAlone, 10), time.Minute)
}

// Retryable reports whether another attempt may end differently. httpStatus is
// the main document's, 0 when there was none.
func Retryable(code Code, httpStatus int) bool {
	switch code {
	case CodeTimeout, CodeDNSError, CodeConnectionRefused, CodeConnectionReset,
		CodeRendererCrashed, CodeOutOfMemory, CodeInternal:
		return true
	case CodeHTTPError:
		switch httpStatus {
		case http.StatusTooManyRequests, http.StatusBadGateway,
			http.StatusServiceUnavailable, http.StatusGatewayTimeout:
			return true
		}
	}
	return false
}

// captureBackoff is the delay after the first, second, … failed attempt; the
// last one repeats.
var captureBackoff = [...]time.Duration{2 * time.Second, 10 * time.Second}

// CaptureBackoff is the time to wait after the failed-th failed attempt (from
// 1), with up to a quarter more by jitter. jitter is in [0, 1).
func CaptureBackoff(failed int, jitter float64) time.Duration {
	base := captureBackoff[min(max(failed, 1), len(captureBackoff))-1]
	return base + time.Duration(float64(base)*jitter/4)
}

// Resting reports whether a host asks to be left alone: it answered 429, or 503
// and said for how long. A 503 alone is a fault like others.
func Resting(httpStatus int, retryAfter time.Duration) bool {
	return httpStatus == http.StatusTooManyRequests ||
		httpStatus == http.StatusServiceUnavailable && retryAfter > 0
}

// How long a host is left alone that asked for it. Its Retry-After is obeyed
// for at most MaxHostRest: a host that more than one job needs must not be
// closed to all of them by one answer.
const (
	firstHostRest   = 5 * time.Second
	longestHostRest = 5 * time.Minute
	MaxHostRest     = time.Hour
)

// HostRest is how long to leave a host alone that asked for it for the
// rested-th time in a row (from 1): what it asked for, but not shorter than a
// back-off that doubles from 5 seconds to 5 minutes, with up to a quarter more
// by jitter, and not longer than MaxHostRest. jitter is in [0, 1).
func HostRest(rested int, asked time.Duration, jitter float64) time.Duration {
	const doublings = 6
	wait := min(firstHostRest<<min(max(rested-1, 0), doublings), longestHostRest)
	wait += time.Duration(float64(wait) * jitter / 4)
	return min(max(wait, asked), MaxHostRest)
}

// deliveryBackoff is the wait before the first, second, … attempt to deliver a
// webhook.
var deliveryBackoff = [...]time.Duration{
	0, 30 * time.Second, 5 * time.Minute, 30 * time.Minute, 2 * time.Hour, 5 * time.Hour, 10 * time.Hour,
}

// MaxDeliveryAttempts is how often a webhook is tried before it is given up.
const MaxDeliveryAttempts = len(deliveryBackoff)

// MaxDeliveryRetryAfter caps what a receiver's Retry-After may ask for.
const MaxDeliveryRetryAfter = 24 * time.Hour

// DeliveryBackoff is the wait before the given attempt (from 1), with up to a
// tenth more by jitter, and false when no attempt is left. jitter is in
// [0, 1).
func DeliveryBackoff(attempt int, jitter float64) (time.Duration, bool) {
	if attempt < 1 || attempt > MaxDeliveryAttempts {
		return 0, false
	}
	base := deliveryBackoff[attempt-1]
	return base + time.Duration(float64(base)*jitter/10), true
}
