package store

import (
	"context"
	"encoding/json"
	"fmt"
	"iter"
	"strconv"
	"strings"

	"darkroom"
)

// capturePage is how many captures are read at once: a slow consumer must not
// hold a read transaction open, which would keep the log of the database from
// shrinking.
const capturePage = 500

// Captures gives the captures of a job by ordinal. They are read in pages, so
// one that changes meanwhile is given in its earlier or its later state. An
// error ends the sequence.
func (s *Store) Captures(ctx context.Context, jobID string) iter.Seq2[darkroom.Capture, error] {
	return s.inPages(ctx, jobID, scanCapture, capturesQuery)
}

// inPages gives what query selects of a job by ordinal: it takes the job, the
// ordinal to begin after, and how many.
func (s *Store) inPages(
	ctx context.Context, jobID string, scan func(row) (darkroom.Capture, error), query string,
) iter.Seq2[darkroom.Capture, error] {
	jobID = strings.ToLower(jobID)
	return func(yield func(darkroom.Capture, error) bool) {
		for last := 0; ; {
			page, err := queryAll(ctx, s.db.Read(ctx), scan, query, jobID, last, capturePage)
			if err != nil {
				yield(darkroom.Capture{}, fmt.Errorf("read the captures of job %s: %w", jobID, err))
				return
			}
			for _, capture := range page {
				if !yield(capture, nil) {
					return
				}
				last = capture.Ordinal
			}
			if len(page) < capturePage {
				return
			}
		}
	}
}

const capturesQuery = captureColumns + captureTables + `WHERE c.job_id = ? AND c.ordinal > ? ORDER BY c.ordinal LIMIT ?`

// What scanCapture reads, and where from.
const (
	captureColumns = `SELECT c.job_id, c.ordinal, c.url, c.host, coalesce(v.variant, ''), c.state, c.attempt, c.lost, c.code, c.message,
	c.final_url, c.http_status, c.title, c.warnings, c.pixel_hash, c.stable, c.blocked, c.duration, c.captured_at, c.cached,
	coalesce(a.key, ''), coalesce(a.content_type, ''), coalesce(a.size, 0), coalesce(a.crc32, 0),
	coalesce(a.sha256, ''), coalesce(a.width, 0), coalesce(a.height, 0) `
	captureTables = `FROM captures c LEFT JOIN artifacts a ON a.key = c.artifact_key
	LEFT JOIN option_sets v ON v.job_id = c.job_id AND v.number = c.variant `
)

func scanCapture(r row) (c darkroom.Capture, err error) {
	var (
		warnings           string
		duration, captured int64
	)
	err = r.Scan(&c.JobID, &c.Ordinal, &c.URL, &c.Host, &c.Variant, &c.State, &c.Attempt, &c.Lost, &c.Code, &c.Message,
		&c.Result.FinalURL, &c.Result.HTTPStatus, &c.Result.Title, &warnings,
		&c.Result.PixelHash, &c.Result.Stable, &c.Result.Blocked, &duration, &captured, &c.Result.Cached,
		&c.Result.Key, &c.Result.ContentType, &c.Result.Size, &c.Result.CRC32,
		&c.Result.SHA256, &c.Result.Width, &c.Result.Height)
	if err != nil {
		return darkroom.Capture{}, err
	}
	c.ID = captureID(c.JobID, c.Ordinal)
	c.Result.Duration, c.Result.CapturedAt = span(duration), moment(captured)
	if warnings != "" {
		if err := json.Unmarshal([]byte(warnings), &c.Result.Warnings); err != nil {
			return darkroom.Capture{}, fmt.Errorf("read the warnings of capture %s: %w", c.ID, err)
		}
	}
	return c, nil
}

// captureID names a capture by what identifies it anyway.
func captureID(jobID string, ordinal int) string { return jobID + "/" + strconv.Itoa(ordinal) }
