package darkroom_test

import (
	"fmt"
	"os"
	"strings"
	"testing"

	"darkroom"
)

// The tables of options in the docs are made from the one in the code.
func TestOptionsAreDocumented(t *testing.T) {
	documented(t, "docs/options.md", "options", optionRows())
	documented(t, "docs/pictures.md", "shot options", shotOptionRows())
}

func documented(t *testing.T, path, name, rows string) {
	t.Helper()
	begin, end := "<!-- "+name+":begin -->\n", "<!-- "+name+":end -->"
	page, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	before, rest, _ := strings.Cut(string(page), begin)
	_, after, ok := strings.Cut(rest, end)
	if !ok {
		t.Fatalf("%s lacks the marks of the table", path)
	}
	golden(t, path, []byte(before+begin+rows+end+after))
}

func shotOptionRows() string {
	var rows strings.Builder
	rows.WriteString("| option | |\n|---|---|\n")
	for _, option := range darkroom.OptionTable() {
		if option.Part == darkroom.OfShot {
			fmt.Fprintf(&rows, "| `%s` | %s |\n", option.Name, option.Doc)
		}
	}
	return rows.String()
}

func optionRows() string {
	var rows strings.Builder
	rows.WriteString("| option | type | default | range | |\n|---|---|---|---|---|\n")
	for _, option := range darkroom.OptionTable() {
		limits := ""
		switch {
		case option.Enum != nil:
			limits = strings.Join(option.Enum, ", ")
		case option.Kind == darkroom.OptionInteger:
			limits = strings.TrimSpace(fmt.Sprintf("%d–%d %s", option.Min, option.Max, option.Unit))
		case option.Kind == darkroom.OptionText:
			limits = fmt.Sprintf("≤ %d bytes", option.Max)
		case option.Kind == darkroom.OptionTexts:
			limits = fmt.Sprintf("≤ %d entries", option.Max)
		}
		fmt.Fprintf(&rows, "| `%s` | %s | %s | %s | %s |\n", option.Name, option.Kind, option.Default, limits, option.Doc)
	}
	return rows.String()
}
