package chrome

import (
	"errors"
	"fmt"
	"net"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"testing"

	"darkroom"
	"darkroom/internal/isolation"
)

// TestContainment looks at the processes as they run: who they are, what they
// may, where they are, and with which arguments they were started.
func TestContainment(t *testing.T) {
	t.Parallel()
	for name, browser := range programs(t) {
		for _, mode := range []isolation.Mode{isolation.Off, isolation.Required} {
			t.Run(name+", isolation "+string(mode), func(t *testing.T) {
				r := newRig(t, isolate(mode), func(c *Config) { c.Path = browser.Path })
				r.good("/colour/0f0", darkroom.Options{})
				group := int(r.slot.group.Load())
				r.mustBeConfined(group)
				r.mustBeStartedWell(group)
				r.mustKeepItsFolders()
			})
		}
	}
}

// mustBeConfined looks at every process of the group: none is root's, none
// listens, and renderers are in a sandbox.
func (r *rig) mustBeConfined(group int) {
	r.t.Helper()
	sandboxed := 0
	for _, pid := range members(r.t, group) {
		if field(r.t, pid, "Uid") == "0" {
			r.t.Errorf("process %d runs as root", pid)
		}
		if listens := listening(pid); len(listens) > 0 {
			r.t.Errorf("process %d listens on %v", pid, listens)
		}
		if !strings.Contains(commandLine(r.t, pid), " --type=renderer ") {
			continue
		}
		sandboxed++
		if field(r.t, pid, "Seccomp") != "2" || field(r.t, pid, "NoNewPrivs") != "1" {
			r.t.Errorf("the renderer %d runs without its sandbox", pid)
		}
		for _, kind := range []string{"user", "net", "pid"} {
			own := namespace(r.t, pid, kind)
			if own == "" || own == namespace(r.t, group, kind) || own == namespace(r.t, os.Getpid(), kind) {
				r.t.Errorf("the renderer %d has no %s namespace of its own: %q", pid, kind, own)
			}
		}
	}
	if sandboxed == 0 {
		r.t.Error("no renderer was found, so nothing was shown")
	}
}

// mustBeStartedWell looks at arguments and environment.
func (r *rig) mustBeStartedWell(group int) {
	r.t.Helper()
	line := commandLine(r.t, group)
	for _, forbidden := range []string{
		"--no-sandbox", "--disable-web-security", "--ignore-certificate-errors", "--single-process", "--remote-debugging-port",
		"--allow-file-access-from-files", "--remote-allow-origins", "--disable-setuid-sandbox", "--disable-seccomp-filter-sandbox",
		"--disable-namespace-sandbox", "--no-zygote-sandbox",
	} {
		if strings.Contains(line, " "+forbidden) {
			r.t.Errorf("the browser runs with %s", forbidden)
		}
	}
	if !strings.Contains(line, " --remote-debugging-pipe ") {
		r.t.Error("the browser runs without --remote-debugging-pipe")
	}
	for _, flag := range containmentFlags() {
		if wanted := flag.argument(""); !strings.Contains(line, " "+wanted) {
			r.t.Errorf("the browser runs without %s", wanted)
		}
	}
	environ := r.slot.browser.cmd.Env
	for _, entry := range environ {
		name, value, _ := strings.Cut(entry, "=")
		if inherited, ok := os.LookupEnv(name); ok && inherited == value && name != "LANG" && name != "TZ" && name != "PATH" {
			r.t.Errorf("the browser inherits %s", name)
		}
	}
	if len(environ) == 0 {
		r.t.Error("the browser inherits everything")
	}
}

func (r *rig) mustKeepItsFolders() {
	r.t.Helper()
	for _, name := range []string{"profile", "home", "tmp"} {
		if info, err := os.Stat(filepath.Join(r.slot.browser.folder, name)); err != nil || info.Mode().Perm() != 0o700 {
			r.t.Errorf("the folder %s: %v, %v", name, info, err)
		}
	}
}

// listening gives the TCP addresses on which a process listens, as /proc
// writes them; of a process that may not be looked into, none.
func listening(pid int) (found []string) {
	folder := "/proc/" + strconv.Itoa(pid)
	sockets := map[string]bool{}
	descriptors, _ := filepath.Glob(folder + "/fd/*")
	for _, descriptor := range descriptors {
		target, _ := os.Readlink(descriptor)
		if inode, ok := strings.CutPrefix(target, "socket:["); ok {
			sockets[strings.TrimSuffix(inode, "]")] = true
		}
	}
	for _, table := range []string{"/net/tcp", "/net/tcp6"} {
		content, _ := os.ReadFile(folder + table)
		for line := range strings.Lines(string(content)) {
			const local, state, inode, isListening = 1, 3, 9, "0A"
			if fields := strings.Fields(line); len(fields) > inode && fields[state] == isListening && sockets[fields[inode]] {
				found = append(found, fields[local])
			}
		}
	}
	return found
}

// TestListening: what the test above finds nowhere would be found.
func TestListening(t *testing.T) {
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer listener.Close()
	port := fmt.Sprintf(":%04X", listener.Addr().(*net.TCPAddr).Port)
	if found := listening(os.Getpid()); !slices.ContainsFunc(found, func(at string) bool { return strings.HasSuffix(at, port) }) {
		t.Errorf("found %v, want one with %s", found, port)
	}
}

// TestContainmentFlagsAreDocumented holds the table of docs/security.md against
// the list.
func TestContainmentFlagsAreDocumented(t *testing.T) {
	page, err := os.ReadFile("../../docs/security.md")
	if err != nil {
		t.Fatal(err)
	}
	seen := map[bool]string{true: "leaks", false: "belt"}
	for _, flag := range containmentFlags() {
		written := flag.Name
		if flag.Value != "" && flag.Value != proxyValue {
			written += "=" + flag.Value
		}
		row := fmt.Sprintf("| `%s` | %s | %s | %s |\n", written, flag.Closes, seen[flag.Shell], seen[flag.Whole])
		if !strings.Contains(string(page), row) {
			t.Errorf("docs/security.md lacks the row\n%s", row)
		}
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
