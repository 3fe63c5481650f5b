package chrome

import (
	"log/slog"
	"sync"
	"time"
)

// watchdogPeriod bounds how far a browser can grow past its limit: about
// 200 MB in that time on a fast machine.
const watchdogPeriod = 100 * time.Millisecond

// watchdog kills browsers that use more memory than they may. It looks only at
// those that are at work.
type watchdog struct {
	limit int64
	log   *slog.Logger
	quit  chan struct{}
	done  chan struct{}

	mu     sync.Mutex
	guests map[int]*guest // by process group
	groups map[int]int    // process -> its group, of those seen before
	blind  bool           // the last look saw nothing, which was told
}

// guest is a browser under watch.
type guest struct {
	group  int
	mu     sync.Mutex
	bytes  int64 // when last looked at
	peak   int64 // since begin
	killed bool  // by us, for its memory
}

func (g *guest) overLimit() bool {
	g.mu.Lock()
	defer g.mu.Unlock()
	return g.killed
}

// begin starts a capture.
func (g *guest) begin() {
	g.mu.Lock()
	defer g.mu.Unlock()
	g.peak = 0
}

// highest is the most memory since begin, in bytes.
func (g *guest) highest() int64 {
	g.mu.Lock()
	defer g.mu.Unlock()
	return g.peak
}

// size is the memory at the last look, in bytes.
func (g *guest) size() int64 {
	g.mu.Lock()
	defer g.mu.Unlock()
	return g.bytes
}

func startWatchdog(limit int64, log *slog.Logger) *watchdog {
	w := &watchdog{
		limit: limit, log: log, quit: make(chan struct{}), done: make(chan struct{}),
		guests: map[int]*guest{}, groups: map[int]int{},
	}
	go w.run()
	return w
}

func (w *watchdog) stop() {
	close(w.quit)
	<-w.done
}

func (w *watchdog) watch(group int) *guest {
	w.mu.Lock()
	defer w.mu.Unlock()
	if known, ok := w.guests[group]; ok {
		return known
	}
	g := &guest{group: group}
	w.guests[group] = g
	// It may have been seen before it had moved into its group.
	w.groups[group] = group
	return g
}

func (w *watchdog) leave(g *guest) {
	w.mu.Lock()
	defer w.mu.Unlock()
	delete(w.guests, g.group)
}

func (w *watchdog) run() {
	defer close(w.done)
	ticker := time.NewTicker(watchdogPeriod)
	defer ticker.Stop()
	for {
		select {
		case <-ticker.C:
			w.look()
		case <-w.quit:
			return
		}
	}
}

func (w *watchdog) look() {
	w.mu.Lock()
	defer w.mu.Unlock()
	if len(w.guests) == 0 {
		return
	}
	for group, bytes := range w.memory() {
		w.guests[group].judge(bytes, w.limit, w.log)
	}
}

// memory adds up what the processes of each watched group use. Shared memory
// is mapped by two or three of them and counts once: as much as the one with
// the most has.
func (w *watchdog) memory() map[int]int64 {
	used, shared := map[int]int64{}, map[int]int64{}
	pids, err := processes()
	if err != nil && !w.blind {
		w.log.Warn("the memory of the browsers cannot be seen", "err", err)
	}
	if w.blind = err != nil; w.blind {
		return used
	}
	seen := make(map[int]int, len(pids))
	for _, pid := range pids {
		group, known := w.groups[pid]
		if !known {
			found, err := readStat(pid)
			if err != nil {
				continue
			}
			group = found.group
		}
		seen[pid] = group
		if _, watched := w.guests[group]; watched {
			anonymous, common := memoryOf(pid)
			used[group] += anonymous
			shared[group] = max(shared[group], common)
		}
	}
	for group, bytes := range shared {
		used[group] += bytes
	}
	w.groups = seen
	return used
}

func (g *guest) judge(bytes, limit int64, log *slog.Logger) {
	g.mu.Lock()
	defer g.mu.Unlock()
	g.bytes, g.peak = bytes, max(g.peak, bytes)
	if bytes <= limit || g.killed {
		return
	}
	g.killed = true
	log.Warn("killing a browser that uses too much memory", "bytes", bytes, "limit", limit)
	killGroup(g.group)
}
