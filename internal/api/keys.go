package api

import (
	"net/http"
	"time"

	"darkroom"
	"darkroom/internal/store"

	"github.com/google/uuid"
)

// KeyAnswer is a key as those with the scope admin see it: never its secret.
type KeyAnswer struct {
	ID        string             `json:"id"`
	Name      string             `json:"name"`
	Prefix    string             `json:"prefix" doc:"The first characters of the key."`
	State     darkroom.KeyState  `json:"state" enum:"active,revoked,erasing"`
	Scopes    []darkroom.Scope   `json:"scopes" nullable:"false"`
	Limits    darkroom.KeyLimits `json:"limits" doc:"0 = the default."`
	CreatedAt time.Time          `json:"created_at"`
	RevokedAt *time.Time         `json:"revoked_at"`
	OldUntil  *time.Time         `json:"old_key_until" doc:"How long the secret before the last rotation works; null = it does not."`
}

// NewKeyAnswer is a key with the secret that is shown this once.
type NewKeyAnswer struct {
	KeyAnswer

	Key           string `json:"key" doc:"The key itself. It is not stored and not shown again."`
	WebhookSecret string `json:"webhook_secret,omitempty" doc:"Signs the webhooks of the key; left out after a rotation, which does not change it."`
}

// KeyListAnswer is every key, oldest first.
type KeyListAnswer struct {
	Keys []KeyAnswer `json:"keys" nullable:"false"`
}

func (s *server) keyAnswer(key darkroom.APIKey) KeyAnswer {
	answer := KeyAnswer{
		ID: key.ID, Name: key.Name, Prefix: key.Prefix, State: key.State(), Scopes: key.Scopes, Limits: key.Limits,
		CreatedAt: key.CreatedAt.Truncate(time.Second),
	}
	if !key.RevokedAt.IsZero() {
		at := key.RevokedAt.Truncate(time.Second)
		answer.RevokedAt = &at
	} else if key.OldUntil.After(s.Now()) {
		until := key.OldUntil.Truncate(time.Second)
		answer.OldUntil = &until
	}
	return answer
}

func (s *server) newKeyAnswer(key store.NewKey) NewKeyAnswer {
	return NewKeyAnswer{s.keyAnswer(key.APIKey), key.Secret, key.WebhookSecret}
}

func (s *server) listKeys(_ http.ResponseWriter, r *http.Request, _ darkroom.APIKey) (reply, error) {
	keys, err := s.Store.Keys(r.Context())
	if err != nil {
		return reply{}, unavailable(err)
	}
	answer := KeyListAnswer{Keys: make([]KeyAnswer, 0, len(keys))}
	for _, key := range keys {
		answer.Keys = append(answer.Keys, s.keyAnswer(key))
	}
	return reply{body: answer}, nil
}

func (s *server) getKey(_ http.ResponseWriter, r *http.Request, _ darkroom.APIKey) (reply, error) {
	id, err := keyID(r)
	if err != nil {
		return reply{}, err
	}
	key, err := s.Store.Key(r.Context(), id)
	if err != nil {
		return reply{}, keyFailed(err)
	}
	return reply{body: s.keyAnswer(key)}, nil
}

func (s *server) createKey(w http.ResponseWriter, r *http.Request, _ darkroom.APIKey) (reply, error) {
	f, err := s.fieldsOf(w, r)
	if err != nil {
		return reply{}, err
	}
	name, err := f.text("name", darkroom.MaxNameBytes)
	if err != nil {
		return reply{}, err
	}
	grant, err := f.grant()
	if err != nil {
		return reply{}, err
	}
	if err := f.nothingElse(); err != nil {
		return reply{}, err
	}
	key, err := s.Store.GrantKey(r.Context(), name, grant)
	if err != nil {
		return reply{}, unavailable(err)
	}
	return reply{http.StatusCreated, map[string]string{"Location": s.Front.outside("/v1/keys/" + key.ID)}, s.newKeyAnswer(key)}, nil
}

// rotation reads what a request to rotate something of a key says: which key,
// and how long the former secret holds.
func (s *server) rotation(w http.ResponseWriter, r *http.Request) (id string, grace time.Duration, err error) {
	if id, err = keyID(r); err != nil {
		return "", 0, err
	}
	f, err := s.fieldsOf(w, r)
	if err != nil {
		return "", 0, err
	}
	if grace, err = f.grace(); err != nil {
		return "", 0, err
	}
	return id, grace, f.nothingElse()
}

func (s *server) rotateKey(w http.ResponseWriter, r *http.Request, _ darkroom.APIKey) (reply, error) {
	id, grace, err := s.rotation(w, r)
	if err != nil {
		return reply{}, err
	}
	key, err := s.Store.RotateKey(r.Context(), id, grace)
	if err != nil {
		return reply{}, keyFailed(err)
	}
	return reply{body: s.newKeyAnswer(key)}, nil
}

// endKey revokes a key, or with erase asks for everything of it to go.
func (s *server) endKey(w http.ResponseWriter, r *http.Request, _ darkroom.APIKey) error {
	id, err := keyID(r)
	if err != nil {
		return err
	}
	f, err := fieldsOfQuery(r.URL.RawQuery)
	if err != nil {
		return err
	}
	erase, err := f.boolean("erase", false)
	if err != nil {
		return err
	}
	if err := f.nothingElse(); err != nil {
		return err
	}
	if erase {
		key, err := s.Store.EraseKey(r.Context(), id)
		if err != nil {
			return keyFailed(err)
		}
		return reply{status: http.StatusAccepted, body: s.keyAnswer(key)}.write(w)
	}
	if _, err := s.Store.RevokeKey(r.Context(), id); err != nil {
		return keyFailed(err)
	}
	w.WriteHeader(http.StatusNoContent)
	return nil
}

// keyID takes an id only: a name in a path would be taken for another key's
// one day.
func keyID(r *http.Request) (string, error) {
	id := r.PathValue("id")
	if uuid.Validate(id) != nil || len(id) != len(uuid.Nil.String()) {
		return "", noSuchKey()
	}
	return id, nil
}

func noSuchKey() *darkroom.Error {
	return &darkroom.Error{
		Code: darkroom.CodeNotFound, Message: "There is no such key that works",
		Hint: "GET /v1/keys lists the keys and their state",
	}
}

func keyFailed(err error) error {
	if darkroom.CodeOf(err) == darkroom.CodeNotFound {
		return noSuchKey()
	}
	return unavailable(err)
}
