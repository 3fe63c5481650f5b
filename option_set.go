package darkroom

import (
	"encoding/json"
	"fmt"
	"reflect"
)

// OptionSet is a part of the options, by their names on the wire and as JSON:
// what it names lies over other options, whatever the value, so that false and
// 0 count too. It is made with Set; equal sets have the same JSON.
type OptionSet map[string]json.RawMessage

// Set reads a value as it stands in a request body into the set. null names
// nothing; an empty text or 0 names the default. Whether the value is in range
// is for Options.Validate to say.
func (s OptionSet) Set(option Option, raw json.RawMessage) error {
	if len(raw) == 0 || string(raw) == "null" {
		return nil
	}
	var read Options
	if err := option.SetJSON(&read, raw); err != nil {
		return err
	}
	value, err := json.Marshal(option.field(&read))
	if err != nil {
		return fmt.Errorf("keep option %s: %w", option.Name, err)
	}
	s[option.Name] = value
	return nil
}

// Over lays the set over base and shares nothing with it that could change.
func (s OptionSet) Over(base Options) (Options, error) {
	if len(s) == 0 {
		return base, nil
	}
	for _, option := range OptionTable() {
		value, named := s[option.Name]
		if !named {
			continue
		}
		field := option.field(&base)
		reflect.ValueOf(field).Elem().SetZero() // or a map of base would be written into
		if err := json.Unmarshal(value, field); err != nil {
			return Options{}, fmt.Errorf("read option %s of a set: %w", option.Name, err)
		}
	}
	return base, nil
}

// Split parts what may be stored in clear and shown from what may not.
func (s OptionSet) Split() (clear, secret OptionSet) {
	clear, secret = OptionSet{}, OptionSet{}
	for _, option := range OptionTable() {
		value, named := s[option.Name]
		switch {
		case named && option.Secret():
			secret[option.Name] = value
		case named:
			clear[option.Name] = value
		}
	}
	return clear, secret
}

// Secret reports whether the option belongs to Secrets.
func (p Option) Secret() bool {
	var o Options
	field := reflect.ValueOf(p.field(&o))
	secrets := reflect.ValueOf(&o.Secrets).Elem()
	for i := range secrets.NumField() {
		if one := secrets.Field(i).Addr(); one.Type() == field.Type() && one.Pointer() == field.Pointer() {
			return true
		}
	}
	return false
}
