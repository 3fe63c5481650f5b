package main

import (
	"os"
	"regexp"
	"strings"
	"testing"
)

// docs/cli.md names every command, and has the exit codes that the help has.
func TestCommandsAreDocumented(t *testing.T) {
	content, err := os.ReadFile("../../docs/cli.md")
	if err != nil {
		t.Fatal(err)
	}
	page := string(content)
	named := map[string]bool{}
	for _, code := range regexp.MustCompile("`[^`\n]+`").FindAllString(page, -1) {
		for _, word := range regexp.MustCompile(`[a-z-]+`).FindAllString(code, -1) {
			named[word] = true
		}
	}
	for _, command := range (&program{}).rootCommand().Commands() {
		for _, one := range append(command.Commands(), command) {
			if one.IsAvailableCommand() && command.Name() != "completion" && !named[one.Name()] {
				t.Errorf("docs/cli.md lacks %s", one.CommandPath())
			}
		}
	}
	for _, topic := range topics() {
		if topic.Name() == "exit-codes" {
			checkExitCodes(t, page, topic.Long)
		}
	}
}

func checkExitCodes(t *testing.T, page, help string) {
	t.Helper()
	told := regexp.MustCompile(`(?m)^ +(\d+) +`).FindAllStringSubmatch(help, -1)
	for _, code := range told {
		if !strings.Contains(page, "\n| "+code[1]+" | ") {
			t.Errorf("docs/cli.md lacks the exit code %s", code[1])
		}
	}
	if rows := regexp.MustCompile(`(?m)^\| \d+ \| `).FindAllString(page, -1); len(rows) != len(told) || len(told) < 10 {
		t.Errorf("docs/cli.md has %d exit codes, the help %d", len(rows), len(told))
	}
}
