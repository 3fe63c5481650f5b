package egress

import (
	"bufio"
	"context"
	"crypto/tls"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/http/httptest"
	"net/url"
	"strings"
	"testing"
	"time"

	"darkroom"
)

// rig is a proxy that serves a browser, here a plain HTTP client. Names below
// .test lead to loopback and are permitted by rule; everything else that is
// private is not.
type rig struct {
	*Proxy
	addr    string
	browser *http.Client
	stop    func() error // ends Serve and gives what it returned
}

func newRig(t *testing.T, limits Limits) *rig {
	t.Helper()
	return newRigWith(t, Config{
		Allow: []string{"*.test"},
		Resolver: resolverWith(map[string][]string{
			"site.test.": {"127.0.0.1"}, "other.test.": {"127.0.0.1"}, "mixed.test.": {"127.0.0.1", "169.254.169.254"},
		}),
	}, limits)
}

func newRigWith(t *testing.T, config Config, limits Limits) *rig {
	t.Helper()
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	x := NewProxy(newPolicy(t, config), limits)
	ctx, cancel := context.WithCancel(context.Background())
	ended := make(chan error, 1)
	go func() { ended <- x.Serve(ctx, listener) }()
	stopped := false
	stop := func() error {
		stopped = true
		cancel()
		return <-ended
	}
	t.Cleanup(func() {
		if !stopped {
			if err := stop(); err != nil {
				t.Errorf("Serve: %v", err)
			}
		}
	})
	transport := &http.Transport{
		Proxy:              http.ProxyURL(&url.URL{Scheme: "http", Host: listener.Addr().String()}),
		TLSClientConfig:    &tls.Config{InsecureSkipVerify: true},
		DisableCompression: true,
	}
	t.Cleanup(transport.CloseIdleConnections)
	browser := &http.Client{Transport: transport, CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse }}
	return &rig{Proxy: x, addr: listener.Addr().String(), browser: browser, stop: stop}
}

// raw sends bytes to the proxy and gives the connection.
func (r *rig) raw(t *testing.T, request string) (net.Conn, *bufio.Reader) {
	t.Helper()
	conn, err := net.Dial("tcp", r.addr)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { conn.Close() })
	if _, err := io.WriteString(conn, request); err != nil {
		t.Fatal(err)
	}
	return conn, bufio.NewReader(conn)
}

// get gives status and body of a page fetched through the proxy.
func (r *rig) get(t *testing.T, page string) (int, string) {
	t.Helper()
	response, err := r.browser.Get(page)
	if err != nil {
		t.Fatalf("GET %s: %v", page, err)
	}
	defer response.Body.Close()
	body, err := io.ReadAll(response.Body)
	if err != nil {
		t.Fatalf("read %s: %v", page, err)
	}
	return response.StatusCode, string(body)
}

func serve(t *testing.T, handler http.HandlerFunc) (server *httptest.Server, port string) {
	t.Helper()
	server = httptest.NewServer(handler)
	t.Cleanup(server.Close)
	return server, portOf(t, server)
}

func TestProxyPassesRequestsOnUnchanged(t *testing.T) {
	seen := make(chan *http.Request, 1)
	_, port := serve(t, func(w http.ResponseWriter, r *http.Request) {
		body, _ := io.ReadAll(r.Body)
		r.Header.Set("Test-Body", string(body))
		seen <- r
		w.Header().Set("Content-Encoding", "br")
		w.Header().Set(RefusalHeader, "forged")
		w.Header().Set("X-Own", "1")
		w.WriteHeader(http.StatusTeapot)
		fmt.Fprint(w, "not really br")
	})
	r := newRig(t, Limits{})
	for _, path := range []string{"/a%2Fb|c^d?x=1;y=a|b&%zz", "/", "//double", "/?", "/plain?q=ü"} {
		host := "site.test:" + port
		conn, reader := r.raw(t, "POST http://"+host+path+" HTTP/1.1\r\nHost: evil.test\r\nProxy-Authorization: Basic eA==\r\nProxy-Connection: keep-alive\r\n"+
			"X-Forwarded-For: mine\r\nAccept-Encoding: br\r\nConnection: keep-alive, Upgrade, X-Hop\r\nUpgrade: websocket\r\nX-Hop: 1\r\nContent-Length: 4\r\n\r\nbody")
		response, err := http.ReadResponse(reader, nil)
		if err != nil {
			t.Fatal(err)
		}
		body, err := io.ReadAll(response.Body)
		conn.Close()
		if err != nil || string(body) != "not really br" || response.StatusCode != http.StatusTeapot || response.Header.Get("X-Own") != "1" {
			t.Errorf("%s: answered %d %q %v", path, response.StatusCode, body, err)
		}
		if response.Header.Get(RefusalHeader) != "" || response.Header.Get("Via") != "" {
			t.Errorf("%s: answer's header %v", path, response.Header)
		}
		got := <-seen
		if got.RequestURI != path || got.Host != host || got.Header.Get("Test-Body") != "body" {
			t.Errorf("sent %s to %s, target saw %q for %s with body %q", path, host, got.RequestURI, got.Host, got.Header.Get("Test-Body"))
		}
		got.Header.Del("Test-Body")
		if want := "map[Accept-Encoding:[br] Content-Length:[4] X-Forwarded-For:[mine]]"; fmt.Sprint(got.Header) != want {
			t.Errorf("target saw %v, want %s", got.Header, want)
		}
	}
	if bytes, requests := r.Spent(); bytes < 500 || requests != 5 {
		t.Errorf("spent %d bytes in %d requests", bytes, requests)
	}
}

func TestProxyTunnels(t *testing.T) {
	const size = 3 << 20
	server := httptest.NewTLSServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		_, _ = io.Copy(io.Discard, r.Body)
		fmt.Fprint(w, strings.Repeat("x", size))
	}))
	t.Cleanup(server.Close)
	r := newRig(t, Limits{})
	page := "https://site.test:" + portOf(t, server) + "/"
	for range 3 {
		if status, body := r.get(t, page); status != http.StatusOK || len(body) != size {
			t.Errorf("status %d, %d bytes", status, len(body))
		}
	}
	response, err := r.browser.Post(page, "text/plain", strings.NewReader(strings.Repeat("y", size)))
	if err != nil {
		t.Fatal(err)
	}
	if n, err := io.Copy(io.Discard, response.Body); n != size || err != nil {
		t.Errorf("after an upload: %d bytes, %v", n, err)
	}
	response.Body.Close()
	r.browser.CloseIdleConnections()
	bytes, requests := r.Spent()
	if requests != 1 || bytes < 4*size {
		t.Errorf("spent %d bytes in %d requests, want one tunnel", bytes, requests)
	}
	if failed := r.Failure("site.test", server.Listener.Addr().(*net.TCPAddr).Port); failed != nil {
		t.Errorf("failure: %v", failed)
	}
}

// A websocket is bytes both ways at any time, also those sent before the
// proxy has answered.
func TestProxyTunnelsBothWays(t *testing.T) {
	echo, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer echo.Close()
	go func() {
		for {
			conn, err := echo.Accept()
			if err != nil {
				return
			}
			_, _ = io.Copy(conn, conn)
			conn.Close()
		}
	}()
	r := newRig(t, Limits{})
	_, port, _ := net.SplitHostPort(echo.Addr().String())
	conn, reader := r.raw(t, "CONNECT site.test:"+port+" HTTP/1.1\r\nHost: site.test\r\n\r\nearly")
	if response, err := http.ReadResponse(reader, &http.Request{Method: http.MethodConnect}); err != nil || response.StatusCode != http.StatusOK {
		t.Fatalf("%v %v", response, err)
	}
	for i, word := range []string{"early", "one", "two", "three"} {
		if i > 0 {
			fmt.Fprint(conn, word)
		}
		got := make([]byte, len(word))
		if _, err := io.ReadFull(reader, got); err != nil || string(got) != word {
			t.Fatalf("got %q %v, want %q", got, err, word)
		}
	}
}

func TestProxyRefuses(t *testing.T) {
	canary, port := serve(t, func(http.ResponseWriter, *http.Request) { t.Error("the canary was reached") })
	r := newRig(t, Limits{})
	var first string
	for _, line := range []string{
		"GET http://127.0.0.1:" + port + "/ HTTP/1.1",
		"GET http://localhost:" + port + "/ HTTP/1.1",
		"GET http://mixed.test:" + port + "/ HTTP/1.1",
		"GET http://2130706433:" + port + "/ HTTP/1.1",
		"GET http://[::ffff:127.0.0.1]:" + port + "/ HTTP/1.1",
		"GET http://169.254.169.254/latest/meta-data/ HTTP/1.1",
		"GET http://site.test:22/ HTTP/1.1",
		"GET http://user@site.test:" + port + "/ HTTP/1.1",
		"GET https://site.test:" + port + "/ HTTP/1.1",
		"GET ftp://site.test:" + port + "/ HTTP/1.1",
		"GET http://" + r.addr + "/ HTTP/1.1",
		"GET / HTTP/1.1",
		"OPTIONS * HTTP/1.1",
		"CONNECT 127.0.0.1:" + port + " HTTP/1.1",
		"CONNECT localhost:" + port + " HTTP/1.1",
		"CONNECT mixed.test:" + port + " HTTP/1.1",
		"CONNECT 10.1.2.3:3478 HTTP/1.1",
		"CONNECT site.test:25 HTTP/1.1",
		"CONNECT " + r.addr + " HTTP/1.1",
		"CONNECT site.test HTTP/1.1",
		"CONNECT / HTTP/1.1",
	} {
		conn, _ := r.raw(t, line+"\r\nHost: "+canary.Listener.Addr().String()+"\r\nConnection: close\r\n\r\n")
		answer, err := io.ReadAll(conn)
		if err != nil {
			t.Fatal(err)
		}
		text := dateLine.ReplaceAllString(string(answer), "")
		if first == "" {
			first = text
		}
		if text != first || !strings.HasPrefix(text, "HTTP/1.1 403 Forbidden\r\n") || strings.Contains(text, "\r\n\r\n ") {
			t.Errorf("%s\n got %q\nwant %q", line, text, first)
		}
	}
	if denied, total := r.Denied(), r.Proxy.policy.Denials(); denied != 14 || total != 14 {
		t.Errorf("%d denials counted, %d over all captures", denied, total)
	}
}

// The proxy must not lead to itself, private targets or not.
func TestProxyIsNoTarget(t *testing.T) {
	r := newRigWith(t, Config{AllowPrivate: true}, Limits{})
	conn, _ := r.raw(t, "GET http://"+r.addr+"/ HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n")
	if answer, err := io.ReadAll(conn); err != nil || !strings.HasPrefix(string(answer), "HTTP/1.1 403") {
		t.Errorf("%q %v", answer, err)
	}
	host, port, _ := net.SplitHostPort(r.addr)
	if err := r.stop(); err != nil {
		t.Fatal(err)
	}
	if _, err := r.policy.Admit("http://" + host + ":" + port + "/"); err != nil {
		t.Errorf("still denied after the proxy has ended: %v", err)
	}
}

func TestProxyKeepsConnections(t *testing.T) {
	remotes := make(chan string, 20)
	_, port := serve(t, func(_ http.ResponseWriter, r *http.Request) { remotes <- r.RemoteAddr })
	r := newRig(t, Limits{})
	for i := range 10 {
		if i == 5 {
			r.Begin()
		}
		r.get(t, "http://site.test:"+port+"/")
	}
	r.Reset()
	r.get(t, "http://site.test:"+port+"/")
	close(remotes)
	used := make(map[string]int)
	for remote := range remotes {
		used[remote]++
	}
	if len(used) != 2 {
		t.Errorf("connections to the target: %v, want one for each job", used)
	}
}

func TestProxyStreams(t *testing.T) {
	release := make(chan struct{})
	_, port := serve(t, func(w http.ResponseWriter, _ *http.Request) {
		fmt.Fprint(w, "first")
		http.NewResponseController(w).Flush()
		<-release
		fmt.Fprint(w, "second")
	})
	r := newRig(t, Limits{})
	response, err := r.browser.Get("http://site.test:" + port + "/")
	if err != nil {
		t.Fatal(err)
	}
	defer response.Body.Close()
	got := make([]byte, 5)
	if _, err := io.ReadFull(response.Body, got); err != nil || string(got) != "first" {
		t.Fatalf("%q %v", got, err)
	}
	close(release)
	if rest, err := io.ReadAll(response.Body); err != nil || string(rest) != "second" {
		t.Fatalf("%q %v", rest, err)
	}
}

// waitFor polls until a condition holds that another goroutine is about to
// make true.
func waitFor(t *testing.T, what string, holds func() bool) {
	t.Helper()
	deadline := time.Now().Add(20 * time.Second)
	for !holds() {
		if time.Now().After(deadline) {
			t.Fatalf("still waiting for %s", what)
		}
		time.Sleep(time.Millisecond)
	}
}

func codeOf(failed *darkroom.Error) darkroom.Code {
	if failed == nil {
		return ""
	}
	return failed.Code
}
