package store

import (
	"context"
	"database/sql"
	"errors"
	"iter"
	"strings"

	"darkroom"
)

// ResultFilter selects captures of a job. Zero fields select everything.
type ResultFilter struct {
	State     darkroom.CaptureState
	Requested bool // only those of which the option evidence was given, and that were tried

	After int // ordinal of the last one that is known already
	Limit int // 0 = darkroom.DefaultResultLimit; more than darkroom.MaxResultLimit is clamped
}

// Result is a capture and what is kept of it.
type Result struct {
	darkroom.Capture
	Kept
}

// Results gives a page of a job's captures, by ordinal; more says that there
// are others behind it.
func (s *Store) Results(ctx context.Context, jobID string, filter ResultFilter) (page []Result, more bool, err error) {
	limit := filter.Limit
	if limit <= 0 {
		limit = darkroom.DefaultResultLimit
	}
	limit = min(limit, darkroom.MaxResultLimit)
	where, args := `c.job_id = ? AND c.ordinal > ?`, []any{strings.ToLower(jobID), filter.After}
	if filter.State != "" {
		where, args = where+` AND c.state = ?`, append(args, string(filter.State))
	}
	if filter.Requested {
		where += ` AND e.requested = 1`
	}
	page, err = queryAll(ctx, s.db.Read(ctx), scanKept, keptQuery+where+` ORDER BY c.ordinal LIMIT ?`, append(args, limit+1)...)
	if err != nil {
		return nil, false, wrap(err, "read the results of job %s", jobID)
	}
	return page[:min(len(page), limit)], len(page) > limit, nil
}

// Result gives one capture of a job. One that is not there is CodeNotFound.
func (s *Store) Result(ctx context.Context, jobID string, ordinal int) (Result, error) {
	jobID = strings.ToLower(jobID)
	result, err := scanKept(s.db.Read(ctx).QueryRow(ctx, keptQuery+`c.job_id = ? AND c.ordinal = ?`, jobID, ordinal))
	if errors.Is(err, sql.ErrNoRows) {
		return Result{}, notFound("capture", captureID(jobID, ordinal))
	}
	return result, wrap(err, "read capture %s", captureID(jobID, ordinal))
}

const keptQuery = captureColumns + keptColumns + captureTables + keptTables + `WHERE `

// AllResults gives every capture of a job that the filter selects, by ordinal,
// read in pages.
func (s *Store) AllResults(ctx context.Context, jobID string, filter ResultFilter) iter.Seq2[Result, error] {
	return func(yield func(Result, error) bool) {
		filter.Limit = darkroom.MaxResultLimit
		for more := true; more; {
			var page []Result
			var err error
			if page, more, err = s.Results(ctx, jobID, filter); err != nil {
				yield(Result{}, err)
				return
			}
			for _, result := range page {
				if !yield(result, nil) {
					return
				}
				filter.After = result.Ordinal
			}
		}
	}
}

// Addresses gives the captures of a job by ordinal with nothing but that and
// their URLs: what the names of all depend on.
func (s *Store) Addresses(ctx context.Context, jobID string) iter.Seq2[darkroom.Capture, error] {
	const query = `SELECT ordinal, url FROM captures WHERE job_id = ? AND ordinal > ? ORDER BY ordinal LIMIT ?`
	scan := func(r row) (c darkroom.Capture, err error) {
		err = r.Scan(&c.Ordinal, &c.URL)
		return c, err
	}
	return s.inPages(ctx, jobID, scan, query)
}
