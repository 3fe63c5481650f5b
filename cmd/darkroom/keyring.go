package main

import (
	"context"
	"slices"
	"strings"
	"time"

	"github.com/spf13/cobra"
	"github.com/spf13/pflag"

	"darkroom"
	"darkroom/client"
	"darkroom/internal/store"
)

// keyring is the keys of a server: its rows on this machine, or its API.
type keyring interface {
	Keys(ctx context.Context) ([]darkroom.APIKey, error)
	GrantKey(ctx context.Context, name string, grant darkroom.Grant) (store.NewKey, error)
	WorkingKey(ctx context.Context, idOrPrefixOrName string) (darkroom.APIKey, error)
	RotateKey(ctx context.Context, idOrPrefixOrName string, grace time.Duration) (store.NewKey, error)
	RevokeKey(ctx context.Context, idOrPrefixOrName string) (darkroom.APIKey, error)
	EraseKey(ctx context.Context, idOrPrefixOrName string) (darkroom.APIKey, error)
	WebhookSecrets(ctx context.Context, id string) (darkroom.WebhookSecrets, error)
	RotateWebhookSecret(ctx context.Context, idOrPrefixOrName string, grace time.Duration) (darkroom.APIKey, darkroom.WebhookSecrets, error)
}

// ring is a keyring with what the local command line uses of it.
type ring struct {
	keyring
	saved credential // zero when it has none
	uses  func(context.Context, darkroom.APIKey) bool
}

// keyWork is the body of a command that works on keys.
type keyWork func(ctx context.Context, keys ring, args []string) error

// onKeys makes a command work on the keys of a data folder, or with --server on
// those of a server, for which it needs a key with the scope admin.
func (p *program) onKeys(command *cobra.Command, work keyWork) {
	addSettingFlags(command.Flags(), "data")
	command.Flags().String("server", "", "`URL` of a server, instead of a data folder of this machine")
	command.RunE = func(command *cobra.Command, args []string) error {
		return p.withKeys(command.Context(), command.Flags(), args, work)
	}
}

func (p *program) withKeys(ctx context.Context, flags *pflag.FlagSet, args []string, work keyWork) error {
	known, err := readCredentials(p.env)
	if err != nil {
		return err
	}
	if flag := flags.Lookup("server"); flag != nil && flag.Value.String() != "" {
		return p.onRemoteKeys(ctx, known, flag.Value.String(), args, work)
	}
	config, err := p.config(flags)
	if err != nil {
		return err
	}
	saved, _ := known.ofData(config.Data)
	return p.withRows(ctx, flags, func(ctx context.Context, rows *store.Store) error {
		return work(ctx, ring{rows, saved, func(ctx context.Context, key darkroom.APIKey) bool {
			used, err := rows.KeyBySecret(ctx, saved.Key)
			return err == nil && used.ID == key.ID
		}}, args)
	})
}

func (p *program) onRemoteKeys(ctx context.Context, known credentials, url string, args []string, work keyWork) error {
	server, err := p.namedServer(url, known)
	if err != nil {
		return err
	}
	saved, _ := known.ofURL(url)
	return work(ctx, ring{remoteKeys{server.Client}, saved, func(_ context.Context, key darkroom.APIKey) bool {
		return saved.Key != "" && darkroom.VisiblePrefix(saved.Key) == key.Prefix
	}}, args)
}

// remoteKeys is a keyring of a server.
type remoteKeys struct{ server *client.Client }

func (r remoteKeys) Keys(ctx context.Context) ([]darkroom.APIKey, error) {
	listed, err := r.server.Keys(ctx)
	keys := make([]darkroom.APIKey, len(listed))
	for i, key := range listed {
		keys[i] = keyOf(key)
	}
	return keys, err
}

func (r remoteKeys) GrantKey(ctx context.Context, name string, grant darkroom.Grant) (store.NewKey, error) {
	made, err := r.server.CreateKey(ctx, name, grant)
	return store.NewKey{APIKey: keyOf(made.Key), Secret: made.Secret, WebhookSecret: made.WebhookSecret}, err
}

// WorkingKey finds a key by its id, its name or its first characters, as the
// rows do.
func (r remoteKeys) WorkingKey(ctx context.Context, text string) (darkroom.APIKey, error) {
	return r.find(ctx, text, darkroom.KeyActive)
}

func (r remoteKeys) find(ctx context.Context, text string, states ...darkroom.KeyState) (darkroom.APIKey, error) {
	keys, err := r.Keys(ctx)
	if err != nil {
		return darkroom.APIKey{}, err
	}
	var found []darkroom.APIKey
	for _, key := range keys {
		named := key.ID == text || key.Name == text || strings.TrimSuffix(text, "…") == key.Prefix
		if named && slices.Contains(states, key.State()) {
			found = append(found, key)
		}
	}
	switch len(found) {
	case 0:
		return darkroom.APIKey{}, darkroom.Errorf(darkroom.CodeNotFound, "no key is called %s", text)
	case 1:
		return found[0], nil
	}
	return darkroom.APIKey{}, usage("%d keys are called %s: name one by its id", len(found), text)
}

func (r remoteKeys) RotateKey(ctx context.Context, text string, grace time.Duration) (store.NewKey, error) {
	key, err := r.WorkingKey(ctx, text)
	if err != nil {
		return store.NewKey{}, err
	}
	made, err := r.server.RotateKey(ctx, key.ID, grace)
	return store.NewKey{APIKey: keyOf(made.Key), Secret: made.Secret}, err
}

func (r remoteKeys) RevokeKey(ctx context.Context, text string) (darkroom.APIKey, error) {
	key, err := r.WorkingKey(ctx, text)
	if err == nil {
		err = r.server.RevokeKey(ctx, key.ID)
		key.RevokedAt = time.Now()
	}
	return key, err
}

func (r remoteKeys) EraseKey(ctx context.Context, text string) (darkroom.APIKey, error) {
	key, err := r.find(ctx, text, darkroom.KeyActive, darkroom.KeyRevoked)
	if err == nil {
		_, err = r.server.EraseKey(ctx, key.ID)
		key.RevokedAt, key.ErasedAt = time.Now(), time.Now()
	}
	return key, err
}

func (r remoteKeys) WebhookSecrets(ctx context.Context, id string) (darkroom.WebhookSecrets, error) {
	secrets, err := r.server.WebhookSecret(ctx, id)
	return secretsOf(secrets), err
}

func (r remoteKeys) RotateWebhookSecret(ctx context.Context, text string, grace time.Duration) (darkroom.APIKey, darkroom.WebhookSecrets, error) {
	key, err := r.WorkingKey(ctx, text)
	if err != nil {
		return key, darkroom.WebhookSecrets{}, err
	}
	secrets, err := r.server.RotateWebhookSecret(ctx, key.ID, grace)
	return key, secretsOf(secrets), err
}

func keyOf(wire client.Key) darkroom.APIKey {
	key := darkroom.APIKey{
		ID: wire.ID, Name: wire.Name, Prefix: wire.Prefix, CreatedAt: wire.CreatedAt, Grant: darkroom.Grant{Scopes: wire.Scopes, Limits: wire.Limits},
	}
	if wire.RevokedAt != nil {
		key.RevokedAt = *wire.RevokedAt
	}
	if wire.State == darkroom.KeyErasing {
		key.ErasedAt = key.RevokedAt
	}
	if wire.OldUntil != nil {
		key.OldUntil = *wire.OldUntil
	}
	return key
}

// secretsOf has no former secret, which the API does not tell, but a mark that
// there is one.
func secretsOf(wire client.WebhookSecrets) darkroom.WebhookSecrets {
	secrets := darkroom.WebhookSecrets{Current: wire.Current}
	if wire.OldUntil != nil {
		secrets.Former, secrets.FormerUntil = "…", *wire.OldUntil
	}
	return secrets
}
