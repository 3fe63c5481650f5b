package main

import (
	"context"
	"fmt"

	"github.com/spf13/cobra"
)

func (p *program) openCommand(use string) *cobra.Command {
	var where whereFlags
	command := &cobra.Command{
		Use: use, Short: "Open the dashboard, or a job in it, in the browser", Args: cobra.MaximumNArgs(1),
		Long: `Open the dashboard, or a job in it, in the browser of the desktop, where there is
one, and print its address. "darkroom login-link" makes one that logs in.`,
		RunE: func(command *cobra.Command, args []string) error {
			return p.open(command.Context(), &where, args)
		},
	}
	where.add(command.Flags(), false)
	command.ValidArgsFunction = p.jobIDs(&where)
	return command
}

func (p *program) open(ctx context.Context, where *whereFlags, args []string) error {
	server, err := p.connectServer(ctx, where)
	if err != nil {
		return err
	}
	address := server.URL + "/"
	if len(args) > 0 {
		id, err := findJob(ctx, server, args[0])
		if err != nil {
			return err
		}
		address += "jobs/" + id
	}
	if p.json {
		return p.emit(map[string]string{"message_type": "open", "url": address})
	}
	if _, err := fmt.Fprintln(p.stdout, address); err != nil {
		return fmt.Errorf("write to stdout: %w", err)
	}
	if p.terminal(p.stdout) {
		p.openOnDesktop(ctx, address)
	}
	return nil
}
