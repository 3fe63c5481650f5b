package main

import (
	"os"
	"path/filepath"
	"strings"
	"testing"
)

func TestDoctorTellsAnOldBrowser(t *testing.T) {
	path := filepath.Join(t.TempDir(), "chrome-headless-shell")
	for version, want := range map[string]string{"120.0.1.2": "built for version", "999.0.1.2": ""} {
		if err := os.WriteFile(path, []byte("#!/bin/sh\necho 'HeadlessShell "+version+"'\n"), 0o755); err != nil {
			t.Fatal(err)
		}
		found := lookAtBrowser(t.Context(), config{Chromium: path})
		if found.State == verdictFault || (found.State == verdictNote) != (want != "") || !strings.Contains(found.Message, want) {
			t.Errorf("%s: %+v", version, found)
		}
	}
}
