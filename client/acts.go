package client

import (
	"context"
	"crypto/rand"
	"net/http"
	"net/url"

	"darkroom"
)

// Cancel ends a job before its time and gives it as it is then. What is there
// stays; everything else of it fails. It ends as partial or failed with
// Cancelled true, which Wait waits for. Cancelling it again changes nothing; a
// job whose captures have all ended is ErrConflict.
func (c *Client) Cancel(ctx context.Context, id string) (Job, error) {
	if err := checkID(id); err != nil {
		return Job{}, err
	}
	var job Job
	err := c.call(ctx, request{method: http.MethodPost, path: darkroom.CancelPath(url.PathEscape(id))}, &job)
	return job, err
}

// Keep lets the results of a job that has ended live as long as those of one
// that ends now, and gives it as it is then. ErrNotReady when it has not ended,
// ErrExpired when they are gone.
func (c *Client) Keep(ctx context.Context, id string) (Job, error) {
	if err := checkID(id); err != nil {
		return Job{}, err
	}
	var job Job
	err := c.call(ctx, request{method: http.MethodPost, path: darkroom.KeepPath(url.PathEscape(id)), settled: true}, &job)
	return job, err
}

// Delete deletes a job and its results, whatever its state. An unknown job is
// ErrNotFound; so is one of which a first answer was lost on the way.
func (c *Client) Delete(ctx context.Context, id string) error {
	path, err := jobPath(id)
	if err != nil {
		return err
	}
	return c.exchange(ctx, request{method: http.MethodDelete, path: path}, func(*http.Response) error { return nil })
}

// RetryParams are how a job is tried again.
type RetryParams struct {
	IdempotencyKey string // visible ASCII; "" = a new one for each call
}

// Retry makes a job that captures again what failed in one that has ended. It
// has the options of that one and takes over what was good there, so its
// archive is complete. ErrConflict when the job has not ended, nothing failed
// that could be tried again, or it had secrets, which the server does not keep;
// ErrExpired when its results are gone.
func (c *Client) Retry(ctx context.Context, id string, params RetryParams) (Job, error) {
	if err := checkID(id); err != nil {
		return Job{}, err
	}
	key := params.IdempotencyKey
	if key == "" {
		key = rand.Text()
	}
	var job Job
	err := c.call(ctx, request{
		method: http.MethodPost, path: darkroom.RetryPath(url.PathEscape(id)),
		header: http.Header{idempotencyKey: {key}}, settled: true,
	}, &job)
	return job, err
}
