package main

import (
	"context"
	"errors"
	"fmt"
	"log/slog"

	"github.com/spf13/cobra"
	"github.com/spf13/pflag"

	"darkroom/internal/store"
)

func (p *program) keysCommand() *cobra.Command {
	command := &cobra.Command{
		Use:   "keys",
		Short: "Make, list, rotate, revoke and erase API keys",
		Long: `Make, list, rotate, revoke and erase API keys.

These commands work on the data folder of a server of this machine, whether it
runs or not; with --server on any server, for a key with the scope admin. A
revoked key stops working at once. KEY is the id of a key, its name, or its first
characters as the list shows them.`,
		RunE: needsSubcommand,
	}
	command.AddCommand(p.keysCreateCommand(), p.keysListCommand(), p.keysRotateCommand(), p.keysRevokeCommand(), p.keysEraseCommand(),
		p.keysSecretCommand())
	return command
}

// withRows opens the rows of the data folder for a moment, beside a server if
// one runs.
func (p *program) withRows(ctx context.Context, flags *pflag.FlagSet, work func(context.Context, *store.Store) error) (err error) {
	config, err := p.config(flags)
	if err != nil {
		return err
	}
	folder, err := openDataFolder(config.Data)
	if err != nil {
		return err
	}
	if err := folder.Share(); err != nil {
		return err
	}
	defer func() { err = errors.Join(err, folder.Unlock()) }()
	secret, err := config.secretKey(folder)
	if err != nil {
		return err
	}
	db, rows, _, err := openStore(ctx, config, secret, uncounted(), slog.New(slog.DiscardHandler))
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, db.Close()) }()
	return work(ctx, rows)
}

func (p *program) keysCreateCommand() *cobra.Command {
	var wanted grantFlags
	command := &cobra.Command{
		Use: "create NAME", Short: "Make a key and show it, once", Args: cobra.ExactArgs(1),
	}
	p.onKeys(command, func(ctx context.Context, keys ring, args []string) error {
		key, err := keys.GrantKey(ctx, args[0], wanted.grant())
		if err != nil {
			return err
		}
		return p.showNewKey(key)
	})
	wanted.add(command.Flags())
	return command
}

func (p *program) showNewKey(key store.NewKey) error {
	if p.json {
		return p.emit(map[string]string{
			"message_type": "key", "id": key.ID, "name": key.Name, "key": key.Secret, "webhook_secret": key.WebhookSecret,
		})
	}
	if !p.terminal(p.stdout) {
		_, err := fmt.Fprintf(p.stdout, "%s\t%s\n", key.Secret, key.WebhookSecret)
		return err
	}
	_, err := fmt.Fprintf(p.stdout, "key             %s\nwebhook secret  %s\n", key.Secret, key.WebhookSecret)
	p.whisper("The key is not shown again. `darkroom keys secret %s` shows the webhook secret.", key.Name)
	return err
}

func (p *program) keysListCommand() *cobra.Command {
	command := &cobra.Command{
		Use: "list", Short: "List all keys", Args: cobra.NoArgs,
	}
	p.onKeys(command, func(ctx context.Context, keys ring, _ []string) error {
		list, err := keys.Keys(ctx)
		if err != nil {
			return err
		}
		return p.showKeys(list)
	})
	return command
}
