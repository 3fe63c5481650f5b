package load

import (
	"os"
	"runtime"
	"strings"
	"testing"
	"testing/fstest"
	"time"
)

const meminfo = "MemTotal:       16000 kB\nMemFree:         1000 kB\nMemAvailable:    8000 kB\n"

// machine gives files as the kernel shows them.
func machine(stat string, others map[string]string) fstest.MapFS {
	files := fstest.MapFS{"proc/stat": {Data: []byte(stat + "\ncpu0 1 1 1 1\n")}, "proc/meminfo": {Data: []byte(meminfo)}}
	for name, content := range others {
		files[group+name] = &fstest.MapFile{Data: []byte(content)}
	}
	return files
}

func TestRead(t *testing.T) {
	const before, after = "cpu  100 0 100 800 0 0 0 0 0 0", "cpu  130 0 120 840 10 0 0 0 0 0" // 50 of 100 ticks
	for _, row := range []struct {
		name          string
		first, second map[string]string
		want          Reading
	}{
		{"a machine", nil, nil, Reading{0.5, 8000 << 10}},
		{
			"a container without limits",
			map[string]string{"cpu.max": "max 100000\n", "memory.max": "max\n", "memory.current": "1\n"},
			map[string]string{"cpu.max": "max 100000\n", "memory.max": "max\n", "memory.current": "1\n"},
			Reading{0.5, 8000 << 10},
		},
		{
			"a container with half a processor, which it uses to nine tenths",
			map[string]string{"cpu.max": "50000 100000\n", "cpu.stat": "usage_usec 1000000\nuser_usec 1\n"},
			map[string]string{"cpu.max": "50000 100000\n", "cpu.stat": "usage_usec 1450000\nuser_usec 1\n"},
			Reading{0.9, 8000 << 10},
		},
		{
			"a container with little memory",
			nil,
			map[string]string{"memory.max": "1000000\n", "memory.current": "900000\n", "memory.stat": "anon 1\ninactive_file 50000\n"},
			Reading{0.5, 150000},
		},
		{
			"a container with none left",
			nil,
			map[string]string{"memory.max": "1000000\n", "memory.current": "1900000\n"},
			Reading{0.5, 0},
		},
	} {
		t.Run(row.name, func(t *testing.T) {
			now := time.Unix(1000, 0)
			m := NewMeter(machine(before, row.first))
			m.now = func() time.Time { return now }
			if first, err := m.Read(); err != nil || first.CPU != 1 {
				t.Errorf("the first reading is %+v, %v", first, err)
			}
			now = now.Add(time.Second)
			m.files = machine(after, row.second)
			got, err := m.Read()
			if err != nil || got.Memory != row.want.Memory || got.CPU < row.want.CPU-0.001 || got.CPU > row.want.CPU+0.001 {
				t.Errorf("read %+v, %v; want %+v", got, err, row.want)
			}
		})
	}
}

func TestWhatCannotBeRead(t *testing.T) {
	for name, files := range map[string]fstest.MapFS{
		"no /proc":     {},
		"another stat": machine("cpus 1 2 3 4", nil),
		"no number":    machine("cpu 1 2 x 4", nil),
		"no memory":    {"proc/stat": {Data: []byte("cpu 1 2 3 4\n")}, "proc/meminfo": {Data: []byte("MemTotal: 1 kB\n")}},
	} {
		if got, err := NewMeter(files).Read(); err == nil {
			t.Errorf("%s: read %+v", name, got)
		} else if !strings.Contains(err.Error(), "read ") {
			t.Errorf("%s: %v", name, err)
		}
	}
}

// Counters that go back, as after a migration of the machine, mean nothing.
func TestCountersThatGoBack(t *testing.T) {
	m := NewMeter(machine("cpu 100 0 100 800", nil))
	for _, stat := range []string{"cpu 100 0 100 800", "cpu 1 0 1 8"} {
		m.files = machine(stat, nil)
		if got, err := m.Read(); err != nil || got.CPU < 0 || got.CPU > 1 {
			t.Errorf("read %+v, %v", got, err)
		}
	}
}

func TestThisMachine(t *testing.T) {
	if runtime.GOOS != "linux" {
		t.Log("there is no /proc here")
		return
	}
	got, err := NewMeter(os.DirFS("/")).Read()
	if err != nil || got.Memory <= 0 {
		t.Errorf("read %+v, %v", got, err)
	}
}
