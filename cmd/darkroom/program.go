package main

import (
	"fmt"
	"io"
	"os"
	"path/filepath"
	"slices"
	"strings"

	"golang.org/x/term"
)

// program is what one run of the command line works with.
type program struct {
	env    environment
	stdin  io.Reader
	stdout io.Writer
	stderr io.Writer
	json   bool // --json: machine-readable output, errors too

	told map[int]bool // failed captures that a progress has named, by index
}

// environment is the process's environment by name.
type environment map[string]string

func parseEnvironment(list []string) environment {
	env := make(environment, len(list))
	for _, entry := range list {
		name, value, _ := strings.Cut(entry, "=")
		env[name] = value
	}
	return env
}

func (e environment) list() []string {
	list := make([]string, 0, len(e))
	for name, value := range e {
		list = append(list, name+"="+value)
	}
	slices.Sort(list)
	return list
}

// userFolder gives $variable/darkroom, or home/fallback/darkroom as the XDG
// specification says, and "" when there is neither.
func (e environment) userFolder(variable, fallback string) string {
	if base := e[variable]; filepath.IsAbs(base) {
		return filepath.Join(base, "darkroom")
	}
	if home := e["HOME"]; filepath.IsAbs(home) {
		return filepath.Join(home, fallback, "darkroom")
	}
	return ""
}

func (e environment) configFolder() string { return e.userFolder("XDG_CONFIG_HOME", ".config") }

func (e environment) dataFolder() string {
	return e.userFolder("XDG_DATA_HOME", filepath.Join(".local", "share"))
}

// terminal reports whether a stream is a terminal that understands more than
// plain text.
func (p *program) terminal(stream any) bool {
	file, ok := stream.(*os.File)
	return ok && p.env["TERM"] != "dumb" && term.IsTerminal(int(file.Fd()))
}

// say writes one line of talk to stderr. Data goes to stdout.
func (p *program) say(format string, args ...any) {
	fmt.Fprintf(p.stderr, format+"\n", args...)
}

// whisper is say for what is good to know but rarely read: dimmed where the
// terminal can, left out of --json output.
func (p *program) whisper(format string, args ...any) {
	if p.json {
		return
	}
	text := fmt.Sprintf(format, args...)
	if p.colours(p.stderr) {
		text = "\x1b[2m" + text + "\x1b[0m"
	}
	fmt.Fprintln(p.stderr, text)
}

// colours reports whether a stream takes colour: a terminal, unless NO_COLOR or
// CLICOLOR=0 says otherwise, or any with FORCE_COLOR.
func (p *program) colours(stream any) bool {
	switch {
	case p.env["NO_COLOR"] != "" || p.env["CLICOLOR"] == "0":
		return false
	case p.env["FORCE_COLOR"] != "" && p.env["FORCE_COLOR"] != "0":
		return true
	}
	return p.terminal(stream)
}
