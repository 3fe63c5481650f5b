package main

import (
	"encoding/json"
	"fmt"
	"os"
	"strconv"
	"strings"
	"time"

	"github.com/spf13/pflag"

	"darkroom"
)

// optionFlags are the capture options as flags: the words of the API with
// dashes. renamed gives another flag name to an option whose own is taken, and
// none to one that makes no sense for the command.
func optionFlags(flags *pflag.FlagSet, options *darkroom.Options, renamed map[string]string) {
	for _, option := range darkroom.OptionTable() {
		if option.Name == "headers" || option.Name == "cookies" {
			continue
		}
		name := strings.ReplaceAll(option.Name, "_", "-")
		if other, ok := renamed[option.Name]; ok {
			name = other
		}
		if name == "" {
			continue
		}
		flag := flags.VarPF(&optionFlag{option: option, options: options}, name, "", optionUsage(option))
		if option.Kind == darkroom.OptionBoolean {
			flag.NoOptDefVal = "true"
		}
	}
	flags.Var(&headerFlag{options}, "header", "request header, for the target's own origin only; may be repeated")
	flags.Var(&cookieFlag{options}, "cookie", "cookie for the target's host; may be repeated")
	flags.Var(&sizeFlag{options}, "size", "width and height in one, such as 1280x720")
}

func optionUsage(option darkroom.Option) string {
	if option.Default == "" || option.Default == "0" {
		return option.Doc
	}
	return strings.TrimSuffix(fmt.Sprintf("%s (default %s %s", option.Doc, option.Default, option.Unit), " ") + ")"
}

// optionFlag is one row of the option table as a flag.
type optionFlag struct {
	option  darkroom.Option
	options *darkroom.Options
	text    string
}

func (f *optionFlag) String() string { return f.text }

// Type is how --help calls the value.
func (f *optionFlag) Type() string {
	switch {
	case f.option.Enum != nil:
		return strings.Join(f.option.Enum, "|")
	case f.option.Name == "clip":
		return "x,y,width,height"
	case f.option.Name == "geolocation":
		return "latitude,longitude"
	case f.option.Name == "basic_auth":
		return "user:password"
	case f.option.Name == "storage_state":
		return "file"
	case f.option.Unit == "ms" || f.option.Unit == "s":
		return "time"
	}
	return map[darkroom.OptionKind]string{
		darkroom.OptionInteger: "number", darkroom.OptionBoolean: "bool", darkroom.OptionText: "text",
		darkroom.OptionTexts: "list", darkroom.OptionObject: "JSON",
	}[f.option.Kind]
}

func (f *optionFlag) Set(text string) error {
	f.text = text
	if f.option.Name == "storage_state" && !strings.HasPrefix(strings.TrimSpace(text), "{") {
		content, err := os.ReadFile(text)
		if err != nil {
			return fmt.Errorf("read the storage state: %w", err)
		}
		return f.option.SetText(f.options, string(content))
	}
	return f.option.SetText(f.options, f.normal(text))
}

// normal turns the forms that are pleasant to type into those of the wire:
// 1.5s for milliseconds, 1h for seconds, numbers for a clip and a place, user:password for an
// account, none for an empty list.
func (f *optionFlag) normal(text string) string {
	switch {
	case f.option.Unit == "ms":
		if wait, err := time.ParseDuration(text); err == nil {
			return strconv.FormatInt(wait.Milliseconds(), 10)
		}
	case f.option.Unit == "s":
		if wait, err := time.ParseDuration(text); err == nil {
			return strconv.FormatInt(int64(wait.Round(time.Second)/time.Second), 10)
		}
	case f.option.Name == "clip":
		var x, y, width, height float64
		if count, _ := fmt.Sscanf(text, "%g,%g,%g,%g", &x, &y, &width, &height); count == 4 {
			return fmt.Sprintf(`{"x":%g,"y":%g,"width":%g,"height":%g}`, x, y, width, height)
		}
	case f.option.Name == "geolocation":
		var latitude, longitude float64
		if count, _ := fmt.Sscanf(text, "%g,%g", &latitude, &longitude); count == 2 {
			return fmt.Sprintf(`{"latitude":%g,"longitude":%g}`, latitude, longitude)
		}
	case f.option.Name == "basic_auth":
		if user, password, ok := strings.Cut(text, ":"); ok && !strings.HasPrefix(text, "{") {
			if pair, err := json.Marshal(map[string]string{"username": user, "password": password}); err == nil {
				return string(pair)
			}
		}
	case f.option.Kind == darkroom.OptionTexts && text == "none":
		return "[]"
	}
	return text
}

// headerFlag collects --header Name:value.
type headerFlag struct{ options *darkroom.Options }

func (f *headerFlag) String() string { return "" }
func (f *headerFlag) Type() string   { return "name:value" }
func (f *headerFlag) Set(text string) error {
	name, value, ok := strings.Cut(text, ":")
	if !ok || strings.TrimSpace(name) == "" {
		return fmt.Errorf("write it as Name:value")
	}
	if f.options.Headers == nil {
		f.options.Headers = map[string]string{}
	}
	f.options.Headers[strings.TrimSpace(name)] = strings.TrimSpace(value)
	return nil
}

// cookieFlag collects --cookie name=value.
type cookieFlag struct{ options *darkroom.Options }

func (f *cookieFlag) String() string { return "" }
func (f *cookieFlag) Type() string   { return "name=value" }
func (f *cookieFlag) Set(text string) error {
	name, value, ok := strings.Cut(text, "=")
	if !ok || name == "" {
		return fmt.Errorf("write it as name=value")
	}
	f.options.Cookies = append(f.options.Cookies, darkroom.Cookie{Name: name, Value: value})
	return nil
}

// sizeFlag sets width and height together.
type sizeFlag struct{ options *darkroom.Options }

func (f *sizeFlag) String() string { return "" }
func (f *sizeFlag) Type() string   { return "WxH" }
func (f *sizeFlag) Set(text string) error {
	width, height, _ := strings.Cut(text, "x")
	w, widthErr := strconv.Atoi(width)
	h, heightErr := strconv.Atoi(height)
	if widthErr != nil || heightErr != nil || w <= 0 || h <= 0 {
		return fmt.Errorf("write it as WIDTHxHEIGHT, such as 1280x720")
	}
	f.options.Width, f.options.Height = w, h
	return nil
}
