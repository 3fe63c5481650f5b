package main

import (
	"context"
	"fmt"
	"time"

	"github.com/spf13/cobra"

	"darkroom"
	"darkroom/internal/store"
)

func (p *program) showKeys(keys []darkroom.APIKey) error {
	var rows [][]string
	for _, key := range keys {
		made := key.CreatedAt.UTC().Format(time.RFC3339)
		rows = append(rows, []string{key.ID, key.Prefix + "…", string(key.State()), scopeWords(key.Scopes), made, key.Name})
		if !p.json {
			continue
		}
		if err := p.emit(map[string]any{
			"message_type": "key", "id": key.ID, "name": key.Name, "prefix": key.Prefix,
			"created_at": made, "state": key.State(), "scopes": key.Scopes, "limits": key.Limits,
		}); err != nil {
			return err
		}
	}
	if p.json {
		return nil
	}
	return p.table([]string{"ID", "KEY", "STATE", "SCOPES", "CREATED", "NAME"}, rows)
}

func (p *program) keysRotateCommand() *cobra.Command {
	var grace time.Duration
	command := &cobra.Command{
		Use: "rotate KEY", Short: "Give a key another secret and show it, once", Args: cobra.ExactArgs(1),
		Long: `Give a key another secret and show it, once.

The key stays what it is: its jobs, its limits, its webhook secret. The secret
before works on for --grace; one from before that ends now. The local command
line follows when it uses this key.`,
	}
	p.onKeys(command, func(ctx context.Context, keys ring, args []string) error {
		key, err := p.rotate(ctx, keys, args[0], grace)
		if err != nil {
			return err
		}
		return p.showRotated(key)
	})
	command.Flags().DurationVar(&grace, "grace", darkroom.DefaultRotationGrace, "how long the secret before works on, at most 720h")
	command.ValidArgsFunction = p.keyNames()
	return command
}

// rotate gives the key another secret, and that one to the local command line
// if it has the one before.
func (p *program) rotate(ctx context.Context, keys ring, text string, grace time.Duration) (store.NewKey, error) {
	known, err := readCredentials(p.env)
	if err != nil {
		return store.NewKey{}, err
	}
	before, err := keys.WorkingKey(ctx, text)
	if err != nil {
		return store.NewKey{}, err
	}
	inUse := keys.uses(ctx, before)
	key, err := keys.RotateKey(ctx, before.ID, grace)
	if err != nil || !inUse {
		return key, err
	}
	keys.saved.Key = key.Secret
	if _, err := known.remember(keys.saved); err != nil {
		p.whisper("The local command line still has the key before: %v", err)
	}
	return key, nil
}

func (p *program) showRotated(key store.NewKey) error {
	until := key.OldUntil.UTC().Format(time.RFC3339)
	if p.json {
		return p.emit(map[string]string{
			"message_type": "key", "id": key.ID, "name": key.Name, "key": key.Secret, "old_key_until": until,
		})
	}
	_, err := fmt.Fprintln(p.stdout, key.Secret)
	p.whisper("The key is not shown again. The one before works until %s.", until)
	return err
}

func (p *program) keysRevokeCommand() *cobra.Command {
	command := &cobra.Command{
		Use: "revoke KEY", Short: "End a key; its jobs go on", Args: cobra.ExactArgs(1),
	}
	p.onKeys(command, func(ctx context.Context, keys ring, args []string) error {
		key, err := keys.RevokeKey(ctx, args[0])
		if err != nil {
			return err
		}
		return p.showEnded("revoked", key)
	})
	command.ValidArgsFunction = p.keyNames()
	return command
}

func (p *program) keysEraseCommand() *cobra.Command {
	sure := false
	command := &cobra.Command{
		Use: "erase KEY", Short: "End a key and delete everything of it", Args: cobra.ExactArgs(1),
		Long: `End a key and delete everything of it: its jobs, pictures, webhooks and usage.

The key stops working at once. A server that runs deletes the rest within
minutes; otherwise the next one does that when it starts.`,
	}
	p.onKeys(command, func(ctx context.Context, keys ring, args []string) error {
		if err := p.confirm(sure, "everything of key %s would be deleted for good", args[0]); err != nil {
			return err
		}
		key, err := keys.EraseKey(ctx, args[0])
		if err != nil {
			return err
		}
		return p.showEnded("erasing", key)
	})
	command.Flags().BoolVar(&sure, "yes", false, "delete without asking")
	command.ValidArgsFunction = p.keyNames()
	return command
}

func (p *program) showEnded(word string, key darkroom.APIKey) error {
	if p.json {
		return p.emit(map[string]string{"message_type": "key", "id": key.ID, "name": key.Name, "state": string(key.State())})
	}
	_, err := fmt.Fprintf(p.stdout, "%s %s (%s…)\n", word, key.Name, key.Prefix)
	return err
}
