package api

import (
	"bytes"
	"encoding/json"
	"maps"
	"math"
	"net/url"
	"slices"
	"strconv"
	"strings"
	"unicode"

	"darkroom"
)

// fields are the members of a request body, or the parameters of a query as
// JSON strings, by name. Decoding takes what it knows; what is left at the end
// was unknown.
type fields map[string]json.RawMessage

func fieldsOfBody(body []byte) (fields, error) {
	var f fields
	if err := json.Unmarshal(body, &f); err != nil {
		return nil, malformed("The body is not a JSON object", "Send an object")
	}
	return f, nil
}

// fieldsOfQuery reads query text. A parameter given twice is a list, and so is
// name[0]=…, while name[key]=… is an object: one published client writes them
// so.
func fieldsOfQuery(rawQuery string) (fields, error) {
	values, err := parseQuery(rawQuery)
	if err != nil {
		return nil, err
	}
	f := make(fields, len(values))
	lists, objects := map[string][]string{}, map[string]map[string]json.RawMessage{}
	for _, name := range slices.Sorted(maps.Keys(values)) {
		outer, key := splitName(name)
		switch {
		case key == "":
			lists[outer] = append(lists[outer], values[name]...)
		case objects[outer] == nil:
			objects[outer] = map[string]json.RawMessage{}
			fallthrough
		default:
			objects[outer][key] = jsonOf(values[name][0])
		}
	}
	for name, texts := range lists {
		f[name] = jsonOfList(texts, values.Has(name))
	}
	for name, object := range objects {
		if f[name], err = json.Marshal(object); err != nil {
			return nil, malformed("The query text cannot be read", "Send the options as JSON with POST")
		}
	}
	return f, nil
}

// splitName cuts name[key]; key is empty for plain names and positions.
func splitName(name string) (outer, key string) {
	outer, key, found := strings.Cut(name, "[")
	key, closed := strings.CutSuffix(key, "]")
	if !found || !closed || outer == "" {
		return name, ""
	}
	if strings.Trim(key, "0123456789") == "" {
		return outer, ""
	}
	return outer, key
}

// jsonOf keeps a number a number, for members of an object.
func jsonOf(text string) json.RawMessage {
	if _, err := strconv.ParseFloat(text, 64); err == nil && json.Valid([]byte(text)) {
		return json.RawMessage(text)
	}
	return jsonOfList([]string{text}, true)
}

// jsonOfList is a text where one plain parameter was given, else a list.
func jsonOfList(texts []string, plain bool) json.RawMessage {
	var value any = texts
	if len(texts) == 1 && plain {
		value = texts[0]
	}
	raw, err := json.Marshal(value)
	if err != nil {
		panic("texts are always JSON: " + err.Error())
	}
	return raw
}

func parseQuery(rawQuery string) (url.Values, error) {
	values, err := url.ParseQuery(rawQuery)
	if err != nil {
		return nil, malformed("The query text is malformed", "Percent-encode every value, and ; too")
	}
	for _, texts := range values {
		for _, text := range texts {
			if !isText(text) {
				return nil, malformed("The query text is not UTF-8", "Percent-encode the bytes of UTF-8 text, without NUL")
			}
		}
	}
	return values, nil
}

func (f fields) take(name string) json.RawMessage {
	raw := bytes.TrimSpace(f[name])
	delete(f, name)
	if string(raw) == "null" {
		return nil
	}
	return raw
}

// text gives a string of one line, at most limit bytes; "" when it is not
// there.
func (f fields) text(name string, limit int) (string, error) {
	raw := f.take(name)
	if raw == nil {
		return "", nil
	}
	var text string
	if err := json.Unmarshal(raw, &text); err != nil {
		return "", darkroom.Invalid(name, "%s must be a string", name)
	}
	text = strings.TrimSpace(text)
	if len(text) > limit {
		return "", darkroom.Invalid(name, "%s may be at most %d bytes long", name, limit)
	}
	if strings.ContainsFunc(text, unicode.IsControl) {
		return "", darkroom.Invalid(name, "%s must be one line without control characters", name)
	}
	return text, nil
}

// integer gives a whole number between least and most, sent as a number or as
// text; 0, which means the default, when it is not there, empty or 0.
func (f fields) integer(name, unit string, least, most int) (int, error) {
	text := f.plain(name)
	if text == "" {
		return 0, nil
	}
	number, err := strconv.ParseFloat(text, 64)
	switch {
	case err != nil || number != math.Trunc(number):
		return 0, darkroom.Invalid(name, "%s must be a whole number%s", name, unit)
	case number == 0:
		return 0, nil
	case number < float64(least) || number > float64(most):
		return 0, darkroom.Invalid(name, "%s must be between %d and %d%s", name, least, most, unit)
	}
	return int(number), nil
}

// boolean gives what was sent as true or false, as 1 or 0 or as text; standard
// when it is not there or empty.
func (f fields) boolean(name string, standard bool) (bool, error) {
	switch strings.ToLower(f.plain(name)) {
	case "":
		return standard, nil
	case "true", "1", "yes", "on":
		return true, nil
	case "false", "0", "no", "off":
		return false, nil
	}
	return false, darkroom.Invalid(name, "%s must be true or false", name)
}

// plain takes a value as text, whether it was sent so or not; "" when it is not
// there.
func (f fields) plain(name string) string {
	raw := f.take(name)
	text := string(raw)
	if len(raw) > 0 && raw[0] == '"' {
		if err := json.Unmarshal(raw, &text); err != nil {
			text = string(raw)
		}
	}
	return strings.TrimSpace(text)
}

// list gives an array of strings, or one string cut at its commas.
func (f fields) list(name string, entries, limit int) ([]string, error) {
	raw := f.take(name)
	if raw == nil {
		return nil, nil
	}
	var texts []string
	if raw[0] == '"' {
		var joined string
		if err := json.Unmarshal(raw, &joined); err == nil {
			texts = strings.Split(joined, ",")
		}
	} else if err := json.Unmarshal(raw, &texts); err != nil {
		return nil, darkroom.Invalid(name, "%s must be a list of strings", name)
	}
	for i, text := range texts {
		texts[i] = strings.TrimSpace(text)
		if len(texts[i]) > limit || strings.ContainsFunc(texts[i], unicode.IsControl) {
			return nil, darkroom.Invalid(name, "each entry of %s may be one line of at most %d bytes", name, limit)
		}
	}
	texts = slices.DeleteFunc(texts, func(text string) bool { return text == "" })
	if len(texts) > entries {
		return nil, darkroom.Invalid(name, "%s may have at most %d entries", name, entries)
	}
	return texts, nil
}

// options takes every capture option.
func (f fields) options() (darkroom.Options, error) {
	var options darkroom.Options
	for _, option := range darkroom.OptionTable() {
		if raw := f.take(option.Name); raw != nil {
			if err := option.SetJSON(&options, raw); err != nil {
				return darkroom.Options{}, err
			}
		}
	}
	return options, options.Validate()
}
