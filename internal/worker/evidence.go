package worker

import (
	"bytes"
	"context"
	"encoding/json"
	"image/jpeg"

	"darkroom"
	"darkroom/internal/archive"
	"darkroom/internal/bucket"
	"darkroom/internal/store"
)

// onlyNow reports whether a thumbnail can be made only while the page is there.
// Making one costs too much of a capture's time to be done for everybody; of
// any other picture it is made when somebody wants to see it.
func onlyNow(options darkroom.Options) bool { return options.Format == darkroom.FormatPDF }

// witness adds to an outcome what the engine has given besides the picture. A
// result does not wait for it: what cannot be stored is left out.
func (w *Worker) witness(ctx context.Context, claim darkroom.Claim, shot darkroom.Shot, outcome *store.Outcome) {
	outcome.Evidence = shot.Evidence
	if outcome.Err == nil {
		outcome.Thumbnail = w.keepJPEG(ctx, claim, "thumbnail.jpeg", shot.Thumbnail)
		return
	}
	if shot.Evidence != nil {
		outcome.LastFrame = w.keepJPEG(ctx, claim, "last.jpeg", shot.Evidence.LastFrame)
	}
}

// keepJPEG gives an artifact without a key when there is nothing to keep, or
// it could not be stored.
func (w *Worker) keepJPEG(ctx context.Context, claim darkroom.Claim, ext string, content []byte) darkroom.Artifact {
	size, err := jpeg.DecodeConfig(bytes.NewReader(content))
	if err != nil {
		return darkroom.Artifact{}
	}
	key := bucket.ShotKey(claim.JobID, claim.Ordinal, claim.Attempt, claim.Instance, ext)
	artifact, err := w.put(context.WithoutCancel(ctx), key, content, "image/jpeg")
	if err != nil {
		w.Log.Warn("a thumbnail or last frame could not be stored", "job", claim.JobID, "capture", claim.Ordinal, "err", err)
		return darkroom.Artifact{}
	}
	artifact.Width, artifact.Height = size.Width, size.Height
	return artifact
}

// writeFailures makes the files that tell of failures, where that was asked
// for.
func (w *Worker) writeFailures(ctx context.Context, job darkroom.Job) (files []store.File, err error) {
	if job.Progress.Failed == 0 {
		return nil, nil
	}
	naming, err := archive.NamingOf(job, w.Store.Addresses(ctx, job.ID))
	if err != nil {
		return nil, err
	}
	// Without the option for the whole job, only what was tried can have asked.
	filter := store.ResultFilter{State: darkroom.CaptureFailed, Requested: !job.Options.Evidence}
	for result, err := range w.Store.AllResults(ctx, job.ID, filter) {
		if err != nil {
			return nil, err
		}
		if result.Evidence != nil && !result.Requested {
			continue // its own options do not ask for it
		}
		own, err := w.writeFailure(ctx, job, naming, result)
		if err != nil {
			return nil, err
		}
		files = append(files, own...)
	}
	return files, nil
}

func (w *Worker) writeFailure(ctx context.Context, job darkroom.Job, naming archive.Naming, result store.Result) ([]store.File, error) {
	report := darkroom.CaptureReport{ManifestEntry: naming.Entry(result.Capture), State: result.State, Evidence: result.Evidence}
	report.EvidenceFile = naming.FailureName(result.Capture, "json")
	var frame []store.File
	if result.LastFrame.Key != "" {
		report.LastFrameFile = naming.FailureName(result.Capture, "jpeg")
		frame = []store.File{{Name: report.LastFrameFile, Artifact: result.LastFrame, Held: true}}
	}
	content, err := readable(report)
	if err != nil {
		return nil, err
	}
	artifact, err := w.putFile(ctx, job, "failure.json", "application/json", content)
	return append(frame, store.File{Name: report.EvidenceFile, Artifact: artifact}), err
}

// readable is JSON for people: in lines, with the "&" of URLs as it is.
func readable(value any) ([]byte, error) {
	var out bytes.Buffer
	encoder := json.NewEncoder(&out)
	encoder.SetEscapeHTML(false)
	encoder.SetIndent("", "  ")
	err := encoder.Encode(value)
	return out.Bytes(), err
}
