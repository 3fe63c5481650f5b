package archive

import (
	"bytes"
	"context"
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"hash/crc32"
	"io"
	"iter"
	"strings"

	"darkroom"
)

// partialManifestKey is of the manifest that no bucket has.
const partialManifestKey = "partial/" + ManifestName

// Partial lays out what is there of a job that has not ended: one image per
// success so far, and a manifest of the captures that have ended. captures is
// gone through once, and naming is that of all of the job's captures; while a sitemap is being read, names may differ
// from those at the end. The same rows always give the same bytes. Without an
// image there is no archive: the answer is nil.
func Partial(job darkroom.Job, naming Naming, captures iter.Seq2[darkroom.Capture, error], source Source) (*Archive, error) {
	job.Layout, job.CompletedAt = darkroom.ArchiveLayout, job.CreatedAt
	var entries []Entry
	writer := &manifestWriter{naming: naming, partial: true}
	if err := writer.begin(job); err != nil {
		return nil, fmt.Errorf("write the manifest of job %s: %w", job.ID, err)
	}
	for capture, err := range captures {
		if err != nil {
			return nil, fmt.Errorf("read the captures of job %s: %w", job.ID, err)
		}
		if !capture.State.Terminal() {
			continue
		}
		if err := writer.append(capture); err != nil {
			return nil, fmt.Errorf("write the manifest of job %s: %w", job.ID, err)
		}
		if capture.State == darkroom.CaptureCompleted {
			entries = append(entries, Entry{Name: naming.Name(capture), Artifact: capture.Result.Artifact})
		}
		if at := capture.Result.CapturedAt; at.After(job.CompletedAt) {
			job.CompletedAt = at
		}
	}
	if len(entries) == 0 {
		return nil, nil
	}
	manifest := writer.end()
	sum := sha256.Sum256(manifest)
	entries = append(entries, Entry{Name: ManifestName, Artifact: darkroom.Artifact{
		Key: partialManifestKey, Size: int64(len(manifest)), CRC32: crc32.ChecksumIEEE(manifest), SHA256: hex.EncodeToString(sum[:]),
	}})
	archive, err := New(job, entries, withManifest(manifest, source))
	if err == nil {
		archive.name = strings.TrimSuffix(archive.name, ".zip") + "-partial.zip"
	}
	return archive, err
}

// withManifest opens the manifest too.
func withManifest(manifest []byte, source Source) Source {
	return func(ctx context.Context, key string, offset, length int64) (io.ReadCloser, error) {
		if key != partialManifestKey {
			return source(ctx, key, offset, length)
		}
		return io.NopCloser(bytes.NewReader(manifest[offset : offset+length])), nil
	}
}
