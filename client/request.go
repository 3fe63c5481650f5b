package client

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"time"

	"darkroom"
)

const (
	firstBackoff  = 500 * time.Millisecond
	longestPause  = 8 * time.Second
	maxRetryAfter = 60 * time.Second // a longer Retry-After is the caller's to wait for
	maxJSONBytes  = 64 << 20
)

// request is one call; its attempts differ in nothing.
type request struct {
	method  string
	path    string
	query   url.Values
	body    any // sent as JSON; nil = none
	header  http.Header
	extra   time.Duration // what the server may take beyond the client's timeout
	settled bool          // a 409 is final: it is about the job, and not that the first request is still being answered
	once    bool          // never repeated: it would be done twice
	onePass bool          // a 504 is final: the page's time was up, and asking again would double it
}

// call sends r and reads the JSON answer into out.
func (c *Client) call(ctx context.Context, r request, out any) error {
	return c.exchange(ctx, r, func(resp *http.Response) error {
		content, err := io.ReadAll(io.LimitReader(resp.Body, maxJSONBytes))
		if err != nil {
			return c.connectionError(r, err)
		}
		if err := json.Unmarshal(content, out); err != nil {
			return fmt.Errorf("reading the answer to %s %s: %w", r.method, r.path, err)
		}
		return nil
	})
}

// exchange sends r until an attempt succeeds and read has taken its answer, or
// until a failure is final. Each attempt has the client's timeout.
func (c *Client) exchange(ctx context.Context, r request, read func(*http.Response) error) error {
	return c.repeat(ctx, r, func() error {
		attempt, cancel := c.attemptContext(ctx, r.extra)
		defer cancel()
		resp, err := c.send(attempt, r)
		if err != nil {
			return err
		}
		defer closeBody(resp)
		return read(resp)
	})
}

// repeat runs attempt and, while its error may pass and tries are left, runs it
// again after a pause.
func (c *Client) repeat(ctx context.Context, r request, attempt func() error) error {
	for failed := 0; ; failed++ {
		err := attempt()
		if err != nil && ctx.Err() != nil {
			return fmt.Errorf("%s %s: %w", r.method, r.path, context.Cause(ctx))
		}
		failure, ok := errors.AsType[*Error](err)
		if !ok || failed >= c.retries || !r.mayPass(failure) {
			return err
		}
		if err := c.pause(ctx, c.backoff(failed, failure.RetryAfter)); err != nil {
			return err
		}
	}
}

func (c *Client) attemptContext(ctx context.Context, extra time.Duration) (context.Context, context.CancelFunc) {
	if c.timeout <= 0 {
		return context.WithCancel(ctx)
	}
	return context.WithTimeout(ctx, c.timeout+extra)
}

// send makes one attempt and gives a 2xx answer, whose body the caller closes.
func (c *Client) send(ctx context.Context, r request) (*http.Response, error) {
	req, err := c.build(ctx, r)
	if err != nil {
		return nil, err
	}
	resp, err := c.http.Do(req)
	if err != nil {
		return nil, c.connectionError(r, err)
	}
	if resp.StatusCode < 200 || resp.StatusCode > 299 {
		defer closeBody(resp)
		return nil, answerError(resp)
	}
	return resp, nil
}

func (c *Client) build(ctx context.Context, r request) (*http.Request, error) {
	target := c.baseURL + r.path
	if len(r.query) > 0 {
		target += "?" + r.query.Encode()
	}
	var body io.Reader
	if r.body != nil {
		content, err := json.Marshal(r.body)
		if err != nil {
			return nil, fmt.Errorf("writing the body of %s %s: %w", r.method, r.path, err)
		}
		body = bytes.NewReader(content)
	}
	req, err := http.NewRequestWithContext(ctx, r.method, target, body)
	if err != nil {
		return nil, fmt.Errorf("making the request %s %s: %w", r.method, r.path, err)
	}
	for name, values := range r.header {
		req.Header[name] = values
	}
	req.Header.Set("User-Agent", c.userAgent)
	if r.body != nil {
		req.Header.Set("Content-Type", "application/json")
	}
	if c.key != "" {
		req.Header.Set("Authorization", "Bearer "+c.key)
	}
	return req, nil
}

// connectionError is what a caller sees of a connection that broke or was
// never had. It unwraps to err.
func (c *Client) connectionError(r request, err error) *Error {
	cause := withoutURL(err)
	if errors.Is(err, context.DeadlineExceeded) {
		cause = errors.New("not in time")
	}
	return &Error{Message: fmt.Sprintf("no complete answer from %s to %s %s: %v", c.baseURL, r.method, r.path, cause), Err: err}
}

// withoutURL takes off the wrapping that repeats method and address.
func withoutURL(err error) error {
	if wrapped, ok := errors.AsType[*url.Error](err); ok {
		return wrapped.Err
	}
	return err
}

// mayPass reports whether the same request may succeed a little later.
func (r request) mayPass(e *Error) bool {
	switch {
	case r.once, e.RetryAfter > maxRetryAfter:
		return false
	case e.Status == http.StatusGatewayTimeout && r.onePass:
		return false
	case e.Status == http.StatusConflict:
		// The first request with this key is still being answered.
		return !r.settled && e.Code == darkroom.CodeConflict && r.header.Get(idempotencyKey) != ""
	}
	return e.Status == 0 || e.Status == http.StatusRequestTimeout ||
		e.Status == http.StatusTooManyRequests || e.Status >= 500
}

// backoff is the pause after the failed-th failure (from 0): what the server
// asked for, else twice as long each time, shortened by up to a quarter so
// that many clients do not come back at once.
func (c *Client) backoff(failed int, asked time.Duration) time.Duration {
	if asked > 0 {
		return asked
	}
	base := min(firstBackoff<<min(failed, 10), longestPause)
	return base - time.Duration(float64(base)*c.jitter()/4)
}

// closeBody reads the little that may be left, so that the connection can be
// used again.
func closeBody(resp *http.Response) {
	_, _ = io.CopyN(io.Discard, resp.Body, 4<<10) // best effort: the answer was already had
	_ = resp.Body.Close()
}
