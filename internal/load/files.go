package load

import (
	"bufio"
	"bytes"
	"fmt"
	"io/fs"
	"strconv"
	"strings"
	"time"
)

const group = "sys/fs/cgroup/" // of this process, as a container sees it

// ticks reads the first line of /proc/stat: "cpu user nice system idle iowait
// irq softirq steal …".
func (m *Meter) ticks() (busy, all uint64, err error) {
	raw, err := fs.ReadFile(m.files, "proc/stat")
	if err != nil {
		return 0, 0, err
	}
	line, _, _ := strings.Cut(string(raw), "\n")
	fields := strings.Fields(line)
	if len(fields) < 5 || fields[0] != "cpu" {
		return 0, 0, fmt.Errorf("/proc/stat begins with %q", line)
	}
	const idle, wait, steal = 3, 4, 7
	for i, field := range fields[1:min(len(fields), steal+2)] {
		n, err := strconv.ParseUint(field, 10, 64)
		if err != nil {
			return 0, 0, fmt.Errorf("/proc/stat: %w", err)
		}
		all += n
		if i != idle && i != wait {
			busy += n
		}
	}
	return busy, all, nil
}

// available reads MemAvailable of /proc/meminfo.
func (m *Meter) available() (int64, error) {
	raw, err := fs.ReadFile(m.files, "proc/meminfo")
	if err != nil {
		return 0, err
	}
	kB, found := valueOf(raw, "MemAvailable:")
	if !found {
		return 0, fmt.Errorf("/proc/meminfo has no MemAvailable")
	}
	return kB << 10, nil
}

// within bounds it by what the container may still use. Files in memory go
// when the room is needed.
func (m *Meter) within(available int64) int64 {
	most, limited := m.number("memory.max")
	now, _ := m.number("memory.current")
	if !limited {
		return available
	}
	stat, _ := fs.ReadFile(m.files, group+"memory.stat") // without it nothing counts as files
	files, _ := valueOf(stat, "inactive_file")
	return min(available, max(most-now+files, 0))
}

// quota is how many processors the container may use; 0 = all.
func (m *Meter) quota() float64 {
	raw, err := fs.ReadFile(m.files, group+"cpu.max")
	if err != nil {
		return 0
	}
	var allowed, period float64
	if _, err := fmt.Sscan(string(raw), &allowed, &period); err != nil || period <= 0 {
		return 0 // "max 100000"
	}
	return allowed / period
}

// used is the processor time of the container so far.
func (m *Meter) used() time.Duration {
	raw, _ := fs.ReadFile(m.files, group+"cpu.stat") // unknown counts as none
	microseconds, _ := valueOf(raw, "usage_usec")
	return time.Duration(microseconds) * time.Microsecond
}

// number reads a file that holds one; false when there is none, or it is
// "max".
func (m *Meter) number(name string) (int64, bool) {
	raw, err := fs.ReadFile(m.files, group+name)
	if err != nil {
		return 0, false
	}
	n, err := strconv.ParseInt(string(bytes.TrimSpace(raw)), 10, 64)
	return n, err == nil
}

// valueOf finds a line "name value …".
func valueOf(raw []byte, name string) (int64, bool) {
	lines := bufio.NewScanner(bytes.NewReader(raw))
	for lines.Scan() {
		fields := strings.Fields(lines.Text())
		if len(fields) >= 2 && fields[0] == name {
			n, err := strconv.ParseInt(fields[1], 10, 64)
			return n, err == nil
		}
	}
	return 0, false
}
