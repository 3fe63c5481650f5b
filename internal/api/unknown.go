package api

import (
	"bytes"
	"encoding/json"
	"fmt"
	"maps"
	"net/http"
	"slices"
	"strings"
	"unicode/utf8"

	"darkroom"
)

// strictHeader, set to 1, turns warnings about parameters into an error.
const strictHeader = "Darkroom-Strict"

const (
	maxWarnings      = 20 // named one by one; the rest is counted
	maxNameInWarning = 64 // bytes
)

// notSupported lists the options of the published API that this server does
// not know yet. Clients send them with their zero values, which ask for
// nothing.
func notSupported() []string {
	return []string{
		"country",
	}
}

// unknown names what nobody took. In strict mode it is an error instead.
// own are the names that the route knows besides the options.
func (f fields) unknown(header http.Header, own ...string) ([]string, error) {
	known := own
	for _, option := range darkroom.OptionTable() {
		known = append(known, option.Name)
	}
	verdict := " ignored"
	if isStrict(header) {
		verdict = ""
	}
	var warnings []string
	var details []darkroom.Detail
	for _, name := range slices.Sorted(maps.Keys(f)) {
		if warning := f.warning(name, verdict, known); warning != "" {
			warnings = append(warnings, warning)
			details = append(details, darkroom.Detail{Field: cut(name), Code: "unknown_parameter", Message: warning})
		}
	}
	if len(warnings) > 0 && isStrict(header) {
		err := darkroom.Invalid(details[0].Field, "%s", warnings[0])
		err.Hint = "Leave it out, or leave out the " + strictHeader + " header"
		err.Details = details[:min(len(details), maxWarnings)]
		return nil, err
	}
	return shortened(warnings), nil
}

func (f fields) warning(name, verdict string, known []string) string {
	place, own := splitEntry(name)
	if slices.Contains(notSupported(), own) {
		if asksForNothing(f[name]) {
			return ""
		}
		return fmt.Sprintf("unsupported parameter %q%s", cut(name), verdict)
	}
	warning := fmt.Sprintf("unknown parameter %q%s", cut(name), verdict)
	if near := nearest(own, known); near != "" && near != own { // it may be known elsewhere
		warning += fmt.Sprintf("; did you mean %q?", place+near)
	}
	return warning
}

// splitEntry parts the name of what was in an entry of a list: requests[3].
// and width.
func splitEntry(name string) (place, own string) {
	if end := strings.Index(name, "]."); end >= 0 {
		return name[:end+2], name[end+2:]
	}
	return "", name
}

func isStrict(header http.Header) bool {
	value := header.Get(strictHeader)
	return value == "1" || strings.EqualFold(value, "true")
}

func shortened(warnings []string) []string {
	if len(warnings) <= maxWarnings {
		return warnings
	}
	return append(warnings[:maxWarnings], fmt.Sprintf("%d more unknown parameters ignored", len(warnings)-maxWarnings))
}

// asksForNothing reports whether a value is the zero of its type, as text too.
func asksForNothing(raw json.RawMessage) bool {
	switch strings.ToLower(string(bytes.Trim(raw, "\" \t\r\n"))) {
	case "", "null", "false", "0", "no", "off", "[]", "{}":
		return true
	}
	return false
}

func cut(name string) string {
	if len(name) <= maxNameInWarning {
		return name
	}
	return strings.ToValidUTF8(name[:maxNameInWarning], "") + "…"
}

// nearest gives the known name that a typing error may have turned into name;
// "" when none is near.
func nearest(name string, known []string) string {
	name = strings.ToLower(strings.ReplaceAll(name, "-", "_"))
	if len(name) > maxNameInWarning {
		return ""
	}
	best, least := "", max(2, len(name)/3)
	for _, candidate := range known {
		plain := strings.ReplaceAll(candidate, "_", "")
		if strings.ReplaceAll(name, "_", "") == plain {
			return candidate
		}
		if distance := editDistance(name, candidate); distance < least {
			best, least = candidate, distance
		}
	}
	return best
}

// editDistance counts the letters to insert, delete or replace (Levenshtein).
func editDistance(a, b string) int {
	row := make([]int, len(b)+1)
	for j := range row {
		row[j] = j
	}
	for i := range len(a) {
		diagonal := row[0]
		row[0] = i + 1
		for j := range len(b) {
			cost := 1
			if a[i] == b[j] {
				cost = 0
			}
			diagonal, row[j+1] = row[j+1], min(diagonal+cost, row[j]+1, row[j+1]+1)
		}
	}
	return row[len(b)]
}

// isText reports whether s may be stored and shown.
func isText(s string) bool { return utf8.ValidString(s) && !strings.ContainsRune(s, 0) }
