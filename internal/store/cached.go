package store

import (
	"context"
	"database/sql"
	"errors"
	"fmt"

	"darkroom"
	"darkroom/internal/database"
)

// cachedQuery finds the youngest picture that may stand for a capture and whose
// bytes are there: some live job holds them.
const cachedQuery = captureColumns + captureTables + `WHERE c.cache_key = ? AND c.captured_at >= ? AND c.state = 'completed'
	AND a.uses > 0 ORDER BY c.captured_at DESC LIMIT 1`

// findCached looks for an earlier picture that answers a claim.
func (s *Store) findCached(ctx context.Context, tx database.Tx, claim darkroom.Claim) (result darkroom.Result, found bool, err error) {
	age := claim.Options.CacheAge()
	key, ok := claim.Options.CacheKey(claim.KeyID, claim.URL)
	if age == 0 || !ok {
		return darkroom.Result{}, false, nil
	}
	capture, err := scanCapture(tx.QueryRow(ctx, cachedQuery, key, milliseconds(s.now().Add(-age))))
	if errors.Is(err, sql.ErrNoRows) {
		return darkroom.Result{}, false, nil
	}
	if err != nil {
		return darkroom.Result{}, false, fmt.Errorf("look for an earlier picture: %w", err)
	}
	capture.Result.Cached, capture.Result.Duration = true, 0
	return capture.Result, true, nil
}

// endCached ends a capture that was just claimed with an earlier picture,
// which it holds from now on too. It costs no attempt. c says that the slot has
// a page for the captures that follow, and what it was claimed from.
func (s *Store) endCached(ctx context.Context, tx database.Tx, claim darkroom.Claim, result darkroom.Result, c settled) error {
	c.state = darkroom.CaptureCompleted
	if err := c.leave(ctx, tx, claim, Outcome{Result: result}); err != nil {
		return fmt.Errorf("answer capture %s with an earlier picture: %w", claim.CaptureID, err)
	}
	if err := addUsage(ctx, tx, keyDay{claim.KeyID, dayOf(s.now())}, Usage{Cached: 1}); err != nil {
		return err
	}
	after := c
	if err := s.settle(ctx, tx, c); err != nil {
		return err
	}
	return s.wakeAfter(ctx, tx, after)
}

// holdArtifact gives an artifact one more capture or file that it belongs to.
func holdArtifact(ctx context.Context, tx database.Tx, a darkroom.Artifact) error {
	changed, err := tx.Exec(ctx, `UPDATE artifacts SET uses = uses + 1 WHERE key = ? AND uses > 0`, a.Key)
	if err == nil && changed == 0 {
		return database.ErrOvertaken // its last holder gave it up just now
	}
	return wrap(err, "share artifact %s", a.Key)
}
