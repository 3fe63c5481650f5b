package client

import (
	"context"
	"io"
	"iter"
	"net/http"
	"net/url"
	"strconv"

	"darkroom"
)

// Result is one capture of a job: what index.json says of it, its state, its
// evidence and where its pictures are.
type Result = darkroom.ResultAnswer

// ResultsPage is one page of a job's captures.
type ResultsPage = darkroom.ResultsAnswer

// ResultParams selects captures of a job. Zero fields select everything.
type ResultParams struct {
	State  darkroom.CaptureState // queued, running, completed or failed
	Cursor string                // NextCursor of another page; "" = from the beginning
	Limit  int                   // captures per page; 0 = the server's default, or for Results the most it gives
}

func (p ResultParams) query() url.Values {
	query := url.Values{}
	for name, value := range map[string]string{"state": string(p.State), "cursor": p.Cursor} {
		if value != "" {
			query.Set(name, value)
		}
	}
	if p.Limit > 0 {
		query.Set("limit", strconv.Itoa(p.Limit))
	}
	return query
}

// ResultsPage gives one page of a job's captures, by index, as they are now.
func (c *Client) ResultsPage(ctx context.Context, jobID string, params ResultParams) (ResultsPage, error) {
	if _, err := jobPath(jobID); err != nil {
		return ResultsPage{}, err
	}
	var page ResultsPage
	err := c.call(ctx, request{
		method: http.MethodGet, path: darkroom.ResultsPath(url.PathEscape(jobID)), query: params.query(),
	}, &page)
	return page, err
}

// Results goes through the captures of a job, by index; also while it runs,
// and then each is as it was when its page was read. When the results have
// expired, they come without evidence and pictures. An error is the last thing
// it yields.
func (c *Client) Results(ctx context.Context, jobID string, params ResultParams) iter.Seq2[Result, error] {
	return func(yield func(Result, error) bool) {
		if params.Limit == 0 {
			params.Limit = darkroom.MaxResultLimit
		}
		for {
			page, err := c.ResultsPage(ctx, jobID, params)
			if err != nil {
				yield(Result{}, err)
				return
			}
			for _, result := range page.Results {
				if !yield(result, nil) {
					return
				}
			}
			if page.NextCursor == nil {
				return
			}
			params.Cursor = *page.NextCursor
		}
	}
}

// Picture gives the bytes of one of the pictures of a capture, all at once.
// One that is not there yet or will never be is ErrNotReady or ErrNoResult,
// and an expired one ErrExpired.
func (c *Client) Picture(ctx context.Context, jobID string, index int, view darkroom.View) ([]byte, error) {
	if _, err := jobPath(jobID); err != nil {
		return nil, err
	}
	r := request{method: http.MethodGet, path: darkroom.ViewPath(url.PathEscape(jobID), index, view)}
	var picture []byte
	err := c.exchange(ctx, r, func(resp *http.Response) (err error) {
		if picture, err = io.ReadAll(resp.Body); err != nil {
			return c.connectionError(r, err)
		}
		return nil
	})
	return picture, err
}
