package main

import (
	"fmt"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/dustin/go-humanize"
)

// settingKind is the shape of a setting's value.
type settingKind string

const (
	settingText     settingKind = "text"
	settingCount    settingKind = "number"
	settingDuration settingKind = "duration" // 90s, 24h, 30d
	settingSize     settingKind = "size"     // 512MiB, 1GB
	settingSwitch   settingKind = "switch"   // true or false
	settingList     settingKind = "list"     // comma-separated; a flag may be repeated, a file may have a list
)

// setting is one thing that an operator may set: as the flag --Name, as
// DARKROOM_NAME in the environment and as the key Name in the config file.
type setting struct {
	Name    string
	Kind    settingKind
	Default string
	Unit    string // what a plain number counts; "" = it has none
	Enum    []string
	Min     int // of a count
	Doc     string
	Check   func(text string) error  // beyond what Kind, Enum and Min say; nil = nothing
	Show    func(text string) string // the value without what nobody may read; nil = all of it

	// Unbuilt says why a value other than the default (or Built) is refused:
	// the feature is not part of this version. A setting that does nothing must
	// not look as if it did something.
	Unbuilt string
	Built   func(text string) bool
}

// shown is the value as people may see it.
func (s setting) shown(text string) string {
	if s.Show == nil {
		return text
	}
	return s.Show(text)
}

// EnvName is the setting's name in the environment.
func (s setting) EnvName() string {
	return envPrefix + strings.ToUpper(strings.ReplaceAll(s.Name, "-", "_"))
}

const envPrefix = "DARKROOM_"

// check refuses a value that is malformed, outside its range or of a feature
// that this version has not.
func (s setting) check(text string) error {
	if text == s.Default {
		return nil
	}
	if err := s.checkShape(text); err != nil {
		return err
	}
	if s.Enum != nil && s.Kind != settingCount && !slices.Contains(s.Enum, text) {
		return fmt.Errorf("%q is not one of %s", text, strings.Join(s.Enum, ", "))
	}
	if s.Unbuilt != "" && (s.Built == nil || !s.Built(text)) {
		return fmt.Errorf("%q is refused: %s", text, s.Unbuilt)
	}
	if s.Check != nil {
		return s.Check(text)
	}
	return nil
}

func (s setting) checkShape(text string) error {
	switch s.Kind {
	case settingCount:
		if s.Enum != nil && slices.Contains(s.Enum, text) {
			return nil
		}
		if number, err := strconv.Atoi(text); err != nil || number < s.Min {
			return fmt.Errorf("%q is not a whole number of at least %d", text, s.Min)
		}
	case settingDuration:
		_, err := parseDuration(text)
		return err
	case settingSize:
		_, err := humanize.ParseBytes(text)
		if err != nil {
			return fmt.Errorf("%q is not a size such as 512MiB or 1GB", text)
		}
	case settingSwitch:
		if _, err := strconv.ParseBool(text); err != nil {
			return fmt.Errorf("%q is not true or false", text)
		}
	}
	return nil
}

// parseDuration is time.ParseDuration that also knows whole days, because
// nobody thinks of a month as 720h.
func parseDuration(text string) (time.Duration, error) {
	if days, ok := strings.CutSuffix(text, "d"); ok {
		if count, err := strconv.ParseUint(days, 10, 16); err == nil {
			return time.Duration(count) * 24 * time.Hour, nil
		}
	}
	duration, err := time.ParseDuration(text)
	if err != nil || duration < 0 {
		return 0, fmt.Errorf("%q is not a duration such as 90s, 24h or 30d", text)
	}
	return duration, nil
}
