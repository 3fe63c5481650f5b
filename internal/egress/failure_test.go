package egress

import (
	"fmt"
	"io"
	"net"
	"net/http"
	"net/http/httptest"
	"regexp"
	"strconv"
	"strings"
	"testing"
	"time"

	"darkroom"
)

var dateLine = regexp.MustCompile(`Date: [^\r]+\r\n`)

// hangUp ends the connection of a request at once, by a reset when hard.
func hangUp(t *testing.T, hard bool) http.HandlerFunc {
	return func(w http.ResponseWriter, _ *http.Request) {
		conn, _, err := http.NewResponseController(w).Hijack()
		if err != nil {
			t.Error(err)
			return
		}
		if hard {
			_ = conn.(*net.TCPConn).SetLinger(0)
		}
		conn.Close()
	}
}

func TestFailureOfPlainRequests(t *testing.T) {
	for _, c := range []struct {
		name    string
		handler http.HandlerFunc // nil = nobody listens
		host    string
		limits  Limits
		want    darkroom.Code
		status  int // 0 = the answer breaks off
	}{
		{name: "fine", handler: func(http.ResponseWriter, *http.Request) {}, status: 200},
		{name: "its own 502", handler: func(w http.ResponseWriter, _ *http.Request) { w.WriteHeader(502) }, status: 502},
		{name: "nobody listens", want: darkroom.CodeConnectionRefused, status: 502},
		{name: "no such name", host: "missing.test", want: darkroom.CodeDNSError, status: 502},
		{name: "private", host: "127.0.0.1", want: darkroom.CodeBlockedTarget, status: 403},
		{name: "mixed answers", host: "mixed.test", want: darkroom.CodeBlockedTarget, status: 403},
		{name: "reset", handler: hangUp(t, true), want: darkroom.CodeConnectionReset, status: 502},
		{name: "closed", handler: hangUp(t, false), want: darkroom.CodeConnectionReset, status: 502},
		{name: "no http", handler: func(w http.ResponseWriter, _ *http.Request) { greet(t, w, "220 mail ESMTP\r\n\r\n") }, want: darkroom.CodeConnectionReset, status: 502},
		{name: "unasked switch", handler: func(w http.ResponseWriter, _ *http.Request) {
			greet(t, w, "HTTP/1.1 101 Switching Protocols\r\n\r\n")
		}, want: darkroom.CodeConnectionReset, status: 502},
		{name: "two lengths", handler: func(w http.ResponseWriter, _ *http.Request) {
			greet(t, w, "HTTP/1.1 200 OK\r\nContent-Length: 5\r\nContent-Length: 6\r\n\r\nabcde")
		}, want: darkroom.CodeConnectionReset, status: 502},
		{name: "length that is none", handler: func(w http.ResponseWriter, _ *http.Request) {
			greet(t, w, "HTTP/1.1 200 OK\r\nContent-Length: -5\r\n\r\n")
		}, want: darkroom.CodeConnectionReset, status: 502},
		{name: "coding that nobody knows", handler: func(w http.ResponseWriter, _ *http.Request) {
			greet(t, w, "HTTP/1.1 200 OK\r\nTransfer-Encoding: zebra\r\n\r\n")
		}, want: darkroom.CodeConnectionReset, status: 502},
		{name: "header that is none", handler: func(w http.ResponseWriter, _ *http.Request) {
			greet(t, w, "HTTP/1.1 200 OK\r\nno colon\r\n\r\n")
		}, want: darkroom.CodeConnectionReset, status: 502},
		{name: "silent", handler: func(_ http.ResponseWriter, r *http.Request) { <-r.Context().Done() }, limits: Limits{IdleTimeout: 50 * time.Millisecond}, want: darkroom.CodeTimeout, status: 502},
		{name: "large header", handler: func(w http.ResponseWriter, _ *http.Request) { w.Header().Set("X-Large", strings.Repeat("a", 100<<10)) }, want: darkroom.CodeTooLarge, status: 403},
		{name: "breaks off", handler: func(w http.ResponseWriter, _ *http.Request) {
			w.Header().Set("Content-Length", "40000")
			fmt.Fprint(w, strings.Repeat("x", 20000))
		}, want: darkroom.CodeConnectionReset},
		{name: "too large", handler: func(w http.ResponseWriter, _ *http.Request) { fmt.Fprint(w, strings.Repeat("x", 1<<20)) }, limits: Limits{Bytes: 100_000}, want: darkroom.CodeTooLarge},
	} {
		t.Run(c.name, func(t *testing.T) {
			r := newRig(t, c.limits)
			port, host := closedPort(t), c.host
			if c.handler != nil {
				_, port = serve(t, c.handler)
			}
			if host == "" {
				host = "site.test"
			}
			response, err := r.browser.Get("http://" + host + ":" + port + "/")
			if err != nil {
				t.Fatal(err)
			}
			_, err = io.Copy(io.Discard, response.Body)
			response.Body.Close()
			if c.status == 0 && err == nil || c.status != 0 && (err != nil || response.StatusCode != c.status) {
				t.Errorf("status %d, %v", response.StatusCode, err)
			}
			if own := response.Header.Get(RefusalHeader) != ""; own != (c.want != "" && c.status != 0) {
				t.Errorf("marked as the proxy's own: %v", own)
			}
			number, _ := strconv.Atoi(port)
			checkFailure(t, r, host, number, c.want)
		})
	}
}

// greet answers a request with bytes that are no HTTP.
func greet(t *testing.T, w http.ResponseWriter, text string) {
	conn, _, err := http.NewResponseController(w).Hijack()
	if err != nil {
		t.Error(err)
		return
	}
	fmt.Fprint(conn, text)
	conn.Close()
}

// checkFailure looks the failure up as chrome does, and checks that Begin
// forgets it.
func checkFailure(t *testing.T, r *rig, host string, port int, want darkroom.Code) {
	t.Helper()
	waitFor(t, "the failure "+string(want), func() bool { return codeOf(r.Failure(host, port)) == want })
	if failed := r.Failure(strings.ToUpper(host)+".", port); want != "" && host != "127.0.0.1" && codeOf(failed) != want {
		t.Errorf("spelled differently: %v", failed)
	}
	if failed := r.Failure(host, port); failed != nil && (failed.Message == "" || strings.Contains(failed.Sentence(), "169.254")) {
		t.Errorf("sentence: %q", failed.Sentence())
	}
	if (want == darkroom.CodeTooLarge) == (r.Failure("another.test", 80) == nil) && r.OverBudget() != nil {
		t.Errorf("another host: %v, over budget: %v", r.Failure("another.test", 80), r.OverBudget())
	}
	r.Begin()
	if failed := r.Failure(host, port); failed != nil {
		t.Errorf("after Begin: %v", failed)
	}
}

func TestFailureOfTunnels(t *testing.T) {
	accept := func(handle func(*net.TCPConn)) int {
		listener, err := net.Listen("tcp", "127.0.0.1:0")
		if err != nil {
			t.Fatal(err)
		}
		t.Cleanup(func() { listener.Close() })
		go func() {
			for {
				conn, err := listener.Accept()
				if err != nil {
					return
				}
				handle(conn.(*net.TCPConn))
			}
		}()
		return listener.Addr().(*net.TCPAddr).Port
	}
	read := func(c *net.TCPConn) { _, _ = c.Read(make([]byte, 100)) }
	closed, _ := strconv.Atoi(closedPort(t))
	for _, c := range []struct {
		name, host string
		port       int
		limits     Limits
		want       darkroom.Code
	}{
		{name: "refused", port: closed, want: darkroom.CodeConnectionRefused},
		{name: "no such name", host: "missing.test", port: 443, want: darkroom.CodeDNSError},
		{name: "private", host: "10.1.2.3", port: 443, want: darkroom.CodeBlockedTarget},
		{name: "reset", port: accept(func(c *net.TCPConn) { read(c); _ = c.SetLinger(0); c.Close() }), want: darkroom.CodeConnectionReset},
		{name: "closed without an answer", port: accept(func(c *net.TCPConn) { read(c); c.Close() }), want: darkroom.CodeConnectionReset},
		{name: "closed after an answer", port: accept(func(c *net.TCPConn) { read(c); fmt.Fprint(c, "hello"); c.Close() })},
		{name: "silent", port: accept(read), limits: Limits{IdleTimeout: 50 * time.Millisecond}, want: darkroom.CodeTimeout},
		{name: "too large", port: accept(func(c *net.TCPConn) { read(c); fmt.Fprint(c, strings.Repeat("x", 4<<20)); c.Close() }), limits: Limits{Bytes: 100_000}, want: darkroom.CodeTooLarge},
	} {
		t.Run(c.name, func(t *testing.T) {
			r := newRig(t, c.limits)
			if c.host == "" {
				c.host = "site.test"
			}
			conn, _ := r.raw(t, fmt.Sprintf("CONNECT %s:%d HTTP/1.1\r\nHost: x\r\n\r\nhello", c.host, c.port))
			if c.want == darkroom.CodeConnectionRefused || c.want == darkroom.CodeDNSError || c.want == darkroom.CodeBlockedTarget {
				_, _ = conn.Read(make([]byte, 100))
			} else if _, err := io.Copy(io.Discard, conn); err != nil && !isReset(err) {
				t.Errorf("tunnel ended with %v", err)
			}
			checkFailure(t, r, c.host, c.port, c.want)
		})
	}
}

// A browser that gives up says nothing about the target.
func TestGivenUpIsNoFailure(t *testing.T) {
	arrived, release := make(chan struct{}), make(chan struct{})
	server, port := serve(t, func(http.ResponseWriter, *http.Request) { close(arrived); <-release })
	t.Cleanup(func() { close(release) })
	r := newRig(t, Limits{})
	conn, _ := r.raw(t, "GET http://site.test:"+port+"/ HTTP/1.1\r\nHost: x\r\n\r\n")
	<-arrived
	conn.Close()
	waitFor(t, "the request to end", func() bool { return r.underWay() == 0 })
	if failed := r.Failure("site.test", server.Listener.Addr().(*net.TCPAddr).Port); failed != nil {
		t.Error(failed)
	}
}

func (x *Proxy) underWay() int {
	x.mu.Lock()
	defer x.mu.Unlock()
	return len(x.live)
}

// What the browser has tried again with success has not failed.
func TestSuccessClearsFailure(t *testing.T) {
	first := make(chan struct{}, 1)
	first <- struct{}{}
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		select {
		case <-first:
			hangUp(t, true)(w, r)
		default:
		}
	}))
	t.Cleanup(server.Close)
	r := newRig(t, Limits{})
	port := server.Listener.Addr().(*net.TCPAddr).Port
	page := fmt.Sprintf("http://site.test:%d/", port)
	if status, _ := r.get(t, page); status != http.StatusBadGateway || codeOf(r.Failure("site.test", port)) != darkroom.CodeConnectionReset {
		t.Errorf("status %d, %v", status, r.Failure("site.test", port))
	}
	if status, _ := r.get(t, page); status != http.StatusOK || r.Failure("site.test", port) != nil {
		t.Errorf("status %d, %v", status, r.Failure("site.test", port))
	}
}
