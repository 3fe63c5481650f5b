package store

import (
	"context"
	"crypto/rand"
	"database/sql"
	"errors"
	"time"

	"darkroom"
	"darkroom/internal/database"
)

// NewLogin makes a secret that opens one session of a key, once.
func (s *Store) NewLogin(ctx context.Context, keyID string) (secret string, err error) {
	err = s.update(ctx, func(tx database.Tx) error {
		secret, err = s.insertSession(ctx, tx, keyID, true, darkroom.LoginLife)
		return err
	})
	return secret, wrap(err, "make a login for key %s", keyID)
}

// UseLogin opens a session with the secret of NewLogin, which is used up then.
// One that was used, is too old or never was is a CodeUnauthorized.
func (s *Store) UseLogin(ctx context.Context, login string) (session string, err error) {
	err = s.update(ctx, func(tx database.Tx) error {
		var keyID string
		err := tx.QueryRow(ctx, `DELETE FROM sessions WHERE hash = ? AND once = 1 AND expires_at > ? RETURNING key_id`,
			darkroom.HashAPIKey(login), milliseconds(s.now())).Scan(&keyID)
		if errors.Is(err, sql.ErrNoRows) {
			return noSession()
		}
		if err != nil {
			return err
		}
		session, err = s.insertSession(ctx, tx, keyID, false, darkroom.SessionLife)
		return err
	})
	return session, wrap(err, "use a login")
}

// NewSession opens a session of a key, and gives its secret.
func (s *Store) NewSession(ctx context.Context, keyID string) (secret string, err error) {
	err = s.update(ctx, func(tx database.Tx) error {
		secret, err = s.insertSession(ctx, tx, keyID, false, darkroom.SessionLife)
		return err
	})
	return secret, wrap(err, "open a session of key %s", keyID)
}

// Only the hash is stored, as of keys.
func (s *Store) insertSession(ctx context.Context, tx database.Tx, keyID string, once bool, life time.Duration) (string, error) {
	secret := rand.Text()
	_, err := tx.Exec(ctx, `INSERT INTO sessions (hash, key_id, once, expires_at) VALUES (?, ?, ?, ?)`,
		darkroom.HashAPIKey(secret), keyID, once, milliseconds(s.now().Add(life)))
	return secret, err
}

// SessionKey gives the key of an open session. Any other secret, and one of a
// key that was revoked since, is a CodeUnauthorized.
func (s *Store) SessionKey(ctx context.Context, secret string) (darkroom.APIKey, error) {
	var keyID string
	err := s.db.Read(ctx).QueryRow(ctx, `SELECT key_id FROM sessions WHERE hash = ? AND once = 0 AND expires_at > ?`,
		darkroom.HashAPIKey(secret), milliseconds(s.now())).Scan(&keyID)
	if errors.Is(err, sql.ErrNoRows) {
		return darkroom.APIKey{}, noSession()
	}
	if err != nil {
		return darkroom.APIKey{}, wrap(explain(err), "look up a session")
	}
	key, err := s.Key(ctx, keyID)
	if err == nil && !key.RevokedAt.IsZero() {
		return darkroom.APIKey{}, noSession()
	}
	return key, err
}

// EndSession closes a session, if it is open.
func (s *Store) EndSession(ctx context.Context, secret string) error {
	err := s.update(ctx, func(tx database.Tx) error {
		_, err := tx.Exec(ctx, `DELETE FROM sessions WHERE hash = ?`, darkroom.HashAPIKey(secret))
		return err
	})
	return wrap(err, "close a session")
}

func noSession() *darkroom.Error {
	return &darkroom.Error{
		Code: darkroom.CodeUnauthorized, Message: "This login is over, was used already, or never was",
		Hint: "Log in with a key, or have another link made",
	}
}
