package api

import (
	"bytes"
	"context"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"io"
	"net/http"
	"strconv"
	"time"

	"darkroom"
	"darkroom/internal/store"
)

// What is at most checked as a whole before its first byte goes out. Larger
// pictures are sent as they are read.
const wholeBytes = 8 << 20

// picked is a view of a capture that can be had.
type picked struct {
	artifact darkroom.Artifact
	content  []byte // nil = in the bucket
	version  string // what its link says
}

// view serves one of the pictures of a capture.
func (s *server) view(pick func(context.Context, store.Result) (picked, error)) handler {
	return func(w http.ResponseWriter, r *http.Request, key darkroom.APIKey) error {
		job, err := s.job(r, key.ID, r.PathValue("id"))
		if err != nil {
			return err
		}
		result, err := s.result(r, job)
		if err != nil {
			return err
		}
		if job.Expired(s.Now()) {
			return expired(&job, s.Now())
		}
		view, err := pick(r.Context(), result)
		if err != nil {
			return err
		}
		return s.serveView(w, r, &job, view)
	}
}

func (s *server) result(r *http.Request, job darkroom.Job) (store.Result, error) {
	index, err := strconv.Atoi(r.PathValue("index"))
	if err != nil || index < 1 {
		return store.Result{}, noSuchCapture()
	}
	result, err := s.Store.Result(r.Context(), job.ID, index)
	if darkroom.CodeOf(err) == darkroom.CodeNotFound {
		return store.Result{}, noSuchCapture()
	}
	if err != nil {
		return store.Result{}, unavailable(err)
	}
	return result, nil
}

func noSuchCapture() *darkroom.Error {
	return &darkroom.Error{
		Code: darkroom.CodeNotFound, Message: "This job has no capture with that index",
		Hint: "Its captures are counted from 1; GET …/results lists them",
	}
}

func (s *server) imageOf(_ context.Context, result store.Result) (picked, error) {
	return pickStored(result, result.Result.Artifact)
}

func (s *server) lastFrameOf(_ context.Context, result store.Result) (picked, error) {
	return pickStored(result, result.LastFrame)
}

func pickStored(result store.Result, artifact darkroom.Artifact) (picked, error) {
	if artifact.Key == "" {
		return picked{}, nothingToSee(result)
	}
	return picked{artifact: artifact, version: version(artifact)}, nil
}

// nothingToSee says why a view of a capture is not there.
func nothingToSee(result store.Result) *darkroom.Error {
	if !result.State.Terminal() {
		return &darkroom.Error{
			Code: darkroom.CodeJobNotReady, Message: "The capture is " + string(result.State),
			Hint: "Wait until it has ended: GET …/results tells its state", RetryAfter: pollAfter,
		}
	}
	failure := &darkroom.Error{Code: darkroom.CodeNoResult, Message: "There is no such picture of this capture"}
	if result.State == darkroom.CaptureFailed {
		failure.Message = fmt.Sprintf("The capture failed (%s), and there is no such picture of it", result.Code)
		failure.Hint = "GET …/results tells why"
	}
	return failure
}

func (s *server) serveView(w http.ResponseWriter, r *http.Request, job *darkroom.Job, view picked) error {
	content, err := s.contentOf(r.Context(), view)
	if err != nil {
		return err
	}
	defer func() { _ = content.Close() }()
	header := w.Header()
	header.Set("Content-Type", view.artifact.ContentType)
	header.Set("ETag", `"`+view.artifact.SHA256+`"`)
	header.Set("Cache-Control", "private, no-cache")
	if job.Status.Terminal() || r.URL.Query().Get("v") == view.version {
		header.Set("Cache-Control", keepable(job, s.Now()))
	}
	return s.serveBytes(w, r, time.Time{}, view.artifact.Size, content)
}

func (s *server) contentOf(ctx context.Context, view picked) (io.ReadSeekCloser, error) {
	if view.content == nil && view.artifact.Size > wholeBytes {
		return &storedBytes{size: view.artifact.Size, open: func(offset int64) (io.ReadCloser, error) {
			return s.Bucket.Open(ctx, view.artifact.Key, offset, view.artifact.Size-offset)
		}}, nil
	}
	if view.content == nil {
		var err error
		if view.content, err = s.load(ctx, view.artifact); err != nil {
			return nil, err
		}
	}
	return nothingToClose{bytes.NewReader(view.content)}, nil
}

// load gives the whole of an artifact, checked.
func (s *server) load(ctx context.Context, artifact darkroom.Artifact) ([]byte, error) {
	body, err := s.Bucket.Open(ctx, artifact.Key, 0, artifact.Size)
	if err != nil {
		return nil, damaged(err)
	}
	defer func() { _ = body.Close() }()
	content := make([]byte, artifact.Size)
	if _, err := io.ReadFull(body, content); err != nil {
		return nil, damaged(fmt.Errorf("read %s: %w", artifact.Key, err))
	}
	if sum := sha256.Sum256(content); hex.EncodeToString(sum[:]) != artifact.SHA256 {
		return nil, damaged(fmt.Errorf("%s has another SHA-256 than when it was stored", artifact.Key))
	}
	return content, nil
}

type nothingToClose struct{ io.ReadSeeker }

// Close does nothing.
func (nothingToClose) Close() error { return nil }

// storedBytes reads an artifact from any place on, and opens it when it must.
type storedBytes struct {
	open func(offset int64) (io.ReadCloser, error)
	size int64
	at   int64
	body io.ReadCloser // nil = to be opened at that place
}

var errShort = errors.New("stored bytes are missing")

// Read gives the next bytes; that the artifact ends too early is an error.
func (b *storedBytes) Read(p []byte) (n int, err error) {
	if b.at >= b.size {
		return 0, io.EOF
	}
	if b.body == nil {
		if b.body, err = b.open(b.at); err != nil {
			return 0, err
		}
	}
	n, err = b.body.Read(p)
	b.at += int64(n)
	if errors.Is(err, io.EOF) && b.at < b.size {
		err = errShort
	}
	return n, err
}

// Seek sets where the next Read begins.
func (b *storedBytes) Seek(offset int64, whence int) (int64, error) {
	switch whence {
	case io.SeekCurrent:
		offset += b.at
	case io.SeekEnd:
		offset += b.size
	}
	if offset < 0 {
		return 0, errors.New("seek before the beginning")
	}
	if offset != b.at {
		_ = b.Close()
		b.at = offset
	}
	return offset, nil
}

// Close closes what is open.
func (b *storedBytes) Close() error {
	if b.body == nil {
		return nil
	}
	body := b.body
	b.body = nil
	return body.Close()
}
