package main

import (
	"fmt"
	"strings"

	"github.com/spf13/cobra"
)

func (p *program) configInitCommand() *cobra.Command {
	return &cobra.Command{
		Use: "init", Short: "Write a config file with every setting explained, to stdout", Args: cobra.NoArgs,
		Example: "  darkroom config init > ~/.config/darkroom/config.yaml",
		RunE: func(*cobra.Command, []string) error {
			_, err := fmt.Fprint(p.stdout, configFileText())
			return err
		},
	}
}

// configFileText is a config file in which every setting is commented out.
func configFileText() string {
	var b strings.Builder
	b.WriteString("# Settings of darkroom serve. Every line is the default; take off the # to change it.\n")
	b.WriteString("# A flag wins over the environment, that over this file. darkroom config show tells what is in force.\n")
	for _, s := range settingTable() {
		if s.Unbuilt != "" {
			continue
		}
		fmt.Fprintf(&b, "\n# %s\n# Value: %s. Environment: %s.\n#%s: %s\n", s.meaning(), s.values(), s.EnvName(), s.Name, s.inFile())
	}
	return b.String()
}

// inFile is the default as YAML has it.
func (s setting) inFile() string {
	if s.Kind == settingList {
		return "[" + s.Default + "]"
	}
	if s.Default == "" {
		return `""`
	}
	return s.Default
}

func (p *program) configCheckCommand() *cobra.Command {
	return &cobra.Command{
		Use: "check [FILE]", Short: "Look for mistakes in a config file and in the environment", Args: cobra.MaximumNArgs(1),
		Long: `Look for mistakes in a config file, or in the one that would be used, and in the
environment. Nothing is started. It ends with 2 when there is one, and names it.`,
		RunE: func(_ *cobra.Command, args []string) error {
			return p.checkConfig(strings.Join(args, ""))
		},
	}
}

func (p *program) checkConfig(path string) error {
	file, err := readConfigFile(p.env, path)
	if err != nil {
		return err
	}
	known, err := loadSettings(p.env, nil, path)
	if err != nil {
		return err
	}
	if _, err := newConfig(known, p.env); err != nil {
		return err
	}
	if p.json {
		return p.emit(map[string]any{"message_type": "config", "file": file.path, "settings": len(file.values)})
	}
	if file.path == "" {
		_, err = fmt.Fprintln(p.stdout, "no config file; the environment is in order")
		return err
	}
	_, err = fmt.Fprintf(p.stdout, "%s: %d settings, in order\n", file.path, len(file.values))
	return err
}
