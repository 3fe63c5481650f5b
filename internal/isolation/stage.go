package isolation

import (
	"context"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"runtime"
	"strconv"
	"syscall"

	"golang.org/x/sys/unix"
)

// Names under which our own program is started again, as argument zero.
const (
	stageName   = "darkroom: stage"
	nestedName  = "darkroom: nested"
	nothingName = "darkroom: nothing"
)

// What goes over the socket: that word together with the listener, or what
// went wrong.
const (
	listening = "listening"
	maxWord   = 512
)

// Main returns at once, unless this process was started by Enclose: then it
// never returns. It must be called before anything else, because what runs in
// the namespace must not behave like the program itself. A test program calls
// it in TestMain.
func Main() {
	if len(os.Args) == 0 {
		return
	}
	switch os.Args[0] {
	case stageName:
		runtime.LockOSThread() // rights belong to a thread
		os.Exit(stage(os.Args[1:]))
	case nestedName:
		os.Exit(nest())
	case nothingName:
		os.Exit(0)
	}
}

// stage runs inside, and becomes the program.
func stage(args []string) (code int) {
	if len(args) < 3 {
		return 2
	}
	socket, err := strconv.Atoi(args[0])
	if err != nil {
		return 2
	}
	unix.CloseOnExec(socket)
	if err := open(socket); err != nil {
		return tell(socket, err)
	}
	err = syscall.Exec(args[1], args[2:], os.Environ())
	return tell(socket, fmt.Errorf("start %s: %w", args[1], err))
}

func tell(socket int, err error) (code int) {
	text := err.Error()
	if unix.Send(socket, []byte(text[:min(len(text), maxWord)]), 0) != nil {
		return 4
	}
	return 3
}

// open makes the exit, hands it over and gives up the right to change the
// network.
func open(socket int) error {
	if err := raise(); err != nil {
		return fmt.Errorf("bring up the loopback interface: %w", err)
	}
	listener, err := listen()
	if err != nil {
		return fmt.Errorf("listen in the namespace: %w", err)
	}
	if err := drop(); err != nil {
		return fmt.Errorf("give up capabilities: %w", err)
	}
	if err := confine(); err != nil {
		return fmt.Errorf("confine the program: %w", err)
	}
	err = unix.Sendmsg(socket, []byte(listening), unix.UnixRights(listener), nil, 0)
	return errors.Join(err, unix.Close(listener))
}

func raise() error {
	socket, err := unix.Socket(unix.AF_INET, unix.SOCK_DGRAM|unix.SOCK_CLOEXEC, 0)
	if err != nil {
		return err
	}
	request, err := unix.NewIfreq("lo")
	if err != nil {
		return err
	}
	request.SetUint16(unix.IFF_UP | unix.IFF_RUNNING)
	return errors.Join(unix.IoctlIfreq(socket, unix.SIOCSIFFLAGS, request), unix.Close(socket))
}

func listen() (int, error) {
	socket, err := unix.Socket(unix.AF_INET, unix.SOCK_STREAM|unix.SOCK_CLOEXEC, 0)
	if err != nil {
		return 0, err
	}
	if err := unix.Bind(socket, &unix.SockaddrInet4{Addr: [4]byte{127, 0, 0, 1}, Port: port}); err != nil {
		return 0, err
	}
	return socket, unix.Listen(socket, unix.SOMAXCONN)
}

const port = 8483 // of Address

// drop leaves this thread, and with it the program, without any capability.
func drop() error {
	if err := unix.Prctl(unix.PR_CAP_AMBIENT, unix.PR_CAP_AMBIENT_CLEAR_ALL, 0, 0, 0); err != nil {
		return err
	}
	header, none := unix.CapUserHeader{Version: unix.LINUX_CAPABILITY_VERSION_3}, [2]unix.CapUserData{}
	return unix.Capset(&header, &none[0])
}

// nest starts a process in namespaces of its own, as a browser's sandbox does.
func nest() (code int) {
	cmd := exec.CommandContext(context.Background(), ownProgram) // probe ends it
	cmd.Args = []string{nothingName}
	cmd.SysProcAttr = &syscall.SysProcAttr{
		Cloneflags:  unix.CLONE_NEWUSER | unix.CLONE_NEWPID | unix.CLONE_NEWNET,
		UidMappings: []syscall.SysProcIDMap{{ContainerID: os.Getuid(), HostID: os.Getuid(), Size: 1}},
		GidMappings: []syscall.SysProcIDMap{{ContainerID: os.Getgid(), HostID: os.Getgid(), Size: 1}},
	}
	if err := cmd.Run(); err != nil {
		fmt.Fprintln(os.Stderr, err)
		return 3
	}
	return 0
}
