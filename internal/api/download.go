package api

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net/http"
	"time"

	"darkroom"
	"darkroom/internal/archive"
)

// download sends the archive of a job. Every byte of it is known from the
// rows, so it begins at once and any part can be had.
func (s *server) download(w http.ResponseWriter, r *http.Request, key darkroom.APIKey) error {
	job, err := s.job(r, key.ID, r.PathValue("id"))
	if err != nil {
		return err
	}
	defer s.Store.Reading(r.Context(), job)() // before its expiry is looked at
	query, err := parseQuery(r.URL.RawQuery)
	if err != nil {
		return err
	}
	partial, err := truth(query, "partial")
	if err != nil {
		return err
	}
	if partial && !job.Status.Terminal() {
		return s.downloadPartial(w, r, job)
	}
	if err := fetchable(&job, s.Now()); err != nil {
		return err
	}
	layout, err := s.archiveOf(r.Context(), job)
	if err != nil {
		return err
	}
	return s.serveArchive(w, r, layout)
}

// downloadPartial sends what is there of a job that has not ended. As soon as
// there is more it is another archive, with another ETag.
func (s *server) downloadPartial(w http.ResponseWriter, r *http.Request, job darkroom.Job) error {
	naming, err := archive.NamingOf(job, s.Store.Addresses(r.Context(), job.ID))
	if err != nil {
		return unavailable(err)
	}
	layout, err := archive.Partial(job, naming, s.Store.Captures(r.Context(), job.ID), s.Bucket.Open)
	if err != nil {
		return unavailable(err)
	}
	if layout == nil {
		return fetchable(&job, s.Now())
	}
	return s.serveArchive(w, r, layout)
}

// limitRange leaves in the request what http.ServeContent should see of its
// Range header.
func limitRange(r *http.Request, size int64) {
	ranges := r.Header.Values("Range")
	r.Header.Del("Range") // HEAD tells of all bytes
	if len(ranges) == 1 && r.Method == http.MethodGet {
		if usable := usableRange(ranges[0], size); usable != "" {
			r.Header.Set("Range", usable)
		}
	}
}

// fetchable says why there is no archive to be had.
func fetchable(job *darkroom.Job, now time.Time) error {
	switch {
	case !job.Status.Terminal():
		return &darkroom.Error{
			Code:       darkroom.CodeJobNotReady,
			Message:    fmt.Sprintf("The job is %s", job.Status),
			Hint:       "Wait until it has ended: GET " + darkroom.JobPath(job.ID) + "?wait=60",
			RetryAfter: pollAfter,
		}
	case job.Expired(now):
		return expired(job, now)
	case job.Status == darkroom.StatusFailed && job.Progress.Total == 0:
		return &darkroom.Error{
			Code:    darkroom.CodeNoResult,
			Message: "The sitemap gave no page to capture, so there is nothing to download",
			Hint:    "GET " + darkroom.JobPath(job.ID) + " tells why",
		}
	case job.Status == darkroom.StatusFailed:
		return &darkroom.Error{
			Code:    darkroom.CodeNoResult,
			Message: "Every capture of this job failed, so there is nothing to download",
			Hint:    "GET " + darkroom.JobPath(job.ID) + " tells about the job",
		}
	}
	return nil
}

func expired(job *darkroom.Job, now time.Time) *darkroom.Error {
	return &darkroom.Error{
		Code:    darkroom.CodeExpired,
		Message: "The results of this job expired at " + job.Answer(now).ExpiresAt.Format(time.RFC3339),
		Hint:    "Create the job again to have them taken anew",
	}
}

func (s *server) archiveOf(ctx context.Context, job darkroom.Job) (*archive.Archive, error) {
	files, err := s.Store.Files(ctx, job.ID)
	if err != nil {
		return nil, unavailable(err)
	}
	own := make([]archive.Entry, 0, len(files))
	for _, file := range files {
		own = append(own, archive.Entry{Name: file.Name, Artifact: file.Artifact})
	}
	entries, err := archive.Entries(job, s.Store.Captures(ctx, job.ID), own...)
	if err != nil {
		return nil, unavailable(err)
	}
	layout, err := archive.New(job, entries, s.Bucket.Open)
	if err != nil {
		return nil, fmt.Errorf("lay out the archive of job %s: %w", job.ID, err)
	}
	return layout, nil
}

func (s *server) serveArchive(w http.ResponseWriter, r *http.Request, layout *archive.Archive) error {
	reader := layout.Reader(r.Context())
	defer func() { _ = reader.Close() }()
	header := w.Header()
	header.Set("Content-Type", "application/zip")
	header.Set("Content-Disposition", `attachment; filename="`+layout.Name()+`"`)
	header.Set("ETag", layout.ETag())
	return s.serveBytes(w, r, layout.ModTime(), layout.Size(), reader)
}

// serveBytes sends what the headers have announced, or the part of it that was
// asked for.
func (s *server) serveBytes(w http.ResponseWriter, r *http.Request, modified time.Time, size int64, reader io.ReadSeeker) error {
	limitRange(r, size)
	content := &chunks{reader: reader}
	answer := &lateAnswer{ResponseWriter: w}
	http.ServeContent(answer, r, "", modified, content)

	if content.err != nil {
		return s.breakOff(answer, r, content.err)
	}
	if answer.status < http.StatusBadRequest {
		answer.begin()
		return nil
	}
	unsetContent(w.Header())
	return refusedPart(answer.status, size)
}

// breakOff ends an answer whose bytes cannot be had: never with a complete
// body, and with an error while nothing was sent.
func (s *server) breakOff(answer *lateAnswer, r *http.Request, err error) error {
	if r.Context().Err() != nil {
		panic(http.ErrAbortHandler)
	}
	if answer.begun {
		s.Log.Error("a download was broken off", "job", r.PathValue("id"), "request", requestID(answer), "err", err)
		panic(http.ErrAbortHandler)
	}
	unsetContent(answer.Header())
	answer.Header().Del("Content-Range")
	return damaged(err)
}

func damaged(err error) *darkroom.Error {
	return &darkroom.Error{
		Code:    darkroom.CodeInternal,
		Message: "A stored image of this job is missing or damaged, so this cannot be had",
		Hint:    "Create the job again, and tell the operator: the log has more under this request_id",
		Err:     err,
	}
}

func unsetContent(header http.Header) {
	header.Set("Cache-Control", privately)
	for _, name := range []string{"Accept-Ranges", "Content-Disposition", "Content-Length", "ETag", "Last-Modified"} {
		header.Del(name)
	}
}

// privately is for answers that nobody may keep.
const privately = "private, no-store"

func refusedPart(status int, size int64) *darkroom.Error {
	if status == http.StatusRequestedRangeNotSatisfiable {
		return &darkroom.Error{
			Code:    darkroom.CodeRangeNotSatisfiable,
			Message: fmt.Sprintf("There are %d bytes, and none of those asked for", size),
			Hint:    "If all of it is here already, the download is complete",
		}
	}
	return &darkroom.Error{
		Code:    darkroom.CodePreconditionFailed,
		Message: "The content is not the one that the request's condition names",
		Hint:    "Download it from the beginning, without If-Match and If-Unmodified-Since",
	}
}

// lateAnswer holds the status back until the first byte of the body is there,
// so that a first image which cannot be read, or a part which does not exist,
// still gets the contract's error.
type lateAnswer struct {
	http.ResponseWriter
	status int
	begun  bool
}

// WriteHeader remembers the status.
func (a *lateAnswer) WriteHeader(status int) { a.status = status }

// Write sends the status and the bytes. The text of ServeContent's own errors
// goes nowhere.
func (a *lateAnswer) Write(p []byte) (int, error) {
	if a.status >= http.StatusBadRequest {
		return len(p), nil
	}
	a.begin()
	return a.ResponseWriter.Write(p)
}

func (a *lateAnswer) begin() {
	if !a.begun {
		setDefault(&a.status, http.StatusOK)
		a.begun = true
		a.ResponseWriter.WriteHeader(a.status)
	}
}

// chunks reads full buffers, and keeps what went wrong: ServeContent tells
// nobody.
type chunks struct {
	reader io.ReadSeeker
	err    error
}

// Read fills p or reaches the end, or gives nothing at all.
func (c *chunks) Read(p []byte) (int, error) {
	n, err := io.ReadFull(c.reader, p)
	switch {
	case errors.Is(err, io.ErrUnexpectedEOF):
		return n, nil
	case err != nil && !errors.Is(err, io.EOF):
		c.err = err
		return 0, err
	}
	return n, err
}

// Seek sets where the next Read begins.
func (c *chunks) Seek(offset int64, whence int) (int64, error) {
	return c.reader.Seek(offset, whence)
}
