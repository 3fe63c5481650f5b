package isolation

import (
	"fmt"
	"runtime"
	"unsafe"

	"golang.org/x/sys/unix"
)

// confine forbids this thread, and the program that it becomes, every kind of
// socket but those that a network namespace encloses and a browser needs. VSOCK
// leads to the host of a virtual machine from any namespace. Without NETLINK a
// browser cannot see that there is no network but loopback, and does not tell
// pages that they are offline. It also gives up for good to gain rights by
// starting a program, which the kernel asks for.
func confine() error {
	architecture, err := auditArchitecture(runtime.GOARCH)
	if err != nil {
		return err
	}
	if err := unix.Prctl(unix.PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0); err != nil {
		return err
	}
	filter := socketFilter(architecture)
	program := unix.SockFprog{Len: uint16(len(filter)), Filter: &filter[0]}
	// With the flag, old kernels do not slow the whole browser down as they
	// otherwise would for a filter's sake.
	_, _, failure := unix.Syscall(unix.SYS_SECCOMP, unix.SECCOMP_SET_MODE_FILTER, unix.SECCOMP_FILTER_FLAG_SPEC_ALLOW,
		uintptr(unsafe.Pointer(&program)))
	if failure != 0 {
		return fmt.Errorf("install a system call filter: %w", failure)
	}
	return nil
}

func auditArchitecture(name string) (uint32, error) {
	switch name {
	case "amd64":
		return unix.AUDIT_ARCH_X86_64, nil
	case "arm64":
		return unix.AUDIT_ARCH_AARCH64, nil
	}
	return 0, fmt.Errorf("there is no system call filter for the architecture %s", name)
}

// Where the kernel puts what a filter looks at.
const (
	offsetNumber       = 0
	offsetArchitecture = 4
	offsetFirst        = 16 // the lower half of the first argument

	// foreign is a bit in the numbers of a second way to make calls on amd64.
	foreign = 0x40000000
)

// socketFilter answers calls of another architecture, and io_uring, which makes
// sockets past any filter, as a kernel without them would.
func socketFilter(architecture uint32) []unix.SockFilter {
	load := func(offset uint32) unix.SockFilter {
		return unix.SockFilter{Code: unix.BPF_LD | unix.BPF_W | unix.BPF_ABS, K: offset}
	}
	test := func(kind uint16, value uint32, yes, no uint8) unix.SockFilter {
		return unix.SockFilter{Code: unix.BPF_JMP | unix.BPF_K | kind, K: value, Jt: yes, Jf: no}
	}
	answer := func(value uint32) unix.SockFilter {
		return unix.SockFilter{Code: unix.BPF_RET | unix.BPF_K, K: value}
	}
	return []unix.SockFilter{
		load(offsetArchitecture),
		test(unix.BPF_JEQ, architecture, 0, 8),
		load(offsetNumber),
		test(unix.BPF_JGE, foreign, 6, 0),
		test(unix.BPF_JEQ, unix.SYS_IO_URING_SETUP, 5, 0),
		test(unix.BPF_JEQ, unix.SYS_SOCKET, 0, 6),
		load(offsetFirst),
		test(unix.BPF_JEQ, unix.AF_UNIX, 4, 0),
		test(unix.BPF_JEQ, unix.AF_INET, 3, 0),
		test(unix.BPF_JEQ, unix.AF_INET6, 2, 1),
		answer(unix.SECCOMP_RET_ERRNO | uint32(unix.ENOSYS)),
		answer(unix.SECCOMP_RET_ERRNO | uint32(unix.EAFNOSUPPORT)),
		answer(unix.SECCOMP_RET_ALLOW),
	}
}
