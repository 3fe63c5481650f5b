package worker

import (
	"context"
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	"darkroom"
)

// TestWhatEndsIsTold: each attempt once, and whether another follows.
func TestWhatEndsIsTold(t *testing.T) {
	b := newBench(t, 1)
	var told []string
	b.Seen.Capture = func(code darkroom.Code, again bool, _ time.Duration) {
		told = append(told, fmt.Sprint(code, " ", again))
	}
	b.camera.answer = func(_ context.Context, request darkroom.CaptureRequest, n int) (darkroom.Shot, error) {
		if strings.HasSuffix(request.URL, "/b") {
			return failing(darkroom.CodeUnsupportedContent, 200)
		}
		if n < 2 {
			return failing(darkroom.CodeConnectionReset, 0)
		}
		return picture(request), nil
	}
	b.create(t, nil, "/a", "/b")
	b.work(t, b.Worker)
	b.clock.advance(time.Minute)
	b.work(t, b.Worker)
	slices.Sort(told)
	if got := strings.Join(told, ","); got != " false,connection_reset true,unsupported_content false" {
		t.Errorf("told of %q", got)
	}
	if slots, lent := b.Busy(); slots != 1 || lent != 0 {
		t.Errorf("%d slots, %d of them busy", slots, lent)
	}
}
