package webhook

import (
	"bytes"
	"cmp"
	"context"
	"fmt"
	"io"
	"net/http"
	"strconv"
	"strings"
	"time"

	"darkroom"
	"darkroom/internal/egress"
	"darkroom/internal/trace"
)

const userAgent = "Darkroom-Webhook/1.0"

// Sender makes attempts to deliver. The client's transport decides where may be
// connected to; its cookies, its timeout and its policy of redirects are not
// used.
type Sender struct {
	Client  *http.Client
	Timeout time.Duration // of one attempt; 0 = darkroom.DeliveryTimeout
}

// Send makes one attempt to deliver and tells how it went: an attempt that
// Delivered says yes to has succeeded, and one that Gone says yes to is the
// last. It is signed with each of the secrets, see Sign. A redirect is an
// answer like any other and not followed. retryAfter is what the receiver asked
// for, at most MaxDeliveryRetryAfter, or zero.
func (s Sender) Send(
	ctx context.Context, delivery darkroom.Delivery, attempt int, secrets []string, at time.Time,
) (record darkroom.DeliveryAttempt, retryAfter time.Duration) {
	ctx, cancel := context.WithTimeout(ctx, cmp.Or(s.Timeout, darkroom.DeliveryTimeout))
	defer cancel()
	record = darkroom.DeliveryAttempt{DeliveryID: delivery.ID, Attempt: attempt, StartedAt: at}
	began := time.Now()
	request, err := newRequest(ctx, delivery, attempt, secrets, at)
	if err != nil {
		record.Code, record.Error = darkroom.CodeInternal, err.Error()
		return record, 0
	}
	record.Header = flat(request.Header)
	response, err := oneHop(s.Client).Do(request)
	if err != nil {
		failure := egress.ClientError(ctx, request.URL, err)
		record.Code, record.Error = failure.Code, failure.Sentence()
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

func newRequest(ctx context.Context, delivery darkroom.Delivery, attempt int, secrets []string, at time.Time) (*http.Request, error) {
	request, err := http.NewRequestWithContext(ctx, http.MethodPost, delivery.URL, bytes.NewReader(delivery.Body))
	if err != nil {
		return nil, fmt.Errorf("address the webhook: %w", err)
	}
	if err := SetHeader(request.Header, secrets, delivery.ID, attempt, at, delivery.Body); err != nil {
		return nil, err
	}
	if parent := trace.Parent(ctx); parent != "" {
		request.Header.Set("Traceparent", parent)
	}
	request.Header.Set("Accept-Encoding", "identity") // an answer is not unpacked
	request.Close = true
	return request, nil
}

// SetHeader sets what a receiver reads of an attempt: the signatures and all
// that they sign, see Sign, and what the body is.
func SetHeader(header http.Header, secrets []string, id string, attempt int, at time.Time, body []byte) error {
	header.Set("Content-Type", "application/json")
	header.Set("User-Agent", userAgent)
	return Sign(header, secrets, id, attempt, at, body)
}

// flat gives each header its one value.
func flat(header http.Header) map[string]string {
	values := make(map[string]string, len(header))
	for name := range header {
		values[name] = header.Get(name)
	}
	return values
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
// MaxDeliveryReadBytes, or too late, is not read: the status has decided.
func readAnswer(body io.ReadCloser) []byte {
	var kept bytes.Buffer
	limited := io.LimitReader(body, darkroom.MaxDeliveryReadBytes)
	_, _ = io.CopyN(&kept, limited, darkroom.MaxDeliveryResponseBytes)
	_, _ = io.Copy(io.Discard, limited)
	_ = body.Close()
	return kept.Bytes()
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
