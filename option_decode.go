package darkroom

import (
	"bytes"
	"encoding/json"
	"math"
	"strconv"
	"strings"
)

// SetJSON reads a value as it stands in a request body into o. null, and for
// every kind but fail_on_status an empty text or list, leave the default.
func (p Option) SetJSON(o *Options, raw json.RawMessage) error {
	raw = bytes.TrimSpace(raw)
	if len(raw) == 0 || string(raw) == "null" {
		return nil
	}
	if _, isMap := p.field(o).(*map[string]string); isMap && string(raw) == "[]" {
		return nil // how PHP writes an empty object
	}
	if raw[0] == '"' {
		var text string
		if err := json.Unmarshal(raw, &text); err != nil {
			return p.invalid("is not valid text")
		}
		return p.SetText(o, text)
	}
	switch field := p.field(o).(type) {
	case *int:
		return p.setNumber(field, string(raw))
	case *bool:
		return p.setBoolean(field, string(raw))
	case *string:
		return p.invalid("must be a string")
	default:
		if err := json.Unmarshal(raw, field); err != nil {
			return p.invalid("must be %s", p.shape())
		}
	}
	return nil
}

// SetText reads a value as it stands in query text or after a command-line
// flag into o. An empty text leaves the default.
func (p Option) SetText(o *Options, text string) error {
	if strings.TrimSpace(text) == "" {
		return nil
	}
	switch field := p.field(o).(type) {
	case *int:
		return p.setNumber(field, text)
	case *bool:
		return p.setBoolean(field, text)
	case *string:
		*field = text
		if p.Enum != nil {
			*field = strings.ToLower(strings.TrimSpace(text))
		}
	case *[]string:
		if strings.HasPrefix(strings.TrimSpace(text), "[") {
			return p.SetJSON(o, json.RawMessage(text))
		}
		*field = splitList(text)
	default:
		if !json.Valid([]byte(text)) || strings.HasPrefix(strings.TrimSpace(text), `"`) {
			return p.invalid("must be %s", p.shape())
		}
		return p.SetJSON(o, json.RawMessage(text))
	}
	return nil
}

func (p Option) setNumber(field *int, text string) error {
	number, err := strconv.ParseFloat(strings.TrimSpace(text), 64)
	if err != nil || number != math.Trunc(number) {
		return p.invalid("must be a whole number")
	}
	*field = int(min(max(number, math.MinInt32), math.MaxInt32)) // far out of every range, which is what Validate says
	return nil
}

func (p Option) setBoolean(field *bool, text string) error {
	switch strings.ToLower(strings.TrimSpace(text)) {
	case "true", "1", "yes", "on":
		*field = true
	case "false", "0", "no", "off":
		*field = false
	default:
		return p.invalid("must be true or false")
	}
	return nil
}

func (p Option) shape() string {
	switch p.field(new(Options)).(type) {
	case **Clip:
		return `an object with x, y, width and height`
	case *map[string]string:
		return `an object of header names and text values`
	case **Geolocation:
		return `an object with latitude and longitude`
	case **BasicAuth:
		return `an object with username and password`
	case **StorageState:
		return `an object with cookies and origins, as Playwright saves it`
	case *[]Cookie:
		return `an array of objects with name and value`
	}
	return "a list of strings"
}

func (p Option) invalid(format string, args ...any) *Error {
	return Invalid(p.Name, p.Name+" "+format, args...)
}

// splitList cuts a comma-separated list of selectors or words, leaving commas
// inside brackets and parentheses alone.
func splitList(text string) []string {
	var parts []string
	depth, start := 0, 0
	for i, r := range text + "," {
		switch {
		case strings.ContainsRune("([", r):
			depth++
		case strings.ContainsRune(")]", r):
			depth--
		case r == ',' && (depth <= 0 || i == len(text)):
			if part := strings.TrimSpace(text[start:min(i, len(text))]); part != "" {
				parts = append(parts, part)
			}
			start = i + 1
		}
	}
	return parts
}
