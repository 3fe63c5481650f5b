package bucket

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"

	"gocloud.dev/blob"
	"gocloud.dev/gcerrors"
)

func (f *folder) write(ctx context.Context, key string, content []byte, contentType string) error {
	f.folders.RLock()
	defer f.folders.RUnlock()
	parent := f.lastExisting(filepath.Dir(f.path(key)))
	ctx, abandon := context.WithCancel(ctx)
	defer abandon()
	var file *os.File
	writer, err := f.blobs.NewWriter(ctx, key, &blob.WriterOptions{
		ContentType: contentType,
		IfNotExist:  true,
		BeforeWrite: func(as func(any) bool) error {
			if !as(&file) {
				return fmt.Errorf("the bucket has no file to flush")
			}
			return file.Chmod(fileMode)
		},
	})
	if err != nil {
		return err
	}
	if err := fill(writer, file, content); err != nil {
		abandon() // or Close would give half a file its name
		_ = writer.Close()
		return err
	}
	if err := f.name(writer); err != nil {
		return err
	}
	if err := syncFolders(filepath.Dir(f.path(key)), parent); err != nil {
		return errors.Join(err, os.Remove(f.path(key)))
	}
	return nil
}

func fill(writer *blob.Writer, file *os.File, content []byte) error {
	if _, err := bytes.NewReader(content).WriteTo(writer); err != nil {
		return err
	}
	return file.Sync()
}

// name gives the written file its key.
func (f *folder) name(writer *blob.Writer) error {
	f.names.Lock()
	defer f.names.Unlock()
	err := writer.Close()
	if gcerrors.Code(err) == gcerrors.FailedPrecondition {
		return ErrExists
	}
	return err
}

// lastExisting is the deepest folder on the way that is there already: it and
// all below it must be flushed once the file has its name.
func (f *folder) lastExisting(dir string) string {
	for len(dir) > len(f.dir) {
		if _, err := os.Stat(dir); err == nil {
			return dir
		}
		dir = filepath.Dir(dir)
	}
	return f.dir
}

func syncFolders(dir, last string) error {
	for {
		if err := syncFolder(dir); err != nil {
			return err
		}
		if dir == last || len(dir) <= len(last) {
			return nil
		}
		dir = filepath.Dir(dir)
	}
}

func syncFolder(dir string) error {
	folder, err := os.Open(dir)
	if err != nil {
		return err
	}
	err = folder.Sync()
	if closeErr := folder.Close(); err == nil {
		err = closeErr
	}
	return err
}
