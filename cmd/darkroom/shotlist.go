package main

import (
	"maps"
	"os"
	"path/filepath"
	"slices"
	"strings"

	"github.com/knadh/koanf/parsers/yaml"

	"darkroom"
	"darkroom/client"
)

// listedShot is one picture of a shot list.
type listedShot struct {
	name    string // of its file, without the ending
	request client.Request
}

// readShots reads a shot list: options of every picture, and shots, each with a
// url, perhaps a name, and options of its own.
func readShots(path string) ([]listedShot, error) {
	content, err := os.ReadFile(path)
	if err != nil {
		return nil, usage("read the shot list: %v", err)
	}
	values, err := yaml.Parser().Unmarshal(content)
	if err != nil {
		return nil, usage("%s: %v", path, err)
	}
	for key := range values {
		if key != "options" && key != "shots" {
			return nil, usage("%s: %q is neither options nor shots", path, key)
		}
	}
	common, _ := values["options"].(map[string]any)
	list, ok := values["shots"].([]any)
	if !ok || len(list) == 0 {
		return nil, usage("%s: shots must be a list", path)
	}
	var shots []listedShot
	for i, entry := range list {
		shot, err := readShot(common, entry)
		if err != nil {
			return nil, usage("%s: shots[%d]: %v", path, i, err)
		}
		if slices.ContainsFunc(shots, func(other listedShot) bool { return other.name == shot.name }) {
			return nil, usage("%s: shots[%d]: there are two called %q: give one another name", path, i, shot.name)
		}
		shots = append(shots, shot)
	}
	return shots, nil
}

func readShot(common map[string]any, entry any) (listedShot, error) {
	own, ok := entry.(map[string]any)
	if !ok {
		return listedShot{}, usage("it must have a url, and may have a name and options")
	}
	wire := client.Options{}
	maps.Copy(wire, common)
	maps.Copy(wire, own)
	url, _ := wire["url"].(string)
	name, _ := wire["name"].(string)
	delete(wire, "url")
	delete(wire, "name")
	if url == "" {
		return listedShot{}, usage("url is missing")
	}
	for option := range wire {
		if _, known := darkroom.FindOption(option); !known {
			return listedShot{}, usage("%q is no capture option%s", option, didYouMean(option, optionNames()))
		}
	}
	if name == "" {
		_, rest, absolute := strings.Cut(url, "://")
		if !absolute {
			rest = url
		}
		name = strings.TrimSuffix(shotName("://"+rest, darkroom.Options{}), ".png")
	}
	if name != filepath.Base(name) || strings.HasPrefix(name, ".") {
		return listedShot{}, usage("%q is no name of a file", name)
	}
	return listedShot{name, client.Request{URL: url, Options: wire}}, nil
}

func optionNames() []string {
	var names []string
	for _, option := range darkroom.OptionTable() {
		names = append(names, option.Name)
	}
	return names
}

// only keeps the shots of these names; all when none is named.
func only(shots []listedShot, names []string) ([]listedShot, error) {
	if len(names) == 0 {
		return shots, nil
	}
	var kept []listedShot
	for _, name := range names {
		i := slices.IndexFunc(shots, func(shot listedShot) bool { return shot.name == name })
		if i < 0 {
			return nil, usage("no shot is called %q", name)
		}
		kept = append(kept, shots[i])
	}
	return kept, nil
}
