package e2e

import (
	"fmt"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"testing"
	"time"
)

// sample is what a server and its browsers use at one moment.
type sample struct {
	server   int // MB of the server's process
	browsers int // MB of all browsers together, each page that is shared counted once a browser
	largest  int // MB of the largest browser
	files    int // descriptors of the server
	zombies  int // processes that have ended and that nobody has buried
	temp     int // entries among the temporary files
}

func (s sample) String() string {
	return fmt.Sprintf("server %d MB, browsers %d MB (largest %d), %d descriptors", s.server, s.browsers, s.largest, s.files)
}

// watch looks at a server and its browsers through /proc.
type watch struct {
	server *server
	groups map[int]bool // the browsers that were seen, by process group
}

func (s *server) watch() *watch { return &watch{server: s, groups: map[int]bool{}} }

func (w *watch) look() (seen sample) {
	own := w.server.cmd.Process.Pid
	seen.server = megabytes(own, "VmRSS:")
	descriptors, _ := os.ReadDir(fmt.Sprintf("/proc/%d/fd", own))
	seen.files = len(descriptors)
	for pid := range w.browsers() {
		w.groups[pid] = true
	}
	private, shared := map[int]int{}, map[int]int{}
	entries, _ := os.ReadDir("/proc")
	for _, entry := range entries {
		pid, err := strconv.Atoi(entry.Name())
		if err != nil {
			continue
		}
		state, parent, group := processStat(pid)
		if state == "Z" && (w.groups[group] || parent == own) {
			seen.zombies++
		}
		if w.groups[group] {
			private[group] += megabytes(pid, "RssAnon:")
			shared[group] = max(shared[group], megabytes(pid, "RssShmem:"))
		}
	}
	for group, size := range private {
		seen.browsers += size + shared[group]
		seen.largest = max(seen.largest, size+shared[group])
	}
	left, _ := filepath.Glob(filepath.Join(tempDir(w.server.data), "*", "*"))
	seen.temp = len(left)
	return seen
}

// browsers gives the first process of each browser.
func (w *watch) browsers() map[int]bool {
	found := map[int]bool{}
	lines, _ := filepath.Glob("/proc/[0-9]*/cmdline")
	for _, line := range lines {
		text, err := os.ReadFile(line)
		if err != nil || !strings.Contains(string(text), "--user-data-dir="+tempDir(w.server.data)) {
			continue
		}
		pid, _ := strconv.Atoi(strings.Split(line, "/")[2])
		if _, _, group := processStat(pid); group == pid {
			found[pid] = true
		}
	}
	return found
}

// buried waits until no zombie is left: a process is one for a moment when it
// ends.
func (w *watch) buried(t *testing.T) {
	t.Helper()
	last := w.look()
	for until := time.Now().Add(10 * time.Second); last.zombies > 0 && time.Now().Before(until); last = w.look() {
		time.Sleep(20 * time.Millisecond) // other processes are ending
	}
	if last.zombies > 0 {
		t.Errorf("%d zombies are left", last.zombies)
	}
}

func megabytes(pid int, name string) int {
	content, _ := os.ReadFile(fmt.Sprintf("/proc/%d/status", pid))
	_, rest, _ := strings.Cut(string(content), name)
	var kilobytes int
	_, _ = fmt.Sscan(rest, &kilobytes)
	return kilobytes >> 10
}

func processStat(pid int) (state string, parent, group int) {
	content, _ := os.ReadFile(fmt.Sprintf("/proc/%d/stat", pid))
	// The name, in parentheses, may hold anything.
	if end := strings.LastIndexByte(string(content), ')'); end > 0 {
		_, _ = fmt.Sscan(string(content[end+1:]), &state, &parent, &group)
	}
	return state, parent, group
}
