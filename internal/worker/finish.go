package worker

import (
	"context"
	"crypto/rand"
	"errors"
	"fmt"
	"io/fs"
	"iter"
	"slices"
	"time"

	"darkroom"
	"darkroom/internal/archive"
	"darkroom/internal/bucket"
	"darkroom/internal/store"
	"darkroom/internal/webhook"
)

// finish ends a job whose captures have all ended: it writes index.json and
// makes the job terminal. It may run twice for one job, also at the same time;
// the second changes nothing.
func (w *Worker) finish(ctx context.Context, jobID string) error {
	job, err := w.Store.JobForWork(ctx, jobID)
	switch {
	case darkroom.CodeOf(err) == darkroom.CodeNotFound:
		return nil // its history is over
	case err != nil:
		return fmt.Errorf("read job %s: %w", jobID, err)
	case job.Status.Terminal():
		return nil
	}
	manifest, err := w.writeManifest(ctx, job)
	if err != nil {
		return err
	}
	files := []store.File{{Name: archive.ManifestName, Artifact: manifest}}
	finished, err := w.Store.FinishJob(ctx, job.ID, files, webhook.Body)
	if err != nil {
		// Whether it was committed is not known: the sweep decides over the file.
		return fmt.Errorf("finish job %s: %w", job.ID, err)
	}
	w.Log.Info("a job has ended", "job", job.ID, "status", finished.Status,
		"completed", finished.Progress.Completed, "failed", finished.Progress.Failed,
		"elapsed", finished.CompletedAt.Sub(finished.CreatedAt).Round(time.Millisecond))
	w.discard(ctx, manifest.Key) // when another finish was first
	return nil
}

func (w *Worker) writeManifest(ctx context.Context, job darkroom.Job) (darkroom.Artifact, error) {
	captures := w.Store.Captures(ctx, job.ID)
	damaged, err := w.findDamaged(ctx, captures)
	if err != nil {
		return darkroom.Artifact{}, fmt.Errorf("check the pictures of job %s: %w", job.ID, err)
	}
	content, err := archive.Manifest(job, marked(captures, damaged))
	if err != nil {
		return darkroom.Artifact{}, err
	}
	for {
		key := bucket.FileKey(job.ID, archive.ManifestName, rand.Text())
		artifact, err := w.put(ctx, key, content, "application/json")
		if !isFull(err) {
			return artifact, err
		}
		w.Log.Warn("the disk is full; a job waits for its end", "job", job.ID, "err", err)
		if !pause(ctx, spaceKnownFor) {
			return darkroom.Artifact{}, err
		}
	}
}

// findDamaged gives the ordinals of the captures whose stored picture is
// missing or has another size.
func (w *Worker) findDamaged(ctx context.Context, captures iter.Seq2[darkroom.Capture, error]) (map[int]bool, error) {
	damaged := map[int]bool{}
	for capture, err := range captures {
		if err != nil {
			return nil, err
		}
		if capture.State != darkroom.CaptureCompleted {
			continue
		}
		size, err := w.Bucket.Size(ctx, capture.Result.Key)
		if err != nil && !errors.Is(err, fs.ErrNotExist) {
			return nil, err
		}
		if err != nil || size != capture.Result.Size {
			w.Log.Error("the stored picture of a capture is missing or damaged",
				"job", capture.JobID, "capture", capture.Ordinal, "err", err)
			damaged[capture.Ordinal] = true
		}
	}
	return damaged, nil
}

// marked adds to the damaged captures a warning that says so.
func marked(captures iter.Seq2[darkroom.Capture, error], damaged map[int]bool) iter.Seq2[darkroom.Capture, error] {
	return func(yield func(darkroom.Capture, error) bool) {
		for capture, err := range captures {
			if damaged[capture.Ordinal] {
				capture.Result.Warnings = append(slices.Clone(capture.Result.Warnings),
					"The stored image was missing or damaged when the job ended.")
			}
			if !yield(capture, err) {
				return
			}
		}
	}
}
