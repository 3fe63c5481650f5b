package main

import (
	"errors"
	"fmt"
	"strings"

	"github.com/spf13/cobra"
	"github.com/spf13/pflag"
)

func (p *program) rootCommand() *cobra.Command {
	root := &cobra.Command{
		Use:   "darkroom",
		Short: "Photograph the web in bulk",
		Long: `Darkroom photographs the web in bulk: it takes a batch of URLs or a sitemap,
captures every page, and hands back one ZIP. Commands use a server, or do
without one. stdout is for results, stderr for everything else.`,
		Example:       "  darkroom demo\n  darkroom shot https://example.com\n  darkroom serve",
		SilenceErrors: true,
		SilenceUsage:  true,
		Args:          cobra.ArbitraryArgs,
		RunE:          needsSubcommand,
	}
	root.PersistentFlags().BoolVar(&p.json, "json", false, "JSON lines on stdout, errors as JSON on stderr")
	root.SetFlagErrorFunc(flagError)
	root.CompletionOptions.DisableDefaultCmd = true
	root.AddCommand(p.demoCommand(), p.shotCommand(), p.batchCommand(), p.sitemapCommand(), p.runCommand(), p.jobsCommand(),
		p.serveCommand(), p.loginLinkCommand(), p.keysCommand(), p.webhooksCommand(), p.listenCommand(),
		p.healthCommand(), p.backupCommand(), p.restoreCommand(), p.doctorCommand(), p.configCommand(), p.mcpCommand(), p.versionCommand(),
		p.workerCommand(), p.loginCommand(), p.logoutCommand(), p.whoamiCommand(), p.openCommand("open [ID]"), p.docsCommand(), p.completionCommand())
	root.AddCommand(topics()...)
	for _, command := range root.Commands() {
		command.Args = usageArgs(command.Args)
		for _, child := range command.Commands() {
			child.Args = usageArgs(child.Args)
		}
	}
	completeFlags(root)
	return root
}

// needsSubcommand shows the help of a command that does nothing by itself.
func needsSubcommand(command *cobra.Command, args []string) error {
	if len(args) == 0 {
		return command.Help()
	}
	var names []string
	for _, child := range command.Commands() {
		names = append(names, child.Name())
	}
	return usage("unknown command %q for %q%s", args[0], command.CommandPath(), didYouMean(args[0], names))
}

// usageArgs makes a wrong number of arguments an error of usage.
func usageArgs(check cobra.PositionalArgs) cobra.PositionalArgs {
	if check == nil {
		check = cobra.ArbitraryArgs
	}
	return func(command *cobra.Command, args []string) error {
		err := check(command, args)
		if _, known := errors.AsType[*exit](err); err == nil || known {
			return err
		}
		return usage("%v", err)
	}
}

// flagError adds the flag that was probably meant.
func flagError(command *cobra.Command, err error) error {
	text := err.Error()
	unknown, ok := errors.AsType[*pflag.NotExistError](err)
	if !ok {
		return usage("%s", text)
	}
	word := strings.TrimPrefix(unknown.GetSpecifiedName(), "-")
	var names []string
	command.Flags().VisitAll(func(flag *pflag.Flag) { names = append(names, flag.Name) })
	squeezed := map[string]string{}
	for _, name := range names {
		squeezed[strings.ReplaceAll(name, "-", "")] = name
	}
	if name, ok := squeezed[strings.NewReplacer("-", "", "_", "").Replace(word)]; ok {
		return usage("unknown flag --%s; did you mean --%s?", word, name)
	}
	return usage("%s", fmt.Sprintf("unknown flag --%s%s", word, didYouMean(word, names)))
}
