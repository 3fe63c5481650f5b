package darkroom_test

import (
	"os"
	"regexp"
	"slices"
	"strings"
	"testing"

	"darkroom"
)

// The types of the Node client are written by hand: every option must be in
// them, in its kind, and nothing else. The Go client's have all of them, for
// they embed Options.
func TestTheNodeClientHasEveryOption(t *testing.T) {
	page, err := os.ReadFile("clients/node/index.d.ts")
	if err != nil {
		t.Fatal(err)
	}
	_, body, ok := strings.Cut(string(page), "interface CamelCaptureOptions {\n")
	body, _, closed := strings.Cut(body, "\n}\n")
	if !ok || !closed {
		t.Fatal("there is no CamelCaptureOptions")
	}
	types := map[string]string{}
	for _, member := range regexp.MustCompile(`(?m)^  (\w+)\?: (.+);$`).FindAllStringSubmatch(body, -1) {
		types[member[1]] = member[2]
	}
	for _, option := range darkroom.OptionTable() {
		name := camelCase(option.Name)
		got, found := types[name]
		delete(types, name)
		got = inOrder(alias(string(page), got))
		switch want := inOrder(nodeType(option)); {
		case !found:
			t.Errorf("%s is missing", name)
		case want != "" && got != want:
			t.Errorf("%s is %s, want %s", name, got, want)
		}
	}
	for name := range types {
		t.Errorf("%s is no option", name)
	}
}

// alias gives what a name of the page stands for, or the name.
func alias(page, name string) string {
	if _, rest, ok := strings.Cut(page, "type "+name+" = "); ok {
		name, _, _ = strings.Cut(rest, ";")
	}
	return name
}

// inOrder sorts the parts of a union.
func inOrder(union string) string {
	parts := strings.Split(union, " | ")
	slices.Sort(parts)
	return strings.Join(parts, " | ")
}

func camelCase(name string) string {
	words := strings.Split(name, "_")
	for i, word := range words[1:] {
		words[i+1] = strings.ToUpper(word[:1]) + word[1:]
	}
	return strings.Join(words, "")
}

// nodeType is "" for lists and objects, which have types of their own.
func nodeType(option darkroom.Option) string {
	switch {
	case option.Enum != nil:
		return "'" + strings.Join(option.Enum, "' | '") + "'"
	case option.Kind == darkroom.OptionInteger:
		return "number"
	case option.Kind == darkroom.OptionBoolean:
		return "boolean"
	case option.Kind == darkroom.OptionText:
		return "string"
	}
	return ""
}
