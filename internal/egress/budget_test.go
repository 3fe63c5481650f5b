package egress

import (
	"fmt"
	"io"
	"net"
	"net/http"
	"strings"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"darkroom"
)

func TestRequestBudget(t *testing.T) {
	server, port := serve(t, func(http.ResponseWriter, *http.Request) {})
	r := newRig(t, Limits{Requests: 3})
	page := "http://site.test:" + port + "/"
	for range 3 {
		if status, _ := r.get(t, page); status != http.StatusOK {
			t.Fatalf("status %d within the budget", status)
		}
	}
	if over := r.OverBudget(); over != nil {
		t.Fatalf("over budget too early: %v", over)
	}
	for _, host := range []string{"site.test", "other.test"} {
		if status, _ := r.get(t, "http://"+host+":"+port+"/"); status != http.StatusForbidden {
			t.Errorf("%s: status %d beyond the budget", host, status)
		}
		if failed := r.Failure(host, server.Listener.Addr().(*net.TCPAddr).Port); codeOf(failed) != darkroom.CodeTooLarge {
			t.Errorf("%s: %v", host, failed)
		}
	}
	conn, reader := r.raw(t, "CONNECT site.test:"+port+" HTTP/1.1\r\nHost: x\r\n\r\n")
	if line, err := reader.ReadString('\n'); err != nil || !strings.Contains(line, "403") {
		t.Errorf("tunnel beyond the budget: %q %v", line, err)
	}
	conn.Close()
	if over := r.OverBudget(); codeOf(over) != darkroom.CodeTooLarge || !strings.Contains(over.Message, "3 requests") {
		t.Errorf("over budget: %v", over)
	}
	r.Begin()
	if status, _ := r.get(t, page); status != http.StatusOK || r.OverBudget() != nil {
		t.Errorf("status %d after Begin, %v", status, r.OverBudget())
	}
}

// Time is a budget like the others: what begins or moves after it is cut, and
// the next capture has all of it again.
func TestTimeBudget(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		spent := newLedger(Limits{Time: time.Minute}.WithDefaults(), nil, new(atomic.Int64))
		time.Sleep(time.Minute)
		if !spent.take() || !spent.spend(1) || spent.over.Load() != nil {
			t.Error("over budget too early")
		}
		time.Sleep(time.Nanosecond)
		if spent.spend(0) || spent.take() {
			t.Error("still within the budget")
		}
		if over := spent.over.Load(); codeOf(over) != darkroom.CodeTimeout || !strings.Contains(over.Message, "1m0s") {
			t.Errorf("over budget: %v", over)
		}
		if fresh := newLedger(spent.limits, nil, new(atomic.Int64)); !fresh.take() {
			t.Error("the next capture has no time")
		}
	})
	server, port := serve(t, func(http.ResponseWriter, *http.Request) { t.Error("the target was reached") })
	r := newRig(t, Limits{Time: time.Nanosecond})
	if status, _ := r.get(t, "http://site.test:"+port+"/"); status != http.StatusForbidden {
		t.Errorf("status %d after the time", status)
	}
	conn, reader := r.raw(t, "CONNECT site.test:"+port+" HTTP/1.1\r\nHost: x\r\n\r\n")
	if line, err := reader.ReadString('\n'); err != nil || !strings.Contains(line, "403") {
		t.Errorf("tunnel after the time: %q %v", line, err)
	}
	conn.Close()
	if failed := r.Failure("site.test", server.Listener.Addr().(*net.TCPAddr).Port); codeOf(failed) != darkroom.CodeTimeout || codeOf(r.OverBudget()) != darkroom.CodeTimeout {
		t.Errorf("%v, %v", failed, r.OverBudget())
	}
}

// The header of an answer, and that of a request, is bounded as the limit says.
func TestHeaderBudget(t *testing.T) {
	_, port := serve(t, func(w http.ResponseWriter, r *http.Request) { w.Header().Set("X-Long", r.URL.RawQuery) })
	r := newRig(t, Limits{HeaderBytes: 16 << 10})
	page := "http://site.test:" + port + "/?"
	for length, want := range map[int]int{1000: http.StatusOK, 9000: http.StatusOK, 17_000: http.StatusForbidden, 40_000: http.StatusRequestHeaderFieldsTooLarge} {
		if status, _ := r.get(t, page+strings.Repeat("a", length)); status != want {
			t.Errorf("%d bytes: status %d, want %d", length, status, want)
		}
	}
}

// Each limit has its default when it is not set, and only then.
func TestLimitDefaults(t *testing.T) {
	want := Limits{
		Bytes: 100_000_000, Time: 150 * time.Second, Requests: 2000, Connections: 64,
		ConnectTimeout: 10 * time.Second, IdleTimeout: 30 * time.Second, HeaderBytes: 65536,
	}
	if got := (Limits{}).WithDefaults(); got != want {
		t.Errorf("%+v, want %+v", got, want)
	}
	own := Limits{Bytes: 1, Time: 2, Requests: 3, Connections: 4, ConnectTimeout: 5, IdleTimeout: 6, HeaderBytes: 7}
	if got := own.WithDefaults(); got != own {
		t.Errorf("%+v, want %+v", got, own)
	}
}

// One download that breaks the budget takes everything else with it.
func TestByteBudgetCutsEverything(t *testing.T) {
	arrived, release := make(chan struct{}), make(chan struct{})
	_, port := serve(t, func(w http.ResponseWriter, r *http.Request) {
		if r.URL.Path == "/waits" {
			close(arrived)
			<-release
			return
		}
		fmt.Fprint(w, strings.Repeat("x", 1<<20))
	})
	t.Cleanup(func() { close(release) })
	r := newRig(t, Limits{Bytes: 200_000})
	idle, idleReader := r.raw(t, "CONNECT site.test:"+port+" HTTP/1.1\r\nHost: x\r\n\r\n")
	if _, err := idleReader.ReadString('\n'); err != nil {
		t.Fatal(err)
	}
	waiting, _ := r.raw(t, "GET http://site.test:"+port+"/waits HTTP/1.1\r\nHost: x\r\n\r\n")
	<-arrived
	response, err := r.browser.Get("http://site.test:" + port + "/")
	if err != nil {
		t.Fatal(err)
	}
	got, err := io.Copy(io.Discard, response.Body)
	response.Body.Close()
	if err == nil || got > 300_000 {
		t.Errorf("%d bytes came through, %v", got, err)
	}
	if _, err := io.Copy(io.Discard, io.MultiReader(idleReader, idle)); err != nil && !isReset(err) {
		t.Errorf("the idle tunnel: %v", err)
	}
	line := make([]byte, 12)
	if _, err := io.ReadFull(waiting, line); err != nil || string(line) != "HTTP/1.1 403" {
		t.Errorf("the waiting request: %q %v", line, err)
	}
	if codeOf(r.OverBudget()) != darkroom.CodeTooLarge {
		t.Errorf("over budget: %v", r.OverBudget())
	}
}

func TestConnectionsWaitForAPlace(t *testing.T) {
	arrived, release := make(chan struct{}, 2), make(chan struct{})
	_, port := serve(t, func(http.ResponseWriter, *http.Request) { arrived <- struct{}{}; <-release })
	r := newRig(t, Limits{Connections: 1})
	request := "GET http://site.test:" + port + "/ HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n"
	first, _ := r.raw(t, request)
	<-arrived
	second, _ := r.raw(t, request)
	waitFor(t, "both requests", func() bool { return r.underWay() == 2 })
	release <- struct{}{}
	<-arrived
	release <- struct{}{}
	for _, conn := range []io.Reader{first, second} {
		if answer, err := io.ReadAll(conn); err != nil || !strings.HasPrefix(string(answer), "HTTP/1.1 200") {
			t.Errorf("%q %v", answer, err)
		}
	}
}

func TestConnectionsWaitNotForEver(t *testing.T) {
	r := newRig(t, Limits{Connections: 1, ConnectTimeout: 20 * time.Millisecond})
	r.slots <- struct{}{}
	if status, _ := r.get(t, "http://site.test/"); status != http.StatusBadGateway {
		t.Errorf("status %d", status)
	}
	if failed := r.Failure("site.test", 80); codeOf(failed) != darkroom.CodeTimeout {
		t.Error(failed)
	}
	<-r.slots
}

// Begin cuts what is under way but leaves the tunnels that the browser keeps;
// Reset cuts these too.
func TestBeginAndReset(t *testing.T) {
	arrived, release := make(chan struct{}, 1), make(chan struct{})
	_, port := serve(t, func(_ http.ResponseWriter, r *http.Request) {
		if r.URL.Path == "/waits" {
			arrived <- struct{}{}
			<-release
		}
	})
	t.Cleanup(func() { close(release) })
	r := newRig(t, Limits{})
	tunnel, reader := r.raw(t, "CONNECT site.test:"+port+" HTTP/1.1\r\nHost: x\r\n\r\n")
	for range 2 {
		if _, err := reader.ReadString('\n'); err != nil {
			t.Fatal(err)
		}
	}
	r.raw(t, "GET http://site.test:"+port+"/waits HTTP/1.1\r\nHost: x\r\n\r\n")
	<-arrived
	r.Begin()
	waitFor(t, "the request to be cut", func() bool { return r.underWay() == 1 })
	if bytes, requests := r.Spent(); requests != 0 {
		t.Errorf("after Begin: %d bytes, %d requests", bytes, requests)
	}
	fmt.Fprint(tunnel, "GET / HTTP/1.1\r\nHost: x\r\n\r\n")
	if response, err := http.ReadResponse(reader, nil); err != nil || response.StatusCode != http.StatusOK {
		t.Fatalf("tunnel after Begin: %v %v", response, err)
	}
	r.Reset()
	if _, err := io.Copy(io.Discard, reader); err != nil && !isReset(err) {
		t.Errorf("tunnel after Reset: %v", err)
	}
	waitFor(t, "the tunnel to be cut", func() bool { return r.underWay() == 0 })
}

func TestServeEndsCleanly(t *testing.T) {
	arrived, release := make(chan struct{}), make(chan struct{})
	_, port := serve(t, func(_ http.ResponseWriter, r *http.Request) {
		if r.URL.Path == "/waits" {
			close(arrived)
			<-release
		}
	})
	t.Cleanup(func() { close(release) })
	r := newRig(t, Limits{})
	r.get(t, "http://site.test:"+port+"/") // leaves an idle connection
	tunnel, reader := r.raw(t, "CONNECT site.test:"+port+" HTTP/1.1\r\nHost: x\r\n\r\n")
	if _, err := reader.ReadString('\n'); err != nil {
		t.Fatal(err)
	}
	waiting, _ := r.raw(t, "GET http://site.test:"+port+"/waits HTTP/1.1\r\nHost: x\r\n\r\n")
	<-arrived
	if err := r.stop(); err != nil {
		t.Errorf("Serve: %v", err)
	}
	if r.underWay() != 0 || len(r.slots) != 0 {
		t.Errorf("%d exchanges and %d places are left after Serve", r.underWay(), len(r.slots))
	}
	for _, conn := range []net.Conn{tunnel, waiting} {
		if _, err := io.Copy(io.Discard, conn); err != nil && !isReset(err) {
			t.Error(err)
		}
	}
	if conn, err := net.Dial("tcp", r.addr); err == nil {
		conn.Close()
		t.Error("the listener is still open")
	}
}

func TestServeTellsOfABrokenListener(t *testing.T) {
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	listener.Close()
	if err := NewProxy(newPolicy(t, Config{}), Limits{}).Serve(t.Context(), listener); err == nil {
		t.Error("a closed listener was served")
	}
}
