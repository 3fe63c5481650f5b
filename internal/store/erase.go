package store

import (
	"context"
	"fmt"

	"darkroom"
	"darkroom/internal/database"
)

// HastenErasure makes the jobs of keys that are being erased overdue, and their
// results expired: FailOverdue, the workers and ExpiredKeys do the rest. No
// webhook of them is sent any more. It may be called again and again.
func (s *Store) HastenErasure(ctx context.Context) error {
	keys, err := s.erasing(ctx)
	if err != nil {
		return err
	}
	for _, key := range keys {
		if err := s.update(ctx, func(tx database.Tx) error { return s.hasten(ctx, tx, key.ID) }); err != nil {
			return wrap(err, "hasten the erasure of key %s", key.ID)
		}
	}
	return nil
}

func (s *Store) erasing(ctx context.Context) ([]darkroom.APIKey, error) {
	keys, err := queryAll(ctx, s.db.Read(ctx), scanKey, `SELECT `+keyColumns+` FROM api_keys WHERE erased_at > 0 ORDER BY erased_at`)
	return keys, wrap(err, "find the keys to erase")
}

func (s *Store) hasten(ctx context.Context, tx database.Tx, keyID string) error {
	now := milliseconds(s.now())
	if _, err := tx.Exec(ctx, `UPDATE jobs SET callback_url = '', retention = 1,
		deadline = CASE WHEN deadline > ? THEN ? ELSE deadline END
		WHERE key_id = ? AND status IN ('pending', 'processing')`, now, now, keyID); err != nil {
		return err
	}
	if _, err := tx.Exec(ctx, `UPDATE jobs SET expires_at = ? WHERE key_id = ? AND expires_at > ?`, now, keyID, now); err != nil {
		return err
	}
	_, err := tx.Exec(ctx, `DELETE FROM deliveries WHERE key_id = ?`, keyID)
	return err
}

// FinishErasure deletes the jobs of keys that are being erased whose artifacts
// were given up, and each key that has no job left, with all that was counted
// for it. It gives the number of keys that are gone. It does a bounded part at
// a time; call it at every sweep.
func (s *Store) FinishErasure(ctx context.Context) (gone int, err error) {
	keys, err := s.erasing(ctx)
	if err != nil {
		return 0, err
	}
	for _, key := range keys {
		jobs, err := queryAll(ctx, s.db.Read(ctx), scanText,
			`SELECT id FROM jobs WHERE key_id = ? AND released = 1 ORDER BY id LIMIT ?`, key.ID, refillLimit)
		if err != nil {
			return gone, fmt.Errorf("find the jobs of key %s: %w", key.ID, err)
		}
		for _, id := range jobs {
			if err := s.update(ctx, func(tx database.Tx) error { return s.purge(ctx, tx, id) }); err != nil {
				return gone, wrap(err, "erase job %s", id)
			}
		}
		last := false
		err = s.update(ctx, func(tx database.Tx) error {
			last, err = dropKey(ctx, tx, key.ID)
			return err
		})
		if err != nil {
			return gone, wrap(err, "erase key %s", key.ID)
		}
		if last {
			gone++
		}
	}
	return gone, nil
}

// dropKey deletes a key that has no jobs, and reports whether it did.
func dropKey(ctx context.Context, tx database.Tx, keyID string) (bool, error) {
	if err := tx.Lock(ctx, newJobsLock(keyID)); err != nil {
		return false, err
	}
	var left bool
	if err := tx.QueryRow(ctx, `SELECT EXISTS (SELECT 1 FROM jobs WHERE key_id = ?)`, keyID).Scan(&left); err != nil || left {
		return false, err
	}
	for _, table := range []string{"job_counts", "key_hosts", "usage_days"} {
		if _, err := tx.Exec(ctx, `DELETE FROM `+table+` WHERE key_id = ?`, keyID); err != nil {
			return false, err
		}
	}
	_, err := tx.Exec(ctx, `DELETE FROM api_keys WHERE id = ?`, keyID)
	return err == nil, err
}
