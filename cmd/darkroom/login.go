package main

import (
	"context"
	"fmt"
	"slices"
	"strings"

	"github.com/spf13/cobra"
)

func (p *program) loginCommand() *cobra.Command {
	return &cobra.Command{
		Use: "login URL", Short: "Keep a key for a server, which the commands then use", Args: cobra.ExactArgs(1),
		Long: `Keep a key for a server. The key is read from stdin, or asked for on a terminal,
and tried. From then on the commands use this server unless another is named;
"darkroom logout" ends that.`,
		Example: "  darkroom login https://shots.example.com\n  printf %s \"$KEY\" | darkroom login https://shots.example.com",
		RunE: func(command *cobra.Command, args []string) error {
			return p.login(command.Context(), strings.TrimRight(withScheme(args[0]), "/"))
		},
	}
}

func (p *program) login(ctx context.Context, url string) error {
	known, err := readCredentials(p.env)
	if err != nil {
		return err
	}
	key, err := p.readSecret(ctx, "API key for "+url+": ")
	if err != nil {
		return err
	}
	if _, err := newClient(url, key).Usage(ctx); err != nil {
		return err
	}
	saved, err := known.remember(credential{URL: url, Key: key})
	if err != nil {
		return err
	}
	if saved == "" {
		return environmentFault("set DARKROOM_URL and DARKROOM_API_KEY instead", "there is no home folder to keep the key in")
	}
	if p.json {
		return p.emit(map[string]string{"message_type": "login", "server": url, "credentials": saved})
	}
	_, err = fmt.Fprintf(p.stdout, "the commands now use %s\n", url)
	p.whisper("the key is in %s; undo: darkroom logout", saved)
	return err
}

func (p *program) logoutCommand() *cobra.Command {
	return &cobra.Command{
		Use: "logout [URL]", Short: "Forget the key of a server that was logged in to", Args: cobra.MaximumNArgs(1),
		RunE: func(_ *cobra.Command, args []string) error {
			return p.logout(strings.TrimRight(strings.Join(args, ""), "/"))
		},
	}
}

// logout forgets one server, or without a URL all that were logged in to. Keys
// of this machine's own servers stay: they were not typed.
func (p *program) logout(url string) error {
	known, err := readCredentials(p.env)
	if err != nil {
		return err
	}
	var forgotten []string
	known.Servers = slices.DeleteFunc(known.Servers, func(one credential) bool {
		gone := one.Data == "" && (url == "" || one.URL == url)
		if gone {
			forgotten = append(forgotten, one.URL)
		}
		return gone
	})
	if len(forgotten) == 0 {
		return &exit{Code: exitNotFound, Word: "not_found", Message: "no login is kept", Hint: "darkroom login URL keeps one"}
	}
	if err := known.write(); err != nil {
		return err
	}
	for _, one := range forgotten {
		if p.json {
			err = p.emit(map[string]string{"message_type": "logout", "server": one})
		} else {
			_, err = fmt.Fprintf(p.stdout, "forgot %s\n", one)
		}
	}
	return err
}

func (p *program) whoamiCommand() *cobra.Command {
	var where whereFlags
	command := &cobra.Command{
		Use: "whoami", Short: "Show which server the commands use, and what its key has used", Args: cobra.NoArgs,
		RunE: func(command *cobra.Command, _ []string) error {
			return p.whoami(command.Context(), &where)
		},
	}
	where.add(command.Flags(), false)
	return command
}

func (p *program) whoami(ctx context.Context, where *whereFlags) error {
	server, err := p.connectServer(ctx, where)
	if err != nil {
		return err
	}
	health, err := server.Health(ctx)
	if err != nil {
		return err
	}
	usage, err := server.Usage(ctx)
	if err != nil {
		return err
	}
	if p.json {
		return p.emit(map[string]any{"message_type": "whoami", "server": server.URL, "version": health.Version, "usage": usage})
	}
	limit := "no limit"
	if usage.Captures.Limit >= 0 {
		limit = fmt.Sprintf("of %d", usage.Captures.Limit)
	}
	return p.table([]string{"SERVER", "VERSION", "CAPTURES", "LIMIT", "MONTH BEGAN"}, [][]string{{
		server.URL, health.Version, fmt.Sprint(usage.Captures.Used), limit, usage.Period.Start.Format("2006-01-02"),
	}})
}
