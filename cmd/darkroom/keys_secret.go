package main

import (
	"context"
	"fmt"
	"time"

	"github.com/spf13/cobra"

	"darkroom"
)

func (p *program) keysSecretCommand() *cobra.Command {
	var rotate bool
	var grace time.Duration
	command := &cobra.Command{
		Use: "secret KEY", Short: "Show the webhook secret of a key, or make a new one", Args: cobra.ExactArgs(1),
		Long: `Show the webhook secret of a key, or make a new one.

Webhooks are signed with it. After --rotate they are signed with both for
--grace: webhook-signature has a signature of each, X-Webhook-Signature has room
for that of the new one only.`,
	}
	p.onKeys(command, func(ctx context.Context, keys ring, args []string) error {
		secrets, err := webhookSecrets(ctx, keys, args[0], rotate, grace)
		if err != nil {
			return err
		}
		return p.showWebhookSecrets(secrets)
	})
	command.Flags().BoolVar(&rotate, "rotate", false, "make a new secret")
	command.Flags().DurationVar(&grace, "grace", darkroom.DefaultRotationGrace, "with --rotate: how long the secret before signs too, at most 720h")
	command.ValidArgsFunction = p.keyNames()
	return command
}

func webhookSecrets(ctx context.Context, keys keyring, text string, rotate bool, grace time.Duration) (darkroom.WebhookSecrets, error) {
	if rotate {
		_, secrets, err := keys.RotateWebhookSecret(ctx, text, grace)
		return secrets, err
	}
	key, err := keys.WorkingKey(ctx, text)
	if err != nil {
		return darkroom.WebhookSecrets{}, err
	}
	return keys.WebhookSecrets(ctx, key.ID)
}

func (p *program) showWebhookSecrets(secrets darkroom.WebhookSecrets) error {
	until := ""
	if secrets.Former != "" {
		until = secrets.FormerUntil.UTC().Format(time.RFC3339)
	}
	if p.json {
		line := map[string]string{"message_type": "webhook_secret", "webhook_secret": secrets.Current}
		if until != "" {
			line["old_webhook_secret_until"] = until
		}
		return p.emit(line)
	}
	_, err := fmt.Fprintln(p.stdout, secrets.Current)
	if until != "" {
		p.whisper("The secret before signs too until %s.", until)
	}
	return err
}
