package chrome

import (
	"context"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"

	"darkroom"
	"darkroom/internal/egress"
	"darkroom/internal/isolation"
)

// eventually polls until a condition holds.
func eventually(t *testing.T, what string, condition func() bool) {
	t.Helper()
	deadline := time.Now().Add(generous)
	for !condition() {
		if time.Now().After(deadline) {
			t.Fatalf("it never came to be that %s", what)
		}
		time.Sleep(10 * time.Millisecond)
	}
}

// members lists the processes of a group, zombies too.
func members(t *testing.T, group int) (found []int) {
	t.Helper()
	pids, err := processes()
	if err != nil {
		t.Fatal(err)
	}
	for _, pid := range pids {
		if s, err := readStat(pid); err == nil && s.group == group {
			found = append(found, pid)
		}
	}
	return found
}

func TestNothingIsLeft(t *testing.T) {
	t.Parallel()
	r := newRig(t)
	r.good("/plant", darkroom.Options{})
	first := int(r.slot.group.Load())
	r.fails("/buffers", darkroom.Options{Delay: 10000}, darkroom.CodeOutOfMemory)
	r.settled()
	second := int(r.slot.group.Load())
	if first == second {
		t.Fatal("the browser was not replaced")
	}
	if wornOut, broken := r.engine.Restarts(); wornOut != 0 || broken != 1 {
		t.Errorf("%d browsers were replaced when worn out and %d when broken, want none and one", wornOut, broken)
	}
	eventually(t, "the first browser is gone", func() bool { return len(members(t, first)) == 0 })
	if err := r.engine.Close(); err != nil {
		t.Fatal(err)
	}
	eventually(t, "the second browser is gone", func() bool { return len(members(t, second)) == 0 })
	// The rig looks for files.
}

func TestCloseDuringACapture(t *testing.T) {
	t.Parallel()
	r := newRig(t)
	result := make(chan error, 1)
	go func() {
		ctx, cancel := context.WithTimeout(context.WithoutCancel(t.Context()), generous)
		defer cancel()
		_, err := r.slot.Capture(ctx, darkroom.CaptureRequest{Session: "s", URL: r.url + "/never"})
		result <- err
	}()
	eventually(t, "the page is being loaded", func() bool { return len(r.site.Visits("/never")) > 0 })
	if err := r.engine.Close(); err != nil {
		t.Fatal(err)
	}
	if err := <-result; err == nil {
		t.Error("the capture succeeded")
	}
	if _, err := r.take("/colour/0f0", darkroom.Options{}); err == nil {
		t.Error("a closed slot takes pictures")
	}
	if err := r.slot.Close(); err != nil {
		t.Errorf("closing again: %v", err)
	}
	if _, err := r.engine.OpenSlot(t.Context()); err == nil {
		t.Error("a closed engine opens slots")
	}
}

func TestTheBrowserIsKilledInMidCapture(t *testing.T) {
	t.Parallel()
	r := newRig(t)
	neighbour, err := r.engine.OpenSlot(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	r.settled()
	var work sync.WaitGroup
	work.Go(func() {
		ctx, cancel := context.WithTimeout(t.Context(), generous)
		defer cancel()
		request := darkroom.CaptureRequest{Session: "n", URL: r.url + "/slow?ms=1500"}
		if _, err := neighbour.Capture(ctx, request); err != nil {
			t.Errorf("the neighbour noticed: %v", err)
		}
	})
	work.Go(func() {
		r.fails("/never", darkroom.Options{}, darkroom.CodeRendererCrashed)
	})
	eventually(t, "the page is being loaded", func() bool { return len(r.site.Visits("/never")) > 0 })
	killGroup(int(r.slot.group.Load()))
	work.Wait()
	r.good("/colour/0f0", darkroom.Options{})
}

func TestTheRendererIsKilledInMidCapture(t *testing.T) {
	t.Parallel()
	r := newRig(t)
	r.settled()
	var work sync.WaitGroup
	work.Go(func() { r.fails("/endless", darkroom.Options{}, darkroom.CodeRendererCrashed) })
	eventually(t, "the page is being loaded", func() bool { return len(r.site.Visits("/never")) > 0 })
	group := int(r.slot.group.Load())
	killRenderers(group)
	work.Wait()
	r.good("/colour/0f0", darkroom.Options{})
	if int(r.slot.group.Load()) != group {
		t.Error("the browser was replaced although only a renderer died")
	}
}

// A script that hangs and then takes its process along is a crash at once, not
// a timeout later: there is no answer to wait for.
func TestTheRendererIsKilledWhileItOwesAnAnswer(t *testing.T) {
	t.Parallel()
	r := newRig(t)
	r.settled()
	var work sync.WaitGroup
	work.Go(func() {
		options := darkroom.Options{JS: "await fetch('/colour/00f'); for (;;);", Timeout: 120000}
		r.fails("/colour/fff", options, darkroom.CodeRendererCrashed)
	})
	eventually(t, "the script runs", func() bool { return len(r.site.Visits("/colour/00f")) > 0 })
	killRenderers(int(r.slot.group.Load()))
	work.Wait()
	r.good("/colour/0f0", darkroom.Options{})
}

// A capture must end soon after its deadline, whatever the page does.
func TestDeadlines(t *testing.T) {
	t.Parallel()
	r := newRig(t)
	r.settled()
	for _, path := range []string{"/spin", "/spin-later", "/spin-frame", "/never", "/endless", "/drip-html", "/js-spin"} {
		options := darkroom.Options{Timeout: 1500}
		if path == "/js-spin" {
			path, options.JS = "/colour/fff", "for (;;);"
		}
		// What is promised is two seconds; the rest is for a machine that has other
		// things to do.
		var late time.Duration
		ctx, cancel := context.WithTimeout(t.Context(), options.AttemptTimeout())
		_, err := r.slot.Capture(ctx, darkroom.CaptureRequest{Session: "s", URL: r.url + path, Options: options})
		if deadline, _ := ctx.Deadline(); true {
			late = time.Since(deadline)
		}
		cancel()
		if darkroom.CodeOf(err) != darkroom.CodeTimeout {
			t.Errorf("%s: %v, want a timeout", path, err)
		}
		if late > 2*time.Second+5*time.Second {
			t.Errorf("%s ended %v after its deadline", path, late)
		}
		r.settled()
	}
	r.good("/colour/0f0", darkroom.Options{})
}

func TestContextsWithoutADeadlineAndCancelled(t *testing.T) {
	t.Parallel()
	r := newRig(t)
	request := darkroom.CaptureRequest{Session: "s", URL: r.url + "/never"}
	if _, err := r.slot.Capture(t.Context(), request); darkroom.CodeOf(err) != darkroom.CodeInternal {
		t.Errorf("without a deadline: %v", err)
	}
	ctx, cancel := context.WithTimeout(t.Context(), generous)
	defer cancel()
	go func() {
		for len(r.site.Visits("/never")) == 0 && ctx.Err() == nil {
			time.Sleep(10 * time.Millisecond)
		}
		cancel()
	}()
	if _, err := r.slot.Capture(ctx, request); darkroom.CodeOf(err) != darkroom.CodeCancelled {
		t.Errorf("cancelled: %v", err)
	}
}

func TestRecycling(t *testing.T) {
	t.Parallel()
	r := newRig(t)
	r.good("/colour/0f0", darkroom.Options{})
	r.settled()
	before := r.slot.group.Load()
	r.slot.browser.shots = maxShots - 1
	r.good("/colour/0f0", darkroom.Options{})
	r.settled()
	if r.slot.group.Load() == before {
		t.Error("a worn-out browser is still in use")
	}
}

// TestMain lets the test program play a server that dies, and isolate browsers.
func TestMain(m *testing.M) {
	isolation.Main()
	if os.Args[0] == leakStage {
		os.Exit(playLeakStage())
	}
	if folder := os.Getenv("CHROME_TEST_SERVER"); folder != "" {
		os.Exit(playServer(folder))
	}
	os.Exit(m.Run())
}

// playServer starts a browser, tells its process id, and waits to be killed.
func playServer(folder string) int {
	policy, err := egress.NewPolicy(egress.Config{AllowPrivate: true})
	if err != nil {
		return 3
	}
	ctx, cancel := context.WithTimeout(context.Background(), generous)
	defer cancel()
	engine, err := New(ctx, Config{RunDir: folder, Policy: policy, Isolation: isolation.Auto})
	if err != nil {
		return 4
	}
	slot, err := engine.OpenSlot(ctx)
	if err != nil {
		return 5
	}
	if err := slot.Prepare(ctx); err != nil {
		return 6
	}
	if _, err := os.Stdout.WriteString(strconv.FormatInt(slot.group.Load(), 10) + "\n"); err != nil {
		return 7
	}
	select {}
}

// TestADeadServer kills a server with SIGKILL: its browser must go with it, and
// the next server must clean up.
func TestADeadServer(t *testing.T) {
	t.Parallel()
	folder := filepath.Join(t.TempDir(), "run")
	program, err := os.Executable()
	if err != nil {
		t.Fatal(err)
	}
	server := exec.Command(program)
	server.Env = append(os.Environ(), "CHROME_TEST_SERVER="+folder)
	server.Stderr = os.Stderr
	out, err := server.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := server.Start(); err != nil {
		t.Fatal(err)
	}
	line := make([]byte, 32)
	n, err := out.Read(line)
	if err != nil {
		t.Fatalf("the server did not start: %v", err)
	}
	group, err := strconv.Atoi(strings.TrimSpace(string(line[:n])))
	if err != nil {
		t.Fatal(err)
	}
	if len(members(t, group)) == 0 {
		t.Fatal("the server's browser does not run")
	}
	if err := server.Process.Kill(); err != nil {
		t.Fatal(err)
	}
	_ = server.Wait()
	eventually(t, "the dead server's browser is gone", func() bool { return alive(members(t, group)) == 0 })
	r := newRig(t, func(c *Config) { c.RunDir = folder })
	if entries, err := os.ReadDir(r.engine.run.path); err != nil || len(entries) > 0 {
		t.Errorf("the next server finds %v, %v", entries, err)
	}
}

func alive(pids []int) (n int) {
	for _, pid := range pids {
		if _, err := startTime(pid); err == nil {
			n++
		}
	}
	return n
}

// TestASurvivor leaves a process behind that its record still names, and one
// whose number now belongs to somebody else.
func TestASurvivor(t *testing.T) {
	folder := filepath.Join(t.TempDir(), "run")
	survivor, stranger := sleeper(t), sleeper(t)
	run, err := openRunDir(t.Context(), folder, quietLog())
	if err != nil {
		t.Fatal(err)
	}
	for _, process := range []*exec.Cmd{survivor, stranger} {
		folder, err := run.newFolder()
		if err != nil {
			t.Fatal(err)
		}
		if err := run.record(folder, process.Process.Pid); err != nil {
			t.Fatal(err)
		}
		if process == stranger {
			forged := []byte(strconv.Itoa(process.Process.Pid) + " 1\n")
			if err := os.WriteFile(filepath.Join(folder, recordName), forged, 0o600); err != nil {
				t.Fatal(err)
			}
		}
	}
	// Somebody has to bury them, as init does for real survivors.
	ended := make(chan struct{})
	go func() { defer close(ended); _ = survivor.Wait() }()
	if _, err := openRunDir(t.Context(), folder, quietLog()); err != nil {
		t.Fatal(err)
	}
	<-ended
	if _, err := startTime(stranger.Process.Pid); err != nil {
		t.Error("a process that was not ours was killed")
	}
	if entries, err := os.ReadDir(run.path); err != nil || len(entries) > 0 {
		t.Errorf("left: %v, %v", entries, err)
	}
	if err := run.remove(); err != nil {
		t.Error(err)
	}
}

func sleeper(t *testing.T) *exec.Cmd {
	t.Helper()
	cmd := exec.Command("sleep", "600")
	cmd.SysProcAttr = &syscall.SysProcAttr{Setpgid: true, Pdeathsig: syscall.SIGKILL}
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = cmd.Process.Kill(); _ = cmd.Wait() })
	return cmd
}

// That a browser died idle is found out only when the next page wants it, of
// the same job or of another; the page must not pay for it.
func TestABrowserThatDiedIdleCostsNobody(t *testing.T) {
	t.Parallel()
	r := newRig(t)
	for i := range 10 {
		if _, err := r.takeIn(fmt.Sprint("session ", i/2), "/colour/0f0", darkroom.Options{}); err != nil {
			t.Fatalf("round %d: %v", i, err)
		}
		r.settled()
		killGroup(int(r.slot.group.Load()))
	}
}
