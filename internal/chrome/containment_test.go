package chrome

import (
	"errors"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"testing"

	"darkroom"
)

// TestContainment looks at the processes as they run: who they are, what they
// may, and with which arguments they were started.
func TestContainment(t *testing.T) {
	r := newRig(t)
	r.good("/colour/0f0", darkroom.Options{})
	group := int(r.slot.group.Load())
	var sandboxed int
	for _, pid := range members(t, group) {
		if field(t, pid, "Uid") == "0" {
			t.Errorf("process %d runs as root", pid)
		}
		if strings.Contains(commandLine(t, pid), " --type=renderer ") {
			sandboxed++
			if field(t, pid, "Seccomp") != "2" || field(t, pid, "NoNewPrivs") != "1" {
				t.Errorf("the renderer %d runs without its sandbox", pid)
			}
		}
	}
	if sandboxed == 0 {
		t.Error("no renderer was found, so nothing was shown")
	}
	line := commandLine(t, group)
	for _, forbidden := range []string{
		"--no-sandbox", "--disable-web-security", "--ignore-certificate-errors", "--single-process", "--remote-debugging-port",
		"--allow-file-access-from-files", "--remote-allow-origins", "--disable-setuid-sandbox", "--disable-seccomp-filter-sandbox",
	} {
		if strings.Contains(line, " "+forbidden) {
			t.Errorf("the browser runs with %s", forbidden)
		}
	}
	for _, wanted := range []string{
		"--proxy-bypass-list=<-loopback>", "--disable-quic", "--remote-debugging-pipe",
		"--force-webrtc-ip-handling-policy=disable_non_proxied_udp", "--webrtc-ip-handling-policy=disable_non_proxied_udp",
	} {
		if !strings.Contains(line, " "+wanted+" ") {
			t.Errorf("the browser runs without %s", wanted)
		}
	}
	for _, entry := range r.slot.browser.cmd.Env {
		name, value, _ := strings.Cut(entry, "=")
		if inherited, ok := os.LookupEnv(name); ok && inherited == value && name != "LANG" && name != "TZ" && name != "PATH" {
			t.Errorf("the browser inherits %s", name)
		}
	}
	if len(r.slot.browser.cmd.Env) == 0 {
		t.Error("the browser inherits everything")
	}
	if info, err := os.Stat(filepath.Join(r.slot.browser.folder, "profile")); err != nil || info.Mode().Perm() != 0o700 {
		t.Errorf("the profile folder: %v, %v", info, err)
	}
}

func field(t *testing.T, pid int, name string) string {
	t.Helper()
	content, err := os.ReadFile("/proc/" + strconv.Itoa(pid) + "/status")
	if errors.Is(err, os.ErrNotExist) {
		return ""
	}
	if err != nil {
		t.Fatal(err)
	}
	_, rest, _ := strings.Cut(string(content), "\n"+name+":")
	fields := strings.Fields(rest)
	if len(fields) == 0 {
		t.Fatalf("process %d has no %s", pid, name)
	}
	return fields[0]
}

// commandLine gives the arguments, each between spaces. Chromium writes its
// own over what the kernel keeps, with spaces instead of zero bytes.
func commandLine(t *testing.T, pid int) string {
	t.Helper()
	content, err := os.ReadFile("/proc/" + strconv.Itoa(pid) + "/cmdline")
	if err != nil {
		return ""
	}
	return " " + strings.ReplaceAll(string(content), "\x00", " ") + " "
}
