package main

import (
	"errors"
	"fmt"
	"io/fs"
	"maps"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"

	"github.com/knadh/koanf/parsers/yaml"
	"github.com/knadh/koanf/providers/confmap"
	"github.com/knadh/koanf/providers/env/v2"
	"github.com/knadh/koanf/providers/posflag"
	"github.com/knadh/koanf/v2"
	"github.com/spf13/pflag"
)

// systemConfigFile is read when the user has no config file of their own.
const systemConfigFile = "/etc/darkroom/config.yaml"

// value is what a setting came to, and where it was said.
type value struct {
	Text   string
	Source string // "--listen", "DARKROOM_LISTEN", "/etc/darkroom/config.yaml:3" or "default"
}

// settings are the values of all settings by name. Every one is there and
// every one has passed its check.
type settings map[string]value

// loadSettings reads the layers, each over the one before: default, config
// file, environment, flags. flags may be nil, and may lack settings.
func loadSettings(environ environment, flags *pflag.FlagSet, path string) (settings, error) {
	known := settings{}
	defaults := map[string]any{}
	for _, s := range settingTable() {
		defaults[s.Name] = s.Default
	}
	file, err := readConfigFile(environ, path)
	if err != nil {
		return nil, err
	}
	layers := []struct {
		provider koanf.Provider
		source   func(name string) string
	}{
		{confmap.Provider(defaults, ""), func(string) string { return "default" }},
		{confmap.Provider(file.values, ""), file.place},
		{env.Provider("", fromEnvironment(environ)), func(name string) string { return setting{Name: name}.EnvName() }},
		{changedFlags(flags), func(name string) string { return "--" + name }},
	}
	for _, layer := range layers {
		if err := known.add(layer.provider, layer.source); err != nil {
			return nil, err
		}
	}
	return known, known.check()
}

// add puts the values of one layer over those of the layers before. An empty
// value is no value: container files often pass empty variables on.
func (known settings) add(provider koanf.Provider, source func(string) string) error {
	layer := koanf.New(".")
	if err := layer.Load(provider, nil); err != nil {
		return fmt.Errorf("read settings: %w", err)
	}
	for name, raw := range layer.All() {
		text := textOf(raw)
		if _, seen := known[name]; text == "" && seen {
			continue
		}
		known[name] = value{Text: text, Source: source(name)}
	}
	return nil
}

func (known settings) check() error {
	for _, s := range settingTable() {
		if err := s.check(known[s.Name].Text); err != nil {
			return usage("%s: %v", known[s.Name].Source, err)
		}
	}
	return nil
}

func textOf(raw any) string {
	switch raw := raw.(type) {
	case nil:
		return ""
	case []any:
		words := make([]string, len(raw))
		for i, word := range raw {
			words[i] = fmt.Sprint(word)
		}
		return strings.Join(words, ",")
	case []string:
		return strings.Join(raw, ",")
	}
	return strings.TrimSpace(fmt.Sprint(raw))
}

type configFile struct {
	path   string
	lines  []string
	values map[string]any
}

// place is where the file says something of a key: path:line.
func (f configFile) place(name string) string {
	key := regexp.MustCompile(`^["']?` + regexp.QuoteMeta(name) + `["']?\s*:`)
	if i := slices.IndexFunc(f.lines, key.MatchString); i >= 0 {
		return fmt.Sprintf("%s:%d", f.path, i+1)
	}
	return f.path
}

// readConfigFile reads the file that was named, or the first of the usual
// places that exists. Keys must be names of settings: a misspelt one would
// otherwise be a setting silently ignored.
func readConfigFile(environ environment, path string) (configFile, error) {
	for _, candidate := range configPaths(environ, path) {
		content, err := os.ReadFile(candidate)
		if errors.Is(err, fs.ErrNotExist) && candidate != path {
			continue
		}
		if err != nil {
			return configFile{}, usage("--config: %v", err)
		}
		values, err := yaml.Parser().Unmarshal(content)
		if err != nil {
			return configFile{}, usage("%s: %v", candidate, err)
		}
		file := configFile{path: candidate, lines: strings.Split(string(content), "\n"), values: values}
		return file, file.checkKeys()
	}
	return configFile{}, nil
}

func (f configFile) checkKeys() error {
	for _, name := range slices.Sorted(maps.Keys(f.values)) {
		if !isSetting(name) {
			return usage("%s: %q is not a setting%s", f.place(name), name, didYouMean(name, settingNames()))
		}
		if _, nested := f.values[name].(map[string]any); nested {
			return usage("%s: %s must be one value or a list", f.place(name), name)
		}
	}
	return nil
}

func configPaths(environ environment, path string) []string {
	if path != "" {
		return []string{path}
	}
	paths := []string{systemConfigFile}
	if folder := environ.configFolder(); folder != "" {
		paths = append([]string{filepath.Join(folder, "config.yaml")}, paths...)
	}
	return paths
}

// fromEnvironment takes the variables that name a setting and leaves others
// alone: an orchestrator puts its own DARKROOM_… there for a service of that
// name.
func fromEnvironment(environ environment) env.Opt {
	return env.Opt{
		Prefix:      envPrefix,
		EnvironFunc: environ.list,
		TransformFunc: func(name, text string) (string, any) {
			key := strings.ReplaceAll(strings.ToLower(strings.TrimPrefix(name, envPrefix)), "_", "-")
			if !isSetting(key) {
				return "", nil
			}
			return key, text
		},
	}
}

func changedFlags(flags *pflag.FlagSet) koanf.Provider {
	if flags == nil {
		return confmap.Provider(nil, "")
	}
	return posflag.ProviderWithFlag(flags, "", nil, func(flag *pflag.Flag) (string, any) {
		if !isSetting(flag.Name) {
			return "", nil
		}
		return flag.Name, flag.Value.String()
	})
}
