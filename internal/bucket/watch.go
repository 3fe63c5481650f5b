package bucket

import (
	"context"
	"io"
	"time"
)

// silence is how long an object store may take for one request, and between two
// pieces of what is read. One that is out of reach may neither answer nor refuse.
const silence = 30 * time.Second

// watched is a reader that gives up when nothing comes. Its time runs only
// while it is read.
type watched struct {
	io.ReadCloser

	ctx    context.Context //nolint:containedctx // of this one reading
	cancel context.CancelFunc
	alarm  *time.Timer
}

func watch(ctx context.Context) *watched {
	ctx, cancel := context.WithCancel(ctx)
	return &watched{ctx: ctx, cancel: cancel, alarm: time.AfterFunc(silence, cancel)}
}

// Read waits for the next bytes.
func (w *watched) Read(p []byte) (int, error) {
	w.alarm.Reset(silence)
	defer w.alarm.Stop()
	return w.ReadCloser.Read(p)
}

// Close ends the reading.
func (w *watched) Close() error {
	defer w.cancel()
	return w.ReadCloser.Close()
}
