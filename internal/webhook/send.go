package webhook

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"strconv"
	"strings"
	"time"

	"darkroom"
)

// maxReadBytes is how much of a receiver's answer is read at all.
const maxReadBytes = 64 << 10

const userAgent = "Darkroom-Webhook/1.0"

// Send makes one attempt to deliver, within DeliveryTimeout, and tells how it
// went: an attempt that Delivered says yes to has succeeded, and one that
// Gone says yes to is the last. A redirect is an answer like any other and not
// followed. retryAfter is what the receiver asked for, at most
// MaxDeliveryRetryAfter, or zero. The client's transport decides where may be
// connected to; its cookies are not used.
func Send(ctx context.Context, client *http.Client, delivery darkroom.Delivery, attempt int, secret string, at time.Time) (_ darkroom.DeliveryAttempt, retryAfter time.Duration) {
	ctx, cancel := context.WithTimeout(ctx, darkroom.DeliveryTimeout)
	defer cancel()
	record := darkroom.DeliveryAttempt{DeliveryID: delivery.ID, Attempt: attempt, StartedAt: at}
	began := time.Now()
	response, err := post(ctx, client, delivery, attempt, secret, at)
	if err != nil {
		record.Error = sentence(ctx, err)
	} else {
		record.Status = response.StatusCode
		record.Response = readAnswer(response.Body)
		retryAfter = parseRetryAfter(response.Header.Get("Retry-After"), at)
	}
	record.Duration = time.Since(began)
	return record, retryAfter
}

// Delivered reports whether the receiver has taken the event.
func Delivered(attempt darkroom.DeliveryAttempt) bool {
	return attempt.Status >= 200 && attempt.Status < 300
}

// Gone reports whether the receiver wants no further attempt.
func Gone(attempt darkroom.DeliveryAttempt) bool { return attempt.Status == http.StatusGone }

func post(ctx context.Context, client *http.Client, delivery darkroom.Delivery, attempt int, secret string, at time.Time) (*http.Response, error) {
	request, err := http.NewRequestWithContext(ctx, http.MethodPost, delivery.URL, bytes.NewReader(delivery.Body))
	if err != nil {
		return nil, fmt.Errorf("address the webhook: %w", err)
	}
	if err := Sign(request.Header, secret, delivery.ID, attempt, at, delivery.Body); err != nil {
		return nil, err
	}
	request.Header.Set("Content-Type", "application/json")
	request.Header.Set("User-Agent", userAgent)
	request.Header.Set("Accept-Encoding", "identity") // an answer is not unpacked
	request.Close = true
	return oneHop(client).Do(request)
}

// oneHop is the client without what would send the event elsewhere or more
// than was meant.
func oneHop(client *http.Client) *http.Client {
	return &http.Client{
		Transport:     client.Transport,
		CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse },
	}
}

// readAnswer gives the beginning of the receiver's answer. What comes after
// maxReadBytes, or too late, is not read: the status has decided.
func readAnswer(body io.ReadCloser) []byte {
	var kept bytes.Buffer
	limited := io.LimitReader(body, maxReadBytes)
	_, _ = io.CopyN(&kept, limited, darkroom.MaxDeliveryResponseBytes)
	_, _ = io.Copy(io.Discard, limited)
	_ = body.Close()
	return kept.Bytes()
}

// sentence tells why there was no answer. It may be shown to the owner of the
// job.
func sentence(ctx context.Context, err error) string {
	if known, ok := errors.AsType[*darkroom.Error](err); ok {
		return string(known.Code) + ": " + known.Sentence()
	}
	if errors.Is(ctx.Err(), context.DeadlineExceeded) {
		return fmt.Sprintf("timeout: no answer within %v", darkroom.DeliveryTimeout)
	}
	if wrapped, ok := errors.AsType[*url.Error](err); ok {
		err = wrapped.Err // the rest of it is the address
	}
	return err.Error()
}

// parseRetryAfter reads seconds or a date.
func parseRetryAfter(value string, now time.Time) time.Duration {
	value = strings.TrimSpace(value)
	wait := time.Duration(0)
	if seconds, err := strconv.ParseInt(value, 10, 64); err == nil {
		wait = time.Duration(min(max(seconds, 0), int64(darkroom.MaxDeliveryRetryAfter/time.Second))) * time.Second
	} else if date, err := http.ParseTime(value); err == nil {
		wait = date.Sub(now)
	}
	return min(max(wait, 0), darkroom.MaxDeliveryRetryAfter)
}
