package egress

import (
	"context"
	"fmt"
	"net"
	"net/http"
	"net/http/httptest"
	"net/netip"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"golang.org/x/net/dns/dnsmessage"

	"darkroom"
)

// nameServer is a DNS server on loopback. Each name has a list of aliases that
// lead on from it, and answers that take turns, the last one for ever.
type nameServer struct {
	conn net.PacketConn

	mu      sync.Mutex
	aliases map[string][]string
	answers map[string][][]string
}

// resolver serves until the test ends, and gives Go's own resolver with this
// server as the only one.
func (s *nameServer) resolver(t *testing.T) *net.Resolver {
	t.Helper()
	conn, err := net.ListenPacket("udp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	s.conn = conn
	var served sync.WaitGroup
	served.Go(s.serve)
	t.Cleanup(func() { _ = conn.Close(); served.Wait() })
	return &net.Resolver{PreferGo: true, Dial: func(ctx context.Context, _, _ string) (net.Conn, error) {
		return new(net.Dialer).DialContext(ctx, "udp", conn.LocalAddr().String())
	}}
}

func (s *nameServer) serve() {
	packet := make([]byte, 1500)
	for {
		n, from, err := s.conn.ReadFrom(packet)
		if err != nil {
			return
		}
		var question dnsmessage.Message
		if err := question.Unpack(packet[:n]); err != nil || len(question.Questions) != 1 {
			continue
		}
		answer := s.answer(question)
		if packed, err := answer.Pack(); err == nil {
			_, _ = s.conn.WriteTo(packed, from)
		}
	}
}

func (s *nameServer) answer(question dnsmessage.Message) dnsmessage.Message {
	s.mu.Lock()
	defer s.mu.Unlock()
	asked := question.Questions[0]
	answer := dnsmessage.Message{
		Header:    dnsmessage.Header{ID: question.ID, Response: true, Authoritative: true, RecursionAvailable: true},
		Questions: question.Questions,
	}
	owner := asked.Name
	for _, alias := range s.aliases[asked.Name.String()] {
		target := dnsmessage.MustNewName(alias)
		answer.Answers = append(answer.Answers, dnsmessage.Resource{Header: header(owner), Body: &dnsmessage.CNAMEResource{CNAME: target}})
		owner = target
	}
	turns := s.answers[owner.String()]
	if len(turns) == 0 {
		answer.RCode = dnsmessage.RCodeNameError
		return answer
	}
	if asked.Type == dnsmessage.TypeA && len(turns) > 1 {
		s.answers[owner.String()] = turns[1:]
	}
	for _, text := range turns[0] {
		if body := record(asked.Type, netip.MustParseAddr(text)); body != nil {
			answer.Answers = append(answer.Answers, dnsmessage.Resource{Header: header(owner), Body: body})
		}
	}
	return answer
}

// header is one of a record that may not be kept.
func header(owner dnsmessage.Name) dnsmessage.ResourceHeader {
	return dnsmessage.ResourceHeader{Name: owner, Class: dnsmessage.ClassINET, TTL: 0}
}

func record(asked dnsmessage.Type, addr netip.Addr) dnsmessage.ResourceBody {
	switch {
	case asked == dnsmessage.TypeA && addr.Is4():
		return &dnsmessage.AResource{A: addr.As4()}
	case asked == dnsmessage.TypeAAAA && addr.Is6():
		return &dnsmessage.AAAAResource{AAAA: addr.As16()}
	}
	return nil
}

// What a name server says is decided by the addresses at its end, through any
// number of aliases and in either family.
func TestAliasesAndMixedAnswers(t *testing.T) {
	server := &nameServer{
		aliases: map[string][]string{
			"alias.test.": {"inside.test."}, "chain.test.": {"a.test.", "b.test.", "inside.test."}, "public-alias.test.": {"public.test."},
			"cloud-alias.test.": {"metadata.google.internal."}, "local-alias.test.": {"localhost."}, "mixed-alias.test.": {"mixed.test."},
		},
		answers: map[string][][]string{
			"public.test.": {{"8.8.8.8", "2606:4700::1111"}}, "inside.test.": {{"10.0.0.1"}}, "mixed.test.": {{"8.8.8.8", "10.0.0.1"}},
			"six.test.": {{"8.8.8.8", "fd00::1"}}, "mapped.test.": {{"::ffff:10.0.0.1"}}, "nat64.test.": {{"8.8.8.8", "64:ff9b::10.0.0.1"}},
			"teredo.test.": {{"2001:0:808:808:8000:63bf:80ff:fffe"}}, "metadata.google.internal.": {{"169.254.169.254"}}, "localhost.": {{"127.0.0.1"}},
		},
	}
	p := newPolicy(t, Config{Resolver: server.resolver(t)})
	for host, want := range map[string]darkroom.Code{
		"public.test": "", "public-alias.test": "",
		"alias.test": darkroom.CodeBlockedTarget, "chain.test": darkroom.CodeBlockedTarget, "cloud-alias.test": darkroom.CodeBlockedTarget,
		"local-alias.test": darkroom.CodeBlockedTarget, "mixed-alias.test": darkroom.CodeBlockedTarget, "mixed.test": darkroom.CodeBlockedTarget,
		"six.test": darkroom.CodeBlockedTarget, "mapped.test": darkroom.CodeBlockedTarget, "nat64.test": darkroom.CodeBlockedTarget,
		"teredo.test": darkroom.CodeBlockedTarget, "missing.test": darkroom.CodeDNSError,
	} {
		addrs, err := resolvePublic(t.Context(), p, host+":443")
		if darkroom.CodeOf(err) != want || err == nil && len(addrs) != 2 {
			t.Errorf("%s: %v, %v, want code %q", host, addrs, err, want)
		}
	}
}

// A name that turns from an address that is permitted to one that is not leads
// nowhere the second time, whoever asks.
func TestNameThatTurns(t *testing.T) {
	var canary atomic.Int64
	handler := func(w http.ResponseWriter, _ *http.Request) { _, _ = fmt.Fprint(w, "public") }
	_, port, _ := net.SplitHostPort(serveAt(t, "127.0.0.2:0", handler))
	hidden := serveAt(t, "127.0.0.1:"+port, func(http.ResponseWriter, *http.Request) { canary.Add(1) })
	turning := func() *nameServer {
		return &nameServer{answers: map[string][][]string{"rebind.test.": {{"127.0.0.2"}, {"127.0.0.1"}}}}
	}
	page := "http://rebind.test:" + port + "/"

	t.Run("own client", func(t *testing.T) {
		p := newPolicy(t, Config{Allow: []string{"127.0.0.2"}, Resolver: turning().resolver(t)})
		for i, want := range []darkroom.Code{"", darkroom.CodeBlockedTarget, darkroom.CodeBlockedTarget} {
			client := p.Client(time.Minute)
			response, err := client.Get(page)
			if darkroom.CodeOf(err) != want {
				t.Errorf("request %d: %v, want %q", i, err, want)
			}
			if err == nil {
				_ = response.Body.Close()
			}
			client.CloseIdleConnections()
		}
	})
	t.Run("browser", func(t *testing.T) {
		r := newRigWith(t, Config{Allow: []string{"127.0.0.2"}, Resolver: turning().resolver(t)}, Limits{})
		for i, want := range []int{http.StatusOK, http.StatusOK, http.StatusForbidden} {
			if i == 2 {
				r.Reset() // the next job looks the name up again
			}
			if status, _ := r.get(t, page); status != want {
				t.Errorf("request %d: status %d, want %d", i, status, want)
			}
		}
	})
	if canary.Load() > 0 {
		t.Errorf("%s was reached %d times", hidden, canary.Load())
	}
}

// serveAt serves at an address of this machine, and gives it.
func serveAt(t *testing.T, address string, handler http.HandlerFunc) string {
	t.Helper()
	listener, err := net.Listen("tcp", address)
	if err != nil {
		t.Fatal(err)
	}
	server := httptest.NewUnstartedServer(handler)
	_ = server.Listener.Close()
	server.Listener = listener
	server.Start()
	t.Cleanup(server.Close)
	return listener.Addr().String()
}

// Every hop of a chain of redirects is decided like the first.
func TestRedirectsAtEveryHop(t *testing.T) {
	const longest = 20
	var canary atomic.Int64
	hidden := serveAt(t, "127.0.0.1:0", func(http.ResponseWriter, *http.Request) { canary.Add(1) })
	_, port, _ := net.SplitHostPort(hidden)
	for _, forbidden := range []string{
		"http://127.0.0.1:" + port + "/", "http://localhost:" + port + "/", "http://[::1]:" + port + "/", "http://2130706433:" + port + "/",
		"http://[::ffff:127.0.0.1]:" + port + "/", "http://mixed.test:" + port + "/", "http://169.254.169.254/latest/meta-data/", "http://metadata.google.internal/",
		"http://10.0.0.1/", "http://site.test:6379/", "http://site.test:25/", "https://127.0.0.1:" + port + "/", "https://169.254.169.254/",
	} {
		for hop := range longest {
			status, met := follow(t, forbidden, hop)
			if status != http.StatusForbidden || met != hop+1 {
				t.Errorf("%s at hop %d: status %d after %d pages", forbidden, hop, status, met)
			}
		}
	}
	if canary.Load() > 0 {
		t.Errorf("the canary was reached %d times", canary.Load())
	}
}

// follow lets a browser go from page to page of a site until one sends it where
// it may not go, and gives the last status and how many pages it met.
func follow(t *testing.T, forbidden string, hop int) (status, met int) {
	t.Helper()
	_, port := serve(t, func(w http.ResponseWriter, r *http.Request) {
		if met++; met > hop {
			http.Redirect(w, r, forbidden, http.StatusFound)
			return
		}
		host := [...]string{"site.test", "other.test"}[met%2]
		_, port, _ := net.SplitHostPort(r.Host)
		http.Redirect(w, r, "http://"+host+":"+port+"/", [...]int{http.StatusMovedPermanently, http.StatusFound, http.StatusTemporaryRedirect}[met%3])
	})
	r := newRig(t, Limits{})
	r.browser.CheckRedirect = func(_ *http.Request, via []*http.Request) error {
		if len(via) > 30 {
			return http.ErrUseLastResponse
		}
		return nil
	}
	response, err := r.browser.Get("http://site.test:" + port + "/")
	if err != nil && strings.Contains(err.Error(), "Forbidden") { // a tunnel was asked for
		return http.StatusForbidden, met
	}
	if err != nil {
		t.Fatalf("%s: %v", forbidden, err)
	}
	defer func() { _ = response.Body.Close() }()
	if response.Header.Get(RefusalHeader) == "" {
		t.Errorf("%s at hop %d: the answer is not the proxy's", forbidden, hop)
	}
	return response.StatusCode, met
}
