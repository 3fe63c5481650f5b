package bucket

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"iter"
	"path/filepath"
	"strings"
)

// partialSuffix ends the name of a file that fileblob is still writing.
const partialSuffix = ".tmp"

// Keys walks through the folder.
func (f *folder) Keys(ctx context.Context, prefix string) iter.Seq2[Object, error] {
	return func(yield func(Object, error) bool) {
		err := filepath.WalkDir(f.walkRoot(prefix), func(path string, entry fs.DirEntry, err error) error {
			object, ok, err := f.object(path, entry, err)
			switch {
			case ctx.Err() != nil:
				return ctx.Err()
			case err != nil:
				return err
			case !ok || !strings.HasPrefix(object.Key, prefix):
				return nil
			case !yield(object, nil):
				return fs.SkipAll
			}
			return nil
		})
		if err != nil {
			yield(Object{}, fmt.Errorf("list the bucket: %w", err))
		}
	}
}

// walkRoot is the deepest folder that holds every key of the prefix.
func (f *folder) walkRoot(prefix string) string {
	return f.path(prefix[:strings.LastIndex(prefix, "/")+1])
}

// object describes a file; ok is false for a folder and for what vanished
// since its folder was read.
func (f *folder) object(path string, entry fs.DirEntry, err error) (object Object, ok bool, _ error) {
	if errors.Is(err, fs.ErrNotExist) {
		return Object{}, false, nil
	}
	if err != nil || entry.IsDir() {
		return Object{}, false, err
	}
	info, err := entry.Info()
	if errors.Is(err, fs.ErrNotExist) {
		return Object{}, false, nil
	}
	if err != nil {
		return Object{}, false, err
	}
	key := filepath.ToSlash(strings.TrimPrefix(path, f.dir+string(filepath.Separator)))
	return Object{
		Key: key, Size: info.Size(), ModTime: info.ModTime(),
		Partial: strings.HasSuffix(key, partialSuffix),
	}, true, nil
}
