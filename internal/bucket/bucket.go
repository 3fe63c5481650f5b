package bucket

import (
	"context"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"sync"
	"time"

	"gocloud.dev/blob"
	"gocloud.dev/blob/fileblob"
	"gocloud.dev/gcerrors"
)

// Config says where the bytes are.
type Config struct {
	Dir string // folder; made when missing, readable by its owner only
}

// Bucket is a place for bytes. It is safe for concurrent use.
type Bucket struct {
	blobs *blob.Bucket
	dir   string

	// folders is held for reading while a Put needs its folder, and for writing
	// while an empty folder is taken away.
	folders sync.RWMutex

	// names makes the check whether a key is taken, and the rename that takes
	// it, one step.
	names sync.Mutex
}

// ErrExists is returned by Put when the key is taken.
var ErrExists = errors.New("the key is taken")

const (
	folderMode = 0o700
	fileMode   = 0o600
)

// Open opens the bucket in a folder, which it makes when it is missing.
func Open(ctx context.Context, config Config) (*Bucket, error) {
	dir, err := filepath.Abs(config.Dir)
	if err != nil {
		return nil, fmt.Errorf("open the bucket %q: %w", config.Dir, err)
	}
	if err := os.MkdirAll(dir, folderMode); err != nil {
		return nil, fmt.Errorf("make the bucket's folder: %w", err)
	}
	blobs, err := fileblob.OpenBucket(dir, &fileblob.Options{
		DirFileMode: folderMode,
		NoTempDir:   true, // a rename works inside one file system only
		Metadata:    fileblob.MetadataDontWrite,
	})
	if err != nil {
		return nil, fmt.Errorf("open the bucket %q: %w", dir, err)
	}
	bucket := &Bucket{blobs: blobs, dir: dir}
	if err := bucket.check(ctx); err != nil {
		return nil, errors.Join(err, blobs.Close())
	}
	return bucket, nil
}

// check finds out at start, and not at the first shot, that the folder cannot
// be used.
func (b *Bucket) check(ctx context.Context) error {
	ok, err := b.blobs.IsAccessible(ctx)
	if err == nil && !ok {
		err = fs.ErrPermission
	}
	if err != nil {
		return fmt.Errorf("use the bucket %q: %w", b.dir, err)
	}
	return nil
}

// Close ends the use of the bucket. Readers that are open stay usable.
func (b *Bucket) Close() error { return b.blobs.Close() }

// Open reads length bytes from offset on; a negative length reads to the end.
// A missing key gives an error that is fs.ErrNotExist.
func (b *Bucket) Open(ctx context.Context, key string, offset, length int64) (io.ReadCloser, error) {
	reader, err := b.blobs.NewRangeReader(ctx, key, offset, length, nil)
	if err != nil {
		return nil, fmt.Errorf("open %s: %w", key, missing(err))
	}
	return reader, nil
}

// Size is the number of bytes stored under the key. A missing key gives an
// error that is fs.ErrNotExist.
func (b *Bucket) Size(ctx context.Context, key string) (int64, error) {
	attributes, err := b.blobs.Attributes(ctx, key)
	if err != nil {
		return 0, fmt.Errorf("look at %s: %w", key, missing(err))
	}
	return attributes.Size, nil
}

// Delete removes the key and the folders that it leaves empty. A missing key
// is no error.
func (b *Bucket) Delete(ctx context.Context, key string) error {
	err := b.blobs.Delete(ctx, key)
	if err != nil && gcerrors.Code(err) != gcerrors.NotFound {
		return fmt.Errorf("delete %s: %w", key, err)
	}
	b.removeEmptyFolders(filepath.Dir(b.path(key)))
	return nil
}

func (b *Bucket) removeEmptyFolders(dir string) {
	b.folders.Lock()
	defer b.folders.Unlock()
	for len(dir) > len(b.dir) {
		if os.Remove(dir) != nil {
			return
		}
		dir = filepath.Dir(dir)
	}
}

// path is where fileblob puts a key of ours: keys have no character that it
// escapes.
func (b *Bucket) path(key string) string {
	return filepath.Join(b.dir, filepath.FromSlash(key))
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
