package main

import (
	"bufio"
	"errors"
	"io"
	"log/slog"
	"math"
	"net"
	"net/http"
	"os"
	"testing"
	"time"
)

// guests are clients of a crowd of two, whose server answers /hold when it is
// let go.
type guests struct {
	t       *testing.T
	address string
	holding chan struct{} // one for each /hold that is being answered
	letGo   chan struct{}
}

func newGuests(t *testing.T) *guests {
	t.Helper()
	listener, err := new(net.ListenConfig).Listen(t.Context(), "tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	g := &guests{t: t, address: listener.Addr().String(), holding: make(chan struct{}, 9), letGo: make(chan struct{})}
	server := newHTTPServer(t.Context(), http.HandlerFunc(func(_ http.ResponseWriter, r *http.Request) {
		if r.URL.Path == "/hold" {
			g.holding <- struct{}{}
			<-g.letGo
		}
	}), slog.New(slog.DiscardHandler))
	crowd := newCrowd(listener, 2, slog.New(slog.DiscardHandler))
	crowd.attend(server)
	ended := make(chan error, 1)
	go func() { ended <- server.Serve(crowd) }()
	t.Cleanup(func() {
		_ = server.Close()
		if err := <-ended; !errors.Is(err, http.ErrServerClosed) {
			t.Errorf("it ends with %v", err)
		}
	})
	return g
}

type guest struct {
	net.Conn
	*bufio.Reader
}

func (g *guests) comes(says string) guest {
	g.t.Helper()
	conn, err := net.Dial("tcp", g.address)
	if err != nil {
		g.t.Fatal(err)
	}
	g.t.Cleanup(func() { _ = conn.Close() })
	if _, err := io.WriteString(conn, says); err != nil {
		g.t.Fatal(err)
	}
	return guest{conn, bufio.NewReader(conn)}
}

// answered waits for an answer; false when the connection ends before.
func (g guest) answered(t *testing.T) bool {
	t.Helper()
	_ = g.SetReadDeadline(time.Now().Add(30 * time.Second))
	answer, err := http.ReadResponse(g.Reader, nil)
	if err != nil {
		if errors.Is(err, os.ErrDeadlineExceeded) {
			t.Fatal("nothing happens")
		}
		return false
	}
	_ = answer.Body.Close()
	return true
}

const (
	plainRequest = "GET / HTTP/1.1\r\nHost: x\r\n\r\n"
	heldRequest  = "GET /hold HTTP/1.1\r\nHost: x\r\n\r\n"
	slowRequest  = "GET / HTTP/1.1\r\nHost:"
)

func TestACrowdMakesRoom(t *testing.T) {
	t.Parallel()
	for name, idle := range map[string]string{"idle": plainRequest, "slow with the header": slowRequest} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			g := newGuests(t)
			first, second := g.comes(idle), g.comes(heldRequest)
			<-g.holding
			if idle == plainRequest && !first.answered(t) {
				t.Error("the first was not answered")
			}
			third := g.comes(plainRequest)
			if !third.answered(t) {
				t.Error("the third was not answered")
			}
			if first.answered(t) {
				t.Error("the first was kept")
			}
			close(g.letGo)
			if !second.answered(t) {
				t.Error("one that was being answered was closed")
			}
		})
	}
}

func TestWhileAllAreBusyClientsWait(t *testing.T) {
	t.Parallel()
	g := newGuests(t)
	first, second := g.comes(heldRequest), g.comes(heldRequest)
	<-g.holding
	<-g.holding
	third := g.comes(plainRequest)
	g.letGo <- struct{}{}
	if !third.answered(t) {
		t.Error("the third was not answered")
	}
	close(g.letGo)
	for _, one := range []guest{first, second} {
		if !one.answered(t) {
			t.Error("one that was being answered was closed")
		}
	}
}

// A crowd that is full does not hold up the end.
func TestAFullCrowdCloses(t *testing.T) {
	t.Parallel()
	g := newGuests(t)
	g.comes(heldRequest)
	g.comes(heldRequest)
	<-g.holding
	<-g.holding
	g.comes(plainRequest)
	t.Cleanup(func() { close(g.letGo) }) // before the server is closed
}

func TestHowManyConnections(t *testing.T) {
	for descriptors, want := range map[int]int{1: 1, 256: 128, 1024: 512, 20_000: 4096, math.MaxInt32: 4096} {
		if got := connectionLimit(descriptors); got != want {
			t.Errorf("of %d descriptors %d are for connections, want %d", descriptors, got, want)
		}
	}
}
