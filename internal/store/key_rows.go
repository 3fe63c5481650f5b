package store

import (
	"context"
	"database/sql"
	"encoding/json"
	"errors"
	"fmt"
	"slices"
	"strings"

	"darkroom"
	"darkroom/internal/database"
)

const keyColumns = `id, name, hash, prefix, scopes, limits, created_at, revoked_at, erased_at, old_until`

func scanKey(r row) (key darkroom.APIKey, err error) {
	var scopes, limits string
	var created, revoked, erased, old int64
	err = r.Scan(&key.ID, &key.Name, &key.Hash, &key.Prefix, &scopes, &limits, &created, &revoked, &erased, &old)
	if err != nil {
		return darkroom.APIKey{}, err
	}
	key.CreatedAt, key.RevokedAt, key.ErasedAt, key.OldUntil = moment(created), moment(revoked), moment(erased), moment(old)
	key.Scopes = decodeScopes(scopes)
	key.Limits, err = decodeLimits(limits)
	return key, err
}

func encodeScopes(scopes []darkroom.Scope) string {
	words := make([]string, 0, len(scopes))
	for _, scope := range darkroom.Scopes() {
		if slices.Contains(scopes, scope) {
			words = append(words, string(scope))
		}
	}
	return strings.Join(words, " ")
}

func decodeScopes(text string) (scopes []darkroom.Scope) {
	for word := range strings.FieldsSeq(text) {
		scopes = append(scopes, darkroom.Scope(word))
	}
	return scopes
}

func encodeLimits(limits darkroom.KeyLimits) (string, error) {
	if limits == (darkroom.KeyLimits{}) {
		return "", nil
	}
	text, err := json.Marshal(limits)
	return string(text), wrap(err, "store the limits of a key")
}

func decodeLimits(text string) (limits darkroom.KeyLimits, err error) {
	if text == "" {
		return limits, nil
	}
	err = json.Unmarshal([]byte(text), &limits)
	return limits, wrap(err, "read the limits of a key")
}

// KeyBySecret gives the key of a bearer secret, the one before a rotation too
// while that works; CodeUnauthorized when there is none that works.
func (s *Store) KeyBySecret(ctx context.Context, secret string) (darkroom.APIKey, error) {
	hash, rows := darkroom.HashAPIKey(secret), s.db.Read(ctx)
	key, err := scanKey(rows.QueryRow(ctx, `SELECT `+keyColumns+` FROM api_keys WHERE hash = ? AND revoked_at = 0`, hash))
	if errors.Is(err, sql.ErrNoRows) {
		key, err = scanKey(rows.QueryRow(ctx, `SELECT `+keyColumns+` FROM api_keys
			WHERE old_hash = ? AND old_hash <> '' AND old_until > ? AND revoked_at = 0`, hash, milliseconds(s.now())))
	}
	if errors.Is(err, sql.ErrNoRows) {
		return darkroom.APIKey{}, darkroom.Errorf(darkroom.CodeUnauthorized, "Invalid or missing API key")
	}
	return key, wrap(err, "look up an API key")
}

// Key gives the key of an id, revoked or not; CodeNotFound when there is none.
func (s *Store) Key(ctx context.Context, id string) (darkroom.APIKey, error) {
	key, err := scanKey(s.db.Read(ctx).QueryRow(ctx, `SELECT `+keyColumns+` FROM api_keys WHERE id = ?`, id))
	if errors.Is(err, sql.ErrNoRows) {
		return darkroom.APIKey{}, notFound("key", id)
	}
	return key, wrap(err, "read key %s", id)
}

// namedKey finds the one key that is meant by its id, its name or its first
// characters: one that works, or with revoked any that is not being erased.
func namedKey(ctx context.Context, q database.Querier, text string, revoked bool) (darkroom.APIKey, error) {
	text = strings.TrimSuffix(text, "…")
	found, err := queryAll(ctx, q, scanKey, `SELECT `+keyColumns+` FROM api_keys WHERE (id = ? OR prefix = ? OR name = ?) ORDER BY id`,
		text, text, text)
	if err != nil {
		return darkroom.APIKey{}, err
	}
	found = slices.DeleteFunc(found, func(key darkroom.APIKey) bool {
		return !key.ErasedAt.IsZero() || !revoked && !key.RevokedAt.IsZero()
	})
	if i := slices.IndexFunc(found, func(key darkroom.APIKey) bool { return key.ID == text }); i >= 0 {
		return found[i], nil
	}
	switch {
	case len(found) == 0 && revoked:
		return darkroom.APIKey{}, notFound("key", text)
	case len(found) == 0:
		return darkroom.APIKey{}, notFound("working key", text)
	case len(found) > 1:
		return darkroom.APIKey{}, &darkroom.Error{
			Code:    darkroom.CodeConflict,
			Message: fmt.Sprintf("%q means %d keys", text, len(found)), Hint: "Use the id of the key",
		}
	}
	return found[0], nil
}

// WorkingKey gives the one key that works and is meant by its id, its name or
// its first characters; CodeNotFound when there is none, CodeConflict when
// there are several.
func (s *Store) WorkingKey(ctx context.Context, text string) (darkroom.APIKey, error) {
	key, err := namedKey(ctx, s.db.Read(ctx), text, false)
	return key, wrap(err, "find key %s", text)
}
