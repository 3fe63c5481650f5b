package client

import (
	"context"
	"errors"
	"fmt"
	"io"
	"mime"
	"net/http"
	"os"
	"strconv"
	"strings"
	"sync/atomic"
	"time"
)

// Archive is a job's ZIP while it is being read.
type Archive struct {
	io.ReadCloser
	Size int64  // bytes of the whole archive; -1 when the server did not tell
	Name string // the file name that the server proposes; may be ""
	ETag string // names these exact bytes
}

// Download opens the archive of a job that ended completed or partial. The
// caller closes it. Reading fails with ErrConnection when the connection
// breaks or the archive is cut short; DownloadTo takes up such a download
// where it broke.
func (c *Client) Download(ctx context.Context, id string) (*Archive, error) {
	part, err := c.openArchive(ctx, id, 0, "")
	if err != nil {
		return nil, err
	}
	return &part.Archive, nil
}

// archivePart is an archive from some byte on.
type archivePart struct {
	Archive
	start int64 // 0 when the server sent the whole although a part was asked for
}

// openArchive asks for the archive from offset on, if it is still the one that
// etag names.
func (c *Client) openArchive(ctx context.Context, id string, offset int64, etag string) (*archivePart, error) {
	path, err := jobPath(id)
	if err != nil {
		return nil, err
	}
	header := http.Header{"Accept-Encoding": {"identity"}}
	if offset > 0 && etag != "" {
		header.Set("Range", fmt.Sprintf("bytes=%d-", offset))
		header.Set("If-Range", etag)
	}
	r := request{method: http.MethodGet, path: path + "/download", header: header}
	var part *archivePart
	err = c.repeat(ctx, r, func() error {
		part, err = c.startDownload(ctx, r, offset)
		return err
	})
	return part, err
}

// startDownload makes one attempt. The client's timeout then watches the
// silence between bytes instead of the whole.
func (c *Client) startDownload(ctx context.Context, r request, offset int64) (*archivePart, error) {
	attempt, cancel := context.WithCancel(ctx)
	watch := newSilenceWatch(c.timeout, cancel)
	resp, err := c.send(attempt, r)
	watch.pause()
	if err != nil {
		cancel()
		if silence := watch.error(); silence != nil {
			err = c.connectionError(r, silence)
		}
		return nil, err
	}
	part := &archivePart{Archive: Archive{Size: resp.ContentLength, ETag: resp.Header.Get("ETag")}}
	if _, params, err := mime.ParseMediaType(resp.Header.Get("Content-Disposition")); err == nil {
		part.Name = params["filename"]
	}
	if resp.StatusCode == http.StatusPartialContent {
		start, total, err := contentRange(resp.Header.Get("Content-Range"))
		if err != nil || start != offset {
			cancel()
			return nil, fmt.Errorf("continuing the download at byte %d: the server answered %q", offset, resp.Header.Get("Content-Range"))
		}
		part.start, part.Size = start, total
	}
	part.ReadCloser = &archiveBody{
		ReadCloser: resp.Body, watch: watch, cancel: cancel,
		broken: func(err error) error { return c.connectionError(r, err) },
	}
	return part, nil
}

// contentRange reads "bytes 100-199/200".
func contentRange(text string) (start, total int64, err error) {
	span, size, ok := strings.Cut(strings.TrimPrefix(text, "bytes "), "/")
	first, _, ok2 := strings.Cut(span, "-")
	if !ok || !ok2 {
		return 0, 0, fmt.Errorf("reading the range %q", text)
	}
	if start, err = strconv.ParseInt(first, 10, 64); err != nil {
		return 0, 0, fmt.Errorf("reading the range %q: %w", text, err)
	}
	if total, err = strconv.ParseInt(size, 10, 64); err != nil {
		return 0, 0, fmt.Errorf("reading the range %q: %w", text, err)
	}
	return start, total, nil
}

// archiveBody reads an archive and turns what happens to the connection into
// an Error.
type archiveBody struct {
	io.ReadCloser
	watch  *silenceWatch
	broken func(error) error
	cancel context.CancelFunc
}

func (b *archiveBody) Read(p []byte) (int, error) {
	b.watch.resume()
	n, err := b.ReadCloser.Read(p)
	b.watch.pause()
	if silence := b.watch.error(); silence != nil && err != nil {
		return n, b.broken(silence)
	}
	if err == nil || errors.Is(err, io.EOF) || errors.Is(err, context.Canceled) {
		return n, err
	}
	return n, b.broken(err)
}

func (b *archiveBody) Close() error {
	b.cancel()
	return b.ReadCloser.Close()
}

// silenceWatch cancels a download when nothing has come for a while. It does
// not run while the caller is busy with what did come.
type silenceWatch struct {
	timer *time.Timer // nil = unlimited
	limit time.Duration
	fired atomic.Bool
}

func newSilenceWatch(limit time.Duration, cancel context.CancelFunc) *silenceWatch {
	watch := &silenceWatch{limit: limit}
	if limit > 0 {
		watch.timer = time.AfterFunc(limit, func() {
			watch.fired.Store(true)
			cancel()
		})
	}
	return watch
}

func (w *silenceWatch) pause() {
	if w.timer != nil {
		w.timer.Stop()
	}
}

func (w *silenceWatch) resume() {
	if w.timer != nil {
		w.timer.Reset(w.limit)
	}
}

// error says that the watch has cancelled the download; nil when it has not.
func (w *silenceWatch) error() error {
	if !w.fired.Load() {
		return nil
	}
	return fmt.Errorf("nothing came for %s: %w", w.limit, os.ErrDeadlineExceeded)
}
