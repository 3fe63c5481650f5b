package egress

import (
	"errors"
	"fmt"
	"io"
	"log"
	"net"
	"net/http"
	"net/http/httptest"
	"net/netip"
	"net/url"
	"strings"
	"syscall"
	"testing"
	"time"

	"darkroom"
)

func portOf(t *testing.T, server *httptest.Server) string {
	t.Helper()
	_, port, err := net.SplitHostPort(server.Listener.Addr().String())
	if err != nil {
		t.Fatal(err)
	}
	return port
}

// closedPort gives a loopback port on which nothing listens.
func closedPort(t *testing.T) string {
	t.Helper()
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	_, port, err := net.SplitHostPort(listener.Addr().String())
	if err := errors.Join(err, listener.Close()); err != nil {
		t.Fatal(err)
	}
	return port
}

func TestDial(t *testing.T) {
	server := httptest.NewServer(http.NotFoundHandler())
	defer server.Close()
	open, closed := portOf(t, server), closedPort(t)
	stub := resolverWith(map[string][]string{
		"site.test.": {"127.0.0.1"},
		"two.test.":  {"127.0.0.2", "127.0.0.1"}, // the server does not listen on the first
		"six.test.":  {"::1"},
	})
	p := newPolicy(t, Config{Allow: []string{"*.test"}, Resolver: stub})
	for addr, want := range map[string]darkroom.Code{
		"site.test:" + open:   "",
		"two.test:" + open:    "",
		"site.test:" + closed: darkroom.CodeConnectionRefused,
		"127.0.0.1:" + open:   darkroom.CodeBlockedTarget,
		"localhost:" + open:   darkroom.CodeBlockedTarget,
		"site.test:22":        darkroom.CodeBlockedTarget,
		"site.test:0":         darkroom.CodeBlockedTarget,
		"site.test":           darkroom.CodeBlockedTarget,
		"site.test:http":      darkroom.CodeBlockedTarget,
		"site.test:99999":     darkroom.CodeBlockedTarget,
	} {
		conn, err := p.DialContext(t.Context(), "tcp", addr)
		if darkroom.CodeOf(err) != want {
			t.Errorf("%s: %v, want %q", addr, err, want)
		}
		if err == nil {
			if got := conn.RemoteAddr().String(); got != "127.0.0.1:"+open {
				t.Errorf("%s leads to %s", addr, got)
			}
			conn.Close()
		}
	}
	if _, err := p.DialContext(t.Context(), "tcp4", "six.test:"+open); darkroom.CodeOf(err) != darkroom.CodeDNSError {
		t.Errorf("tcp4 to an IPv6 host: %v", err)
	}
}

// The socket's own address is the last word.
func TestRecheck(t *testing.T) {
	p := newPolicy(t, Config{})
	wanted := target{host: "public.test", port: 80}
	vetted := netip.MustParseAddrPort("8.8.8.8:80")
	if err := p.recheck(wanted, vetted, "8.8.8.8:80"); err != nil {
		t.Errorf("the vetted address: %v", err)
	}
	if err := p.recheck(wanted, vetted, "[::ffff:8.8.8.8]:80"); err != nil {
		t.Errorf("the vetted address, mapped: %v", err)
	}
	for _, address := range []string{"127.0.0.1:80", "8.8.4.4:80", "8.8.8.8:81", "[::1]:80", "nonsense"} {
		if err := p.recheck(wanted, vetted, address); darkroom.CodeOf(err) != darkroom.CodeBlockedTarget {
			t.Errorf("%s: %v", address, err)
		}
	}
	private := netip.MustParseAddrPort("10.0.0.1:80")
	if err := p.recheck(wanted, private, private.String()); darkroom.CodeOf(err) != darkroom.CodeBlockedTarget {
		t.Errorf("a vetted address that is denied meanwhile: %v", err)
	}
}

func TestClassifyError(t *testing.T) {
	wanted := target{host: "site.test", port: 80}
	for _, c := range []struct {
		err  error
		want darkroom.Code
	}{
		{syscall.ECONNREFUSED, darkroom.CodeConnectionRefused},
		{syscall.EHOSTUNREACH, darkroom.CodeConnectionRefused},
		{syscall.ENETUNREACH, darkroom.CodeConnectionRefused},
		{syscall.ECONNRESET, darkroom.CodeConnectionReset},
		{io.EOF, darkroom.CodeConnectionReset},
		{io.ErrUnexpectedEOF, darkroom.CodeConnectionReset},
		{syscall.ETIMEDOUT, darkroom.CodeTimeout},
		{errIdle, darkroom.CodeTimeout},
		{errors.New("unheard of"), darkroom.CodeInternal},
		{darkroom.Errorf(darkroom.CodeDNSError, "no"), darkroom.CodeDNSError},
	} {
		if got := classifyError(t.Context(), wanted, fmt.Errorf("dial: %w", c.err)); got.Code != c.want {
			t.Errorf("%v: %s, want %s", c.err, got.Code, c.want)
		}
	}
}

func TestClient(t *testing.T) {
	hits := make(chan string, 10)
	mux := http.NewServeMux()
	mux.HandleFunc("/redirect", func(w http.ResponseWriter, r *http.Request) {
		hits <- r.URL.Path
		http.SetCookie(w, &http.Cookie{Name: "a", Value: "b"})
		http.Redirect(w, r, "/elsewhere", http.StatusFound)
	})
	mux.HandleFunc("/elsewhere", func(_ http.ResponseWriter, r *http.Request) { hits <- r.URL.Path })
	mux.HandleFunc("/headers", func(w http.ResponseWriter, _ *http.Request) {
		w.Header().Set("X-Large", strings.Repeat("a", 2*maxHeaderBytes))
	})
	server := httptest.NewServer(mux)
	defer server.Close()
	t.Setenv("HTTP_PROXY", "http://127.0.0.1:1/")
	p := newPolicy(t, Config{Allow: []string{"hook.test"}, Resolver: resolverWith(map[string][]string{"hook.test.": {"127.0.0.1"}})})
	client := p.Client(time.Minute)
	defer client.CloseIdleConnections()
	for range 2 {
		response, err := client.Get("http://hook.test:" + portOf(t, server) + "/redirect")
		if err != nil {
			t.Fatal(err)
		}
		response.Body.Close()
		if response.StatusCode != http.StatusFound || response.Request.Header.Get("Cookie") != "" {
			t.Errorf("status %d", response.StatusCode)
		}
	}
	if first, second := <-hits, <-hits; first != "/redirect" || second != "/redirect" || len(hits) > 0 {
		t.Error("the redirect was followed")
	}
	if _, err := client.Get("http://hook.test:" + portOf(t, server) + "/headers"); err == nil {
		t.Error("an endless header was read")
	}
	if _, err := client.Get(server.URL); darkroom.CodeOf(err) != darkroom.CodeBlockedTarget {
		t.Errorf("loopback: %v", err)
	}
}

// What our own client fails with has the codes that a capture has.
func TestClientError(t *testing.T) {
	secure := httptest.NewUnstartedServer(http.NotFoundHandler())
	secure.Config.ErrorLog = log.New(io.Discard, "", 0)
	secure.StartTLS()
	defer secure.Close()
	plain := httptest.NewServer(http.NotFoundHandler())
	defer plain.Close()
	slow := httptest.NewServer(http.HandlerFunc(func(_ http.ResponseWriter, r *http.Request) { <-r.Context().Done() }))
	defer slow.Close()
	p := newPolicy(t, Config{Allow: []string{"site.test"}, Resolver: resolverWith(map[string][]string{"site.test.": {"127.0.0.1"}})})
	for _, c := range []struct {
		name, page string
		patience   time.Duration
		want       darkroom.Code
	}{
		{"unknown certificate", "https://site.test:" + portOf(t, secure), time.Minute, darkroom.CodeTLSError},
		{"no TLS", "https://site.test:" + portOf(t, plain), time.Minute, darkroom.CodeTLSError},
		{"nobody listens", "http://site.test:" + closedPort(t), time.Minute, darkroom.CodeConnectionRefused},
		{"no answer", "http://site.test:" + portOf(t, slow), 50 * time.Millisecond, darkroom.CodeTimeout},
		{"no such name", "http://other.test/", time.Minute, darkroom.CodeDNSError},
		{"this machine", plain.URL, time.Minute, darkroom.CodeBlockedTarget},
	} {
		t.Run(c.name, func(t *testing.T) {
			client := p.Client(c.patience)
			defer client.CloseIdleConnections()
			page, err := url.Parse(c.page)
			if err != nil {
				t.Fatal(err)
			}
			_, err = client.Get(c.page)
			if got := ClientError(t.Context(), page, err); got.Code != c.want || got.Message == "" || got.Err == nil && c.want != darkroom.CodeBlockedTarget {
				t.Errorf("%s (%v), want %s", got.Code, got, c.want)
			}
		})
	}
}
