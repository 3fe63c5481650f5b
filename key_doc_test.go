package darkroom_test

import (
	"fmt"
	"os"
	"strings"
	"testing"

	"darkroom"
)

// docs/keys.md lists every scope and every limit, with its unit and its
// default.
func TestKeysAreDocumented(t *testing.T) {
	content, err := os.ReadFile("docs/keys.md")
	if err != nil {
		t.Fatal(err)
	}
	for _, limit := range darkroom.KeyLimitTable() {
		if row := fmt.Sprintf("| `%s` | %s | %s |", limit.Name, limit.Unit, limit.Default); !strings.Contains(string(content), row) {
			t.Errorf("docs/keys.md lacks the row %s", row)
		}
		if limit.Doc == "" || limit.Most < 1 {
			t.Errorf("%s has no documentation or no range", limit.Name)
		}
	}
	for _, scope := range darkroom.Scopes() {
		if !strings.Contains(string(content), fmt.Sprintf("| `%s` |", scope)) {
			t.Errorf("docs/keys.md lacks the scope %s", scope)
		}
	}
}

// Each limit is kept in a field of its own.
func TestEachLimitHasItsField(t *testing.T) {
	var limits darkroom.KeyLimits
	for i, limit := range darkroom.KeyLimitTable() {
		*limit.In(&limits) = i + 1
	}
	for i, limit := range darkroom.KeyLimitTable() {
		if got := *limit.In(&limits); got != i+1 {
			t.Errorf("%s is %d, want %d", limit.Name, got, i+1)
		}
	}
}
