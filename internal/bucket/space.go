package bucket

import (
	"fmt"
	"syscall"
)

// Free is the number of bytes that can still be stored: what the file system
// leaves to an unprivileged user.
func (b *Bucket) Free() (int64, error) {
	var stat syscall.Statfs_t
	if err := syscall.Statfs(b.dir, &stat); err != nil {
		return 0, fmt.Errorf("measure the free space of %s: %w", b.dir, err)
	}
	return int64(stat.Bavail * uint64(stat.Bsize)), nil
}
