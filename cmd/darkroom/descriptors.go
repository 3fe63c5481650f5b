package main

import (
	"errors"
	"fmt"
	"io/fs"
	"math"
	"os"
	"syscall"

	"darkroom/internal/api"
)

// Connections of clients take at most this share of the descriptors that the
// process may have: the rest is for browsers, the database and files. More than
// mostConnections are never kept, for the memory that each takes.
const (
	connectionShare = 2 // one in so many
	mostConnections = 4096
)

// fewDescriptors that are left are too few to start a browser and to store its
// picture.
const fewDescriptors = 24

// moreDescriptors is what to do about too few.
const moreDescriptors = "let the process have more descriptors: ulimit -n, or LimitNOFILE in the systemd unit"

// connectionLimit is how many connections there may be when the process may
// have so many descriptors.
func connectionLimit(descriptors int) int {
	return max(1, min(descriptors/connectionShare, mostConnections))
}

// descriptorLimit is how many descriptors this process may have.
func descriptorLimit() int {
	var limit syscall.Rlimit
	if err := syscall.Getrlimit(syscall.RLIMIT_NOFILE, &limit); err != nil {
		return math.MaxInt32 // it is not known; what it runs into is told
	}
	return int(min(limit.Cur, math.MaxInt32))
}

// checkDescriptors says no while so few are left that work would fail. Where
// they cannot be counted, one that cannot be had will tell.
func checkDescriptors() api.Check {
	check := api.Check{Name: "descriptors", OK: true}
	used, err := os.ReadDir("/proc/self/fd")
	limit := descriptorLimit()
	if errors.Is(err, fs.ErrNotExist) {
		return check
	}
	if err != nil || limit-len(used) < fewDescriptors {
		check.OK, check.Message = false, fmt.Sprintf("of %d descriptors hardly any is left: %s", limit, moreDescriptors)
	}
	return check
}
