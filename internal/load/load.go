package load

import (
	"fmt"
	"io/fs"
	"time"
)

// Reading is what was found at one moment.
type Reading struct {
	CPU    float64 // share of the processors in use since the reading before, 0 to 1
	Memory int64   // bytes that may still be used
}

// Meter reads the load. It must not be used by two goroutines at once.
type Meter struct {
	files fs.FS // of the whole machine
	now   func() time.Time

	before sample
	known  bool // there is a sample to compare with
}

// sample is what only counts up.
type sample struct {
	at        time.Time
	busy, all uint64        // ticks of all processors
	used      time.Duration // processor time of the container
}

// NewMeter makes a meter of a machine whose root folder is files. It reads
// /proc and, where there is one, the limits of version 2 of control groups
// (https://docs.kernel.org/admin-guide/cgroup-v2.html).
func NewMeter(files fs.FS) *Meter { return &Meter{files: files, now: time.Now} }

// Read looks at the machine. It fails where there is no /proc; the first
// reading says that all processors are in use, because there is nothing to
// compare with.
func (m *Meter) Read() (Reading, error) {
	next := sample{at: m.now()}
	var err error
	if next.busy, next.all, err = m.ticks(); err != nil {
		return Reading{}, fmt.Errorf("read the load of the processors: %w", err)
	}
	memory, err := m.available()
	if err != nil {
		return Reading{}, fmt.Errorf("read how much memory is left: %w", err)
	}
	quota := m.quota()
	if quota > 0 {
		next.used = m.used()
	}
	reading := Reading{CPU: 1, Memory: m.within(memory)}
	if m.known {
		reading.CPU = share(m.before, next, quota)
	}
	m.before, m.known = next, true
	return reading, nil
}

// share is the larger of what the machine's processors do and what the
// container does of what it may; quota is in processors, 0 = as many as there
// are.
func share(before, after sample, quota float64) float64 {
	var busiest float64
	if all := after.all - before.all; all > 0 && after.all > before.all {
		busiest = float64(after.busy-before.busy) / float64(all)
	}
	if elapsed := after.at.Sub(before.at); quota > 0 && elapsed > 0 {
		busiest = max(busiest, (after.used-before.used).Seconds()/(quota*elapsed.Seconds()))
	}
	return min(max(busiest, 0), 1)
}
