package client

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net/http"
	"os"
	"path/filepath"
)

// DownloadTo saves the archive of a job under path. While it is incomplete it
// is path + ".part"; what that holds after a broken call is continued by the
// next one, as long as the server still has the same archive. path itself
// appears complete or not at all, and an older file there is replaced.
func (c *Client) DownloadTo(ctx context.Context, id, path string) error {
	part, err := openPart(path)
	if err != nil {
		return err
	}
	err = c.fill(ctx, id, part)
	if closed := part.close(); err == nil {
		err = closed
	}
	if err != nil {
		return err
	}
	return part.finish()
}

// fill downloads into part until it is complete. A connection that breaks is
// taken up where it broke; the client's retries count those in a row that
// brought nothing.
func (c *Client) fill(ctx context.Context, id string, part *partFile) error {
	for failed := 0; ; failed++ {
		archive, err := c.continueArchive(ctx, id, part)
		if err != nil {
			return err
		}
		before := part.size
		err = receive(archive, part)
		if err == nil {
			return nil
		}
		if ctx.Err() != nil {
			return fmt.Errorf("downloading job %s: %w", id, context.Cause(ctx))
		}
		if part.size > before {
			failed = 0
		}
		if !errors.Is(err, ErrConnection) || failed >= c.retries {
			return err
		}
		if err := c.pause(ctx, c.backoff(failed, 0)); err != nil {
			return err
		}
	}
}

// continueArchive opens the archive at the part's end, or from the beginning
// when the part belongs to another archive; the part is then emptied.
func (c *Client) continueArchive(ctx context.Context, id string, part *partFile) (*archivePart, error) {
	archive, err := c.openArchive(ctx, id, part.size, part.etag)
	if failure, ok := errors.AsType[*Error](err); ok && failure.Status == http.StatusRequestedRangeNotSatisfiable {
		// The part is as long as the archive or longer, and yet was not finished.
		archive, err = c.openArchive(ctx, id, 0, "")
	}
	if err != nil {
		return nil, err
	}
	if archive.start == 0 {
		if err := part.restart(archive.ETag); err != nil {
			return nil, errors.Join(err, archive.Close())
		}
	}
	return archive, nil
}

// receive copies what is left of the archive and closes it.
func receive(archive *archivePart, part *partFile) error {
	defer func() { _ = archive.Close() }() // only read from
	if _, err := io.Copy(part, archive); err != nil {
		return err
	}
	if archive.Size >= 0 && part.size != archive.Size {
		return &Error{
			Message: fmt.Sprintf("the archive ended at byte %d of %d", part.size, archive.Size),
			Err:     io.ErrUnexpectedEOF,
		}
	}
	return nil
}

// partFile is an archive that is not complete yet: its bytes, and beside them
// the ETag that says of which archive they are.
type partFile struct {
	path string
	file *os.File
	size int64
	etag string
}

func openPart(path string) (*partFile, error) {
	part := &partFile{path: path}
	file, err := os.OpenFile(part.bytesPath(), os.O_CREATE|os.O_RDWR, 0o644)
	if err != nil {
		return nil, fmt.Errorf("opening the file for the download: %w", err)
	}
	part.file = file
	if part.size, err = file.Seek(0, io.SeekEnd); err != nil {
		return nil, errors.Join(fmt.Errorf("looking at an earlier download: %w", err), file.Close())
	}
	// Without its ETag an earlier part cannot be continued.
	if etag, err := os.ReadFile(part.etagPath()); err == nil {
		part.etag = string(etag)
	}
	return part, nil
}

func (p *partFile) bytesPath() string { return p.path + ".part" }
func (p *partFile) etagPath() string  { return p.path + ".part.etag" }

func (p *partFile) Write(content []byte) (int, error) {
	n, err := p.file.Write(content)
	p.size += int64(n)
	if err != nil {
		return n, fmt.Errorf("saving the download: %w", err)
	}
	return n, nil
}

// restart empties the part and makes it one of the archive with that ETag.
func (p *partFile) restart(etag string) error {
	if err := p.file.Truncate(0); err != nil {
		return fmt.Errorf("starting the download anew: %w", err)
	}
	if _, err := p.file.Seek(0, io.SeekStart); err != nil {
		return fmt.Errorf("starting the download anew: %w", err)
	}
	p.size, p.etag = 0, etag
	if err := os.WriteFile(p.etagPath(), []byte(etag), 0o644); err != nil {
		return fmt.Errorf("noting which archive is downloaded: %w", err)
	}
	return nil
}

func (p *partFile) close() error {
	if err := errors.Join(p.file.Sync(), p.file.Close()); err != nil {
		return fmt.Errorf("saving the download: %w", err)
	}
	return nil
}

// finish gives the complete file its name.
func (p *partFile) finish() error {
	if err := os.Rename(p.bytesPath(), p.path); err != nil {
		return fmt.Errorf("naming the download %s: %w", filepath.Base(p.path), err)
	}
	if err := os.Remove(p.etagPath()); err != nil {
		return fmt.Errorf("tidying up after the download: %w", err)
	}
	return nil
}
