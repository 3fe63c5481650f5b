package archive

import (
	"context"
	"crypto/sha256"
	"io"
)

// What one reader may hold: entries up to maxBuffered are loaded and checked
// whole before their first byte goes out, several at a time; larger ones are
// streamed.
const (
	maxAhead    = 8       // entries in flight
	maxInFlight = 8 << 20 // bytes of all entries in flight
	maxBuffered = 4 << 20 // bytes of one entry
)

// ahead loads consecutive entries before they are asked for: few at first,
// because many a range ends in the entry that it begins in.
type ahead struct {
	start func(i int) *load
	fits  func(i int) (size int64, ok bool)
	done  <-chan struct{} // of the reader's context
	cause func() error

	loads []*load // of consecutive entries; the first is the one being read
	bytes int64   // of all loads
	depth int     // how many loads there may be
}

// load is one entry on its way into memory.
type load struct {
	entry   int
	size    int64
	ready   chan struct{} // closed when content or err is set
	content []byte
	err     error
	cancel  context.CancelFunc
}

func newAhead(ctx context.Context, a *Archive) *ahead {
	return &ahead{
		start: func(i int) *load { return a.load(ctx, i) },
		fits: func(i int) (int64, bool) {
			if i >= len(a.entries) || a.entries[i].Artifact.Size > maxBuffered {
				return 0, false
			}
			return a.entries[i].Artifact.Size, true
		},
		done:  ctx.Done(),
		cause: func() error { return context.Cause(ctx) },
		depth: 1,
	}
}

// read gives bytes of entry i, once all of them are loaded and checked.
func (w *ahead) read(p []byte, i int, offset int64) (int, error) {
	w.moveTo(i)
	current := w.loads[0]
	select {
	case <-current.ready:
	case <-w.done:
		return 0, w.cause()
	}
	if current.err != nil {
		return 0, current.err
	}
	return copy(p, current.content[offset:]), nil
}

// moveTo makes entry i the first of the loads and fills up behind it.
func (w *ahead) moveTo(i int) {
	for len(w.loads) > 0 && w.loads[0].entry < i {
		w.drop()
		w.depth = min(2*w.depth, maxAhead)
	}
	if len(w.loads) > 0 && w.loads[0].entry != i {
		w.stop()
	}
	if len(w.loads) == 0 {
		w.add(i)
	}
	for len(w.loads) < w.depth {
		size, ok := w.fits(w.loads[0].entry + len(w.loads))
		if !ok || w.bytes+size > maxInFlight {
			return
		}
		w.add(w.loads[0].entry + len(w.loads))
	}
}

func (w *ahead) add(i int) {
	next := w.start(i)
	w.loads = append(w.loads, next)
	w.bytes += next.size
}

// drop gives up the first load, and waits for its end.
func (w *ahead) drop() {
	first := w.loads[0]
	first.cancel()
	<-first.ready
	w.loads = w.loads[1:]
	w.bytes -= first.size
}

// stop gives up every load, and waits for their end.
func (w *ahead) stop() {
	for _, each := range w.loads {
		each.cancel()
	}
	for len(w.loads) > 0 {
		w.drop()
	}
	w.depth = 1
}

// load begins to fetch entry i. Whoever calls it waits for ready.
func (a *Archive) load(ctx context.Context, i int) *load {
	ctx, cancel := context.WithCancel(ctx)
	next := &load{entry: i, size: a.entries[i].Artifact.Size, ready: make(chan struct{}), cancel: cancel}
	go func() {
		defer close(next.ready)
		content, err := a.fetch(ctx, i)
		next.content, next.err = content, a.fail(ctx, i, err)
	}()
	return next
}

// fetch reads the whole of entry i and checks it.
func (a *Archive) fetch(ctx context.Context, i int) ([]byte, error) {
	artifact := a.entries[i].Artifact
	body, err := a.source(ctx, artifact.Key, 0, artifact.Size)
	if err != nil {
		return nil, err
	}
	defer closeQuietly(body)
	content := make([]byte, artifact.Size)
	if _, err := io.ReadFull(body, content); err != nil {
		return nil, err
	}
	if sha256.Sum256(content) != a.sums[i] {
		return nil, errChecksum
	}
	return content, nil
}

// closeQuietly closes what was only read: nothing can be lost by it.
func closeQuietly(body io.Closer) { _ = body.Close() }
