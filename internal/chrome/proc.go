package chrome

import (
	"bytes"
	"fmt"
	"os"
	"strconv"
	"syscall"
)

// stat is what /proc tells of a process.
type stat struct {
	state byte // 'Z' of a zombie
	group int
	start string // clock ticks from boot to its start; with the number it names a process for good
}

func readStat(pid int) (stat, error) {
	content, err := os.ReadFile("/proc/" + strconv.Itoa(pid) + "/stat")
	if err != nil {
		return stat{}, err
	}
	// The name, in parentheses, may hold spaces and parentheses itself.
	_, rest, found := bytes.Cut(content, []byte("("))
	end := bytes.LastIndexByte(rest, ')')
	if !found || end < 0 {
		return stat{}, fmt.Errorf("read /proc of process %d: unknown form", pid)
	}
	fields := bytes.Fields(rest[end+1:])
	if len(fields) < 20 {
		return stat{}, fmt.Errorf("read /proc of process %d: %d fields", pid, len(fields))
	}
	group, err := strconv.Atoi(string(fields[2]))
	return stat{state: fields[0][0], group: group, start: string(fields[19])}, err
}

// startTime fails for a process that is gone, and for a zombie, which is as
// good as gone.
func startTime(pid int) (string, error) {
	found, err := readStat(pid)
	if err == nil && found.state == 'Z' {
		return "", fmt.Errorf("process %d has ended", pid)
	}
	return found.start, err
}

// processes lists the numbers of all processes.
func processes() ([]int, error) {
	folder, err := os.Open("/proc")
	if err != nil {
		return nil, err
	}
	defer func() { _ = folder.Close() }()
	names, err := folder.Readdirnames(-1)
	if err != nil {
		return nil, err
	}
	var pids []int
	for _, name := range names {
		if pid, err := strconv.Atoi(name); err == nil {
			pids = append(pids, pid)
		}
	}
	return pids, nil
}

// memoryOf is what a process has of its own and what it shares with others, in
// bytes, without the program files that all of them map.
func memoryOf(pid int) (anonymous, shared int64) {
	content, err := os.ReadFile("/proc/" + strconv.Itoa(pid) + "/status")
	if err != nil {
		return 0, 0
	}
	return kilobytes(content, "RssAnon:"), kilobytes(content, "RssShmem:")
}

func kilobytes(status []byte, name string) int64 {
	_, rest, found := bytes.Cut(status, []byte(name))
	if !found {
		return 0
	}
	fields := bytes.Fields(rest[:min(len(rest), 64)])
	if len(fields) == 0 {
		return 0
	}
	number, err := strconv.ParseInt(string(fields[0]), 10, 64)
	if err != nil {
		return 0
	}
	return number << 10
}

// killRenderers kills the processes of a group that run pages.
func killRenderers(group int) {
	pids, err := processes()
	if err != nil {
		return
	}
	for _, pid := range pids {
		found, err := readStat(pid)
		if err != nil || found.group != group {
			continue
		}
		line, err := os.ReadFile("/proc/" + strconv.Itoa(pid) + "/cmdline")
		if err == nil && bytes.Contains(line, []byte("--type=renderer")) {
			_ = syscall.Kill(pid, syscall.SIGKILL)
		}
	}
}
