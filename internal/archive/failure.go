package archive

import "darkroom"

// FailureFolder is the one folder of the archive: of files that tell of
// failures. What is said of names holds for theirs without it.
const FailureFolder = "failures/"

// FailureName is the name of a file that tells of a failed capture; ext has no
// dot. It is what the image would be called, in the folder:
// "failures/003_blog.json".
func (n Naming) FailureName(capture darkroom.Capture, ext string) string {
	return FailureFolder + EntryName(capture.Ordinal, n.Total, capture.URL, capture.Variant, ext, n.MixedHosts)
}

// Entry is what the manifest says of a capture, but for its files in the
// failures' folder. Of one that has not ended it says what the last attempt
// has left.
func (n Naming) Entry(capture darkroom.Capture) darkroom.ManifestEntry {
	result := capture.Result
	entry := darkroom.ManifestEntry{
		Index: capture.Ordinal, URL: capture.URL, Variant: capture.Variant, Success: capture.State == darkroom.CaptureCompleted,
		FinalURL: result.FinalURL, HTTPStatus: result.HTTPStatus,
		DurationMS: result.Duration.Milliseconds(), Attempts: capture.Attempt,
		CapturedAt: wholeSeconds(result.CapturedAt), Title: result.Title, Blocked: result.Blocked,
		Warnings: append([]string{}, result.Warnings...), // [] and never null
	}
	if !entry.Success {
		if capture.Code != "" || capture.State == darkroom.CaptureFailed {
			entry.ErrorCode, entry.Error = capture.Code, &capture.Message
		}
		return entry
	}
	entry.Filename = new(n.Name(capture))
	entry.ContentType, entry.SizeBytes, entry.SHA256 = result.ContentType, result.Size, result.SHA256
	entry.Width, entry.Height, entry.Cached = result.Width, result.Height, result.Cached
	if result.PixelHash != "" {
		entry.PixelHash, entry.Stable = result.PixelHash, &result.Stable
	}
	return entry
}

// entry adds the files in the failures' folder.
func (m *manifestWriter) entry(capture darkroom.Capture) darkroom.ManifestEntry {
	entry := m.naming.Entry(capture)
	if capture.State != darkroom.CaptureFailed || len(m.files) == 0 {
		return entry
	}
	if name := m.naming.FailureName(capture, "json"); m.files[name] {
		entry.EvidenceFile = name
	}
	if name := m.naming.FailureName(capture, "jpeg"); m.files[name] {
		entry.LastFrameFile = name
	}
	return entry
}
