package main

import (
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"time"
)

// clockTick is the unit of CPU times in /proc, fixed at 100 a second on Linux.
const clockTick = 100

// usage is what a tree of processes is using at one moment.
type usage struct {
	seconds   map[int]float64 // CPU of each living process, by pid
	rssBytes  int64           // shared pages counted in each
	rootBytes int64           // of the root process alone
}

// treeUsage looks at a process and everything below it.
func treeUsage(root int) usage {
	children := map[int][]int{}
	stats := map[int][]string{}
	paths, _ := filepath.Glob("/proc/[0-9]*/stat")
	for _, path := range paths {
		content, err := os.ReadFile(path)
		if err != nil {
			continue // it ended meanwhile
		}
		pid, _ := strconv.Atoi(filepath.Base(filepath.Dir(path)))
		// The name may hold spaces and parentheses; fields begin after the last one.
		fields := strings.Fields(string(content[strings.LastIndexByte(string(content), ')')+1:]))
		parent, _ := strconv.Atoi(fields[1])
		children[parent] = append(children[parent], pid)
		stats[pid] = fields
	}
	now := usage{seconds: map[int]float64{}}
	page := int64(os.Getpagesize())
	for queue := []int{root}; len(queue) > 0; queue = queue[1:] {
		fields, ok := stats[queue[0]]
		if !ok {
			continue
		}
		now.seconds[queue[0]] = ownSeconds(fields)
		pages, _ := strconv.ParseInt(fields[21], 10, 64)
		now.rssBytes += pages * page
		if queue[0] == root {
			now.rootBytes = pages * page
		}
		queue = append(queue, children[queue[0]]...)
	}
	return now
}

// ownSeconds is what a process has used itself, without its children.
func ownSeconds(fields []string) float64 {
	user, _ := strconv.ParseFloat(fields[11], 64)
	system, _ := strconv.ParseFloat(fields[12], 64)
	return (user + system) / clockTick
}

// watch follows a tree of processes twenty times a second. It adds up what
// each process was last seen to have used: a browser that is replaced takes
// its own accounts with it, and its children are nobody's.
type watch struct {
	stop  chan struct{}
	ended chan round
}

func startWatch(root int) watch {
	w := watch{make(chan struct{}), make(chan round)}
	before := treeUsage(root)
	began := time.Now()
	go func() {
		last := map[int]float64{}
		var seen round
		for running := true; running; {
			select {
			case <-w.stop:
				running = false
			case <-time.After(50 * time.Millisecond):
			}
			now := treeUsage(root)
			for pid, seconds := range now.seconds {
				last[pid] = seconds - before.seconds[pid]
			}
			seen.PeakRSS, seen.RootRSS = max(seen.PeakRSS, now.rssBytes), max(seen.RootRSS, now.rootBytes)
		}
		for _, seconds := range last {
			seen.CPUSeconds += seconds
		}
		seen.OwnCPU, seen.Seconds = last[root], time.Since(began).Seconds()
		w.ended <- seen
	}()
	return w
}

func (w watch) end() round {
	close(w.stop)
	return <-w.ended
}
