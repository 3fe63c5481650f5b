package main

import (
	"context"
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/spf13/cobra"

	"darkroom"
	"darkroom/client"
)

func (p *program) completionCommand() *cobra.Command {
	command := &cobra.Command{
		Use: "completion", Short: "Write what makes a shell complete commands, flags, jobs and keys", RunE: needsSubcommand,
		Long: `Write what makes a shell complete commands, flags, ids of jobs, names of keys,
devices and topics. "completion install" says where it goes and puts it there.`,
		Example: "  source <(darkroom completion bash)\n  darkroom completion install fish",
	}
	for _, shell := range shells() {
		command.AddCommand(&cobra.Command{
			Use: shell, Short: "Write the script for " + shell, Args: cobra.NoArgs,
			RunE: func(command *cobra.Command, _ []string) error { return writeCompletion(command, shell, p.stdout) },
		})
	}
	command.AddCommand(p.completionInstallCommand())
	return command
}

func shells() []string { return []string{"bash", "zsh", "fish"} }

// completionTime is how long a person who has pressed the key waits for what
// only a server knows.
const completionTime = 2 * time.Second

// completes gives the words that may come next.
type completes = cobra.CompletionFunc

// oneOf completes one argument with what list gives, each word perhaps with a
// tab and what it means.
func oneOf(list func(context.Context, *cobra.Command) []string) completes {
	return func(command *cobra.Command, args []string, _ string) ([]string, cobra.ShellCompDirective) {
		if len(args) > 0 {
			return nil, cobra.ShellCompDirectiveNoFileComp
		}
		ctx, cancel := context.WithTimeout(command.Context(), completionTime)
		defer cancel()
		return list(ctx, command), cobra.ShellCompDirectiveNoFileComp | cobra.ShellCompDirectiveKeepOrder
	}
}

// wordsOf completes with what is always the same.
func wordsOf(words ...string) completes {
	return cobra.FixedCompletions(words, cobra.ShellCompDirectiveNoFileComp)
}

// jobIDs completes with the latest jobs of the server that the command uses.
func (p *program) jobIDs(where *whereFlags) completes {
	return oneOf(func(ctx context.Context, _ *cobra.Command) []string {
		server, err := p.findServer(ctx, where)
		if err != nil || server == nil {
			return nil
		}
		page, err := server.Page(ctx, client.ListParams{})
		if err != nil {
			return nil
		}
		var ids []string
		for _, job := range page.Jobs {
			about := fmt.Sprintf("%s %s %d/%d", job.Name, statusText(job), job.Progress.Completed, job.Progress.Total)
			ids = append(ids, job.ID+"\t"+strings.TrimSpace(about))
		}
		return ids
	})
}

// keyNames completes with the keys of a data folder, or of the server that was
// named.
func (p *program) keyNames() completes {
	return oneOf(func(ctx context.Context, command *cobra.Command) (names []string) {
		list := func(ctx context.Context, keys ring, _ []string) error {
			all, err := keys.Keys(ctx)
			for _, key := range all {
				if key.RevokedAt.IsZero() {
					names = append(names, key.Name+"\t"+key.Prefix+"… "+scopeWords(key.Scopes))
				}
			}
			return err
		}
		_ = p.withKeys(ctx, command.Flags(), nil, list) // without keys there is nothing to complete
		return names
	})
}

// completeFlags gives every flag of a command and of those below it what can
// be said of its value.
func completeFlags(command *cobra.Command) {
	known := map[string]completes{
		"status": wordsOf(text(darkroom.JobStatuses())...), "device": wordsOf(deviceNames()...), "scope": wordsOf("create", "read", "admin"), "progress": wordsOf(progressWays()...),
	}
	for _, option := range darkroom.OptionTable() {
		if option.Enum != nil {
			known[strings.ReplaceAll(option.Name, "_", "-")] = wordsOf(option.Enum...)
		}
	}
	for _, s := range settingTable() {
		if s.Enum != nil {
			known[s.Name] = wordsOf(s.Enum...)
		}
	}
	for name, list := range known {
		if command.Flags().Lookup(name) != nil {
			_ = command.RegisterFlagCompletionFunc(name, list) // it is there, and this is the first
		}
	}
	for _, child := range command.Commands() {
		completeFlags(child)
	}
}

func deviceNames() []string {
	var names []string
	for _, device := range darkroom.Devices() {
		names = append(names, device.Name)
	}
	return names
}

func text[T ~string](list []T) []string {
	words := make([]string, len(list))
	for i, word := range list {
		words[i] = string(word)
	}
	slices.Sort(words)
	return words
}
