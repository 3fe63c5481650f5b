package store

import (
	"context"
	"time"

	"darkroom"
	"darkroom/internal/database"
)

// RevokeKey makes a key useless for requests, from the next one on, with its
// former secret. Its jobs go on. CodeNotFound when no working key is meant,
// CodeConflict when several are.
func (s *Store) RevokeKey(ctx context.Context, idOrPrefixOrName string) (key darkroom.APIKey, err error) {
	err = s.update(ctx, func(tx database.Tx) error {
		if err := tx.Lock(ctx, keysLock); err != nil {
			return err
		}
		if key, err = namedKey(ctx, tx, idOrPrefixOrName, false); err != nil {
			return err
		}
		now := milliseconds(s.now())
		key.RevokedAt = moment(now)
		_, err = tx.Exec(ctx, `UPDATE api_keys SET revoked_at = ? WHERE id = ?`, now, key.ID)
		return err
	})
	return key, wrap(err, "revoke key %s", idOrPrefixOrName)
}

// RotateKey gives a key another bearer secret. The one before works for grace
// more, and one that was before that not any longer. The key stays what it is:
// its id, its jobs, its webhook secret, which is not in the answer. Errors are
// those of RevokeKey.
func (s *Store) RotateKey(ctx context.Context, idOrPrefixOrName string, grace time.Duration) (key NewKey, err error) {
	if grace < 0 || grace > darkroom.MaxRotationGrace {
		return NewKey{}, darkroom.Invalid("grace", "grace must be between 0 and %d s", int(darkroom.MaxRotationGrace/time.Second))
	}
	if key.Secret, err = newBearerSecret(); err != nil {
		return NewKey{}, err
	}
	err = s.update(ctx, func(tx database.Tx) error {
		if err := tx.Lock(ctx, keysLock); err != nil {
			return err
		}
		if key.APIKey, err = namedKey(ctx, tx, idOrPrefixOrName, false); err != nil {
			return err
		}
		former := key.Hash
		key.Hash, key.Prefix = darkroom.HashAPIKey(key.Secret), darkroom.VisiblePrefix(key.Secret)
		key.OldUntil = moment(milliseconds(s.now().Add(grace)))
		_, err = tx.Exec(ctx, `UPDATE api_keys SET hash = ?, prefix = ?, old_hash = ?, old_until = ? WHERE id = ?`,
			key.Hash, key.Prefix, former, milliseconds(key.OldUntil), key.ID)
		return err
	})
	if err != nil {
		return NewKey{}, wrap(err, "rotate key %s", idOrPrefixOrName)
	}
	return key, nil
}

// EraseKey revokes a key, if it works, and asks for everything of it to go:
// its jobs, their results and webhooks, its usage, and at last the key itself.
// When it returns, that survives a loss of power; the sweep does it, see
// HastenErasure. Errors are those of RevokeKey, but a revoked key may be meant
// too.
func (s *Store) EraseKey(ctx context.Context, idOrPrefixOrName string) (key darkroom.APIKey, err error) {
	err = s.update(ctx, func(tx database.Tx) error {
		if err := tx.Lock(ctx, keysLock); err != nil {
			return err
		}
		if key, err = namedKey(ctx, tx, idOrPrefixOrName, true); err != nil {
			return err
		}
		now := milliseconds(s.now())
		key.ErasedAt = moment(now)
		if key.RevokedAt.IsZero() {
			key.RevokedAt = key.ErasedAt
		}
		_, err = tx.Exec(ctx, `UPDATE api_keys SET erased_at = ?, revoked_at = ? WHERE id = ?`, now, milliseconds(key.RevokedAt), key.ID)
		return err
	})
	return key, wrap(err, "erase key %s", idOrPrefixOrName)
}
