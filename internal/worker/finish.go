package worker

import (
	"context"
	"crypto/rand"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"iter"
	"syscall"
	"time"

	"darkroom"
	"darkroom/internal/archive"
	"darkroom/internal/bucket"
	"darkroom/internal/store"
	"darkroom/internal/trace"
	"darkroom/internal/webhook"
)

// finish ends a job whose captures have all ended: it writes index.json and
// index.html, and what is told of failures, and makes the job terminal. Pictures that have gone are taken again first, and
// then this finish leaves the end to the next. It may run twice for one job,
// also at the same time; the second changes nothing. A job that is deleted
// meanwhile needs no end.
func (w *Worker) finish(ctx context.Context, jobID string) error {
	err := w.finishJob(ctx, jobID)
	if darkroom.CodeOf(err) == darkroom.CodeNotFound {
		w.Log.Info("a job was deleted before its end", "job", jobID)
		return nil
	}
	return err
}

func (w *Worker) finishJob(ctx context.Context, jobID string) (err error) {
	job, err := w.Store.JobForWork(ctx, jobID)
	switch {
	case err != nil:
		return fmt.Errorf("read job %s: %w", jobID, err)
	case job.Status.Terminal():
		return nil
	}
	ctx, span := trace.Start(trace.Continue(ctx, job.Trace), "job.finish")
	defer func() { span.Text(trace.Job, jobID).End(err) }()
	if waits, err := w.retakeDamaged(ctx, &job); err != nil || waits {
		return err
	}
	files, err := w.writeFailures(ctx, job)
	if err != nil {
		return fmt.Errorf("write the failures of job %s: %w", job.ID, err)
	}
	manifest, err := w.writeManifest(ctx, job, files)
	if err != nil {
		return err
	}
	files = append(files, store.File{Name: archive.ManifestName, Artifact: manifest})
	if job.Gallery {
		gallery, err := w.writeGallery(ctx, job, files)
		if err != nil {
			return err
		}
		files = append(files, store.File{Name: archive.GalleryName, Artifact: gallery})
	}
	finished, err := w.Store.FinishJob(ctx, job.ID, files, webhook.Body)
	if darkroom.CodeOf(err) == darkroom.CodeNotFound {
		w.discardFiles(ctx, files)
	}
	if err != nil {
		// Whether it was committed is not known: the sweep decides over the file.
		return fmt.Errorf("finish job %s: %w", job.ID, err)
	}
	w.Seen.ended(finished)
	w.Log.Info("a job has ended", "job", job.ID, "status", finished.Status,
		"completed", finished.Progress.Completed, "failed", finished.Progress.Failed,
		"elapsed", finished.CompletedAt.Sub(finished.CreatedAt).Round(time.Millisecond))
	w.discardFiles(ctx, files) // when another finish was first
	return nil
}

func (w *Worker) discardFiles(ctx context.Context, files []store.File) {
	for _, file := range files {
		w.discard(ctx, file.Artifact.Key)
	}
}

// retakeDamaged has pictures that have gone taken again, and reports whether
// the job waits for that. Those that had been taken again are failed by now,
// and job is read anew.
func (w *Worker) retakeDamaged(ctx context.Context, job *darkroom.Job) (waits bool, err error) {
	damaged, err := w.findDamaged(ctx, w.Store.Captures(ctx, job.ID))
	if err != nil {
		return false, fmt.Errorf("check the pictures of job %s: %w", job.ID, err)
	}
	if len(damaged) == 0 {
		return false, nil
	}
	again, err := w.Store.Retake(ctx, job.ID, damaged)
	if err != nil || again > 0 {
		return again > 0, err
	}
	*job, err = w.Store.JobForWork(ctx, job.ID)
	return false, err
}

func (w *Worker) writeManifest(ctx context.Context, job darkroom.Job, files []store.File) (darkroom.Artifact, error) {
	content, err := archive.Manifest(job, w.Store.Captures(ctx, job.ID), entriesOf(files)...)
	if err != nil {
		return darkroom.Artifact{}, err
	}
	return w.putFile(ctx, job, archive.ManifestName, "application/json", content)
}

func (w *Worker) writeGallery(ctx context.Context, job darkroom.Job, files []store.File) (darkroom.Artifact, error) {
	content, err := archive.Gallery(job, w.Store.Captures(ctx, job.ID), entriesOf(files)...)
	if err != nil {
		return darkroom.Artifact{}, err
	}
	return w.putFile(ctx, job, archive.GalleryName, "text/html; charset=utf-8", content)
}

func entriesOf(files []store.File) []archive.Entry {
	entries := make([]archive.Entry, len(files))
	for i, file := range files {
		entries[i] = archive.Entry{Name: file.Name, Artifact: file.Artifact}
	}
	return entries
}

// putFile stores a file of a job, and waits while the bucket refuses it.
func (w *Worker) putFile(ctx context.Context, job darkroom.Job, name, contentType string, content []byte) (darkroom.Artifact, error) {
	for {
		key := bucket.FileKey(job.ID, name, rand.Text())
		artifact, err := w.put(ctx, key, content, contentType)
		if !isRefused(err) {
			return artifact, err
		}
		w.Log.Error("the end of a job could not be stored; it waits", "job", job.ID, "err", err)
		if !pause(ctx, spaceKnownFor) {
			return darkroom.Artifact{}, err
		}
	}
}

// findDamaged gives the captures whose stored picture is missing or is not the
// one that was taken: every byte is read.
func (w *Worker) findDamaged(ctx context.Context, captures iter.Seq2[darkroom.Capture, error]) ([]darkroom.Capture, error) {
	var damaged []darkroom.Capture
	for capture, err := range captures {
		if err != nil {
			return nil, err
		}
		if capture.State != darkroom.CaptureCompleted {
			continue
		}
		intact, err := w.intact(ctx, capture.Result.Artifact)
		for err != nil && pause(ctx, spaceKnownFor) { // the bucket is away, and says nothing about the picture
			w.Log.Error("the pictures of a job cannot be read; its end waits", "job", capture.JobID, "err", err)
			intact, err = w.intact(ctx, capture.Result.Artifact)
		}
		if err != nil {
			return nil, err
		}
		if !intact {
			w.Log.Error("the stored picture of a capture is missing or damaged", "job", capture.JobID, "capture", capture.Ordinal)
			damaged = append(damaged, capture)
		}
	}
	return damaged, nil
}

// intact reports whether the bucket has the bytes of an artifact. A disk that
// cannot read them does not have them.
func (w *Worker) intact(ctx context.Context, artifact darkroom.Artifact) (bool, error) {
	reader, err := w.Bucket.Open(ctx, artifact.Key, 0, -1)
	if errors.Is(err, fs.ErrNotExist) {
		return false, nil
	}
	if err != nil {
		return false, err
	}
	defer func() { _ = reader.Close() }() // nothing was written
	sum := sha256.New()
	if _, err := io.Copy(sum, reader); errors.Is(err, syscall.EIO) {
		return false, nil
	} else if err != nil {
		return false, fmt.Errorf("read %s: %w", artifact.Key, err)
	}
	return hex.EncodeToString(sum.Sum(nil)) == artifact.SHA256, nil
}
