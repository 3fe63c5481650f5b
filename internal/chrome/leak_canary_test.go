package chrome

import (
	"bufio"
	"errors"
	"fmt"
	"io"
	"net"
	"net/netip"
	"os"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"sync"
	"testing"
	"time"

	"golang.org/x/net/dns/dnsmessage"
	"golang.org/x/sys/unix"
)

// hit is something that arrived where nothing may arrive.
type hit struct {
	network string // "tcp" or "udp"
	to      string // host:port
	vector  string // of the page, as far as what was sent tells
}

// canaries listen on all addresses of the leak net.
type canaries struct {
	mu    sync.Mutex
	hits  []hit
	since time.Time // of the last one that was new
	open  []io.Closer
	done  sync.WaitGroup
}

func canaryPorts() (tcp, udp []int) {
	return []int{21, 53, 80, 443, 3478, 5349, 6379, 8099, 8443, 8483, 9222}, []int{53, 443, 3478, 5353, 8443}
}

func canaryAddresses() []string {
	return []string{
		"127.0.0.1", "127.0.0.2", "::1", "169.254.169.254", "100.100.100.200", "10.1.2.3", "192.168.7.7", "203.0.113.9", "fd00:ec2::254", "2001:db8::9",
	}
}

func openCanaries(t *testing.T) *canaries {
	t.Helper()
	c := &canaries{}
	t.Cleanup(c.close)
	tcp, udp := canaryPorts()
	for _, port := range tcp {
		listener, err := net.Listen("tcp", ":"+strconv.Itoa(port))
		if err != nil {
			t.Fatal(err)
		}
		c.open = append(c.open, listener)
		c.done.Go(func() { c.accept(listener) })
	}
	for _, address := range canaryAddresses() {
		for _, port := range udp {
			conn, err := net.ListenPacket("udp", net.JoinHostPort(address, strconv.Itoa(port)))
			if err != nil {
				t.Fatal(err)
			}
			c.open = append(c.open, conn)
			c.done.Go(func() { c.receive(conn) })
		}
	}
	c.watchSink(t)
	return c
}

func (c *canaries) close() {
	for _, open := range c.open {
		_ = open.Close()
	}
	c.done.Wait()
}

// forget begins anew.
func (c *canaries) forget() {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.hits, c.since = nil, time.Now()
}

// note keeps a hit. Where what was sent names no vector, the address does that
// no other vector has.
func (c *canaries) note(h hit) {
	if h.vector == "" {
		h.vector = vectorsByAddress()[h.network+" "+h.to]
	}
	c.mu.Lock()
	defer c.mu.Unlock()
	if !slices.Contains(c.hits, h) {
		c.since = time.Now()
	}
	c.hits = append(c.hits, h)
}

func vectorsByAddress() map[string]string {
	return map[string]string{
		"tcp 127.0.0.2:9222": "preconnect", "tcp 203.0.113.9:3478": "turn-tcp", "tcp 192.168.7.7:5349": "turn-tls",
		"udp 10.1.2.3:8443": "webtransport", "udp 203.0.113.9:8443": "webtransport-name",
		"udp 10.1.2.3:3478": "stun", "udp 169.254.169.254:443": "stun-metadata", "udp 203.0.113.9:5353": "stun-public",
		"udp [2001:db8::9]:3478": "stun-ipv6", "udp 127.0.0.1:3478": "stun-loopback", "udp 198.51.100.77:3478": "stun-nowhere",
		"udp 192.168.7.7:3478": "turn", "udp 203.0.113.9:3478": "stun-name", "udp 203.0.113.9:443": "candidate", "udp 10.1.2.3:5353": "candidate",
		"tcp 198.51.100.77:8099": "host-nowhere",
	}
}

func (c *canaries) seen() (hits []hit, last time.Time) {
	c.mu.Lock()
	defer c.mu.Unlock()
	return slices.Clone(c.hits), c.since
}

func (c *canaries) accept(listener net.Listener) {
	for {
		conn, err := listener.Accept()
		if err != nil {
			return
		}
		c.done.Go(func() { c.greet(conn) })
	}
}

// greet hears who it is, and answers what a browser may take for a page.
func (c *canaries) greet(conn net.Conn) {
	defer conn.Close()
	_ = conn.SetDeadline(time.Now().Add(time.Second))
	heard := make([]byte, 4096)
	n, _ := bufio.NewReader(conn).Read(heard)
	c.note(hit{"tcp", conn.LocalAddr().String(), vectorIn(heard[:n])})
	_, _ = fmt.Fprint(conn, "HTTP/1.1 200 OK\r\nAccess-Control-Allow-Origin: *\r\nContent-Type: text/html\r\nConnection: close\r\nContent-Length: 2\r\n\r\nhi")
}

// A vector names itself in the path or, where nothing is readable, in the
// host's first label, which stands in a TLS greeting.
var vectorPattern = regexp.MustCompile(`/v/([a-z0-9-]+)|([a-z0-9-]+)\.leak\.test`)

func vectorIn(heard []byte) string {
	if found := vectorPattern.FindSubmatch(heard); found != nil {
		return string(found[1]) + string(found[2])
	}
	return ""
}

func (c *canaries) receive(conn net.PacketConn) {
	buffer := make([]byte, 4096)
	for {
		n, from, err := conn.ReadFrom(buffer)
		if err != nil {
			return
		}
		vector, answer := dnsAnswer(buffer[:n])
		c.note(hit{"udp", conn.LocalAddr().String(), vector})
		if answer != nil {
			_, _ = conn.WriteTo(answer, from)
		}
	}
}

// dnsAnswer leads every name of leak.test to a canary; others do not exist.
func dnsAnswer(query []byte) (vector string, answer []byte) {
	var message dnsmessage.Message
	if message.Unpack(query) != nil || len(message.Questions) != 1 {
		return "", nil
	}
	question := message.Questions[0]
	message.Response, message.Authoritative = true, true
	message.Answers, message.Authorities, message.Additionals = nil, nil, nil
	name, ours := strings.CutSuffix(strings.ToLower(question.Name.String()), ".leak.test.")
	switch {
	case !ours:
		message.RCode, name = dnsmessage.RCodeNameError, "a look-up of "+question.Name.String()
	case question.Type == dnsmessage.TypeA:
		message.Answers = []dnsmessage.Resource{{
			Header: dnsmessage.ResourceHeader{Name: question.Name, Class: dnsmessage.ClassINET, TTL: 1},
			Body:   &dnsmessage.AResource{A: [4]byte{203, 0, 113, 9}},
		}}
	}
	answer, err := message.Pack()
	if err != nil {
		return name, nil
	}
	return name, answer
}

// watchSink notes what went along the default route.
func (c *canaries) watchSink(t *testing.T) {
	t.Helper()
	socket, err := strconv.Atoi(os.Getenv(leakSink))
	if err != nil {
		t.Fatal(err)
	}
	unix.CloseOnExec(socket)
	if err := unix.SetNonblock(socket, true); err != nil {
		t.Fatal(err)
	}
	file := os.NewFile(uintptr(socket), "sink")
	c.open = append(c.open, file)
	c.done.Go(func() {
		packet := make([]byte, 1<<16)
		for {
			n, err := file.Read(packet)
			if errors.Is(err, unix.ENETDOWN) {
				continue
			}
			if err != nil {
				return
			}
			if stray, ok := strayIn(packet[:n]); ok {
				c.note(stray)
			}
		}
	})
}

// strayIn reads a packet's headers. The kernel's own housekeeping (neighbours,
// multicast groups) does not count, nor does what follows a connection's first
// packet.
func strayIn(packet []byte) (hit, bool) {
	var protocol byte
	var to netip.Addr
	var rest []byte
	switch {
	case len(packet) > 40 && packet[0]>>4 == 6:
		protocol, rest = packet[6], packet[40:]
		to, _ = netip.AddrFromSlice(packet[24:40])
	case len(packet) > 20 && packet[0]>>4 == 4 && len(packet) > int(packet[0]&15)*4:
		protocol, rest = packet[9], packet[int(packet[0]&15)*4:]
		to, _ = netip.AddrFromSlice(packet[16:20])
	default:
		return hit{}, false
	}
	const tcp, udp, syn = 6, 17, 2
	if len(rest) < 8 || protocol != udp && (protocol != tcp || len(rest) < 20 || rest[13]&syn == 0) {
		return hit{}, false
	}
	port := uint16(rest[2])<<8 | uint16(rest[3])
	found := hit{network: "udp", to: netip.AddrPortFrom(to, port).String(), vector: vectorIn(rest)}
	if protocol == tcp {
		found.network = "tcp"
	}
	return found, true
}
