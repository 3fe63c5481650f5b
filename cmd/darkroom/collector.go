package main

import "runtime/debug"

const (
	// Between two collections the heap may grow to four times what is in use.
	// That is some 40 MB while pictures are taken, and collecting more often costs
	// processor time that browsers want.
	collectAfter = 300 // percent of what is in use

	// From here on memory is worth more than time. The whole process stays within
	// 256 MiB.
	collectHard = 160 << 20 // bytes
)

// easeCollector sets Go's garbage collector for a server. What the operator has
// set in GOGC and GOMEMLIMIT stays.
func easeCollector(env environment) {
	if env["GOGC"] == "" {
		debug.SetGCPercent(collectAfter)
	}
	if env["GOMEMLIMIT"] == "" {
		debug.SetMemoryLimit(collectHard)
	}
}
