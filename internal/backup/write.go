package backup

import (
	"archive/tar"
	"bytes"
	"context"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"hash"
	"io"
	"io/fs"
	"iter"
	"os"
	"time"

	"darkroom"
	"darkroom/internal/bucket"
)

// Names in the file.
const (
	databaseName  = "darkroom.db"
	secretName    = "secret.key"
	picturePrefix = "bucket/"
	summaryName   = "backup.json"

	contentTypeRecord = "DARKROOM.content_type" // of a picture's header
)

// Summary is what a backup holds.
type Summary struct {
	Version   string    `json:"version"` // of the program that wrote it
	CreatedAt time.Time `json:"created_at"`
	Pictures  int       `json:"pictures"`
	Bytes     int64     `json:"bytes"`   // of the pictures
	Missing   int       `json:"missing"` // pictures that the database knows of and that had gone
	Secret    bool      `json:"secret_key"`
	SHA256    string    `json:"sha256"` // of the content of all entries before, in order
}

// Source is what a backup is made of.
type Source struct {
	Version   string
	Database  string // path of a copy that nobody writes to
	Secret    []byte // content of secret.key; nil = it is left out
	Artifacts iter.Seq2[darkroom.Artifact, error]
	Bucket    *bucket.Bucket
}

// Write writes a backup. A picture that has gone is counted, and no error.
func Write(ctx context.Context, to io.Writer, source Source) (Summary, error) {
	w := &writer{tar: tar.NewWriter(to), sum: sha256.New(), summary: Summary{
		Version: source.Version, CreatedAt: time.Now().UTC().Truncate(time.Second), Secret: source.Secret != nil,
	}}
	if err := w.database(source.Database); err != nil {
		return w.summary, fmt.Errorf("back up the database: %w", err)
	}
	if source.Secret != nil {
		if err := w.add(secretName, "", source.Secret); err != nil {
			return w.summary, fmt.Errorf("back up the secret key: %w", err)
		}
	}
	for artifact, err := range source.Artifacts {
		if err == nil {
			err = w.picture(ctx, source.Bucket, artifact)
		}
		if err != nil {
			return w.summary, fmt.Errorf("back up the pictures: %w", err)
		}
	}
	return w.summary, w.end()
}

type writer struct {
	tar     *tar.Writer
	sum     hash.Hash
	summary Summary
}

func (w *writer) begin(name, contentType string, size int64) error {
	header := &tar.Header{Name: name, Mode: 0o600, Size: size, Format: tar.FormatPAX, ModTime: w.summary.CreatedAt}
	if contentType != "" {
		header.PAXRecords = map[string]string{contentTypeRecord: contentType}
	}
	return w.tar.WriteHeader(header)
}

func (w *writer) add(name, contentType string, content []byte) error {
	if err := w.begin(name, contentType, int64(len(content))); err != nil {
		return err
	}
	_, err := io.MultiWriter(w.tar, w.sum).Write(content)
	return err
}

func (w *writer) database(path string) (err error) {
	file, err := os.Open(path)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, file.Close()) }()
	info, err := file.Stat()
	if err != nil {
		return err
	}
	if err := w.begin(databaseName, "", info.Size()); err != nil {
		return err
	}
	_, err = io.Copy(io.MultiWriter(w.tar, w.sum), file)
	return err
}

// picture is read whole before its header is written, so that one that goes in
// the middle does not spoil the file.
func (w *writer) picture(ctx context.Context, from *bucket.Bucket, artifact darkroom.Artifact) error {
	content, err := read(ctx, from, artifact.Key)
	if errors.Is(err, fs.ErrNotExist) {
		w.summary.Missing++
		return nil
	}
	if err != nil {
		return err
	}
	w.summary.Pictures++
	w.summary.Bytes += int64(len(content))
	return w.add(picturePrefix+artifact.Key, artifact.ContentType, content)
}

func read(ctx context.Context, from *bucket.Bucket, key string) (_ []byte, err error) {
	reader, err := from.Open(ctx, key, 0, -1)
	if err != nil {
		return nil, err
	}
	defer func() { err = errors.Join(err, reader.Close()) }()
	var content bytes.Buffer
	_, err = content.ReadFrom(reader)
	return content.Bytes(), err
}

func (w *writer) end() error {
	w.summary.SHA256 = hex.EncodeToString(w.sum.Sum(nil))
	text, err := json.MarshalIndent(w.summary, "", "  ")
	if err != nil {
		return fmt.Errorf("write the summary: %w", err)
	}
	if err := w.add(summaryName, "", append(text, '\n')); err != nil {
		return fmt.Errorf("write the summary: %w", err)
	}
	return w.tar.Close()
}
