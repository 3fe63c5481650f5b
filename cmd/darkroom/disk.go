package main

import (
	"cmp"
	"errors"
	"fmt"
	"io/fs"
	"syscall"

	"golang.org/x/sys/unix"
)

// diskHint is what to do about a file that could not be written; "" when that
// is not what the error tells of.
func diskHint(err error) string {
	switch {
	case errors.Is(err, syscall.EROFS), errors.Is(err, fs.ErrPermission):
		return "let this user write there, or choose another folder: --data for what is kept, TMPDIR for what browsers need while they run"
	case errors.Is(err, syscall.ENOSPC), errors.Is(err, syscall.EDQUOT):
		return "make room there, or choose another folder: --data for what is kept, TMPDIR for what browsers need while they run"
	case errors.Is(err, syscall.EMFILE), errors.Is(err, syscall.ENFILE):
		return moreDescriptors
	}
	return ""
}

// startFault adds what to do to the error of a start that the machine is to
// blame for, where nothing better was said.
func startFault(err error) error {
	hint := diskHint(err)
	if _, said := errors.AsType[*exit](err); said || hint == "" {
		return err
	}
	return environmentFault(hint, "%v", err)
}

// writable fails for a folder in which this process can make no file.
func writable(folder string) error {
	if err := unix.Access(folder, unix.W_OK|unix.X_OK); err != nil {
		return fmt.Errorf("write into %s: %w", folder, err)
	}
	return nil
}

// hintOr is diskHint, or otherwise what the caller knows.
func hintOr(err error, otherwise string) string { return cmp.Or(diskHint(err), otherwise) }
