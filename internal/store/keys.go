package store

import (
	"context"
	"crypto/rand"
	"database/sql"
	"encoding/base64"
	"errors"
	"fmt"
	"strings"

	"github.com/google/uuid"

	"darkroom"
	"darkroom/internal/database"
)

// CreateKey makes a key with every scope, without limits.
func (s *Store) CreateKey(ctx context.Context, name string) (NewKey, error) {
	return s.GrantKey(ctx, name, darkroom.FullGrant())
}

// GrantKey makes a key with new secrets that may do what the grant says. A
// name that another working key has is a CodeConflict.
func (s *Store) GrantKey(ctx context.Context, name string, grant darkroom.Grant) (NewKey, error) {
	if err := grant.Validate(); err != nil {
		return NewKey{}, err
	}
	secret, err := newBearerSecret()
	if err != nil {
		return NewKey{}, err
	}
	key, err := s.newKey(name, secret, "")
	if err != nil {
		return NewKey{}, err
	}
	key.Grant = grant
	err = s.update(ctx, func(tx database.Tx) error {
		if err := tx.Lock(ctx, keysLock); err != nil {
			return err
		}
		var taken int
		if err := tx.QueryRow(ctx,
			`SELECT count(*) FROM api_keys WHERE name = ? AND revoked_at = 0`, key.Name).Scan(&taken); err != nil {
			return err
		}
		if taken > 0 {
			return &darkroom.Error{
				Code:    darkroom.CodeConflict,
				Message: fmt.Sprintf("There is already a key named %q", key.Name), Hint: "Choose another name, or revoke that one",
			}
		}
		return s.insertKey(ctx, tx, key)
	})
	return key, wrap(err, "create key %s", name)
}

func newBearerSecret() (string, error) {
	var random [24]byte
	if _, err := rand.Read(random[:]); err != nil {
		return "", fmt.Errorf("make a key: %w", err)
	}
	return darkroom.NewAPIKeySecret(random), nil
}

// ImportKey makes sure that this bearer secret works, with every scope: the
// operator brings it in the environment. An empty webhookSecret keeps the one
// there is, or makes one; another than there is replaces it as a rotation with
// the default grace does. Doing it again changes nothing. The former secret of a key that was
// rotated is left as it is, and refused once its time is over.
func (s *Store) ImportKey(ctx context.Context, name, secret, webhookSecret string) error {
	if secret == "" {
		return darkroom.Invalid("DARKROOM_API_KEY", "an empty API key cannot be imported")
	}
	key, err := s.newKey(name, secret, webhookSecret)
	if err != nil {
		return err
	}
	err = s.update(ctx, func(tx database.Tx) error {
		if err := tx.Lock(ctx, keysLock); err != nil {
			return err
		}
		present, err := scanKey(tx.QueryRow(ctx, `SELECT `+keyColumns+` FROM api_keys
			WHERE hash = ? OR old_hash = ? ORDER BY hash = ? DESC LIMIT 1`, key.Hash, key.Hash, key.Hash))
		switch {
		case errors.Is(err, sql.ErrNoRows):
			return s.insertKey(ctx, tx, key)
		case err != nil:
			return err
		case present.Hash == key.Hash:
			return s.renewKey(ctx, tx, present, webhookSecret)
		case present.OldUntil.After(s.now()):
			return nil
		}
		return formerSecret(present)
	})
	return wrap(err, "import key %s", name)
}

// formerSecret refuses a start that would make a second key, without any of
// the jobs of the first.
func formerSecret(key darkroom.APIKey) error {
	return &darkroom.Error{
		Code: darkroom.CodeConflict, Param: "DARKROOM_API_KEY",
		Message: fmt.Sprintf("DARKROOM_API_KEY is the former secret of key %q, which was rotated", key.Name),
		Hint:    "Set it to the secret that the rotation gave",
	}
}

func (s *Store) renewKey(ctx context.Context, tx database.Tx, key darkroom.APIKey, webhookSecret string) error {
	if _, err := tx.Exec(ctx, `UPDATE api_keys SET revoked_at = 0 WHERE id = ? AND revoked_at <> 0 AND erased_at = 0`, key.ID); err != nil {
		return err
	}
	if webhookSecret == "" {
		return nil
	}
	present, err := s.webhookSecrets(ctx, tx, key.ID)
	if err != nil || present.Current == webhookSecret {
		return err
	}
	return s.setWebhookSecret(ctx, tx, key.ID, webhookSecret, darkroom.DefaultRotationGrace)
}

func (s *Store) newKey(name, secret, webhookSecret string) (NewKey, error) {
	name = strings.TrimSpace(name)
	if name == "" || len(name) > darkroom.MaxNameBytes {
		return NewKey{}, darkroom.Invalid("name", "the name of a key must have 1 to %d bytes", darkroom.MaxNameBytes)
	}
	id, err := uuid.NewV7()
	if err != nil {
		return NewKey{}, fmt.Errorf("make a key: %w", err)
	}
	if webhookSecret == "" {
		webhookSecret = newWebhookSecret()
	}
	return NewKey{
		APIKey: darkroom.APIKey{
			ID: id.String(), Name: name, Hash: darkroom.HashAPIKey(secret),
			Prefix: darkroom.VisiblePrefix(secret), CreatedAt: moment(milliseconds(s.now())),
			Grant: darkroom.FullGrant(),
		},
		Secret: secret, WebhookSecret: webhookSecret,
	}, nil
}

func newWebhookSecret() string {
	random := make([]byte, 32)
	_, _ = rand.Read(random) // never fails: crypto/rand ends the program first
	return darkroom.WebhookSecretPrefix + base64.StdEncoding.EncodeToString(random)
}

func (s *Store) insertKey(ctx context.Context, tx database.Tx, key NewKey) error {
	limits, err := encodeLimits(key.Limits)
	if err != nil {
		return err
	}
	_, err = tx.Exec(ctx, `INSERT INTO api_keys (id, name, hash, prefix, webhook_secret, scopes, limits, created_at)
		VALUES (?, ?, ?, ?, ?, ?, ?, ?)`, key.ID, key.Name, key.Hash, key.Prefix,
		s.seal.close([]byte(key.WebhookSecret), webhookPurpose(key.ID)), encodeScopes(key.Scopes), limits, milliseconds(key.CreatedAt))
	return err
}

// Keys lists every key, oldest first, revoked ones too.
func (s *Store) Keys(ctx context.Context) ([]darkroom.APIKey, error) {
	keys, err := queryAll(ctx, s.db.Read(ctx), scanKey, `SELECT `+keyColumns+` FROM api_keys ORDER BY id`)
	return keys, wrap(err, "list the keys")
}
