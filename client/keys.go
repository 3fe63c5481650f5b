package client

import (
	"context"
	"net/http"
	"net/url"
	"time"

	"darkroom"
)

// Key is an API key as those with the scope admin see it.
type Key struct {
	ID        string             `json:"id"`
	Name      string             `json:"name"`
	Prefix    string             `json:"prefix"` // the first characters of its secret
	State     darkroom.KeyState  `json:"state"`
	Scopes    []darkroom.Scope   `json:"scopes"`
	Limits    darkroom.KeyLimits `json:"limits"` // 0 = the default
	CreatedAt time.Time          `json:"created_at"`
	RevokedAt *time.Time         `json:"revoked_at"`    // null while it works
	OldUntil  *time.Time         `json:"old_key_until"` // how long the secret before the last rotation works; null = it does not
}

// NewKey is a key with the secrets that are shown this once.
type NewKey struct {
	Key

	Secret        string `json:"key"`
	WebhookSecret string `json:"webhook_secret"` // "" after a rotation, which does not change it
}

// WebhookSecrets are what signs the webhooks of a key.
type WebhookSecrets struct {
	Current  string     `json:"webhook_secret"`
	OldUntil *time.Time `json:"old_webhook_secret_until"` // how long the one before signs too; null = it does not
}

// Keys gives every key of the server, oldest first. It and what follows need
// the scope admin, else they are ErrForbidden.
func (c *Client) Keys(ctx context.Context) ([]Key, error) {
	var answer struct {
		Keys []Key `json:"keys"`
	}
	err := c.call(ctx, request{method: http.MethodGet, path: "/v1/keys"}, &answer)
	return answer.Keys, err
}

// CreateKey makes a key and gives its secret, which is not shown again. It is
// tried once; when its answer was lost, Keys tells whether there is one.
func (c *Client) CreateKey(ctx context.Context, name string, grant darkroom.Grant) (NewKey, error) {
	body := struct {
		Name   string             `json:"name"`
		Scopes []darkroom.Scope   `json:"scopes"`
		Limits darkroom.KeyLimits `json:"limits"`
	}{name, grant.Scopes, grant.Limits}
	var key NewKey
	err := c.call(ctx, request{method: http.MethodPost, path: "/v1/keys", body: body, once: true}, &key)
	return key, err
}

// RotateKey gives a key another secret; the one before works on for grace, in
// whole seconds. It is tried once.
func (c *Client) RotateKey(ctx context.Context, id string, grace time.Duration) (NewKey, error) {
	var key NewKey
	err := c.call(ctx, request{method: http.MethodPost, path: keyPath(id) + "/rotate", body: graceWire(grace), once: true}, &key)
	return key, err
}

// RevokeKey ends a key; its jobs go on.
func (c *Client) RevokeKey(ctx context.Context, id string) error {
	return c.exchange(ctx, request{method: http.MethodDelete, path: keyPath(id)}, func(*http.Response) error { return nil })
}

// EraseKey ends a key and has everything of it deleted, within minutes.
func (c *Client) EraseKey(ctx context.Context, id string) (Key, error) {
	var key Key
	err := c.call(ctx, request{method: http.MethodDelete, path: keyPath(id), query: url.Values{"erase": {"true"}}}, &key)
	return key, err
}

// WebhookSecret gives what signs the webhooks of a key.
func (c *Client) WebhookSecret(ctx context.Context, id string) (WebhookSecrets, error) {
	var secrets WebhookSecrets
	err := c.call(ctx, request{method: http.MethodGet, path: keyPath(id) + "/webhook-secret"}, &secrets)
	return secrets, err
}

// RotateWebhookSecret makes another one; the one before signs too for grace, in
// whole seconds. It is tried once.
func (c *Client) RotateWebhookSecret(ctx context.Context, id string, grace time.Duration) (WebhookSecrets, error) {
	var secrets WebhookSecrets
	err := c.call(ctx, request{method: http.MethodPost, path: keyPath(id) + "/webhook-secret/rotate", body: graceWire(grace), once: true}, &secrets)
	return secrets, err
}

func keyPath(id string) string { return "/v1/keys/" + url.PathEscape(id) }

func graceWire(grace time.Duration) map[string]int64 {
	return map[string]int64{"grace": int64(grace / time.Second)}
}
