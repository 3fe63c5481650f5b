package main

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"strings"

	"github.com/spf13/cobra"

	"darkroom/internal/store"
)

func (p *program) loginLinkCommand() *cobra.Command {
	command := &cobra.Command{
		Use: "login-link [KEY]", Short: "Make a link to the dashboard that logs in once", Args: cobra.MaximumNArgs(1),
		Long: `Make a link to the dashboard of a server that runs on this machine. It works
once, for 30 minutes, and shows what KEY may see: the id of a key, its name or
its first characters; otherwise the oldest key that may do the most.`,
		RunE: func(command *cobra.Command, args []string) error {
			return p.withRows(command.Context(), command.Flags(), func(ctx context.Context, rows *store.Store) error {
				config, err := p.config(command.Flags())
				if err != nil {
					return err
				}
				address, err := os.ReadFile(filepath.Join(config.Data, listenAddressName))
				if errors.Is(err, fs.ErrNotExist) {
					return environmentFault("start one with `darkroom serve`, or name its folder with --data", "no server runs on the data folder %s", config.Data)
				}
				if err != nil {
					return fmt.Errorf("read where the server listens: %w", err)
				}
				link, err := loginLink(ctx, rows, config.dashboardURL("http://"+strings.TrimSpace(string(address))), strings.Join(args, ""), "")
				if err != nil {
					return err
				}
				_, err = fmt.Fprintln(p.stdout, link)
				return err
			})
		},
	}
	addSettingFlags(command.Flags(), "data", "public-url", "path-prefix")
	command.ValidArgsFunction = p.keyNames()
	return command
}
