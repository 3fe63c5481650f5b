package main

import (
	"fmt"
	"strings"

	"github.com/spf13/cobra"
)

func (p *program) configCommand() *cobra.Command {
	command := &cobra.Command{Use: "config", Short: "Show the settings and where they come from, write and check a file of them", RunE: needsSubcommand}
	show := &cobra.Command{
		Use: "show", Short: "Show every setting, its value and where that was set", Args: cobra.NoArgs,
		RunE: func(command *cobra.Command, _ []string) error {
			path, _ := command.Flags().GetString("config") // it is there and text
			known, err := loadSettings(p.env, command.Flags(), path)
			if err != nil {
				return err
			}
			return p.showSettings(known)
		},
	}
	show.Flags().SortFlags = false
	addSettingFlags(show.Flags())
	reference := &cobra.Command{
		Use: "reference", Short: "Write the documentation of all settings, as Markdown", Args: cobra.NoArgs,
		RunE: func(*cobra.Command, []string) error {
			_, err := fmt.Fprint(p.stdout, configReference())
			return err
		},
	}
	command.AddCommand(show, p.configInitCommand(), p.configCheckCommand(), reference)
	return command
}

func (p *program) showSettings(known settings) error {
	var rows [][]string
	for _, s := range settingTable() {
		value := known[s.Name]
		value.Text = s.shown(value.Text)
		rows = append(rows, []string{s.Name, value.Text, value.Source})
		if !p.json {
			continue
		}
		if err := p.emit(map[string]string{"message_type": "setting", "name": s.Name, "value": value.Text, "source": value.Source}); err != nil {
			return err
		}
	}
	if p.json {
		return nil
	}
	return p.table([]string{"SETTING", "VALUE", "SET BY"}, rows)
}

// configReference is docs/config.md.
func configReference() string {
	var b strings.Builder
	b.WriteString(`# Settings

Each setting of ` + "`darkroom serve`" + ` is a flag, a variable in the environment and a key of the config file. A flag
wins over the environment, that over the file, that over the default. The file is YAML: ` + "`--config PATH`" + `, else
` + "`$XDG_CONFIG_HOME/darkroom/config.yaml`, else `/etc/darkroom/config.yaml`" + `. A key that is not a setting is an error.
An empty variable counts as not set. ` + "`darkroom config show`" + ` prints every value and where it was set.

This page is made by ` + "`darkroom config reference`" + `.

| Flag and key | Environment | Value | Default | Meaning |
|---|---|---|---|---|
`)
	for _, s := range settingTable() {
		fmt.Fprintf(&b, "| `--%s` | `%s` | %s | %s | %s |\n", s.Name, s.EnvName(), s.values(), s.shownDefault(), s.meaning())
	}
	b.WriteString(`
Secrets have no flag, because others can read the arguments of a process:

| Environment | Meaning |
|---|---|
| ` + "`DARKROOM_API_KEY`" + ` | The first API key of a server, instead of one made at the first start; and the key that the command line uses for a server that was named. |
| ` + "`DARKROOM_SECRET_KEY`" + ` | 64 hexadecimal digits that seal secrets in rows, instead of the file ` + "`secret.key`" + `; the same on every instance of a database. |
| ` + "`DARKROOM_WEBHOOK_SECRET`" + ` | The webhook secret of the first key. |
| ` + "`DARKROOM_URL`" + ` | The server that ` + "`batch`, `sitemap`, `shot` and `jobs`" + ` use, as ` + "`--server`" + ` does. |

Files in the data folder: ` + "`darkroom.db`" + ` (rows), ` + "`bucket/`" + ` (pictures), ` + "`secret.key`" + ` (seals webhook secrets; back it up with
the database), ` + "`initial-admin-key`" + ` (the first key, when there was no terminal to show it on), ` + "`listen-address`" + ` (host:port of the
API, there while it serves) and ` + "`lock`" + ` (held by the one process that works on the folder).
`)
	return b.String()
}

func (s setting) values() string {
	text := string(s.Kind)
	if s.Enum != nil {
		text = strings.Join(s.Enum, ", ")
		if s.Kind == settingCount {
			text += " or a number"
		}
	}
	if s.Unit != "" {
		text += " (" + s.Unit + ")"
	}
	return text
}

func (s setting) shownDefault() string {
	if s.Default == "" {
		return "–"
	}
	return "`" + s.Default + "`"
}
