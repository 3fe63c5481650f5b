package store

import (
	"cmp"
	"context"
	"maps"
	"slices"
	"sync"
	"time"

	"darkroom"
	"darkroom/internal/database"
)

// tally keeps counts in memory until they are written: a commit for every
// request would cost more than the request.
type tally struct {
	mu   *sync.Mutex
	days map[keyDay]Usage
}

type keyDay struct {
	keyID string
	day   int64
}

func (a keyDay) compare(b keyDay) int {
	return cmp.Or(cmp.Compare(a.keyID, b.keyID), cmp.Compare(a.day, b.day))
}

func newTally() tally { return tally{mu: new(sync.Mutex), days: map[keyDay]Usage{}} }

func (t tally) add(at keyDay, usage Usage) {
	t.mu.Lock()
	defer t.mu.Unlock()
	t.days[at] = t.days[at].plus(usage)
}

func (t tally) take() map[keyDay]Usage {
	t.mu.Lock()
	defer t.mu.Unlock()
	taken := make(map[keyDay]Usage, len(t.days))
	for at, usage := range t.days {
		taken[at] = usage
	}
	clear(t.days)
	return taken
}

func (u Usage) plus(v Usage) Usage {
	return Usage{
		Requests: u.Requests + v.Requests, Screenshots: u.Screenshots + v.Screenshots,
		Batches: u.Batches + v.Batches, Sitemaps: u.Sitemaps + v.Sitemaps, Cached: u.Cached + v.Cached,
	}
}

// CountRequest counts a request of a key. Counts stay in memory until the next
// Beat, Usage or Flush; a crash loses those.
func (s *Store) CountRequest(_ context.Context, keyID string) {
	s.counts.add(keyDay{keyID, dayOf(s.now())}, Usage{Requests: 1})
}

// CountScreenshot counts a single screenshot of a key, like CountRequest.
func (s *Store) CountScreenshot(_ context.Context, keyID string) {
	s.counts.add(keyDay{keyID, dayOf(s.now())}, Usage{Screenshots: 1})
}

// Flush writes what was counted in memory. What cannot be written stays
// counted.
func (s *Store) Flush(ctx context.Context) error {
	days := s.counts.take()
	if len(days) == 0 {
		return nil
	}
	err := s.update(ctx, func(tx database.Tx) error {
		for _, at := range slices.SortedFunc(maps.Keys(days), keyDay.compare) {
			if err := addUsage(ctx, tx, at, days[at]); err != nil {
				return err
			}
		}
		return nil
	})
	if err != nil {
		for at, usage := range days {
			s.counts.add(at, usage)
		}
	}
	return wrap(err, "write the usage counts")
}

// addUsage counts for a key that is there: one that was erased leaves nothing
// behind.
func addUsage(ctx context.Context, tx database.Tx, at keyDay, usage Usage) error {
	_, err := tx.Exec(ctx, `INSERT INTO usage_days (key_id, day, requests, screenshots, batches, sitemaps, cached)
		SELECT id, ?, ?, ?, ?, ?, ? FROM api_keys WHERE id = ? ON CONFLICT (key_id, day) DO UPDATE SET
		requests = usage_days.requests + excluded.requests, screenshots = usage_days.screenshots + excluded.screenshots,
		batches = usage_days.batches + excluded.batches, sitemaps = usage_days.sitemaps + excluded.sitemaps,
		cached = usage_days.cached + excluded.cached`,
		at.day, usage.Requests, usage.Screenshots, usage.Batches, usage.Sitemaps, usage.Cached, at.keyID)
	return wrap(err, "count usage")
}

// countAccepted counts an accepted job.
func countAccepted(ctx context.Context, tx database.Tx, job darkroom.Job) error {
	usage := Usage{Screenshots: int64(job.Progress.Total)}
	if job.Kind == darkroom.KindSitemap {
		usage.Sitemaps = 1
	} else {
		usage.Batches = 1
	}
	return addUsage(ctx, tx, keyDay{job.KeyID, dayOf(job.CreatedAt)}, usage)
}

// Usage gives what a key has asked for from one moment to another. Counts are
// kept per day (UTC): days that the span only touches are counted whole.
func (s *Store) Usage(ctx context.Context, keyID string, from, to time.Time) (usage Usage, err error) {
	if err := s.Flush(ctx); err != nil {
		return Usage{}, err
	}
	err = s.db.Read(ctx).QueryRow(ctx, `SELECT coalesce(sum(requests), 0), coalesce(sum(screenshots), 0),
		coalesce(sum(batches), 0), coalesce(sum(sitemaps), 0), coalesce(sum(cached), 0)
		FROM usage_days WHERE key_id = ? AND day >= ? AND day < ?`, keyID, dayOf(from), milliseconds(to)).
		Scan(&usage.Requests, &usage.Screenshots, &usage.Batches, &usage.Sitemaps, &usage.Cached)
	return usage, wrap(err, "read the usage of key %s", keyID)
}

// LastUsed gives the day (UTC) on which a key last asked for something; zero
// when it never did, or longer ago than usage is kept.
func (s *Store) LastUsed(ctx context.Context, keyID string) (time.Time, error) {
	var day int64
	err := s.db.Read(ctx).QueryRow(ctx, `SELECT coalesce(max(day), 0) FROM usage_days WHERE key_id = ?`, keyID).Scan(&day)
	if err != nil || day == 0 {
		return time.Time{}, wrap(err, "read when key %s was last used", keyID)
	}
	return time.UnixMilli(day).UTC(), nil
}

func dayOf(t time.Time) int64 { return t.UTC().Truncate(24 * time.Hour).UnixMilli() }
