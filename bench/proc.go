package main

import (
	"bytes"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"time"
)

// clockTick is the unit of CPU times in /proc, fixed at 100 a second on Linux.
const clockTick = 100

// tree is a process and all below it at one moment: the fields of their
// /proc/PID/stat from the state on, by pid.
type tree map[int][]string

func treeOf(root int) tree {
	children := map[int][]int{}
	stats := tree{}
	paths, _ := filepath.Glob("/proc/[0-9]*/stat")
	for _, path := range paths {
		content, err := os.ReadFile(path)
		if err != nil {
			continue // it ended meanwhile
		}
		pid, _ := strconv.Atoi(filepath.Base(filepath.Dir(path)))
		// The name may hold spaces and parentheses; fields begin after the last one.
		fields := strings.Fields(string(content[bytes.LastIndexByte(content, ')')+1:]))
		parent, _ := strconv.Atoi(fields[1])
		children[parent] = append(children[parent], pid)
		stats[pid] = fields
	}
	found := tree{}
	for queue := []int{root}; len(queue) > 0; queue = queue[1:] {
		if fields, ok := stats[queue[0]]; ok {
			found[queue[0]] = fields
			queue = append(queue, children[queue[0]]...)
		}
	}
	return found
}

// Where a process has its CPU time: its own, then that of the children whom it
// has buried, each as user and system time.
const firstTime, ownTimes, allTimes = 11, 2, 4

func (t tree) seconds(pid, fields int) float64 {
	stat, ok := t[pid]
	if !ok {
		return 0
	}
	var ticks float64
	for _, field := range stat[firstTime : firstTime+fields] {
		count, _ := strconv.ParseFloat(field, 64)
		ticks += count
	}
	return ticks / clockTick
}

// total is what all that live have used, and the dead whom they have buried.
func (t tree) total() float64 {
	var sum float64
	for pid := range t {
		sum += t.seconds(pid, allTimes)
	}
	return sum
}

// orphaned is what those had used at the last look that are gone since, and
// whose parents are gone too: then nobody here has buried them.
func (t tree) orphaned(before tree) float64 {
	var sum float64
	for pid := range before {
		parent, _ := strconv.Atoi(before[pid][1])
		if t[pid] == nil && t[parent] == nil {
			sum += before.seconds(pid, allTimes)
		}
	}
	return sum
}

// memoryOf is what a process has of its own and what it shares with others, in
// bytes, without the program files that all of them map.
func memoryOf(pid int) int64 {
	content, err := os.ReadFile("/proc/" + strconv.Itoa(pid) + "/status")
	if err != nil {
		return 0
	}
	var sum int64
	for _, name := range []string{"RssAnon:", "RssShmem:"} {
		if _, rest, found := bytes.Cut(content, []byte(name)); found {
			number, _ := strconv.ParseInt(string(bytes.Fields(rest)[0]), 10, 64)
			sum += number << 10
		}
	}
	return sum
}

// spent is what a tree of processes used between two moments.
type spent struct {
	Seconds    float64
	CPUSeconds float64 // of all processes
	OwnCPU     float64 // of the first: the server or the driver, without the browsers
	Peak       int64   // bytes of memory
	OwnPeak    int64
}

// watch follows a tree of processes twenty times a second. What a process
// used to its very end is in its parent's accounts; a browser that is killed
// leaves orphans, whose use up to the last look is added.
type watch struct {
	root   int
	began  time.Time
	before tree
	stop   chan struct{}
	ended  chan spent
}

const (
	lookPeriod   = 50 * time.Millisecond
	memoryPeriod = 4 // looks
)

func startWatch(root int) watch {
	w := watch{root, time.Now(), treeOf(root), make(chan struct{}), make(chan spent)}
	go w.follow()
	return w
}

func (w watch) follow() {
	var seen spent
	last := w.before
	look := func() {
		now := treeOf(w.root)
		seen.CPUSeconds += now.orphaned(last)
		last = now
	}
	for n := 0; w.pauses(); n++ {
		look()
		if n%memoryPeriod == 0 {
			seen.weigh(w.root, last)
		}
	}
	seen.Seconds = time.Since(w.began).Seconds()
	look()
	seen.CPUSeconds += last.total() - w.before.total()
	seen.OwnCPU = last.seconds(w.root, ownTimes) - w.before.seconds(w.root, ownTimes)
	w.ended <- seen
}

// pauses reports false at the end.
func (w watch) pauses() bool {
	select {
	case <-w.stop:
		return false
	case <-time.After(lookPeriod):
		return true
	}
}

func (s *spent) weigh(root int, now tree) {
	var sum int64
	for pid := range now {
		bytes := memoryOf(pid)
		sum += bytes
		if pid == root {
			s.OwnPeak = max(s.OwnPeak, bytes)
		}
	}
	s.Peak = max(s.Peak, sum)
}

func (w watch) end() spent {
	close(w.stop)
	return <-w.ended
}
