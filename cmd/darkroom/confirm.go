package main

import (
	"bufio"
	"context"
	"fmt"
	"os"
	"strings"

	"golang.org/x/term"
)

// confirm asks whether something is meant that cannot be undone. It asks on a
// terminal only: elsewhere nobody would answer, and --yes must be said.
func (p *program) confirm(sure bool, format string, args ...any) error {
	what := fmt.Sprintf(format, args...)
	switch {
	case sure:
		return nil
	case p.json || !p.terminal(p.stderr) || !p.terminal(p.stdin):
		return usage("%s: say --yes if that is meant", what)
	}
	fmt.Fprintf(p.stderr, "%s. Type yes if that is meant: ", strings.ToUpper(what[:1])+what[1:])
	answer, err := bufio.NewReader(p.stdin).ReadString('\n')
	if err != nil || strings.TrimSpace(answer) != "yes" {
		return usage("nothing was changed")
	}
	return nil
}

// readSecret reads one line of stdin, which is not shown on a terminal.
func (p *program) readSecret(ctx context.Context, prompt string) (string, error) {
	file, ok := p.stdin.(*os.File)
	if !ok || !p.terminal(p.stdin) {
		line, err := bufio.NewReader(p.stdin).ReadString('\n')
		if line == "" && err != nil {
			return "", usage("nothing came on stdin")
		}
		return strings.TrimSpace(line), nil
	}
	fmt.Fprint(p.stderr, prompt)
	secret, err := term.ReadPassword(int(file.Fd()))
	fmt.Fprintln(p.stderr)
	if ctx.Err() != nil || err != nil {
		return "", usage("no key was typed")
	}
	return strings.TrimSpace(string(secret)), nil
}
