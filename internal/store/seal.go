package store

import (
	"context"
	"crypto/aes"
	"crypto/cipher"
	"crypto/rand"
	"database/sql"
	"encoding/base64"
	"errors"
	"fmt"
	"io/fs"

	"darkroom"
	"darkroom/internal/database"
)

// sealer keeps secrets unreadable at rest with AES-256-GCM. What a text was
// sealed for is part of it: a sealed text moved to another row does not open.
type sealer struct{ aead cipher.AEAD }

func newSealer(key [32]byte) (sealer, error) {
	if key == ([32]byte{}) {
		return sealer{}, errors.New("the secret key of the store is not set")
	}
	block, err := aes.NewCipher(key[:])
	if err != nil {
		return sealer{}, fmt.Errorf("use the secret key: %w", err)
	}
	aead, err := cipher.NewGCMWithRandomNonce(block)
	if err != nil {
		return sealer{}, fmt.Errorf("use the secret key: %w", err)
	}
	return sealer{aead}, nil
}

func (s sealer) close(plain []byte, purpose string) string {
	return base64.StdEncoding.EncodeToString(s.aead.Seal(nil, nil, plain, []byte(purpose)))
}

func (s sealer) open(sealed, purpose string) ([]byte, error) {
	raw, err := base64.StdEncoding.DecodeString(sealed)
	if err != nil {
		return nil, fmt.Errorf("open a sealed secret: %w", err)
	}
	plain, err := s.aead.Open(nil, nil, raw, []byte(purpose))
	if err != nil {
		return nil, fmt.Errorf("open a sealed secret: %w", err)
	}
	return plain, nil
}

func webhookPurpose(keyID string) string { return "webhook secret of " + keyID }
func jobPurpose(jobID string) string     { return "secrets of job " + jobID }

const checkName = "secret key check"

// checkSecretKey finds out at the start, and not at the first webhook, that
// the key is another than the one the database was sealed with.
func (s *Store) checkSecretKey(ctx context.Context) error {
	var sealed string
	err := s.db.Read(ctx).QueryRow(ctx, `SELECT value FROM settings WHERE name = ?`, checkName).Scan(&sealed)
	if errors.Is(err, sql.ErrNoRows) {
		if err := s.rememberSecretKey(ctx); err != nil {
			return err
		}
		// Another instance may have been first.
		err = s.db.Read(ctx).QueryRow(ctx, `SELECT value FROM settings WHERE name = ?`, checkName).Scan(&sealed)
	}
	if err != nil {
		return fmt.Errorf("read the check of the secret key: %w", err)
	}
	if _, err := s.seal.open(sealed, checkName); err != nil {
		return &darkroom.Error{
			Code:    darkroom.CodeInternal,
			Message: "The secret key is not the one that this database was sealed with",
			Hint:    "Restore the file secret.key, or set DARKROOM_SECRET_KEY to the value that the database began with; all instances need the same",
			Err:     err,
		}
	}
	return nil
}

func (s *Store) rememberSecretKey(ctx context.Context) error {
	value := s.seal.close([]byte(rand.Text()), checkName)
	return s.update(ctx, func(tx database.Tx) error {
		_, err := tx.Exec(ctx, `INSERT INTO settings (name, value) VALUES (?, ?) ON CONFLICT (name) DO NOTHING`, checkName, value)
		return wrap(err, "store the check of the secret key")
	})
}

func migrationFiles() (fs.FS, error) {
	files, err := fs.Sub(migrations, "migrations")
	if err != nil {
		return nil, fmt.Errorf("find the migrations: %w", err)
	}
	return files, nil
}
