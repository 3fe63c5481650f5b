package main

import (
	"fmt"
	"io"
	"net/http"
	"strings"
	"time"

	"github.com/spf13/cobra"

	"darkroom"
	"darkroom/client"
)

const maxVerifiedBytes = 1 << 20 // of a body; ours have less than one KiB

func (p *program) webhooksVerifyCommand() *cobra.Command {
	var lines []string
	var tolerance time.Duration
	command := &cobra.Command{
		Use: "verify", Short: "Check the signature of a webhook that was received", Args: cobra.NoArgs,
		Long: `Check the signature of a webhook that was received: its raw body from stdin, its
headers by --header, the secret from DARKROOM_WEBHOOK_SECRET. It asks no server.`,
		Example: `  darkroom webhooks verify -H "webhook-id: whk_…" -H "webhook-timestamp: 1795419000" \
    -H "webhook-signature: v1,…" < body.json`,
		RunE: func(*cobra.Command, []string) error {
			secret := p.env["DARKROOM_WEBHOOK_SECRET"]
			if secret == "" {
				return usage("set DARKROOM_WEBHOOK_SECRET to the secret that `darkroom keys secret` shows")
			}
			header, err := headerOf(lines)
			if err != nil {
				return err
			}
			body, err := io.ReadAll(io.LimitReader(p.stdin, maxVerifiedBytes))
			if err != nil {
				return fmt.Errorf("read the body from stdin: %w", err)
			}
			verifier := client.Verifier{Secrets: []string{secret}, Tolerance: tolerance, Plain: true}
			if err := verifier.Verify(body, header); err != nil {
				return &exit{Code: exitUnexpected, Word: string(darkroom.CodeUnauthorized), Message: err.Error(), Err: err}
			}
			_, err = fmt.Fprintln(p.stdout, "genuine")
			return err
		},
	}
	command.Flags().StringArrayVarP(&lines, "header", "H", nil, "a header of the request, as `\"name: value\"`; may be repeated")
	command.Flags().DurationVar(&tolerance, "tolerance", client.WebhookTolerance, "how far its time may be from now")
	return command
}

func headerOf(lines []string) (http.Header, error) {
	header := http.Header{}
	for _, line := range lines {
		name, value, found := strings.Cut(line, ":")
		if !found {
			return nil, usage("--header must be \"name: value\", not %q", line)
		}
		header.Set(strings.TrimSpace(name), strings.TrimSpace(value))
	}
	return header, nil
}
