package e2e

import (
	"bufio"
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
	"time"
)

// apiKey is what every server of these tests is started with.
const apiKey = "sk_live_" + "0123456789abcdef0123456789abcdef0123456789abcdef"

// webhookSecret is the first key's, in the form that receivers are shown.
const webhookSecret = "whsec_MDEyMzQ1Njc4OWFiY2RlZjAxMjM0NTY3ODlhYmNkZWY="

// programPath is the binary under test, built once by TestMain.
var programPath string

func TestMain(m *testing.M) { os.Exit(buildAndRun(m)) }

func buildAndRun(m *testing.M) int {
	dir, err := os.MkdirTemp("", "darkroom-e2e-")
	if err != nil {
		fmt.Fprintln(os.Stderr, err)
		return 1
	}
	defer os.RemoveAll(dir)
	programPath = filepath.Join(dir, "darkroom")
	build := exec.Command("go", "build", "-o", programPath, "darkroom/cmd/darkroom")
	build.Env = append(os.Environ(), "CGO_ENABLED=0")
	if out, err := build.CombinedOutput(); err != nil {
		fmt.Fprintf(os.Stderr, "build the program: %v\n%s", err, out)
		return 1
	}
	return m.Run()
}

// server is one running `darkroom serve`.
type server struct {
	t    *testing.T
	data string
	url  string
	key  string // that calls are made with; "" = apiKey
	cmd  *exec.Cmd
	log  *syncBuffer
	said chan string // its address, once
	done chan error
}

// start runs the program on a data folder and waits until it is ready.
func start(t *testing.T, data string, flags ...string) *server {
	t.Helper()
	return launch(t, data, serve(data, flags...)).ready()
}

// serve is the command of a server on a data folder.
func serve(data string, flags ...string) *exec.Cmd {
	args := append([]string{"serve", "--listen", "127.0.0.1:0", "--data", data, "--min-free-disk", "64MiB"}, flags...)
	return exec.Command(programPath, args...)
}

// launch starts a server and does not wait for it. What the command has in its
// environment comes last.
func launch(t *testing.T, data string, cmd *exec.Cmd) *server {
	t.Helper()
	s := &server{t: t, data: data, cmd: cmd, log: &syncBuffer{}, said: make(chan string, 1), done: make(chan error, 1)}
	// The browser runs as an unprivileged user, who must get through.
	must(t, os.MkdirAll(tempDir(data), 0o711))
	t.Cleanup(func() { _ = os.RemoveAll(tempDir(data)) })
	cmd.Env = append(append(os.Environ(), "DARKROOM_API_KEY="+apiKey, "DARKROOM_WEBHOOK_SECRET="+webhookSecret,
		"HOME="+t.TempDir(), "XDG_CONFIG_HOME=", "XDG_DATA_HOME=", "TMPDIR="+tempDir(data)), cmd.Env...)
	cmd.SysProcAttr = &syscall.SysProcAttr{Setpgid: true}
	stderr, err := cmd.StderrPipe()
	must(t, err)
	must(t, cmd.Start())
	go s.follow(stderr)
	t.Cleanup(s.kill) // before the folder above goes
	return s
}

// ready waits until the server has said where it listens, and then until it
// can take work.
func (s *server) ready() *server {
	s.t.Helper()
	s.listening()
	s.waitReady()
	return s
}

// listening waits until the server has said where it listens.
func (s *server) listening() {
	s.t.Helper()
	select {
	case s.url = <-s.said:
	case err := <-s.done:
		s.done <- err
		s.t.Fatalf("the server ended at start: %v\n%s", err, s.log)
	case <-time.After(30 * time.Second):
		s.t.Fatalf("the server did not say where it listens\n%s", s.log)
	}
}

// follow reads the log to its end, then reaps the process.
func (s *server) follow(stderr io.Reader) {
	lines := bufio.NewScanner(stderr)
	lines.Buffer(nil, 1<<20)
	said := false
	for lines.Scan() {
		fmt.Fprintln(s.log, lines.Text())
		if _, after, ok := strings.Cut(lines.Text(), "http://127.0.0.1:"); ok && !said {
			said = true
			port := after[:len(after)-len(strings.TrimLeft(after, "0123456789"))]
			s.said <- "http://127.0.0.1:" + port
		}
	}
	s.done <- s.cmd.Wait()
}

func (s *server) waitReady() {
	s.t.Helper()
	deadline := time.Now().Add(30 * time.Second)
	for time.Now().Before(deadline) {
		if answer, err := http.Get(s.url + "/readyz"); err == nil {
			answer.Body.Close()
			if answer.StatusCode == http.StatusOK {
				return
			}
		}
		time.Sleep(5 * time.Millisecond) // polling another process
	}
	s.t.Fatalf("not ready\n%s", s.log)
}

// kill ends the server as a power cut would, and waits for its death.
func (s *server) kill() {
	_ = s.cmd.Process.Kill()
	s.wait(10 * time.Second)
}

// stop asks the server to end and gives its exit code.
func (s *server) stop() int {
	s.t.Helper()
	must(s.t, s.cmd.Process.Signal(syscall.SIGTERM))
	err := s.wait(30 * time.Second)
	if exit, ok := errors.AsType[*exec.ExitError](err); ok {
		return exit.ExitCode()
	}
	must(s.t, err)
	return 0
}

func (s *server) wait(limit time.Duration) error {
	select {
	case err := <-s.done:
		s.done <- err
		return err
	case <-time.After(limit):
		return fmt.Errorf("the server is still running after %s", limit)
	}
}

// tempDir is where the server on that data folder keeps temporary files, and
// nobody else does.
func tempDir(data string) string {
	return filepath.Join(os.TempDir(), "darkroom-e2e-"+filepath.Base(filepath.Dir(data)))
}

// browsers counts the processes whose command line names that folder.
func browsers(t *testing.T, dir string) int {
	t.Helper()
	lines, err := filepath.Glob("/proc/[0-9]*/cmdline")
	must(t, err)
	count := 0
	for _, line := range lines {
		if text, err := os.ReadFile(line); err == nil && bytes.Contains(text, []byte(dir)) {
			count++
		}
	}
	return count
}

// program runs another command of the binary to its end.
func program(ctx context.Context, t *testing.T, env []string, args ...string) (stdout, stderr string, code int) {
	t.Helper()
	cmd := exec.CommandContext(ctx, programPath, args...)
	cmd.Env = append(append(os.Environ(), "HOME="+t.TempDir(), "XDG_CONFIG_HOME=", "XDG_DATA_HOME="), env...)
	var out, talk bytes.Buffer
	cmd.Stdout, cmd.Stderr = &out, &talk
	err := cmd.Run()
	if exit, ok := errors.AsType[*exec.ExitError](err); ok {
		return out.String(), talk.String(), exit.ExitCode()
	}
	must(t, err)
	return out.String(), talk.String(), 0
}

// length is how much a test does in its short, its long and its soak form.
func length(short, long, soak int) int {
	switch {
	case os.Getenv("DARKROOM_SOAK") != "":
		return soak
	case os.Getenv("DARKROOM_LONG") != "":
		return long
	}
	return short
}

func must(t *testing.T, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}
