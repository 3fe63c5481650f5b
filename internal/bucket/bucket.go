package bucket

import (
	"context"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"iter"
	"sync"
	"time"

	"gocloud.dev/blob"
	"gocloud.dev/gcerrors"
)

// Config says where the bytes are.
type Config struct {
	Dir string // folder; made when missing, readable by its owner only
	URL string // s3://name?region=…; "" = in Dir. Credentials come from the environment, as for every AWS program

	// Seen is told of each operation (put, open, delete) as it ends, whether it
	// failed and what it took; nil = nobody.
	Seen func(op string, took time.Duration, failed bool)
}

// Bucket is a place for bytes. It is safe for concurrent use.
type Bucket struct {
	place

	blobs *blob.Bucket
	tell  func(op string, took time.Duration, failed bool)

	mu     sync.Mutex // one look at a time
	looked time.Time
	seen   error // what the last look found
}

// place is what differs between a folder and an object store.
type place interface {
	// Place names the bucket to a person. No credential is in it.
	Place() string

	// Free is the number of bytes that can still be stored: what the file system
	// leaves to an unprivileged user. An object store has no end.
	Free() (int64, error)

	// Keys goes through everything whose key begins with the prefix, in no order
	// that may be relied on and without holding more than one folder in memory.
	// What is stored or deleted meanwhile may be in it or not.
	Keys(ctx context.Context, prefix string) iter.Seq2[Object, error]

	write(ctx context.Context, key string, content []byte, contentType string) error
	deleted(key string)
	explain(err error) error
}

// ErrExists is returned by Put when the key is taken.
var ErrExists = errors.New("the key is taken")

// Open opens the bucket. A folder is made when it is missing; an object store
// that cannot be used is a *Fault.
func Open(ctx context.Context, config Config) (*Bucket, error) {
	open := func() (*Bucket, error) { return openFolder(config.Dir) }
	if config.URL != "" {
		open = func() (*Bucket, error) { return openStore(ctx, config.URL) }
	}
	bucket, err := open()
	if err != nil {
		return nil, err
	}
	if bucket.tell = config.Seen; bucket.tell == nil {
		bucket.tell = func(string, time.Duration, bool) {}
	}
	if err := bucket.Check(ctx); err != nil {
		return nil, errors.Join(err, bucket.blobs.Close())
	}
	return bucket, nil
}

// checkedFor is how long the outcome of a Check is given again: whoever asks
// often must not make requests of an object store each time.
const checkedFor = 2 * time.Second

// Check reports whether the bucket can be used. What a person must mend is a
// *Fault.
func (b *Bucket) Check(ctx context.Context) error {
	b.mu.Lock()
	defer b.mu.Unlock()
	if !b.looked.IsZero() && time.Since(b.looked) < checkedFor {
		return b.seen
	}
	ok, err := b.blobs.IsAccessible(ctx)
	if err == nil && !ok {
		err = fs.ErrPermission
	}
	if err != nil {
		err = fmt.Errorf("use the bucket %s: %w", b.Place(), b.explain(err))
	}
	b.looked, b.seen = time.Now(), err
	return err
}

// Close ends the use of the bucket. Readers that are open stay usable.
func (b *Bucket) Close() error { return b.blobs.Close() }

// Open reads length bytes from offset on; a negative length reads to the end.
// A missing key gives an error that is fs.ErrNotExist. An object store that
// sends nothing for half a minute is an error, here and while it is read.
func (b *Bucket) Open(ctx context.Context, key string, offset, length int64) (io.ReadCloser, error) {
	watched, began := watch(ctx), time.Now()
	reader, err := b.blobs.NewRangeReader(watched.ctx, key, offset, length, nil)
	watched.alarm.Stop()
	b.tell("open", time.Since(began), err != nil && ctx.Err() == nil && gcerrors.Code(err) != gcerrors.NotFound)
	if err != nil {
		watched.cancel()
		return nil, fmt.Errorf("open %s: %w", key, missing(err))
	}
	watched.ReadCloser = reader
	return watched, nil
}

// Size is the number of bytes stored under the key. A missing key gives an
// error that is fs.ErrNotExist.
func (b *Bucket) Size(ctx context.Context, key string) (int64, error) {
	ctx, cancel := context.WithTimeout(ctx, silence)
	defer cancel()
	attributes, err := b.blobs.Attributes(ctx, key)
	if err != nil {
		return 0, fmt.Errorf("look at %s: %w", key, missing(err))
	}
	return attributes.Size, nil
}

// Delete removes the key and the folders that it leaves empty. A missing key
// is no error.
func (b *Bucket) Delete(ctx context.Context, key string) error {
	ctx, cancel := context.WithTimeout(ctx, silence)
	defer cancel()
	began := time.Now()
	err := b.blobs.Delete(ctx, key)
	b.tell("delete", time.Since(began), err != nil && gcerrors.Code(err) != gcerrors.NotFound)
	if err != nil && gcerrors.Code(err) != gcerrors.NotFound {
		return fmt.Errorf("delete %s: %w", key, b.explain(err))
	}
	b.deleted(key)
	return nil
}

// missing makes the cause of a look-up that found nothing fs.ErrNotExist,
// whatever kind of bucket it was.
func missing(err error) error {
	if gcerrors.Code(err) == gcerrors.NotFound && !errors.Is(err, fs.ErrNotExist) {
		return fmt.Errorf("%w: %w", fs.ErrNotExist, err)
	}
	return err
}

// Object is one entry of Keys.
type Object struct {
	Key     string
	Size    int64
	ModTime time.Time

	// Partial marks what a Put that died has left behind; it was never readable
	// under its intended key.
	Partial bool
}
