package main

import (
	"fmt"
	"net/http"
	"net/http/httptest"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"time"
)

// pane is a real terminal, as a person would use it: a shell inside tmux.
type pane struct {
	t      *testing.T
	socket string
}

// openPane starts a shell whose PATH has the program.
func openPane(t *testing.T, env []string, shell ...string) *pane {
	t.Helper()
	for _, name := range []string{"tmux", shell[0]} {
		if _, err := exec.LookPath(name); err != nil {
			t.Fatalf("%v: scripts/setup test installs it", err)
		}
	}
	home := t.TempDir()
	for _, folder := range []string{filepath.Dir(home), home} {
		if err := os.Chmod(folder, 0o755); err != nil { // the browser's user must be able to go there
			t.Fatal(err)
		}
	}
	program, err := os.Executable()
	if err != nil {
		t.Fatal(err)
	}
	if err := os.Symlink(program, filepath.Join(home, "darkroom")); err != nil { // by that name it is the program
		t.Fatal(err)
	}
	p := &pane{t: t, socket: filepath.Join(home, "tmux")}
	command := exec.Command("tmux", append([]string{
		"-S", p.socket, "-f", "/dev/null", "new-session", "-d", "-x", "100", "-y", "30", "-c", home,
	}, shell...)...)
	command.Env = append([]string{
		"HOME=" + home, "PATH=" + home + ":" + os.Getenv("PATH"), "TERM=xterm-256color", "LC_ALL=C.UTF-8", "PS1=ready> ", "DARKROOM_MIN_FREE_DISK=1MiB",
	}, env...)
	if out, err := command.CombinedOutput(); err != nil {
		t.Fatalf("start tmux: %v\n%s", err, out)
	}
	t.Cleanup(func() { _ = exec.Command("tmux", "-S", p.socket, "kill-server").Run() })
	return p
}

// types presses keys; text is taken as it is, unless it is the name of a key
// such as Enter, Tab and C-c.
func (p *pane) types(keys ...string) {
	p.t.Helper()
	if out, err := exec.Command("tmux", append([]string{"-S", p.socket, "send-keys"}, keys...)...).CombinedOutput(); err != nil {
		p.t.Fatalf("type %q: %v\n%s", keys, err, out)
	}
}

func (p *pane) text() string {
	out, err := exec.Command("tmux", "-S", p.socket, "capture-pane", "-p", "-J").CombinedOutput()
	if err != nil {
		p.t.Fatalf("read the screen: %v\n%s", err, out)
	}
	return string(out)
}

// shows waits until all of this stands on the screen at once.
func (p *pane) shows(want ...string) {
	p.t.Helper()
	var screen string
	for deadline := time.Now().Add(time.Minute); time.Now().Before(deadline); time.Sleep(20 * time.Millisecond) {
		screen = p.text()
		missing := 0
		for _, part := range want {
			if !strings.Contains(screen, part) {
				missing++
			}
		}
		if missing == 0 {
			return
		}
	}
	p.t.Fatalf("waited a minute for %q on the screen:\n%s", want, screen)
}

// TestInARealTerminal has a person watch a batch, see what fails, interrupt it,
// and be asked before something is deleted.
func TestInARealTerminal(t *testing.T) {
	t.Parallel()
	rest := make(chan struct{})
	mux := http.NewServeMux()
	mux.Handle("/", testSite())
	mux.HandleFunc("/held", func(w http.ResponseWriter, r *http.Request) {
		select {
		case <-rest:
		case <-r.Context().Done():
		}
		fmt.Fprint(w, "<!doctype html><h1>held</h1>")
	})
	site := httptest.NewServer(mux)
	t.Cleanup(site.Close)
	p := openPane(t, []string{"SITE=" + site.URL}, "bash", "--norc", "--noprofile")
	p.shows("ready> ")

	// The bar stays below; what fails scrolls above it as it happens.
	p.types("darkroom batch --local --attempts 1 -o shots.zip $SITE/a $SITE/missing $SITE/held; echo code=$?", "Enter")
	p.shows("running here (no server)", "/missing  http_error: ", "2/3   1 ok · 1 failed", "▒", "  now: /held")
	close(rest)
	p.shows("3/3   2 ok · 1 failed", "shots.zip   2 pictures", "code=3")
	if screen := p.text(); strings.Contains(screen, "now: ") || strings.Count(screen, "http_error") != 1 {
		t.Errorf("at the end the screen shows\n%s", screen)
	}

	// The first Ctrl-C lets open pages end and saves what is there.
	p.types("clear; darkroom batch --local --concurrency 1 --attempts 1 --capture-timeout 2s -o some.zip $SITE/a $SITE/slow $SITE/b; echo code=$?", "Enter")
	p.shows("1/3   1 ok", "  now: /slow")
	p.types("C-c")
	p.shows("finishing the open pages; Ctrl-C again stops at once", "some.zip   1 pictures", "code=3")

	// What cannot be undone is asked for.
	p.types("clear; darkroom keys create old --data data; darkroom keys erase old --data data; echo code=$?", "Enter")
	p.shows("The key is not shown again.", "Everything of key old would be deleted for good. Type yes if that is meant: ")
	p.types("no", "Enter")
	p.shows("error: nothing was changed", "code=2")
	p.types("clear; darkroom keys erase old --data data; darkroom keys list --data data; echo code=$?", "Enter")
	p.shows("Type yes if that is meant: ")
	p.types("yes", "Enter")
	p.shows("erasing old", "STATE", "code=0")
	p.types("exit", "Enter")
	p.ends()
}

// ends waits until the shell, and with it tmux, has ended.
func (p *pane) ends() {
	p.t.Helper()
	for deadline := time.Now().Add(time.Minute); ; time.Sleep(20 * time.Millisecond) {
		if err := exec.Command("tmux", "-S", p.socket, "has-session").Run(); err != nil {
			return
		}
		if time.Now().After(deadline) {
			p.t.Fatalf("the shell does not end:\n%s", p.text())
		}
	}
}

// TestShellsComplete presses Tab in each shell.
func TestShellsComplete(t *testing.T) {
	for _, one := range []struct {
		shell []string
		setUp string
	}{
		{[]string{"bash", "--norc", "--noprofile"}, ". /usr/share/bash-completion/bash_completion; source <(darkroom completion bash); echo set"},
		{[]string{"zsh", "-f"}, "autoload -U compinit; compinit -D -u; source <(darkroom completion zsh); echo set"},
		{[]string{"fish", "--no-config"}, "darkroom completion fish | source; echo set"},
	} {
		t.Run(one.shell[0], func(t *testing.T) {
			t.Parallel()
			p := openPane(t, nil, one.shell...)
			p.types(one.setUp, "Enter")
			p.shows("\nset")
			for typed, want := range map[string]string{
				"darkroom sitem":                "darkroom sitemap",
				"darkroom shot --format we":     "--format webp",
				"darkroom jobs list --status c": "--status completed",
			} {
				p.types(typed, "Tab")
				p.shows(want)
				p.types("C-c")
			}
		})
	}
}
