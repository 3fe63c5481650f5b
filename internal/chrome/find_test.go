package chrome

import (
	"errors"
	"os"
	"path/filepath"
	"strings"
	"testing"
)

// program writes a script that answers --version.
func program(t *testing.T, name, version string) string {
	t.Helper()
	path := filepath.Join(t.TempDir(), name)
	if err := os.WriteFile(path, []byte("#!/bin/sh\necho '"+version+"'\n"), 0o755); err != nil {
		t.Fatal(err)
	}
	return path
}

func TestFindAmong(t *testing.T) {
	none := filepath.Join(t.TempDir(), "none")
	chrome := program(t, "google-chrome", "Google Chrome 150.0.1.2 ")
	edge := program(t, "msedge", "Microsoft Edge 151.0.1.3 unknown")
	odd := program(t, "chromium", "hello")
	for _, row := range []struct {
		name  string
		known []candidate
		want  Browser
	}{
		{"the first that is there", []candidate{{productShell, []string{none}}, {"google-chrome", []string{none, chrome}}, {"microsoft-edge", []string{edge}}}, Browser{chrome, "google-chrome", "150.0.1.2"}},
		{"a broken one is passed over", []candidate{{"chromium", []string{odd}}, {"microsoft-edge", []string{edge}}}, Browser{edge, "microsoft-edge", "151.0.1.3"}},
	} {
		t.Run(row.name, func(t *testing.T) {
			if got, err := findAmong(row.known); err != nil || got != row.want {
				t.Errorf("got %+v, %v; want %+v", got, err, row.want)
			}
		})
	}
	_, err := findAmong([]candidate{{"chromium", []string{none, odd}}})
	if !errors.Is(err, ErrNoBrowser) || !strings.Contains(err.Error(), "apt-get install chromium-headless-shell") || !strings.Contains(err.Error(), odd) {
		t.Errorf("without a usable one: %v", err)
	}
}

func TestFindByPath(t *testing.T) {
	for name, want := range map[string]string{
		"chrome-headless-shell": productShell, "headless_shell": productShell, "chrome": "google-chrome",
		"msedge": "microsoft-edge", "chromium": "chromium", "thing": "chromium",
	} {
		path := program(t, name, "X 1.2.3.4")
		got, err := Find(path)
		if err != nil || got != (Browser{path, want, "1.2.3.4"}) {
			t.Errorf("%s: %+v, %v", name, got, err)
		}
	}
	if _, err := Find("/nowhere/chromium"); err == nil || !strings.Contains(err.Error(), "/nowhere/chromium") {
		t.Errorf("a path that is none: %v", err)
	}
}

// The distribution's wrapper adds flags of its own: the program behind it is
// what must be found.
func TestFindTheRealProgram(t *testing.T) {
	browser, err := Find("")
	if err != nil {
		t.Fatal(err)
	}
	content := make([]byte, 4)
	file, err := os.Open(browser.Path)
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = file.Close() }()
	if _, err := file.Read(content); err != nil || string(content) != "\x7fELF" {
		t.Errorf("%s is no program: %q, %v", browser.Path, content, err)
	}
	if browser.Major() == "" || browser.Major() == browser.Version {
		t.Errorf("the version is %q", browser.Version)
	}
}

func TestFlags(t *testing.T) {
	for _, o := range []launchOptions{{shell: true}, {shell: true, strict: true}, {smallShared: true}} {
		var features int
		joined := " " + strings.Join(o.arguments(), " ") + " "
		for _, arg := range o.arguments() {
			if strings.HasPrefix(arg, "--disable-features=") {
				features++
			}
		}
		if features != 1 {
			t.Errorf("%+v has %d lists of features; only the last would count", o, features)
		}
		if got := strings.Contains(joined, " --headless=new "); got == o.shell {
			t.Errorf("%+v: --headless=new is %v", o, got)
		}
		if got := strings.Contains(joined, "site-isolation") || strings.Contains(joined, "IsolateOrigins") || strings.Contains(joined, "renderer-process-limit"); got == o.strict {
			t.Errorf("%+v: site isolation is changed: %v", o, got)
		}
		if got := strings.Contains(joined, "dev-shm"); got != o.smallShared {
			t.Errorf("%+v: --disable-dev-shm-usage is %v", o, got)
		}
	}
}

func TestOutdated(t *testing.T) {
	for version, old := range map[string]bool{
		"156.0.8078.79": false, "157.0.0.0": false, "154.0.0.0": false, "153.0.9999.9": true, "99.0.0.0": true, "odd": false,
	} {
		if got := (Browser{Version: version}).Outdated(); got != old {
			t.Errorf("%s: %v", version, got)
		}
	}
}
