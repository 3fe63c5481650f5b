package store

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"time"

	"darkroom"
	"darkroom/internal/database"
)

// WebhookSecrets gives what signs the webhooks of a key at the moment;
// CodeNotFound when there is no such key.
func (s *Store) WebhookSecrets(ctx context.Context, keyID string) (darkroom.WebhookSecrets, error) {
	secrets, err := s.webhookSecrets(ctx, s.db.Read(ctx), keyID)
	return secrets, wrap(err, "read the webhook secrets of key %s", keyID)
}

func (s *Store) webhookSecrets(ctx context.Context, q database.Querier, keyID string) (secrets darkroom.WebhookSecrets, err error) {
	var current, former string
	var until int64
	err = q.QueryRow(ctx, `SELECT webhook_secret, old_webhook_secret, old_webhook_until FROM api_keys WHERE id = ?`, keyID).
		Scan(&current, &former, &until)
	if errors.Is(err, sql.ErrNoRows) {
		return secrets, notFound("key", keyID)
	}
	if err != nil {
		return secrets, err
	}
	plain, err := s.seal.open(current, webhookPurpose(keyID))
	if err != nil {
		return secrets, err
	}
	secrets.Current = string(plain)
	if former == "" || until <= milliseconds(s.now()) {
		return secrets, nil
	}
	if plain, err = s.seal.open(former, webhookPurpose(keyID)); err != nil {
		return secrets, err
	}
	secrets.Former, secrets.FormerUntil = string(plain), moment(until)
	return secrets, nil
}

// RotateWebhookSecret gives a key another webhook secret. Attempts to deliver
// are signed with both for grace more, and one from before the last rotation
// signs no longer. CodeNotFound when no working key is meant, CodeConflict when
// several are.
func (s *Store) RotateWebhookSecret(
	ctx context.Context, idOrPrefixOrName string, grace time.Duration,
) (key darkroom.APIKey, secrets darkroom.WebhookSecrets, err error) {
	if grace < 0 || grace > darkroom.MaxRotationGrace {
		return key, secrets, darkroom.Invalid("grace", "grace must be between 0 and %d s", int(darkroom.MaxRotationGrace/time.Second))
	}
	err = s.update(ctx, func(tx database.Tx) error {
		if err := tx.Lock(ctx, keysLock); err != nil {
			return err
		}
		if key, err = namedKey(ctx, tx, idOrPrefixOrName, false); err != nil {
			return err
		}
		if err := s.setWebhookSecret(ctx, tx, key.ID, newWebhookSecret(), grace); err != nil {
			return err
		}
		secrets, err = s.webhookSecrets(ctx, tx, key.ID)
		return err
	})
	return key, secrets, wrap(err, "rotate the webhook secret of key %s", idOrPrefixOrName)
}

func (s *Store) setWebhookSecret(ctx context.Context, tx database.Tx, keyID, secret string, grace time.Duration) error {
	_, err := tx.Exec(ctx, `UPDATE api_keys SET old_webhook_secret = webhook_secret, old_webhook_until = ?, webhook_secret = ? WHERE id = ?`,
		milliseconds(s.now().Add(grace)), s.seal.close([]byte(secret), webhookPurpose(keyID)), keyID)
	if err != nil {
		return fmt.Errorf("store the webhook secret: %w", err)
	}
	return nil
}
