package client

import (
	"cmp"
	"context"
	"math/rand/v2"
	"net/http"
	"os"
	"strings"
	"time"
)

// Defaults of a Client.
const (
	DefaultBaseURL = "http://127.0.0.1:8484"
	DefaultTimeout = 30 * time.Second // of one attempt, see WithTimeout
	DefaultRetries = 2                // after the first attempt
)

// Client talks to one server with one API key. Make it with New; it may be
// used by many goroutines at once.
type Client struct {
	baseURL   string // without a trailing slash
	key       string
	http      *http.Client
	timeout   time.Duration
	retries   int
	userAgent string

	pause  func(context.Context, time.Duration) error // between two attempts or polls
	jitter func() float64                             // in [0, 1)
}

// Option changes one setting of a Client.
type Option func(*Client)

// New makes a client. An empty baseURL means DARKROOM_URL or SNAPSHARP_BASE_URL
// from the environment, else DefaultBaseURL; an empty key means
// DARKROOM_API_KEY or SNAPSHARP_API_KEY. Nothing is sent and nothing is
// checked yet: a wrong address or key shows with the first call.
func New(baseURL, key string, options ...Option) *Client {
	baseURL = cmp.Or(baseURL, os.Getenv("DARKROOM_URL"), os.Getenv("SNAPSHARP_BASE_URL"), DefaultBaseURL)
	key = cmp.Or(key, os.Getenv("DARKROOM_API_KEY"), os.Getenv("SNAPSHARP_API_KEY"))
	c := &Client{
		baseURL:   strings.TrimRight(strings.TrimSpace(baseURL), "/"),
		key:       strings.TrimSpace(key),
		http:      &http.Client{CheckRedirect: refuseRedirect},
		timeout:   DefaultTimeout,
		retries:   DefaultRetries,
		userAgent: "darkroom-go",
		pause:     pause,
		jitter:    rand.Float64,
	}
	for _, option := range options {
		option(c)
	}
	return c
}

// WithHTTPClient sends everything through h, whose own Timeout should be zero:
// it would cut long downloads. The default follows no redirect, so that the
// key goes nowhere else.
func WithHTTPClient(h *http.Client) Option { return func(c *Client) { c.http = h } }

// WithTimeout bounds one attempt: the whole answer, or for a download the time
// in which no byte comes. Screenshots and waits get the time of the picture or
// of the wait on top. Zero or less means no bound but the context's.
func WithTimeout(d time.Duration) Option { return func(c *Client) { c.timeout = d } }

// WithRetries sets how often a call that failed for a passing reason is
// repeated; 0 means never.
func WithRetries(n int) Option { return func(c *Client) { c.retries = max(n, 0) } }

// WithUserAgent puts a product token, such as "nightly-shots/1.2", before the
// client's own.
func WithUserAgent(product string) Option {
	return func(c *Client) { c.userAgent = product + " darkroom-go" }
}

// refuseRedirect hands the redirect back as the answer: the server sends none,
// and whoever does should not be given the key.
func refuseRedirect(*http.Request, []*http.Request) error { return http.ErrUseLastResponse }

func pause(ctx context.Context, d time.Duration) error {
	timer := time.NewTimer(d)
	defer timer.Stop()
	select {
	case <-ctx.Done():
		return context.Cause(ctx)
	case <-timer.C:
		return nil
	}
}
