package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"iter"
	"os"
	"os/signal"
	"path/filepath"
	"syscall"
	"time"

	"darkroom"
	"darkroom/internal/archive"
)

// salvage ends a job of this process that was interrupted: pages that are
// open may finish, and what there is then is saved. Another signal ends that
// too. A job on a server needs none of it, because it goes on.
func (p *program) salvage(ctx context.Context, here *temporaryServer, id, output string, started time.Time) error {
	hurry, stop := signal.NotifyContext(context.WithoutCancel(ctx), os.Interrupt, syscall.SIGTERM)
	defer stop()
	p.whisper("finishing the open pages; Ctrl-C again stops at once")
	stopped := here.stopWork(hurry)
	if hurry.Err() != nil {
		return interrupted()
	}
	if stopped != nil {
		return stopped
	}
	job, layout, err := here.partialArchive(hurry, id)
	if err != nil {
		return err
	}
	if job.Progress.Completed == 0 {
		return interrupted()
	}
	saved, err := p.saveLayout(hurry, layout, output)
	if err != nil {
		return err
	}
	if err := p.tellResult(job.Answer(time.Now()), saved, time.Since(started)); err != nil {
		return err
	}
	return quietly(exitPartial, "interrupted")
}

func interrupted() *exit {
	return &exit{Code: exitInterrupted, Word: "interrupted", Message: "interrupted; nothing was saved"}
}

// partialArchive lays out the archive of a job that will not go on. Captures
// whose turn never came count as cancelled.
func (s *server) partialArchive(ctx context.Context, id string) (darkroom.Job, *archive.Archive, error) {
	job, err := s.store.JobForWork(ctx, id)
	if err != nil {
		return job, nil, err
	}
	captures := cancelled(s.store.Captures(ctx, id))
	if !job.Status.Terminal() {
		job.Progress.Failed = job.Progress.Total - job.Progress.Completed
		job.Cancelled, job.Layout = true, darkroom.ArchiveLayout
		job.Status = job.Outcome()
	}
	manifest, err := archive.Manifest(job, captures)
	if err != nil {
		return job, nil, err
	}
	stored, err := s.bucket.Put(ctx, "salvaged/"+archive.ManifestName, manifest, "application/json")
	if err != nil {
		return job, nil, err
	}
	entries, err := archive.Entries(job, captures, archive.Entry{Name: archive.ManifestName, Artifact: stored})
	if err != nil {
		return job, nil, err
	}
	layout, err := archive.New(job, entries, s.bucket.Open)
	return job, layout, err
}

func cancelled(captures iter.Seq2[darkroom.Capture, error]) iter.Seq2[darkroom.Capture, error] {
	return func(yield func(darkroom.Capture, error) bool) {
		for capture, err := range captures {
			if err == nil && !capture.State.Terminal() {
				capture.State = darkroom.CaptureFailed
				capture.Failure = darkroom.Failure{Code: darkroom.CodeCancelled, Message: "the job was interrupted before this page was captured"}
			}
			if !yield(capture, err) {
				return
			}
		}
	}
}

// saveLayout writes an archive to where --output says.
func (p *program) saveLayout(ctx context.Context, layout *archive.Archive, output string) (saved string, err error) {
	reader := layout.Reader(ctx)
	defer closeQuietly(reader)
	if output == "-" {
		if _, err := io.Copy(p.stdout, reader); err != nil {
			return "", fmt.Errorf("write the archive to stdout: %w", err)
		}
		return "", nil
	}
	if info, err := os.Stat(output); output == "" || err == nil && info.IsDir() {
		output = filepath.Join(output, layout.Name())
	}
	file, err := os.Create(output)
	if err != nil {
		return "", fmt.Errorf("save the archive: %w", err)
	}
	_, err = io.Copy(file, reader)
	if err = errors.Join(err, file.Close()); err != nil {
		return "", errors.Join(fmt.Errorf("save %s: %w", output, err), os.Remove(output))
	}
	return output, nil
}
