package chrometest

import (
	"context"
	"net/url"
	"slices"
	"strconv"
	"strings"
	"sync"
	"time"

	"darkroom"
)

// Answer decides the result of one capture of a Fake.
type Answer func(ctx context.Context, request darkroom.CaptureRequest) (darkroom.Shot, error)

// Fake takes pictures without a browser: real, decodable images of one colour,
// which depends on the URL alone (ColourOf). The path of the URL chooses
// another result:
//
//	/fail/timeout            fails with that code, every time
//	/fail/timeout/2          fails twice with that code, then succeeds
//	/status/503              fails with http_error and that status, as a real capture does
//	/slow/250                takes 250 milliseconds
//	/hang                    ends with the context, with timeout or cancelled
//	/colour/ff8000           is of that colour
//
// On puts an Answer in place of that for one path. It may be used from several
// goroutines; the zero value is ready.
type Fake struct {
	mu      sync.Mutex
	answers map[string]Answer
	failed  map[string]int // by URL
	calls   []darkroom.CaptureRequest
	running int
	peak    int
	closed  bool
}

// On sets the answer for every URL with that path.
func (f *Fake) On(path string, answer Answer) {
	f.mu.Lock()
	defer f.mu.Unlock()
	if f.answers == nil {
		f.answers = map[string]Answer{}
	}
	f.answers[path] = answer
}

// Calls lists what was asked for so far, in the order it was asked.
func (f *Fake) Calls() []darkroom.CaptureRequest {
	f.mu.Lock()
	defer f.mu.Unlock()
	return slices.Clone(f.calls)
}

// Peak is the largest number of captures that ever ran at once.
func (f *Fake) Peak() int {
	f.mu.Lock()
	defer f.mu.Unlock()
	return f.peak
}

// Closed reports whether Close was called.
func (f *Fake) Closed() bool {
	f.mu.Lock()
	defer f.mu.Unlock()
	return f.closed
}

// Prepare does nothing: there is nothing to warm.
func (f *Fake) Prepare(context.Context) error { return nil }

// Close only remembers that it was called.
func (f *Fake) Close() error {
	f.mu.Lock()
	defer f.mu.Unlock()
	f.closed = true
	return nil
}

// Capture gives the result that the request's path chooses. Like the real
// engine it fails only with a *darkroom.Error.
func (f *Fake) Capture(ctx context.Context, request darkroom.CaptureRequest) (darkroom.Shot, error) {
	target, err := url.Parse(request.URL)
	if err != nil {
		return darkroom.Shot{}, darkroom.Errorf(darkroom.CodeInternal, "the URL cannot be read: %w", err)
	}
	answer := f.begin(request, target)
	defer f.end()
	return answer(ctx, request)
}

func (f *Fake) begin(request darkroom.CaptureRequest, target *url.URL) Answer {
	f.mu.Lock()
	defer f.mu.Unlock()
	f.calls = append(f.calls, request)
	f.running++
	f.peak = max(f.peak, f.running)
	if answer, ok := f.answers[target.Path]; ok {
		return answer
	}
	return f.byPath(target)
}

func (f *Fake) end() {
	f.mu.Lock()
	defer f.mu.Unlock()
	f.running--
}

func (f *Fake) byPath(target *url.URL) Answer {
	parts := strings.Split(strings.Trim(target.Path, "/"), "/")
	switch parts[0] {
	case "fail":
		return f.failure(target.String(), parts[1:])
	case "status":
		status, _ := strconv.Atoi(last(parts))
		return func(_ context.Context, request darkroom.CaptureRequest) (darkroom.Shot, error) {
			return withStatus(request, status)
		}
	case "slow":
		milliseconds, _ := strconv.Atoi(last(parts))
		return slow(time.Duration(milliseconds) * time.Millisecond)
	case "hang":
		return func(ctx context.Context, _ darkroom.CaptureRequest) (darkroom.Shot, error) {
			<-ctx.Done()
			return darkroom.Shot{}, ended(ctx)
		}
	}
	return picture
}

// failure runs under the lock.
func (f *Fake) failure(target string, parts []string) Answer {
	if len(parts) == 0 {
		return failing(darkroom.CodeInternal)
	}
	if len(parts) > 1 {
		times, _ := strconv.Atoi(parts[1])
		if f.failed[target] >= times {
			return picture
		}
	}
	if f.failed == nil {
		f.failed = map[string]int{}
	}
	f.failed[target]++
	return failing(darkroom.Code(parts[0]))
}

func failing(code darkroom.Code) Answer {
	return func(context.Context, darkroom.CaptureRequest) (darkroom.Shot, error) {
		return darkroom.Shot{}, darkroom.Errorf(code, "the page was told to fail with %s", code)
	}
}

func slow(wait time.Duration) Answer {
	return func(ctx context.Context, request darkroom.CaptureRequest) (darkroom.Shot, error) {
		timer := time.NewTimer(wait)
		defer timer.Stop()
		select {
		case <-timer.C:
			return picture(ctx, request)
		case <-ctx.Done():
			return darkroom.Shot{}, ended(ctx)
		}
	}
}

func ended(ctx context.Context) error {
	if ctx.Err() == context.DeadlineExceeded {
		return darkroom.Errorf(darkroom.CodeTimeout, "the page did not finish in time")
	}
	return darkroom.Errorf(darkroom.CodeCancelled, "the capture was cancelled")
}

func withStatus(request darkroom.CaptureRequest, status int) (darkroom.Shot, error) {
	shot, err := drawn(request)
	shot.HTTPStatus = status
	if err != nil || !request.Options.FailsOn(status) {
		return shot, err
	}
	shot.Image, shot.ContentType = nil, ""
	failure := darkroom.Errorf(darkroom.CodeHTTPError, "the page answered with status %d", status)
	failure.HTTPStatus = status
	return shot, failure
}

func picture(_ context.Context, request darkroom.CaptureRequest) (darkroom.Shot, error) {
	return drawn(request)
}

func last(parts []string) string { return parts[len(parts)-1] }
