package isolation

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"net"
	"os"
	"os/exec"
	"os/user"
	"path/filepath"
	"strconv"
	"strings"
	"syscall"
	"testing"
	"time"

	"golang.org/x/sys/unix"
)

const generous = time.Minute

// TestMain lets the test program be the stage, and what runs in a namespace.
func TestMain(m *testing.M) {
	Main()
	switch os.Getenv("ISOLATION_TEST") {
	case "reach":
		os.Exit(playCaptive(os.Args[1:]))
	case "send":
		os.Exit(playSender(os.Args[1], os.Args[2]))
	case "forbidden":
		os.Exit(playForbidden())
	}
	os.Exit(m.Run())
}

// playCaptive tells of each address whether it can be reached, and then what
// it is allowed.
func playCaptive(addresses []string) int {
	for _, address := range addresses {
		conn, err := net.DialTimeout("tcp", address, generous)
		if err == nil {
			_, err = conn.Write([]byte("hello"))
			_ = conn.Close()
		}
		fmt.Println(address, err == nil)
	}
	for name, family := range socketFamilies() {
		socket, err := unix.Socket(family, unix.SOCK_DGRAM, 0)
		if err == nil {
			_ = unix.Close(socket)
		}
		fmt.Println(name, err == nil)
	}
	_, _, failure := unix.Syscall(unix.SYS_IO_URING_SETUP, 0, 0, 0)
	fmt.Println("io_uring", failure != unix.ENOSYS)
	status, err := os.ReadFile("/proc/self/status")
	if err != nil {
		return 3
	}
	fmt.Print(string(status))
	return 0
}

func socketFamilies() map[string]int {
	return map[string]int{
		"unix": unix.AF_UNIX, "inet": unix.AF_INET, "inet6": unix.AF_INET6,
		"netlink": unix.AF_NETLINK, "vsock": unix.AF_VSOCK, "packet": unix.AF_PACKET, "alg": unix.AF_ALG,
	}
}

// credential is an unprivileged user when the tests run as root.
func credential(t *testing.T) *syscall.Credential {
	t.Helper()
	if os.Geteuid() != 0 {
		return nil
	}
	nobody, err := user.Lookup("nobody")
	if err != nil {
		t.Fatal(err)
	}
	uid, uidErr := strconv.ParseUint(nobody.Uid, 10, 32)
	gid, gidErr := strconv.ParseUint(nobody.Gid, 10, 32)
	if err := errors.Join(uidErr, gidErr); err != nil {
		t.Fatal(err)
	}
	return &syscall.Credential{Uid: uint32(uid), Gid: uint32(gid)}
}

// captive is a command that tries to reach addresses.
func captive(t *testing.T, addresses ...string) (*exec.Cmd, *bytes.Buffer) {
	t.Helper()
	var said bytes.Buffer
	cmd := exec.CommandContext(t.Context(), ownProgram, addresses...)
	cmd.Env, cmd.Dir, cmd.Stdout, cmd.Stderr = []string{"ISOLATION_TEST=reach"}, "/", &said, os.Stderr
	cmd.SysProcAttr = &syscall.SysProcAttr{Credential: credential(t)}
	return cmd, &said
}

// canary counts who reaches it on this machine's own loopback interface.
func canary(t *testing.T, network, address string) (string, func() int) {
	t.Helper()
	listener, err := net.Listen(network, address)
	if err != nil {
		t.Fatal(err)
	}
	hits := make(chan int, 1)
	hits <- 0
	go accept(listener, hits)
	t.Cleanup(func() { _ = listener.Close() })
	return listener.Addr().String(), func() int { n := <-hits; hits <- n; return n }
}

func accept(listener net.Listener, hits chan int) {
	for {
		conn, err := listener.Accept()
		if err != nil {
			return
		}
		hits <- <-hits + 1
		_, _ = io.Copy(io.Discard, conn)
		_ = conn.Close()
	}
}

func TestOnlyTheListenerIsReached(t *testing.T) {
	four, hitsFour := canary(t, "tcp4", "127.0.0.1:0")
	six, hitsSix := canary(t, "tcp6", "[::1]:0")
	free, freeSaid := captive(t, four, six)
	if err := free.Run(); err != nil {
		t.Fatal(err)
	}
	for address, hits := range map[string]func() int{four: hitsFour, six: hitsSix} {
		if hits() != 1 || !strings.Contains(freeSaid.String(), address+" true") {
			t.Fatalf("without isolation the canary %s is not reached, so nothing would be shown: %s", address, freeSaid)
		}
	}

	enclosed, said := captive(t, four, six, Address)
	enclosure, err := Enclose(enclosed)
	if err != nil {
		t.Fatal(err)
	}
	if err := enclosed.Start(); err != nil {
		t.Fatal(err)
	}
	listener, err := enclosure.Listener(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	served := make(chan int, 1)
	served <- 0
	go accept(listener, served)
	if err := errors.Join(enclosed.Wait(), listener.Close()); err != nil {
		t.Fatal(err)
	}
	if hitsFour() != 1 || hitsSix() != 1 {
		t.Errorf("a canary was reached out of the namespace")
	}
	if <-served != 1 || !strings.Contains(said.String(), Address+" true") {
		t.Errorf("the listener was not reached: %s", said)
	}
	powerless(t, said.String())
	for name, want := range map[string]bool{
		"unix": true, "inet": true, "inet6": true, "netlink": false, "vsock": false, "packet": false, "alg": false, "io_uring": false,
	} {
		if !strings.Contains(said.String(), fmt.Sprintf("\n%s %t\n", name, want)) {
			t.Errorf("%s: want %t in the namespace, got %s", name, want, said)
		}
	}
	if !strings.Contains(freeSaid.String(), "\nnetlink true\n") {
		t.Error("NETLINK is refused without isolation too, so nothing was shown")
	}
}

// powerless checks that what runs inside has no capability and is not root.
func powerless(t *testing.T, status string) {
	t.Helper()
	for _, set := range []string{"CapInh", "CapPrm", "CapEff", "CapAmb"} {
		if !strings.Contains(status, set+":\t0000000000000000") {
			t.Errorf("%s is not empty in the namespace:\n%s", set, status)
		}
	}
	if !strings.Contains(status, "\nNoNewPrivs:\t1\n") || !strings.Contains(status, "\nSeccomp:\t2\n") {
		t.Error("the process may gain rights by starting a program, or has no filter")
	}
	if strings.Contains(status, "\nUid:\t0\t") {
		t.Error("the process is root")
	}
}

// TestDatagramsStayInside: what is sent out of the namespace is not there when
// the next datagram from outside has come.
func TestDatagramsStayInside(t *testing.T) {
	canary, err := net.ListenPacket("udp4", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = canary.Close() }()
	address := canary.LocalAddr().String()
	if err := canary.SetReadDeadline(time.Now().Add(generous)); err != nil {
		t.Fatal(err)
	}
	send := func(word string, enclosed bool) {
		t.Helper()
		cmd, _ := captive(t, word, address)
		cmd.Env = []string{"ISOLATION_TEST=send"}
		run(t, cmd, enclosed)
	}
	for _, step := range []struct {
		word     string
		enclosed bool
	}{{"first", false}, {"from inside", true}, {"last", false}} {
		send(step.word, step.enclosed)
		if step.enclosed {
			continue
		}
		got := make([]byte, 64)
		n, _, err := canary.ReadFrom(got)
		if err != nil || string(got[:n]) != step.word {
			t.Errorf("the canary got %q, %v; want %q", got[:n], err, step.word)
		}
	}
}

// run runs a command to its end, inside or not.
func run(t *testing.T, cmd *exec.Cmd, enclosed bool) {
	t.Helper()
	if !enclosed {
		if err := cmd.Run(); err != nil {
			t.Fatal(err)
		}
		return
	}
	enclosure, err := Enclose(cmd)
	if err != nil {
		t.Fatal(err)
	}
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	listener, err := enclosure.Listener(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	if err := errors.Join(cmd.Wait(), listener.Close()); err != nil {
		t.Fatal(err)
	}
}

// playSender sends a word as one datagram. That nobody listens shows in no
// error, or in the next one only.
func playSender(word, address string) int {
	conn, err := net.Dial("udp4", address)
	if err != nil {
		return 3
	}
	if _, err := conn.Write([]byte(word)); err != nil {
		return 4
	}
	return 0
}

func TestFailuresAreTold(t *testing.T) {
	cmd := exec.CommandContext(t.Context(), "/nowhere/browser")
	cmd.Dir, cmd.SysProcAttr = "/", &syscall.SysProcAttr{Credential: credential(t)}
	enclosure, err := Enclose(cmd)
	if err != nil {
		t.Fatal(err)
	}
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	_, err = enclosure.Listener(t.Context())
	if err == nil || !strings.Contains(err.Error(), "start /nowhere/browser: no such file or directory") {
		t.Errorf("a program that is missing: %v", err)
	}
	if err := cmd.Wait(); err == nil {
		t.Error("the stage says that all went well")
	}
}

func TestAStageThatSaysNothing(t *testing.T) {
	pair, err := unix.Socketpair(unix.AF_UNIX, unix.SOCK_SEQPACKET|unix.SOCK_CLOEXEC, 0)
	if err != nil {
		t.Fatal(err)
	}
	open := func(fd int) *os.File { return os.NewFile(uintptr(fd), "test") }
	ours, theirs := open(pair[0]), open(pair[1])
	defer func() { _ = ours.Close(); _ = theirs.Close() }()
	enclose := func() *Enclosure {
		conn, err := net.FileConn(ours)
		if err != nil {
			t.Fatal(err)
		}
		// Somebody else holds the other end, so that it never closes.
		return &Enclosure{ours: conn.(*net.UnixConn), theirs: open(-1)}
	}
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	if _, err := enclose().Listener(ctx); !errors.Is(err, context.Canceled) {
		t.Errorf("a stage that hangs: %v", err)
	}
	_ = theirs.Close()
	if _, err := enclose().Listener(t.Context()); err == nil || !strings.Contains(err.Error(), "ended in the namespace") {
		t.Errorf("a stage that dies: %v", err)
	}
}

func TestResolve(t *testing.T) {
	refused := errors.New("operation not permitted")
	for _, c := range []struct {
		mode  Mode
		works bool
		want  State
		fails bool
	}{
		{"", true, State{Reason: "switched off"}, false},
		{Off, true, State{Reason: "switched off"}, false},
		{Auto, true, State{On: true}, false},
		{Auto, false, State{Reason: refused.Error()}, false},
		{Required, true, State{On: true}, false},
		{Required, false, State{}, true},
	} {
		state, err := resolve(c.mode, func() error {
			if c.works {
				return nil
			}
			return refused
		})
		fault, isFault := errors.AsType[*Fault](err)
		if state != c.want || (err != nil) != c.fails || c.fails && (!isFault || fault.Hint() == "" || !errors.Is(err, refused)) {
			t.Errorf("%q, works %t: %+v, %v", c.mode, c.works, state, err)
		}
	}
}

func TestItWorksHere(t *testing.T) {
	if err := probe(t.Context(), credential(t)); err != nil {
		t.Fatal(err)
	}
}

// playForbidden forbids itself to make namespaces, and says what becomes of the
// two modes.
func playForbidden() int {
	if err := os.WriteFile("/proc/sys/user/max_user_namespaces", []byte("0"), 0); err != nil {
		fmt.Println(err)
		return 3
	}
	for _, mode := range []Mode{Auto, Required} {
		state, err := Resolve(context.Background(), mode, nil)
		fmt.Println(mode, state.On, state.Reason, "|", err)
	}
	return 0
}

// TestNamespacesAreForbidden runs where the kernel refuses: in a user namespace
// whose own limit of further ones is zero.
func TestNamespacesAreForbidden(t *testing.T) {
	cmd := exec.CommandContext(t.Context(), ownProgram)
	cmd.Env = []string{"ISOLATION_TEST=forbidden"}
	cmd.Dir = filepath.Dir(t.TempDir())
	ids := func(id int) []syscall.SysProcIDMap {
		return []syscall.SysProcIDMap{{ContainerID: 1000, HostID: id, Size: 1}}
	}
	cmd.SysProcAttr = &syscall.SysProcAttr{
		Cloneflags: unix.CLONE_NEWUSER, UidMappings: ids(os.Geteuid()), GidMappings: ids(os.Getegid()),
		AmbientCaps: []uintptr{unix.CAP_SYS_RESOURCE, unix.CAP_DAC_OVERRIDE},
	}
	output, err := cmd.CombinedOutput()
	if err != nil {
		t.Fatalf("%v: %s", err, output)
	}
	lines := strings.Split(strings.TrimSpace(string(output)), "\n")
	if len(lines) != 2 || !strings.HasPrefix(lines[0], "auto false make a user and a network namespace: ") || !strings.HasSuffix(lines[0], "| <nil>") ||
		!strings.HasPrefix(lines[1], "required false  | the browser cannot be isolated") {
		t.Errorf("got %s", output)
	}
}
