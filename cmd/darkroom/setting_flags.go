package main

import (
	"slices"
	"strings"

	"github.com/spf13/pflag"
)

// addSettingFlags makes a flag of each named setting, of all when none is
// named. Their values are read by loadSettings, which knows the other layers.
func addSettingFlags(flags *pflag.FlagSet, names ...string) {
	for _, s := range settingTable() {
		if len(names) > 0 && !slices.Contains(names, s.Name) {
			continue
		}
		flag := flags.VarPF(&settingFlag{setting: s}, s.Name, "", s.usage())
		if s.Kind == settingSwitch {
			flag.NoOptDefVal = "true"
		}
	}
	flags.String("config", "", "`file` with settings (YAML) instead of the usual places")
}

// settingFlag is a setting as a flag. It keeps the text; loadSettings checks
// it.
type settingFlag struct {
	setting setting
	texts   []string
}

func (f *settingFlag) String() string { return strings.Join(f.texts, ",") }

// Set replaces the value; a list grows.
func (f *settingFlag) Set(text string) error {
	if f.setting.Kind != settingList {
		f.texts = nil
	}
	f.texts = append(f.texts, text)
	return nil
}

// Type is how --help calls the value.
func (f *settingFlag) Type() string {
	switch {
	case f.setting.Kind == settingSwitch:
		return "bool"
	case f.setting.Enum == nil:
		return string(f.setting.Kind)
	case f.setting.Kind == settingCount:
		return strings.Join(append(f.setting.Enum, "number"), "|")
	}
	return strings.Join(f.setting.Enum, "|")
}

// usage is the setting's line in --help.
func (s setting) usage() string {
	if s.Default == "" || s.Kind == settingSwitch {
		return s.meaning()
	}
	return s.meaning() + " (default " + s.Default + ")"
}

// meaning is what the setting does, and whether this version does it.
func (s setting) meaning() string {
	if s.Unbuilt == "" || s.Built != nil {
		return s.Doc
	}
	return s.Doc + " Not in this version."
}
