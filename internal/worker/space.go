package worker

import (
	"errors"
	"io/fs"
	"sync"
	"syscall"
	"time"

	"darkroom/internal/bucket"
)

// How often the free space is measured, and how long nothing is claimed after
// a write that was refused: a quota does not show in what is measured.
const (
	spaceKnownFor = time.Second
	spacePause    = 3 * time.Second
)

// space knows whether another artifact can be stored.
type space struct {
	least int64 // bytes that must stay free
	free  func() (int64, error)

	mu       sync.Mutex
	enough   bool
	measured time.Time
	need     int64     // what a write did not find
	pausedTo time.Time // after a write that was refused
	refusal  error     // of the last write, unless it was for want of room
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

// refused notes that a write of that size was refused.
func (s *space) refused(now time.Time, size int, err error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.pausedTo = now.Add(spacePause)
	if !isFull(err) {
		s.refusal = err
		return
	}
	s.need = 2 * int64(size)
	s.measured = time.Time{}
}

// written notes that a write went well.
func (s *space) written() {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.refusal = nil
}

// trouble is why nothing can be stored; nil when nothing is known to be in the
// way.
func (s *space) trouble(now time.Time) error {
	enough := s.ok(now)
	s.mu.Lock()
	defer s.mu.Unlock()
	switch {
	case s.refusal != nil:
		return errors.New("the bucket cannot be written; captures wait")
	case !enough:
		return errors.New("there is too little free disk space; captures wait")
	}
	return nil
}

// isFull reports whether a write failed for want of room.
func isFull(err error) bool {
	return errors.Is(err, syscall.ENOSPC) || errors.Is(err, syscall.EDQUOT)
}

// isRefused reports whether a write failed for what only the operator can mend:
// no page is to blame, and every other would fare the same.
func isRefused(err error) bool {
	for _, reason := range []error{fs.ErrPermission, syscall.EROFS, syscall.EIO, syscall.EMFILE, syscall.ENFILE} {
		if errors.Is(err, reason) {
			return true
		}
	}
	if fault, ok := errors.AsType[*bucket.Fault](err); ok && fault != nil {
		return true // an object store that does not take it, after every try
	}
	return isFull(err)
}
