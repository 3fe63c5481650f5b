package worker

import (
	"errors"
	"sync"
	"syscall"
	"time"
)

// How often the free space is measured, and how long nothing is claimed after
// a write that found none: a quota does not show in what is measured.
const (
	spaceKnownFor = time.Second
	spacePause    = 5 * time.Second
)

// space knows whether there is room for another artifact.
type space struct {
	least int64 // bytes that must stay free
	free  func() (int64, error)

	mu       sync.Mutex
	enough   bool
	measured time.Time
	need     int64     // what a write did not find
	pausedTo time.Time // after such a write
}

// ok reports whether captures may be claimed. What cannot be measured is
// taken for enough: a write will tell.
func (s *space) ok(now time.Time) bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	if now.Before(s.pausedTo) {
		return false
	}
	if now.Sub(s.measured).Abs() >= spaceKnownFor {
		free, err := s.free()
		s.enough = err != nil || free >= max(s.least, s.need)
		s.measured = now
	}
	if s.enough {
		s.need = 0
	}
	return s.enough
}

// full notes that a write of that size found no room.
func (s *space) full(now time.Time, size int) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.pausedTo = now.Add(spacePause)
	s.need = 2 * int64(size)
	s.measured = time.Time{}
}

// isFull reports whether a write failed for want of room.
func isFull(err error) bool {
	return errors.Is(err, syscall.ENOSPC) || errors.Is(err, syscall.EDQUOT)
}
