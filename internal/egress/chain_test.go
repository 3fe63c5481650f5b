package egress

import (
	"bufio"
	"context"
	"crypto/x509"
	"encoding/binary"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/http/httptest"
	"slices"
	"strings"
	"sync"
	"testing"

	"darkroom"
)

// asked is what a job's proxy was asked for, and leads every name to loopback:
// it sees another network than we do.
type asked struct {
	mu    sync.Mutex
	lines []string // "CONNECT host:port", "GET http://host:port/", "SOCKS host:port"
}

func (a *asked) note(line string) {
	a.mu.Lock()
	defer a.mu.Unlock()
	a.lines = append(a.lines, line)
}

func (a *asked) all() string {
	a.mu.Lock()
	defer a.mu.Unlock()
	return strings.Join(a.lines, "\n")
}

func toLoopback(hostport string) string {
	_, port, _ := net.SplitHostPort(hostport)
	return "127.0.0.1:" + port
}

// ServeHTTP is an HTTP proxy that wants the user name me and the password
// s3cret.
func (a *asked) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	if r.Header.Get("Proxy-Authorization") != "Basic bWU6czNjcmV0" {
		w.Header().Set("Proxy-Authenticate", "Basic")
		w.WriteHeader(http.StatusProxyAuthRequired)
		return
	}
	r.Header.Del("Proxy-Authorization")
	a.note(r.Method + " " + r.RequestURI)
	if strings.HasPrefix(r.Host, "forbidden.") {
		w.WriteHeader(http.StatusForbidden)
		return
	}
	if r.Method != http.MethodConnect {
		r.URL.Host, r.RequestURI = toLoopback(r.URL.Host), ""
		response, err := http.DefaultTransport.RoundTrip(r)
		if err != nil {
			w.WriteHeader(http.StatusBadGateway)
			return
		}
		defer response.Body.Close()
		w.WriteHeader(response.StatusCode)
		_, _ = io.Copy(w, response.Body)
		return
	}
	upstream, err := net.Dial("tcp", toLoopback(r.RequestURI))
	if err != nil {
		w.WriteHeader(http.StatusBadGateway)
		return
	}
	client, _, err := http.NewResponseController(w).Hijack()
	if err != nil {
		return
	}
	_, _ = io.WriteString(client, "HTTP/1.1 200 OK\r\nX-Proxy: 1\r\n\r\n")
	join(client, upstream)
}

func join(a, b net.Conn) {
	var both sync.WaitGroup
	both.Go(func() { _, _ = io.Copy(a, b); a.Close() })
	both.Go(func() { _, _ = io.Copy(b, a); b.Close() })
	both.Wait()
}

// serveSOCKS is a SOCKS proxy with the same user name and password.
func (a *asked) serveSOCKS(t *testing.T) (port string) {
	t.Helper()
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	var conns sync.WaitGroup
	conns.Go(func() {
		for {
			conn, err := listener.Accept()
			if err != nil {
				return
			}
			conns.Go(func() { defer conn.Close(); _ = a.socks(conn) })
		}
	})
	t.Cleanup(func() { listener.Close(); conns.Wait() })
	_, port, _ = net.SplitHostPort(listener.Addr().String())
	return port
}

func (a *asked) socks(conn net.Conn) error {
	reader := bufio.NewReader(conn)
	take := func(n int) []byte { b := make([]byte, n); _, _ = io.ReadFull(reader, b); return b }
	if methods := take(int(take(2)[1])); !slices.Contains(methods, 2) {
		_, err := conn.Write([]byte{5, 255})
		return err
	}
	_, _ = conn.Write([]byte{5, 2})
	user := string(take(int(take(2)[1])))
	if password := string(take(int(take(1)[0]))); user != "me" || password != "s3cret" {
		_, err := conn.Write([]byte{1, 1})
		return err
	}
	_, _ = conn.Write([]byte{1, 0})
	head := take(4)
	host := ""
	switch head[3] {
	case 1:
		host = net.IP(take(4)).String()
	case 3:
		host = string(take(int(take(1)[0])))
	case 4:
		host = net.IP(take(16)).String()
	}
	wanted := net.JoinHostPort(host, fmt.Sprint(binary.BigEndian.Uint16(take(2))))
	a.note("SOCKS " + wanted)
	if strings.HasPrefix(host, "forbidden.") {
		_, err := conn.Write([]byte{5, 2, 0, 1, 0, 0, 0, 0, 0, 0})
		return err
	}
	upstream, err := net.Dial("tcp", toLoopback(wanted))
	if err != nil {
		_, err := conn.Write([]byte{5, 5, 0, 1, 0, 0, 0, 0, 0, 0})
		return err
	}
	_, _ = conn.Write([]byte{5, 0, 0, 1, 0, 0, 0, 0, 0, 0})
	join(conn, upstream)
	return nil
}

// chained is a rig whose targets are reached through a job's own proxy of each
// kind in turn.
func chained(t *testing.T, try func(t *testing.T, r *rig, scheme, proxyPort string, log *asked)) {
	for _, scheme := range []string{"http", "https", "socks5"} {
		t.Run(scheme, func(t *testing.T) {
			log, roots, port := &asked{}, (*x509.CertPool)(nil), ""
			switch scheme {
			case "http":
				server := httptest.NewServer(log)
				t.Cleanup(server.Close)
				port = portOf(t, server)
			case "https":
				server := httptest.NewTLSServer(log)
				t.Cleanup(server.Close)
				port = portOf(t, server)
				roots = x509.NewCertPool()
				roots.AddCert(server.Certificate())
			case "socks5":
				port = log.serveSOCKS(t)
			}
			r := newRigWith(t, Config{
				Allow:    []string{"*.test", "example.com"}, // the certificate of httptest is for example.com
				Resolver: resolverWith(map[string][]string{"proxy.test.": {"127.0.0.1"}, "example.com.": {"127.0.0.1"}, "site.test.": {"127.0.0.1"}}),
				RootCAs:  roots,
			}, Limits{})
			try(t, r, scheme, port, log)
		})
	}
}

func (r *rig) use(t *testing.T, text string) {
	t.Helper()
	chain, err := r.policy.AdmitProxy(text)
	if err != nil {
		t.Fatal(err)
	}
	r.Use(chain)
}

func TestTargetsAreReachedThroughTheJobsProxy(t *testing.T) {
	seen := make(chan *http.Request, 10)
	handler := http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) { seen <- r; fmt.Fprint(w, "here") })
	plain, secure := httptest.NewServer(handler), httptest.NewTLSServer(handler)
	defer plain.Close()
	defer secure.Close()
	chained(t, func(t *testing.T, r *rig, scheme, port string, log *asked) {
		r.use(t, scheme+"://me:s3cret@example.com:"+port)
		// A name that only the proxy's network knows.
		for _, page := range []string{
			"http://beyond.test:" + portOf(t, plain) + "//a%2Fb?x=1;y", "https://beyond.test:" + portOf(t, secure) + "/b",
		} {
			if status, body := r.get(t, page); status != 200 || body != "here" {
				t.Errorf("%s: %d %q, %v", page, status, body, r.Failure("beyond.test", 80))
				continue
			}
			got := <-seen
			if !strings.HasSuffix(page, got.RequestURI) || !strings.HasPrefix(got.Host, "beyond.test:") || got.Header.Get("Proxy-Authorization") != "" {
				t.Errorf("%s: the target saw %s for %s, %v", page, got.RequestURI, got.Host, got.Header)
			}
		}
		want := "GET http://beyond.test:" + portOf(t, plain) + "//a%2Fb?x=1;y\nCONNECT beyond.test:" + portOf(t, secure)
		if scheme == "socks5" {
			want = "SOCKS beyond.test:" + portOf(t, plain) + "\nSOCKS beyond.test:" + portOf(t, secure)
		}
		if got := log.all(); got != want {
			t.Errorf("the proxy was asked for\n%s\nwant\n%s", got, want)
		}
		if bytes, _ := r.Spent(); bytes < 500 {
			t.Errorf("%d bytes were counted", bytes)
		}
		r.Use(nil)
		if status, _ := r.get(t, "http://site.test:"+portOf(t, plain)+"/direct"); status != 200 || log.all() != want {
			t.Errorf("without a proxy: %d, and it was asked for %s", status, log.all())
		}
		<-seen
	})
}

func TestTheJobsProxyOpensNothing(t *testing.T) {
	chained(t, func(t *testing.T, r *rig, scheme, port string, log *asked) {
		r.use(t, scheme+"://me:s3cret@example.com:"+port)
		for _, page := range []string{
			"http://10.0.0.1/", "http://169.254.169.254/", "http://127.0.0.1:" + port + "/", "http://metadata.google.internal/", "http://localhost/", "http://site.test:25/",
		} {
			if status, _ := r.get(t, page); status != http.StatusForbidden {
				t.Errorf("%s: %d", page, status)
			}
		}
		for _, wanted := range []string{"10.0.0.1:443", "[::1]:443", "metadata.google.internal:443", "2130706433:443", "a b:443"} {
			_, reader := r.raw(t, "CONNECT "+wanted+" HTTP/1.1\r\nHost: x\r\n\r\n")
			if response, err := http.ReadResponse(reader, nil); err == nil && response.StatusCode == 200 {
				t.Errorf("a tunnel to %s was opened", wanted)
			}
		}
		if log.all() != "" {
			t.Errorf("the proxy was asked for %s", log.all())
		}
	})
}

func TestFailuresOfTheJobsProxy(t *testing.T) {
	secure := httptest.NewTLSServer(http.NotFoundHandler())
	defer secure.Close()
	chained(t, func(t *testing.T, r *rig, scheme, port string, _ *asked) {
		closed := closedPort(t)
		for _, test := range []struct {
			name, proxy, host string
			code              darkroom.Code
			says              string
		}{
			{"refuses", "me:s3cret@example.com:" + port, "forbidden.test", darkroom.CodeConnectionRefused, "the proxy of the job"},
			{"wrong password", "me:hunter2@example.com:" + port, "beyond.test", darkroom.CodeConnectionRefused, "the proxy of the job"},
			{"no password", "example.com:" + port, "beyond.test", darkroom.CodeConnectionRefused, "the proxy of the job"},
			{"nobody there", "me:s3cret@example.com:" + closed, "beyond.test", darkroom.CodeConnectionRefused, `the proxy of the job: "example.com:` + closed + `" refused the connection`},
			{"no such name", "me:s3cret@nowhere.test:1", "beyond.test", "", ""},
		} {
			if test.code == "" {
				if _, err := r.policy.AdmitProxy(scheme + "://" + test.proxy); err == nil {
					t.Errorf("%s: a port that browsers refuse was admitted", test.name)
				}
				continue
			}
			r.use(t, scheme+"://"+test.proxy)
			r.Begin()
			response, err := r.browser.Get("https://" + test.host + ":" + portOf(t, secure) + "/")
			if err == nil {
				response.Body.Close()
				t.Errorf("%s: the page was reached", test.name)
			}
			failure := r.Failure(test.host, portNumber(t, secure))
			if failure == nil || failure.Code != test.code || !strings.Contains(failure.Message, test.says) {
				t.Errorf("%s: %v, want %s with %q", test.name, failure, test.code, test.says)
			}
			if text := fmt.Sprint(failure); strings.Contains(text, "s3cret") || strings.Contains(text, "hunter2") || strings.Contains(text, "bWU6") {
				t.Errorf("%s: %q shows a password", test.name, text)
			}
		}
		// A page in clear is answered with what went wrong, never with the proxy's question for a password.
		if scheme != "socks5" {
			r.use(t, scheme+"://me:hunter2@example.com:"+port)
			if status, _ := r.get(t, "http://beyond.test:"+portOf(t, secure)+"/"); status != http.StatusBadGateway {
				t.Errorf("a wrong password: %d", status)
			}
		}
	})
}

func TestTheProxyItselfIsVetted(t *testing.T) {
	policy := newPolicy(t, Config{Resolver: resolverWith(map[string][]string{"inside.example.": {"10.0.0.1"}})})
	for _, text := range []string{
		"http://127.0.0.1:3128", "http://2130706433:3128", "socks5://[::1]:1080", "http://metadata.google.internal:80",
		"https://10.1.1.1", "http://localhost:3128", "http://192.168.1.1:25",
	} {
		if _, err := policy.AdmitProxy(text); darkroom.CodeOf(err) != darkroom.CodeValidation {
			t.Errorf("%s: %v, want a refusal", text, err)
		}
	}
	if _, err := policy.AdmitProxy("http://me:hunter2@10.0.0.1:80/path"); err == nil || strings.Contains(err.Error(), "hunter2") {
		t.Errorf("a refusal says %v", err)
	}
	// A name passes by its text, and is vetted when it is dialled.
	chain, err := policy.AdmitProxy("http://inside.example:3128")
	if err != nil {
		t.Fatal(err)
	}
	x := NewProxy(policy, Limits{})
	x.Use(chain)
	_, err = x.dialThrough(t.Context(), chain, target{host: "example.com", port: 443})
	if darkroom.CodeOf(err) != darkroom.CodeBlockedTarget || !strings.Contains(err.Error(), "the proxy of the job") {
		t.Errorf("dialling it: %v", err)
	}
}

func TestAnotherWayClosesTheOldOne(t *testing.T) {
	site := httptest.NewTLSServer(http.NotFoundHandler())
	defer site.Close()
	chained(t, func(t *testing.T, r *rig, scheme, port string, _ *asked) {
		text := scheme + "://me:s3cret@example.com:" + port
		r.use(t, text)
		conn, reader := r.raw(t, "CONNECT beyond.test:"+portOf(t, site)+" HTTP/1.1\r\nHost: x\r\n\r\n")
		if response, err := http.ReadResponse(reader, nil); err != nil || response.StatusCode != 200 {
			t.Fatalf("open a tunnel: %v, %v", response, err)
		}
		r.use(t, text)
		r.Begin()
		ended := make(chan error, 1)
		go func() { _, err := reader.ReadByte(); ended <- err }()
		select {
		case err := <-ended:
			t.Fatalf("the same proxy again ended the tunnel: %v", err)
		default:
		}
		r.Use(nil)
		if err := <-ended; err == nil || errors.Is(err, context.Canceled) {
			t.Errorf("the tunnel lives on: %v", err)
		}
		conn.Close()
	})
}

func portNumber(t *testing.T, server *httptest.Server) int {
	t.Helper()
	return server.Listener.Addr().(*net.TCPAddr).Port
}
