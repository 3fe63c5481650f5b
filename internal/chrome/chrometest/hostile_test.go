package chrometest

import (
	"slices"
	"testing"

	"darkroom"
)

func TestTheTableOfHostilePages(t *testing.T) {
	site, err := OpenHostileSite()
	if err != nil {
		t.Fatal(err)
	}
	defer site.Close()
	names, paths := map[string]bool{}, map[string]bool{}
	for _, page := range site.Pages() {
		if names[page.Name] || paths[page.Path] {
			t.Errorf("%q (%s) is there twice", page.Name, page.Path)
		}
		names[page.Name], paths[page.Path] = true, true
		for _, code := range page.Codes {
			if !slices.Contains(darkroom.CaptureCodes(), code) {
				t.Errorf("%q ends with %q, which is no code of a capture", page.Name, code)
			}
		}
		if page.Options.Timeout == 0 {
			t.Errorf("%q has no bound in time", page.Name)
		}
	}
	if len(names) < 60 {
		t.Errorf("%d hostile pages, want at least 60", len(names))
	}
}
