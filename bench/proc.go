package main

import (
	"os"
	"path/filepath"
	"strconv"
	"strings"
)

// clockTick is the unit of CPU times in /proc, fixed at 100 a second on Linux.
const clockTick = 100

// usage is what a tree of processes has cost so far.
type usage struct {
	cpuSeconds float64 // of the living and of the reaped
	rssBytes   int64   // of the living, shared pages counted in each
	rootBytes  int64   // of the root process alone
	rootCPU    float64 // seconds of the root process alone
}

// treeUsage adds up a process and everything below it.
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
	total := usage{}
	page := int64(os.Getpagesize())
	for queue := []int{root}; len(queue) > 0; queue = queue[1:] {
		fields, ok := stats[queue[0]]
		if !ok {
			continue
		}
		for _, field := range fields[11:15] { // utime, stime, cutime, cstime
			ticks, _ := strconv.ParseFloat(field, 64)
			total.cpuSeconds += ticks / clockTick
		}
		pages, _ := strconv.ParseInt(fields[21], 10, 64)
		total.rssBytes += pages * page
		if queue[0] == root {
			total.rootBytes = pages * page
			total.rootCPU = ownSeconds(fields)
		}
		queue = append(queue, children[queue[0]]...)
	}
	return total
}

// ownSeconds is what a process has used itself, without its children.
func ownSeconds(fields []string) float64 {
	user, _ := strconv.ParseFloat(fields[11], 64)
	system, _ := strconv.ParseFloat(fields[12], 64)
	return (user + system) / clockTick
}
