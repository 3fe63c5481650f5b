package bucket

import (
	"bytes"
	"context"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"hash/crc32"
	"io/fs"
	"os"
	"path/filepath"

	"gocloud.dev/blob"
	"gocloud.dev/gcerrors"

	"darkroom"
)

// Put stores content under a new key and returns what its row needs. When it
// returns nil, the bytes and every folder that leads to them are on disk. A
// taken key gives ErrExists and leaves what is there alone; any other error
// leaves nothing behind under the key. Width and Height stay zero: the bucket
// does not look into images.
func (b *Bucket) Put(ctx context.Context, key string, content []byte, contentType string) (darkroom.Artifact, error) {
	if !fs.ValidPath(key) || key == "." {
		return darkroom.Artifact{}, fmt.Errorf("store %q: it is no key", key)
	}
	if err := b.write(ctx, key, content, contentType); err != nil {
		return darkroom.Artifact{}, fmt.Errorf("store %s: %w", key, err)
	}
	sum := sha256.Sum256(content)
	return darkroom.Artifact{
		Key:         key,
		ContentType: contentType,
		Size:        int64(len(content)),
		CRC32:       crc32.ChecksumIEEE(content),
		SHA256:      hex.EncodeToString(sum[:]),
	}, nil
}

func (b *Bucket) write(ctx context.Context, key string, content []byte, contentType string) error {
	b.folders.RLock()
	defer b.folders.RUnlock()
	parent := b.lastExisting(filepath.Dir(b.path(key)))
	ctx, abandon := context.WithCancel(ctx)
	defer abandon()
	var file *os.File
	writer, err := b.blobs.NewWriter(ctx, key, &blob.WriterOptions{
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
	if err := b.name(writer); err != nil {
		return err
	}
	if err := syncFolders(filepath.Dir(b.path(key)), parent); err != nil {
		return errors.Join(err, os.Remove(b.path(key)))
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
func (b *Bucket) name(writer *blob.Writer) error {
	b.names.Lock()
	defer b.names.Unlock()
	err := writer.Close()
	if gcerrors.Code(err) == gcerrors.FailedPrecondition {
		return ErrExists
	}
	return err
}

// lastExisting is the deepest folder on the way that is there already: it and
// all below it must be flushed once the file has its name.
func (b *Bucket) lastExisting(dir string) string {
	for len(dir) > len(b.dir) {
		if _, err := os.Stat(dir); err == nil {
			return dir
		}
		dir = filepath.Dir(dir)
	}
	return b.dir
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
