package isolation

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net"
	"os"
	"os/exec"
	"strconv"
	"syscall"
	"time"

	"golang.org/x/sys/unix"
)

// Address is where an enclosed process finds the listener, as host:port. It is
// the same in every namespace.
const Address = "127.0.0.1:8483"

// Enclosure is the namespace of one process, from Enclose until the process
// has begun.
type Enclosure struct {
	ours   *net.UnixConn
	theirs *os.File
}

// Enclose changes a command that was not started yet: it will run in
// namespaces of its own. Its Credential says as whom; nil means as this
// process. Extra files keep their numbers. After cmd.Start, call Listener; if
// the command is not started, Close.
func Enclose(cmd *exec.Cmd) (*Enclosure, error) {
	pair, err := unix.Socketpair(unix.AF_UNIX, unix.SOCK_SEQPACKET|unix.SOCK_CLOEXEC, 0)
	if err != nil {
		return nil, fmt.Errorf("make a socket for the namespace's listener: %w", err)
	}
	ours, theirs := os.NewFile(uintptr(pair[0]), "namespace"), os.NewFile(uintptr(pair[1]), "stage")
	conn, err := net.FileConn(ours) // a copy
	if err := errors.Join(err, ours.Close()); err != nil {
		return nil, errors.Join(fmt.Errorf("make a socket for the namespace's listener: %w", err), theirs.Close())
	}
	const firstExtraFile = 3
	socket := strconv.Itoa(firstExtraFile + len(cmd.ExtraFiles))
	cmd.ExtraFiles = append(cmd.ExtraFiles, theirs)
	cmd.Args = append([]string{stageName, socket, cmd.Path}, cmd.Args...)
	cmd.Path = ownProgram
	if cmd.SysProcAttr == nil {
		cmd.SysProcAttr = &syscall.SysProcAttr{}
	}
	isolate(cmd.SysProcAttr)
	return &Enclosure{ours: conn.(*net.UnixConn), theirs: theirs}, nil
}

// ownProgram is the file that this process runs, even when its path leads to
// another by now or to none.
const ownProgram = "/proc/self/exe"

// isolate has the kernel make the namespaces. The process keeps its user: it is
// the only one that exists in there. It may set up the network until it gives
// that right up.
func isolate(attributes *syscall.SysProcAttr) {
	uid, gid := os.Geteuid(), os.Getegid()
	if user := attributes.Credential; user != nil {
		uid, gid = int(user.Uid), int(user.Gid)
		// Root may drop its groups, anybody else may not.
		attributes.GidMappingsEnableSetgroups = true
	}
	attributes.Cloneflags |= unix.CLONE_NEWUSER | unix.CLONE_NEWNET
	attributes.UidMappings = []syscall.SysProcIDMap{{ContainerID: uid, HostID: uid, Size: 1}}
	attributes.GidMappings = []syscall.SysProcIDMap{{ContainerID: gid, HostID: gid, Size: 1}}
	attributes.AmbientCaps = []uintptr{unix.CAP_NET_ADMIN}
}

// Listener gives the namespace's only exit, once the process has become the
// program that was asked for. The caller closes it: as long as it is open, the
// namespace remains. Its address means nothing outside and reads so. The
// Enclosure is closed in any case.
func (e *Enclosure) Listener(ctx context.Context) (net.Listener, error) {
	defer e.Close()
	// Only then does a process that ends without a word end the wait.
	_ = e.theirs.Close()
	stop := context.AfterFunc(ctx, func() { _ = e.ours.SetReadDeadline(time.Unix(1, 0)) })
	defer stop()
	listener, err := e.receive()
	if err != nil {
		return nil, fmt.Errorf("get the listener out of the namespace: %w", errors.Join(err, ctx.Err()))
	}
	// The socket goes when the program begins.
	word, _, err := e.read()
	if !errors.Is(err, io.EOF) {
		return nil, errors.Join(fmt.Errorf("begin in the namespace: %w", errors.Join(err, ctx.Err(), told(word))), listener.Close())
	}
	return exit{listener}, nil
}

// Close gives up what is not handed over. It may be called again.
func (e *Enclosure) Close() {
	_ = e.theirs.Close()
	_ = e.ours.Close()
}

func (e *Enclosure) receive() (net.Listener, error) {
	word, rights, err := e.read()
	switch {
	case errors.Is(err, io.EOF):
		return nil, errors.New("the process ended in the namespace before its program began")
	case err != nil:
		return nil, err
	case len(rights) != 1:
		return nil, told(word)
	}
	file := os.NewFile(uintptr(rights[0]), "listener")
	listener, err := net.FileListener(file) // a copy
	return listener, errors.Join(err, file.Close())
}

// told is a failure that the stage has put into words.
func told(word string) error {
	if word == "" {
		return nil
	}
	return errors.New(word)
}

// read gives one message, and io.EOF when the other side has closed.
func (e *Enclosure) read() (word string, rights []int, err error) {
	text, control := make([]byte, maxWord), make([]byte, unix.CmsgSpace(4))
	n, m, _, _, err := e.ours.ReadMsgUnix(text, control)
	if err != nil {
		return "", nil, err
	}
	messages, err := unix.ParseSocketControlMessage(control[:m])
	if err != nil || len(messages) == 0 {
		return string(text[:n]), nil, err
	}
	rights, err = unix.ParseUnixRights(&messages[0])
	return string(text[:n]), rights, err
}

// exit is a listener in another namespace.
type exit struct{ net.Listener }

func (exit) Addr() net.Addr { return place{} }

// place is an address that nobody must mistake for one of this machine.
type place struct{}

func (place) Network() string { return "tcp" }
func (place) String() string  { return Address + " in a namespace" }
