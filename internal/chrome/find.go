package chrome

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"time"
)

// Browser is an installed Chromium or one of its relatives.
type Browser struct {
	Path    string // of the program itself, not of a wrapper script where that can be told
	Product string // "chromium-headless-shell", "chromium", "google-chrome" or "microsoft-edge"
	Version string // "156.0.8078.79"
}

// Shell reports whether this is the headless shell, which does a capture with
// 0.6 of the CPU time that the whole browser takes.
func (b Browser) Shell() bool { return b.Product == productShell }

// Major is the first number of the version.
func (b Browser) Major() string {
	major, _, _ := strings.Cut(b.Version, ".")
	return major
}

// BuiltFor is the newest major version of Chromium that this program was built
// for and tested with.
const BuiltFor = 156

// maxBehind is how many major versions a browser may be older without a
// warning. Every few weeks one closes holes that pages may know.
const maxBehind = 2

// Outdated reports whether the browser is so much older than BuiltFor that its
// operator should be told.
func (b Browser) Outdated() bool {
	major, err := strconv.Atoi(b.Major())
	return err == nil && BuiltFor-major > maxBehind
}

const productShell = "chromium-headless-shell"

// ErrNoBrowser is what Find fails with when nothing usable is installed.
var ErrNoBrowser = errors.New("no browser found: install chromium-headless-shell " +
	"(Debian: apt-get install chromium-headless-shell), or Chromium, Google Chrome or Microsoft Edge, " +
	"or name the program with --chromium PATH")

// versionTimeout is generous: the first run of a browser reads 200 MB from
// disk.
const versionTimeout = 30 * time.Second

// candidate is where a product may be installed. Names without a slash are
// looked up in PATH.
type candidate struct {
	product string
	paths   []string
}

// candidates are in order of preference. Full paths come first because the
// names in PATH are often wrapper scripts that add flags of their own.
func candidates() []candidate {
	return []candidate{
		{productShell, []string{
			"/usr/lib/chromium/chromium-headless-shell", "/usr/lib64/chromium-browser/headless_shell",
			"chromium-headless-shell", "chrome-headless-shell", "headless_shell",
		}},
		{"chromium", []string{
			"/usr/lib/chromium/chromium", "/usr/lib64/chromium-browser/chromium-browser", "chromium", "chromium-browser",
		}},
		{"google-chrome", []string{"/opt/google/chrome/chrome", "google-chrome-stable", "google-chrome"}},
		{"microsoft-edge", []string{"/opt/microsoft/msedge/msedge", "microsoft-edge-stable", "microsoft-edge"}},
	}
}

// Find looks for the browser to use: the program at path or, when path is
// empty, the best of what is installed. It runs the program with --version.
func Find(path string) (Browser, error) {
	if path != "" {
		browser, err := inspect(productOf(path), path)
		if err != nil {
			return Browser{}, fmt.Errorf("the browser at %s cannot be used: %w", path, err)
		}
		return browser, nil
	}
	return findAmong(candidates())
}

func findAmong(known []candidate) (Browser, error) {
	var broken []error
	for _, candidate := range known {
		for _, path := range candidate.paths {
			browser, err := inspect(candidate.product, path)
			if err == nil {
				return browser, nil
			}
			if !errors.Is(err, exec.ErrNotFound) && !errors.Is(err, os.ErrNotExist) {
				broken = append(broken, fmt.Errorf("%s: %w", path, err))
			}
		}
	}
	return Browser{}, errors.Join(append([]error{ErrNoBrowser}, broken...)...)
}

func inspect(product, name string) (Browser, error) {
	path, err := exec.LookPath(name)
	if err != nil {
		return Browser{}, err
	}
	if path, err = unwrap(path); err != nil {
		return Browser{}, err
	}
	version, err := versionOf(path)
	if err != nil {
		return Browser{}, err
	}
	return Browser{Path: path, Product: product, Version: version}, nil
}

// wrapperSize bounds a wrapper script, in bytes.
const wrapperSize = 64 << 10

// unwrap gives the program behind a distribution's wrapper script, which adds
// flags that cost speed, or path itself when it is no script or does not speak
// of the folder in which a known program of its name lies.
func unwrap(path string) (string, error) {
	file, err := os.Open(path)
	if err != nil {
		return "", err
	}
	defer func() { _ = file.Close() }()
	script, err := io.ReadAll(io.LimitReader(file, wrapperSize))
	if err != nil || !bytes.HasPrefix(script, []byte("#!")) {
		return path, nil
	}
	base := filepath.Base(path)
	for _, candidate := range candidates() {
		for _, known := range candidate.paths {
			if filepath.IsAbs(known) && filepath.Base(known) == base && known != path &&
				bytes.Contains(script, []byte(filepath.Dir(known))) && executable(known) {
				return known, nil
			}
		}
	}
	return path, nil
}

func executable(path string) bool {
	info, err := os.Stat(path)
	return err == nil && info.Mode().IsRegular() && info.Mode().Perm()&0o111 != 0
}

func productOf(path string) string {
	base := strings.ToLower(filepath.Base(path))
	switch {
	case strings.Contains(base, "headless-shell"), strings.Contains(base, "headless_shell"):
		return productShell
	case strings.Contains(base, "edge"):
		return "microsoft-edge"
	case strings.Contains(base, "chrome"):
		return "google-chrome"
	}
	return "chromium"
}

var versionPattern = regexp.MustCompile(`\d+(\.\d+){3}`)

func versionOf(path string) (string, error) {
	ctx, cancel := context.WithTimeout(context.Background(), versionTimeout)
	defer cancel()
	cmd := exec.CommandContext(ctx, path, "--version")
	cmd.Env = slices.DeleteFunc(os.Environ(), func(entry string) bool { return strings.HasPrefix(entry, "DARKROOM_") })
	cmd.WaitDelay = time.Second
	output, err := cmd.Output()
	if err != nil {
		return "", fmt.Errorf("run it with --version: %w", err)
	}
	version := versionPattern.FindString(string(output))
	if version == "" {
		return "", fmt.Errorf("--version answered %q: not a version of Chromium", shorten(string(output), 80))
	}
	return version, nil
}
