package api

import (
	"context"
	"net/http"
	"strings"

	"darkroom"
)

// maxKeyBytes keeps nonsense from the look-up. It is far above any key that
// was ever made here; an imported one may have any shape below it.
const maxKeyBytes = 512

type sessionKey struct{}

// WithKey makes a request of that context one of a key that was found by other
// means: a session of the dashboard, in this process. Nothing that comes over
// the network can do that.
func WithKey(ctx context.Context, key darkroom.APIKey) context.Context {
	return context.WithValue(ctx, sessionKey{}, key)
}

func (s *server) authenticate(r *http.Request) (darkroom.APIKey, error) {
	if key, ok := r.Context().Value(sessionKey{}).(darkroom.APIKey); ok {
		return key, nil
	}
	secret, ok := presentedKey(r.Header)
	if !ok {
		return darkroom.APIKey{}, unauthorized()
	}
	one := attempt{s.addressOf(r), darkroom.HashAPIKey(secret)}
	if err := s.logins.admit(one, s.Now()); err != nil {
		return darkroom.APIKey{}, err
	}
	key, err := s.Store.KeyBySecret(r.Context(), secret)
	switch {
	case darkroom.CodeOf(err) == darkroom.CodeUnauthorized:
		s.logins.failed(one, s.Now())
		return darkroom.APIKey{}, unauthorized()
	case err != nil:
		return darkroom.APIKey{}, unavailable(err)
	}
	s.logins.succeeded(one, s.Now())
	return key, nil
}

// presentedKey reads the bearer secret. Two that differ, or a header given
// twice, are no key at all: a proxy in front may have looked at the other one.
// A scheme other than Bearer is that proxy's own business when there is an
// X-API-Key beside it.
func presentedKey(header http.Header) (string, bool) {
	authorization, direct := header.Values("Authorization"), header.Values("X-Api-Key")
	if len(authorization) > 1 || len(direct) > 1 {
		return "", false
	}
	var keys []string
	for _, value := range authorization {
		if scheme, secret, _ := strings.Cut(value, " "); strings.EqualFold(scheme, "Bearer") {
			keys = append(keys, strings.TrimSpace(secret))
		}
	}
	for _, value := range direct {
		keys = append(keys, strings.TrimSpace(value))
	}
	if len(keys) == 0 || keys[0] != keys[len(keys)-1] {
		return "", false
	}
	return keys[0], keys[0] != "" && len(keys[0]) <= maxKeyBytes
}

// unauthorized is one answer for a missing, unknown, revoked and malformed
// key: whoever guesses learns nothing.
func unauthorized() *darkroom.Error {
	return &darkroom.Error{Code: darkroom.CodeUnauthorized, Message: "Invalid or missing API key"}
}
