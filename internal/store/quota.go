package store

import (
	"context"
	"database/sql"
	"encoding/json"
	"errors"
	"fmt"
	"time"

	"darkroom"
	"darkroom/internal/database"
)

// activeRetry is when a key with too many jobs may ask again: nobody knows when
// one of them will end.
const activeRetry = 10 * time.Second

// checkQuotas refuses a job that a limit of its key does not let through. It
// runs in the transaction that would make the job, so that two requests cannot
// both take the last place.
func (s *Store) checkQuotas(ctx context.Context, tx database.Tx, job darkroom.Job) error {
	limits, err := s.limitsOf(ctx, tx, job.KeyID)
	if err != nil {
		return err
	}
	if err := checkActive(ctx, tx, job.KeyID, limits.ActiveJobs); err != nil {
		return err
	}
	captures := job.Progress.Total
	if job.Kind == darkroom.KindSitemap {
		captures = job.Crawl.MaxPages * job.CapturesPerURL()
	}
	return s.checkMonth(ctx, tx, job.KeyID, limits.CapturesPerMonth, captures)
}

// limitsOf gives the limits of a key that works: one may have been revoked
// since its request came in.
func (s *Store) limitsOf(ctx context.Context, tx database.Tx, keyID string) (darkroom.KeyLimits, error) {
	text, err := scanText(tx.QueryRow(ctx, `SELECT limits FROM api_keys WHERE id = ? AND revoked_at = 0`, keyID))
	if errors.Is(err, sql.ErrNoRows) {
		return darkroom.KeyLimits{}, darkroom.Errorf(darkroom.CodeUnauthorized, "Invalid or missing API key")
	}
	if err != nil {
		return darkroom.KeyLimits{}, fmt.Errorf("read the limits of key %s: %w", keyID, err)
	}
	return decodeLimits(text)
}

func checkActive(ctx context.Context, tx database.Tx, keyID string, limit int) error {
	if limit == 0 {
		return nil
	}
	var active int
	err := tx.QueryRow(ctx, `SELECT coalesce(sum(jobs), 0) FROM job_counts WHERE key_id = ? AND status IN ('pending', 'processing')`,
		keyID).Scan(&active)
	if err != nil {
		return fmt.Errorf("count the active jobs: %w", err)
	}
	if active < limit {
		return nil
	}
	return darkroom.QuotaExceeded(activeRetry, "Wait until one of them has ended, or ask the operator for a higher limit",
		"This key has reached its limit of jobs that have not ended: %d", limit)
}

// checkMonth refuses captures beyond the limit of the month. A sitemap that is
// being read counts with all the pages that it may still give.
func (s *Store) checkMonth(ctx context.Context, tx database.Tx, keyID string, limit, captures int) error {
	if limit == 0 {
		return nil
	}
	from, to := monthOf(s.now())
	// In this order: pages that are found in between are counted twice, not never.
	expected, err := expectedCaptures(ctx, tx, keyID)
	if err != nil {
		return err
	}
	var used int
	err = tx.QueryRow(ctx, `SELECT coalesce(sum(screenshots), 0) FROM usage_days WHERE key_id = ? AND day >= ?`,
		keyID, milliseconds(from)).Scan(&used)
	if err != nil {
		return fmt.Errorf("count the captures of the month: %w", err)
	}
	left := max(0, limit-used-expected)
	if captures <= left {
		return nil
	}
	return darkroom.QuotaExceeded(to.Sub(s.now()), "Ask for less, wait for the next month (UTC), or ask the operator for a higher limit",
		"This key has %d of its %d captures left this month, and the request may take %d", left, limit, captures)
}

// expectedCaptures is how many more the sitemaps that are being read may give.
func expectedCaptures(ctx context.Context, tx database.Tx, keyID string) (expected int, err error) {
	growing, err := queryAll(ctx, tx, scanGrowing, `SELECT crawl, variants, total FROM jobs WHERE expanding = 1 AND key_id = ?`, keyID)
	for _, captures := range growing {
		expected += captures
	}
	return expected, wrap(err, "count the captures of sitemaps that are being read")
}

func scanGrowing(r row) (captures int, err error) {
	var text string
	var variants, total int
	if err := r.Scan(&text, &variants, &total); err != nil {
		return 0, err
	}
	var crawl darkroom.Crawl
	err = json.Unmarshal([]byte(text), &crawl)
	return max(0, crawl.MaxPages*max(1, variants)-total), err
}

func monthOf(at time.Time) (from, to time.Time) {
	at = at.UTC()
	from = time.Date(at.Year(), at.Month(), 1, 0, 0, 0, 0, time.UTC)
	return from, from.AddDate(0, 1, 0)
}

// TakeScreenshot counts a single screenshot of a key, and refuses it with a
// CodeQuotaExceeded when the month's captures are used up. Without such a limit
// it is counted in memory, like CountRequest.
func (s *Store) TakeScreenshot(ctx context.Context, key darkroom.APIKey) error {
	if key.Limits.CapturesPerMonth == 0 {
		s.CountScreenshot(ctx, key.ID)
		return nil
	}
	err := s.update(ctx, func(tx database.Tx) error {
		if err := tx.Lock(ctx, newJobsLock(key.ID)); err != nil {
			return err
		}
		if err := s.checkMonth(ctx, tx, key.ID, key.Limits.CapturesPerMonth, 1); err != nil {
			return err
		}
		return addUsage(ctx, tx, keyDay{key.ID, dayOf(s.now())}, Usage{Screenshots: 1})
	})
	return wrap(err, "count a screenshot")
}
