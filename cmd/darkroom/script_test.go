package main

import (
	"encoding/pem"
	"errors"
	"flag"
	"fmt"
	"image"
	"image/color"
	"image/png"
	"io"
	"log"
	"net/http"
	"net/http/httptest"
	"os"
	"os/exec"
	"os/signal"
	"path/filepath"
	"strconv"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/rogpeppe/go-internal/testscript"
	"golang.org/x/sys/unix"

	"darkroom/demo"
	"darkroom/internal/isolation"
)

var update = flag.Bool("update", false, "write the help texts of the scripts anew")

func TestMain(m *testing.M) {
	isolation.Main()
	testscript.Main(m, map[string]func(){"darkroom": main, "without-namespaces": withoutNamespaces})
}

// withoutNamespaces runs a command where the kernel refuses further
// namespaces: in one whose own limit is zero.
func withoutNamespaces() {
	const limit = `echo 0 > /proc/sys/user/max_user_namespaces && exec "$@"`
	cmd := exec.Command("sh", append([]string{"-c", limit, "sh"}, os.Args[1:]...)...)
	cmd.Stdin, cmd.Stdout, cmd.Stderr = os.Stdin, os.Stdout, os.Stderr
	ids := func(id int) []syscall.SysProcIDMap {
		return []syscall.SysProcIDMap{{ContainerID: 1000, HostID: id, Size: 1}}
	}
	cmd.SysProcAttr = &syscall.SysProcAttr{
		Cloneflags: syscall.CLONE_NEWUSER, UidMappings: ids(os.Geteuid()), GidMappings: ids(os.Getegid()),
		AmbientCaps: []uintptr{unix.CAP_SYS_RESOURCE},
	}
	asked := make(chan os.Signal, 1)
	signal.Notify(asked, syscall.SIGTERM)
	if err := cmd.Start(); err != nil {
		log.Fatal(err)
	}
	go func() {
		for received := range asked {
			_ = cmd.Process.Signal(received)
		}
	}()
	if err := cmd.Wait(); err != nil {
		log.Print(err)
	}
	os.Exit(cmd.ProcessState.ExitCode())
}

// TestScripts runs the whole program as an operator does: real processes, the
// real browser, pages on loopback.
func TestScripts(t *testing.T) {
	testscript.Run(t, testscript.Params{
		Dir:                 "testdata/script",
		UpdateScripts:       *update,
		RequireExplicitExec: true,
		RequireUniqueNames:  true,
		Setup:               setUpScript,
		Cmds: map[string]func(*testscript.TestScript, bool, []string){
			"fails": failsWith,
			"await": awaitFile,
			"setenv": func(ts *testscript.TestScript, _ bool, args []string) {
				ts.Setenv(args[0], strings.TrimSpace(ts.ReadFile(args[1])))
			},
			"signal": signalBackground,
			"mode":   fileMode,
		},
	})
}

// setUpScript gives a script a home of its own and two sites to photograph: the
// test's and the demo's. The temporary folder is the system's, because the
// browser's user must be able to go there.
func setUpScript(env *testscript.Env) error {
	site, demoSite := httptest.NewServer(testSite()), httptest.NewServer(demo.Handler())
	env.Defer(site.Close)
	env.Defer(demoSite.Close)
	home := filepath.Join(env.WorkDir, "home")
	if err := os.Mkdir(home, 0o700); err != nil {
		return fmt.Errorf("make a home: %w", err)
	}
	env.Setenv("HOME", home)
	env.Setenv("SITE", site.URL)
	env.Setenv("DEMO", demoSite.URL)
	env.Setenv("TMPDIR", "/tmp")
	secure := httptest.NewUnstartedServer(testSite())
	secure.Config.ErrorLog = log.New(io.Discard, "", 0) // browsers refuse it on purpose
	secure.StartTLS()
	env.Defer(secure.Close)
	env.Setenv("SECURE", secure.URL)
	authority := pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: secure.Certificate().Raw})
	if err := os.WriteFile(filepath.Join(env.WorkDir, "authority.pem"), authority, 0o600); err != nil {
		return fmt.Errorf("write the authority of the secure site: %w", err)
	}
	env.Setenv("DARKROOM_MIN_FREE_DISK", "1MiB")
	return nil
}

// testSite has /a, /b and so on, /missing, and /slow, which never ends.
func testSite() http.Handler {
	mux := http.NewServeMux()
	mux.HandleFunc("/{name}", func(w http.ResponseWriter, r *http.Request) {
		w.Header().Set("Content-Type", "text/html")
		fmt.Fprintf(w, "<!doctype html><title>%[1]s</title><h1>%[1]s</h1><img src=/dot.png>", r.PathValue("name"))
	})
	mux.HandleFunc("/missing", http.NotFound)
	mux.HandleFunc("/favicon.ico", http.NotFound)
	mux.HandleFunc("/slow", func(_ http.ResponseWriter, r *http.Request) { <-r.Context().Done() })
	mux.HandleFunc("/dot.png", func(w http.ResponseWriter, _ *http.Request) {
		dot := image.NewRGBA(image.Rect(0, 0, 8, 8))
		dot.Set(4, 4, color.RGBA{200, 40, 40, 255})
		_ = png.Encode(w, dot) // the browser sees a cut picture
	})
	return mux
}

// failsWith runs a program that must end with that exit code.
func failsWith(ts *testscript.TestScript, _ bool, args []string) {
	want, err := strconv.Atoi(args[0])
	ts.Check(err)
	err = ts.Exec(args[1], args[2:]...)
	failure, ok := errors.AsType[*exec.ExitError](err)
	if !ok || failure.ExitCode() != want {
		ts.Fatalf("ended with %v, want exit code %d", err, want)
	}
}

// awaitFile waits until a file has content: a server that runs in the
// background writes it when it is ready.
func awaitFile(ts *testscript.TestScript, neg bool, args []string) {
	path := ts.MkAbs(args[0])
	for deadline := time.Now().Add(time.Minute); time.Now().Before(deadline); time.Sleep(10 * time.Millisecond) {
		if info, err := os.Stat(path); (err == nil && info.Size() > 0) != neg {
			return
		}
	}
	ts.Fatalf("waited a minute for %s", args[0])
}

// signalBackground sends TERM or INT to what runs in the background.
func signalBackground(ts *testscript.TestScript, _ bool, args []string) {
	signals := map[string]syscall.Signal{"TERM": syscall.SIGTERM, "INT": syscall.SIGINT, "KILL": syscall.SIGKILL}
	for _, command := range ts.BackgroundCmds() {
		ts.Check(command.Process.Signal(signals[args[0]]))
	}
}

// fileMode checks the permissions of files: mode 600 FILE…
func fileMode(ts *testscript.TestScript, _ bool, args []string) {
	for _, name := range args[1:] {
		info, err := os.Stat(ts.MkAbs(name))
		ts.Check(err)
		if got := fmt.Sprintf("%o", info.Mode().Perm()); got != args[0] {
			ts.Fatalf("%s has mode %s, want %s", name, got, args[0])
		}
	}
}
