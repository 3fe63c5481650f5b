package archive

import (
	"context"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"sort"
	"sync"
)

// Reader gives the bytes of an archive from any place on. It fits
// http.ServeContent. It must be closed; its methods may be called from several
// goroutines, one after the other.
type Reader struct {
	archive *Archive
	cancel  context.CancelFunc
	ahead   *ahead
	stream  *stream

	mu     sync.Mutex
	at     int64
	failed error
	closed bool
}

// Reader opens the archive for reading until ctx ends. Nothing is fetched
// before the first Read.
func (a *Archive) Reader(ctx context.Context) *Reader {
	ctx, cancel := context.WithCancel(ctx)
	return &Reader{
		archive: a,
		cancel:  cancel,
		ahead:   newAhead(ctx, a),
		stream:  newStream(ctx, a),
	}
}

// Read gives the next bytes. An entry whose stored bytes are not those of its
// row gives a *CorruptError before its last byte, and so does every Read
// after that: the answer must be broken off, not completed.
func (r *Reader) Read(p []byte) (int, error) {
	r.mu.Lock()
	defer r.mu.Unlock()
	switch {
	case r.closed:
		return 0, fs.ErrClosed
	case r.failed != nil:
		return 0, r.failed
	case r.at >= r.archive.size:
		return 0, io.EOF
	case len(p) == 0:
		return 0, nil
	}
	n, err := r.read(p)
	r.at += int64(n)
	r.failed = err
	return n, err
}

func (r *Reader) read(p []byte) (int, error) {
	a := r.archive
	if r.at >= a.end {
		return copy(p, a.tail()[r.at-a.end:]), nil
	}
	i := sort.Search(len(a.headers), func(i int) bool { return a.headers[i] > r.at }) - 1
	offset := r.at - a.headers[i]
	if length := a.headerLength(i); offset >= length {
		return r.readEntry(p, i, offset-length)
	}
	return copy(p, a.header(i)[offset:]), nil
}

func (r *Reader) readEntry(p []byte, i int, offset int64) (int, error) {
	if r.archive.entries[i].Artifact.Size > maxBuffered {
		r.ahead.stop()
		return r.stream.read(p, i, offset)
	}
	r.stream.stop()
	return r.ahead.read(p, i, offset)
}

// Seek sets where the next Read begins. It reads nothing and cannot repair a
// reader that has failed.
func (r *Reader) Seek(offset int64, whence int) (int64, error) {
	r.mu.Lock()
	defer r.mu.Unlock()
	switch whence {
	case io.SeekCurrent:
		offset += r.at
	case io.SeekEnd:
		offset += r.archive.size
	}
	if offset < 0 {
		return 0, errors.New("seek before the beginning of the archive")
	}
	r.at = offset
	return offset, nil
}

// Err is why reading has failed; nil while it has not. http.ServeContent keeps
// such errors to itself.
func (r *Reader) Err() error {
	r.mu.Lock()
	defer r.mu.Unlock()
	return r.failed
}

// Close ends everything that the reader has begun, and waits for it.
func (r *Reader) Close() error {
	r.cancel() // first: a Read that waits for the bucket holds the lock
	r.mu.Lock()
	defer r.mu.Unlock()
	r.closed = true
	r.ahead.stop()
	r.stream.stop()
	return nil
}

// CorruptError says that stored bytes are missing or are not those that were
// stored.
type CorruptError struct {
	Name string // of the entry
	Key  string // in the bucket
	Err  error
}

// Error tells which object, and what is wrong with it.
func (e *CorruptError) Error() string {
	return fmt.Sprintf("archive entry %s (%s): %v", e.Name, e.Key, e.Err)
}

// Unwrap gives the cause.
func (e *CorruptError) Unwrap() error { return e.Err }

var (
	errChecksum = errors.New("the stored bytes do not match their SHA-256")
	errShort    = errors.New("stored bytes are missing")
)

// fail turns the cause of a failed read into the error of entry i. The end of
// the context is nobody's damage.
func (a *Archive) fail(ctx context.Context, i int, err error) error {
	switch {
	case err == nil:
		return nil
	case ctx.Err() != nil:
		return context.Cause(ctx)
	case errors.Is(err, io.EOF), errors.Is(err, io.ErrUnexpectedEOF), errors.Is(err, fs.ErrNotExist):
		err = fmt.Errorf("%w: %w", errShort, err)
	}
	return &CorruptError{Name: a.entries[i].Name, Key: a.entries[i].Artifact.Key, Err: err}
}
