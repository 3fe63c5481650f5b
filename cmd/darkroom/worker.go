package main

import (
	"github.com/spf13/cobra"
)

// workerCommand is serve that takes pictures and answers nobody.
func (p *program) workerCommand() *cobra.Command {
	command := p.serveCommand()
	command.Use, command.Short = "worker", "Take pictures for servers that share a database"
	command.Long = `Take pictures for servers that share a database: what "serve --role worker" does.
It answers /healthz and /readyz only, and needs --database-url.`
	command.Example = "  darkroom worker --database-url postgres://darkroom@db/darkroom --bucket-url 's3://shots?region=eu-central-1'"
	_ = command.Flags().Lookup("role").Value.Set(roleWorker) // a setting takes any text until it is checked
	command.Flags().Lookup("role").Changed = true
	command.Flags().Lookup("role").Hidden = true
	return command
}
