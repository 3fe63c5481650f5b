package archive

import (
	"fmt"
	"iter"

	"darkroom"
)

// Entries are the files of a terminal job's archive: one image per success in
// the order of the captures, and then the job's own files. captures is gone
// through twice.
func Entries(job darkroom.Job, captures iter.Seq2[darkroom.Capture, error], files ...Entry) ([]Entry, error) {
	naming, err := NamingOf(job, captures)
	if err != nil {
		return nil, fmt.Errorf("name the images of job %s: %w", job.ID, err)
	}
	entries := make([]Entry, 0, job.Progress.Completed+len(files))
	for capture, err := range captures {
		if err != nil {
			return nil, fmt.Errorf("read the captures of job %s: %w", job.ID, err)
		}
		if capture.State == darkroom.CaptureCompleted {
			entries = append(entries, Entry{Name: naming.Name(capture), Artifact: capture.Result.Artifact})
		}
	}
	return append(entries, files...), nil
}
