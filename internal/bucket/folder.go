package bucket

import (
	"fmt"
	"os"
	"path/filepath"
	"sync"
	"syscall"

	"gocloud.dev/blob"
	"gocloud.dev/blob/fileblob"
)

// folder is a bucket on disk.
type folder struct {
	blobs *blob.Bucket
	dir   string

	// folders is held for reading while a Put needs its folder, and for writing
	// while an empty folder is taken away.
	folders sync.RWMutex

	// names makes the check whether a key is taken, and the rename that takes
	// it, one step.
	names sync.Mutex
}

const (
	folderMode = 0o700
	fileMode   = 0o600
)

func openFolder(path string) (*Bucket, error) {
	dir, err := filepath.Abs(path)
	if err != nil {
		return nil, fmt.Errorf("open the bucket %q: %w", path, err)
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
	return &Bucket{place: &folder{blobs: blobs, dir: dir}, blobs: blobs}, nil
}

// Place is the path of the folder.
func (f *folder) Place() string { return f.dir }

// Free asks the file system.
func (f *folder) Free() (int64, error) {
	var stat syscall.Statfs_t
	if err := syscall.Statfs(f.dir, &stat); err != nil {
		return 0, fmt.Errorf("measure the free space of %s: %w", f.dir, err)
	}
	return int64(stat.Bavail * uint64(stat.Bsize)), nil
}

func (*folder) explain(err error) error { return err }

// deleted takes away the folders that a key leaves empty.
func (f *folder) deleted(key string) {
	f.folders.Lock()
	defer f.folders.Unlock()
	for dir := filepath.Dir(f.path(key)); len(dir) > len(f.dir); dir = filepath.Dir(dir) {
		if os.Remove(dir) != nil {
			return
		}
	}
}

// path is where fileblob puts a key of ours: keys have no character that it
// escapes.
func (f *folder) path(key string) string {
	return filepath.Join(f.dir, filepath.FromSlash(key))
}
