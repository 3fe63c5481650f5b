package e2e

import (
	"net"
	"sync"
	"testing"
)

// line is the way to a server, over TCP, as a network between two machines is:
// it can stand still, break, and lead nowhere.
type line struct {
	t        *testing.T
	network  string
	address  func() string // of the server, for each connection
	listener *net.TCPListener

	mu    sync.Mutex
	moves chan struct{} // closed while bytes go through
	ends  map[net.Conn]bool
	all   sync.WaitGroup
}

func layLine(t *testing.T, network, address string) *line {
	t.Helper()
	return layLines(t, network, func() string { return address })
}

// layLines is a line that leads elsewhere with each connection.
func layLines(t *testing.T, network string, address func() string) *line {
	t.Helper()
	l := &line{t: t, network: network, address: address, moves: make(chan struct{}), ends: map[net.Conn]bool{}}
	close(l.moves)
	l.listen(0)
	t.Cleanup(func() {
		_ = l.listener.Close()
		l.goOn()
		l.breakAll()
		l.all.Wait()
	})
	return l
}

func (l *line) port() int { return l.listener.Addr().(*net.TCPAddr).Port }

func (l *line) listen(port int) {
	l.t.Helper()
	listener, err := net.ListenTCP("tcp", &net.TCPAddr{IP: net.IPv4(127, 0, 0, 1), Port: port})
	must(l.t, err)
	l.listener = listener
	l.all.Go(func() { l.serve(listener) })
}

// refuse ends every connection, and new ones are refused, until accept.
func (l *line) refuse() {
	_ = l.listener.Close()
	l.breakAll()
}

func (l *line) accept() { l.listen(l.port()) }

// standStill lets nothing through from now on. Connections stay, and new ones
// are taken, but nobody answers.
func (l *line) standStill() {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.moves = make(chan struct{})
}

// goOn delivers what has waited, and lets everything through.
func (l *line) goOn() {
	l.mu.Lock()
	defer l.mu.Unlock()
	select {
	case <-l.moves:
	default:
		close(l.moves)
	}
}

// breakAll ends every connection.
func (l *line) breakAll() {
	l.mu.Lock()
	defer l.mu.Unlock()
	for end := range l.ends {
		_ = end.Close()
	}
}

func (l *line) serve(listener *net.TCPListener) {
	for {
		near, err := listener.AcceptTCP()
		if err != nil {
			return
		}
		l.all.Go(func() { l.join(near) })
	}
}

func (l *line) join(near *net.TCPConn) {
	defer l.hold(near)()
	l.wait()
	far, err := net.Dial(l.network, l.address())
	if err != nil {
		_ = near.SetLinger(0) // refused, as by a machine on which nothing listens
		return
	}
	defer l.hold(far)()
	var back sync.WaitGroup
	back.Go(func() { l.carry(near, far) })
	l.carry(far, near)
	back.Wait()
}

// hold remembers an end of a connection until it is let go.
func (l *line) hold(end net.Conn) (letGo func()) {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.ends[end] = true
	return func() {
		l.mu.Lock()
		defer l.mu.Unlock()
		delete(l.ends, end)
		_ = end.Close()
	}
}

func (l *line) wait() {
	l.mu.Lock()
	moves := l.moves
	l.mu.Unlock()
	<-moves
}

func (l *line) carry(to, from net.Conn) {
	defer to.Close()
	buffer := make([]byte, 64<<10)
	for {
		n, err := from.Read(buffer)
		l.wait()
		if n > 0 {
			if _, err := to.Write(buffer[:n]); err != nil {
				_ = from.Close()
				return
			}
		}
		if err != nil {
			return
		}
	}
}
