package store

import (
	"context"
	"sync"
	"time"

	"darkroom/internal/database"
)

// requestWindow is the span over which requests are counted; it begins with
// the minute of the clock.
const requestWindow = time.Minute

// How a process takes requests out of a key's window: an eighth of what is left
// at a time, or a hundredth of the limit if that is more. So few requests wait
// for a commit (some 30 in a minute), the last are taken a few at a time, and
// what a process that has died took with it is refused, never granted twice.
const (
	leaseShare = 8
	leaseLeast = 100
)

// Rate is where a key stands in its minute.
type Rate struct {
	Limit     int
	Remaining int       // as far as this process knows; exact while it is the only one
	Reset     time.Time // when the next minute begins
	Refused   bool      // this request was one too many
}

// rates are the windows of the keys that have asked this process.
type rates struct {
	mu   *sync.Mutex
	keys map[string]*rateWindow
}

func newRates() rates { return rates{mu: new(sync.Mutex), keys: map[string]*rateWindow{}} }

func (r rates) of(keyID string) *rateWindow {
	r.mu.Lock()
	defer r.mu.Unlock()
	if r.keys[keyID] == nil {
		r.keys[keyID] = new(rateWindow)
	}
	return r.keys[keyID]
}

// rateWindow is what this process holds of one key's minute.
type rateWindow struct {
	mu    sync.Mutex
	began time.Time
	held  int // granted to this process and not used
	taken int // granted to all processes, when last seen
}

// TakeRequest counts one request of a key that may make limit of them in each
// minute. Most are counted in memory: see leaseShare. The limit holds over all
// processes and restarts. While the database cannot be written, a process
// counts for itself.
func (s *Store) TakeRequest(ctx context.Context, keyID string, limit int) Rate {
	window := s.rates.of(keyID)
	window.mu.Lock()
	defer window.mu.Unlock()
	began := s.now().Truncate(requestWindow)
	if !window.began.Equal(began) {
		window.began, window.held, window.taken = began, 0, 0
	}
	if window.held == 0 && window.taken < limit {
		s.lease(ctx, keyID, limit, window)
	}
	rate := Rate{Limit: limit, Reset: began.Add(requestWindow), Refused: window.held == 0}
	if !rate.Refused {
		window.held--
	}
	rate.Remaining = max(0, limit-window.taken) + window.held
	return rate
}

func (s *Store) lease(ctx context.Context, keyID string, limit int, window *rateWindow) {
	began := milliseconds(window.began)
	var taken, share int
	// No claim waits for this, so it does not wake one as update would.
	err := s.db.Update(context.WithoutCancel(ctx), func(tx database.Tx) error {
		// A row of another minute counts no more. One of the next is a process whose
		// clock is ahead, one further away a clock that was set.
		err := tx.QueryRow(ctx, `INSERT INTO request_windows (key_id, began_at, taken) VALUES (?, ?, 0)
			ON CONFLICT (key_id) DO UPDATE SET
			taken = CASE WHEN request_windows.began_at IN (excluded.began_at, excluded.began_at + ?) THEN request_windows.taken ELSE 0 END,
			began_at = CASE WHEN request_windows.began_at = excluded.began_at + ? THEN request_windows.began_at ELSE excluded.began_at END
			RETURNING taken`, keyID, began, requestWindow.Milliseconds(), requestWindow.Milliseconds()).Scan(&taken)
		if err != nil {
			return err
		}
		share = shareOf(limit-taken, limit)
		_, err = tx.Exec(ctx, `UPDATE request_windows SET taken = taken + ? WHERE key_id = ?`, share, keyID)
		return err
	})
	if err != nil {
		s.log.Warn("requests of a key are counted by this process alone", "key", keyID, "err", err)
		taken = window.taken
		share = shareOf(limit-taken, limit)
	}
	window.taken, window.held = taken+share, share
}

func shareOf(left, limit int) int {
	return max(0, min(left, max(1, left/leaseShare, limit/leaseLeast)))
}
