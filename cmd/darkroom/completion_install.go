package main

import (
	"bytes"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"slices"

	"github.com/spf13/cobra"
)

func writeCompletion(command *cobra.Command, shell string, out io.Writer) error {
	root := command.Root()
	switch shell {
	case "bash":
		return root.GenBashCompletionV2(out, true)
	case "zsh":
		return root.GenZshCompletion(out)
	}
	return root.GenFishCompletion(out, true)
}

func (p *program) completionInstallCommand() *cobra.Command {
	return &cobra.Command{
		Use: "install [bash|zsh|fish]", Short: "Put the script where the shell looks for it", Args: cobra.MaximumNArgs(1),
		Long: `Put the script where the shell looks for it: that of $SHELL, when none is named.
It says where that is, and how to undo it.`,
		ValidArgsFunction: wordsOf(shells()...),
		RunE: func(command *cobra.Command, args []string) error {
			shell := filepath.Base(p.env["SHELL"])
			if len(args) > 0 {
				shell = args[0]
			}
			return p.installCompletion(command, shell)
		},
	}
}

func (p *program) installCompletion(command *cobra.Command, shell string) error {
	if !slices.Contains(shells(), shell) {
		return usage("name a shell: bash, zsh or fish")
	}
	path := p.completionPath(shell)
	if path == "" {
		return environmentFault("darkroom completion "+shell+" writes it to stdout", "there is no home folder to put it in")
	}
	var script bytes.Buffer
	if err := writeCompletion(command, shell, &script); err != nil {
		return fmt.Errorf("write the script for %s: %w", shell, err)
	}
	if err := os.MkdirAll(filepath.Dir(path), 0o755); err != nil {
		return fmt.Errorf("install the completion: %w", err)
	}
	if err := os.WriteFile(path, script.Bytes(), 0o644); err != nil {
		return fmt.Errorf("install the completion: %w", err)
	}
	if shell == "zsh" {
		p.whisper("zsh must look there: fpath+=(%s) before compinit in ~/.zshrc", filepath.Dir(path))
	}
	p.whisper("A new shell has it. Undo: rm %s", path)
	_, err := fmt.Fprintln(p.stdout, path)
	return err
}

// completionPath is where the shell looks, as its own documentation says.
func (p *program) completionPath(shell string) string {
	home := p.env["HOME"]
	data, config := p.env["XDG_DATA_HOME"], p.env["XDG_CONFIG_HOME"]
	if home == "" {
		return ""
	}
	if !filepath.IsAbs(data) {
		data = filepath.Join(home, ".local", "share")
	}
	if !filepath.IsAbs(config) {
		config = filepath.Join(home, ".config")
	}
	switch shell {
	case "bash":
		return filepath.Join(data, "bash-completion", "completions", "darkroom")
	case "zsh":
		return filepath.Join(data, "zsh", "site-functions", "_darkroom")
	}
	return filepath.Join(config, "fish", "completions", "darkroom.fish")
}
