package chrome

import (
	"errors"
	"fmt"
	"net"
	"os"
	"os/exec"
	"runtime"
	"strconv"
	"strings"
	"syscall"
	"testing"

	"golang.org/x/sys/unix"
)

// A leak test runs in a network of its own: this program, started anew in a
// network namespace, where canaries listen on addresses that no page may
// reach. A pair of devices gives it a default route, without which a browser
// believes itself offline and WebRTC sends nothing. The pair's other end is in
// the same namespace and leads nowhere: no packet leaves it, and whatever went
// to an address that nobody has is seen there.
const (
	leakStage = "darkroom: leak net"
	leakSink  = "DARKROOM_LEAK_SINK" // the descriptor at which stray packets arrive; set inside only
)

// leakNet is what `ip -batch` makes of an empty namespace.
const leakNet = `link set lo up
addr add 169.254.169.254/32 dev lo
addr add 100.100.100.200/32 dev lo
addr add 10.1.2.3/32 dev lo
addr add 192.168.7.7/32 dev lo
addr add 203.0.113.9/32 dev lo
addr add fd00:ec2::254/128 dev lo nodad
addr add 2001:db8::9/128 dev lo nodad
link add out type veth peer name sink
link set out addrgenmode none
link set sink addrgenmode none
addr add 192.0.2.2/24 dev out
addr add 2001:db8:1::2/64 dev out nodad
link set sink up
link set out up
neigh add 192.0.2.1 lladdr 02:00:00:00:00:01 dev out nud permanent
neigh add 2001:db8:1::1 lladdr 02:00:00:00:00:01 dev out nud permanent
route add default via 192.0.2.1 dev out
route add default via 2001:db8:1::1 dev out
`

// inLeakNet reports whether the test runs in the namespace. If it does not,
// the test is run there, to its end; only its failure remains to be told.
func inLeakNet(t *testing.T) bool {
	t.Helper()
	if os.Getenv(leakSink) != "" {
		return true
	}
	runtime.LockOSThread() // which the kernel takes for the parent
	defer runtime.UnlockOSThread()
	cmd := exec.Command("/proc/self/exe")
	cmd.Args = []string{leakStage, "-test.run=^" + t.Name() + "$", "-test.count=1", "-test.v", "-test.timeout=20m"}
	cmd.Stdout, cmd.Stderr = os.Stdout, os.Stderr
	cmd.SysProcAttr = leakNamespaces()
	switch err := cmd.Start(); {
	case err != nil && os.Getenv("CI") != "":
		t.Fatalf("there are no namespaces, so nothing was shown: %v", err)
	case err != nil:
		t.Skipf("NOTHING WAS SHOWN: a network namespace cannot be had, so no leak would be seen: %v", err)
	}
	if err := cmd.Wait(); err != nil {
		t.Errorf("in the network of its own, the test failed: %v", err)
	}
	return false
}

func leakNamespaces() *syscall.SysProcAttr {
	attributes := &syscall.SysProcAttr{Cloneflags: unix.CLONE_NEWNET | unix.CLONE_NEWNS, Pdeathsig: syscall.SIGKILL}
	if uid, gid := os.Geteuid(), os.Getegid(); uid != 0 {
		attributes.Cloneflags |= unix.CLONE_NEWUSER
		attributes.UidMappings = []syscall.SysProcIDMap{{ContainerID: uid, HostID: uid, Size: 1}}
		attributes.GidMappings = []syscall.SysProcIDMap{{ContainerID: gid, HostID: gid, Size: 1}}
		attributes.AmbientCaps = []uintptr{unix.CAP_NET_ADMIN, unix.CAP_NET_RAW, unix.CAP_SYS_ADMIN}
	}
	return attributes
}

// playLeakStage sets the network up and becomes the test.
func playLeakStage() (code int) {
	runtime.LockOSThread() // rights belong to a thread
	sink, err := setUpLeakNet()
	if err == nil {
		environ := append(os.Environ(), leakSink+"="+strconv.Itoa(sink))
		err = syscall.Exec("/proc/self/exe", append([]string{"leaks"}, os.Args[1:]...), environ)
	}
	fmt.Fprintf(os.Stderr, "set up the network of the leak test: %v\n", err)
	return 3
}

func setUpLeakNet() (sink int, err error) {
	tool := exec.Command("ip", "-batch", "-")
	tool.Stdin = strings.NewReader(leakNet)
	if said, err := tool.CombinedOutput(); err != nil {
		return 0, fmt.Errorf("ip -batch: %w: %s", err, said)
	}
	if err := os.WriteFile("/proc/sys/net/ipv4/ip_unprivileged_port_start", []byte("0"), 0); err != nil {
		return 0, err
	}
	if err := useLeakResolver(); err != nil {
		return 0, err
	}
	if sink, err = openSink(); err != nil {
		return 0, fmt.Errorf("listen for stray packets: %w", err)
	}
	return sink, unix.Prctl(unix.PR_CAP_AMBIENT, unix.PR_CAP_AMBIENT_CLEAR_ALL, 0, 0, 0)
}

// useLeakResolver makes one of the canaries the name server of the namespace.
func useLeakResolver() error {
	file, err := os.CreateTemp("", "resolv")
	if err != nil {
		return err
	}
	_, err = file.WriteString("nameserver 10.1.2.3\n")
	return errors.Join(err, file.Chmod(0o644), file.Close(),
		unix.Mount("", "/", "", unix.MS_REC|unix.MS_PRIVATE, ""),
		unix.Mount(file.Name(), "/etc/resolv.conf", "", unix.MS_BIND, ""), os.Remove(file.Name()))
}

// openSink sees what is sent along the default route.
func openSink() (int, error) {
	const everything = unix.ETH_P_ALL>>8 | unix.ETH_P_ALL<<8&0xff00
	device, err := net.InterfaceByName("sink")
	if err != nil {
		return 0, err
	}
	socket, err := unix.Socket(unix.AF_PACKET, unix.SOCK_DGRAM, everything)
	if err != nil {
		return 0, err
	}
	return socket, unix.Bind(socket, &unix.SockaddrLinklayer{Protocol: everything, Ifindex: device.Index})
}
