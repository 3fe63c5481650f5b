package backup

import (
	"archive/tar"
	"context"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"hash"
	"io"
	"os"
	"path/filepath"
	"strings"

	"darkroom/internal/bucket"
)

// The most that is held in memory of one entry. No picture is larger than what
// one capture may move.
const (
	maxPicture = 1 << 30
	maxSmall   = 1 << 20
)

// ErrNotWhole is what Read returns for a file that is no backup, was cut off or
// was changed.
var ErrNotWhole = errors.New("it is not a whole backup")

// Target is where a backup goes.
type Target struct {
	Folder string // a data folder without a database
	Bucket *bucket.Bucket
}

// Read puts everything of a backup in its place. On an error there may be some
// of it, but no database: that gets its name last.
func Read(ctx context.Context, from io.Reader, to Target) (Summary, error) {
	r := &reader{tar: tar.NewReader(from), sum: sha256.New(), to: to}
	defer func() { _ = os.Remove(r.fresh()) }() // there is none when all went well
	for {
		header, err := r.tar.Next()
		if err != nil {
			return Summary{}, fmt.Errorf("%w: %w", ErrNotWhole, err)
		}
		if header.Name == summaryName {
			return r.end()
		}
		if err := r.place(ctx, header); err != nil {
			return Summary{}, fmt.Errorf("restore %s: %w", header.Name, err)
		}
	}
}

type reader struct {
	tar      *tar.Reader
	sum      hash.Hash
	to       Target
	pictures int
}

func (r *reader) fresh() string { return filepath.Join(r.to.Folder, ".new-"+databaseName) }

func (r *reader) place(ctx context.Context, header *tar.Header) error {
	key, isPicture := strings.CutPrefix(header.Name, picturePrefix)
	switch {
	case header.Name == databaseName:
		return r.file(r.fresh(), header.Size)
	case header.Name == secretName && header.Size <= maxSmall:
		return r.file(filepath.Join(r.to.Folder, secretName), header.Size)
	case isPicture && header.Size <= maxPicture:
		return r.picture(ctx, key, header)
	}
	return ErrNotWhole
}

// file writes a new file that is on disk, for its owner only.
func (r *reader) file(path string, size int64) error {
	file, err := os.OpenFile(path, os.O_CREATE|os.O_EXCL|os.O_WRONLY, 0o600)
	if err != nil {
		return err
	}
	_, err = io.CopyN(io.MultiWriter(file, r.sum), r.tar, size)
	if errors.Is(err, io.EOF) || errors.Is(err, io.ErrUnexpectedEOF) {
		err = fmt.Errorf("%w: %w", ErrNotWhole, err)
	}
	return errors.Join(err, file.Sync(), file.Close())
}

func (r *reader) picture(ctx context.Context, key string, header *tar.Header) error {
	content, err := io.ReadAll(io.TeeReader(r.tar, r.sum))
	if err != nil {
		return fmt.Errorf("%w: %w", ErrNotWhole, err)
	}
	r.pictures++
	_, err = r.to.Bucket.Put(ctx, key, content, header.PAXRecords[contentTypeRecord])
	return err
}

// end compares what was read with what was written, and gives the database its
// name.
func (r *reader) end() (summary Summary, err error) {
	text, err := io.ReadAll(io.LimitReader(r.tar, maxSmall))
	if err == nil {
		err = json.Unmarshal(text, &summary)
	}
	if err != nil {
		return Summary{}, fmt.Errorf("%w: %w", ErrNotWhole, err)
	}
	if summary.SHA256 != hex.EncodeToString(r.sum.Sum(nil)) || summary.Pictures != r.pictures {
		return Summary{}, fmt.Errorf("%w: its content was changed", ErrNotWhole)
	}
	if err := os.Rename(r.fresh(), filepath.Join(r.to.Folder, databaseName)); err != nil {
		return Summary{}, err
	}
	folder, err := os.Open(r.to.Folder)
	if err != nil {
		return Summary{}, err
	}
	return summary, errors.Join(folder.Sync(), folder.Close())
}
