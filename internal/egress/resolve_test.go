package egress

import (
	"context"
	"errors"
	"fmt"
	"net"
	"net/netip"
	"slices"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"darkroom"
)

// stubResolver answers from its table, one answer after the other, the last
// one for ever; names are complete, with the dot at their end.
type stubResolver struct {
	mu      sync.Mutex
	answers map[string][][]string
	asked   []string
}

func resolverWith(answers map[string][]string) *stubResolver {
	stub := &stubResolver{answers: make(map[string][][]string)}
	for name, addrs := range answers {
		stub.answers[name] = [][]string{addrs}
	}
	return stub
}

func (s *stubResolver) LookupNetIP(ctx context.Context, network, host string) ([]netip.Addr, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.asked = append(s.asked, host)
	answers := s.answers[host]
	if network != "ip" || len(answers) == 0 {
		return nil, &net.DNSError{Err: "no such host", Name: host, IsNotFound: true}
	}
	if len(answers) > 1 {
		s.answers[host] = answers[1:]
	}
	addrs := make([]netip.Addr, 0, len(answers[0]))
	for _, text := range answers[0] {
		addrs = append(addrs, netip.MustParseAddr(text))
	}
	return addrs, ctx.Err()
}

// resolvePublic decides about "host:port" without dialling.
func resolvePublic(ctx context.Context, p *Policy, text string) ([]netip.Addr, error) {
	wanted, err := parseTarget(text)
	if err != nil {
		return nil, err
	}
	return p.resolve(ctx, p.resolver, wanted)
}

func TestEveryAnswerMustBeAllowed(t *testing.T) {
	seventeen := make([]string, 17)
	for i := range seventeen {
		seventeen[i] = fmt.Sprintf("8.8.8.%d", i+1)
	}
	stub := resolverWith(map[string][]string{
		"public.test.":  {"8.8.8.8", "2606:4700::1111", "::ffff:8.8.4.4"},
		"private.test.": {"10.0.0.1"},
		"mixed.test.":   {"8.8.8.8", "127.0.0.1"},
		"mapped.test.":  {"::ffff:127.0.0.1"},
		"nat64.test.":   {"64:ff9b::127.0.0.1"},
		"cloud.test.":   {"169.254.169.254"},
		"many.test.":    seventeen,
		"hidden.test.":  append(slices.Clone(seventeen), "127.0.0.1"),
		"empty.test.":   {},
	})
	p := newPolicy(t, Config{Resolver: stub})
	for host, want := range map[string]darkroom.Code{
		"public.test": "", "PUBLIC.test.": "", "many.test": "",
		"private.test": darkroom.CodeBlockedTarget, "mixed.test": darkroom.CodeBlockedTarget, "mapped.test": darkroom.CodeBlockedTarget,
		"nat64.test": darkroom.CodeBlockedTarget, "cloud.test": darkroom.CodeBlockedTarget, "hidden.test": darkroom.CodeBlockedTarget,
		"localhost": darkroom.CodeBlockedTarget, "metadata.google.internal": darkroom.CodeBlockedTarget,
		"empty.test": darkroom.CodeDNSError, "missing.test": darkroom.CodeDNSError, "router": darkroom.CodeDNSError,
	} {
		addrs, err := resolvePublic(t.Context(), p, net.JoinHostPort(host, "443"))
		if darkroom.CodeOf(err) != want || err == nil && (len(addrs) == 0 || len(addrs) > maxAddresses) {
			t.Errorf("%s: %v, %v, want code %q", host, addrs, err, want)
		}
	}
	if found := slices.IndexFunc(stub.asked, func(name string) bool { return !strings.HasSuffix(name, ".") }); found >= 0 {
		t.Errorf("%q was looked up with search domains", stub.asked[found])
	}
}

// What a name resolves to is told to the log, never to the client.
func TestBlockedMessageHidesTheAddress(t *testing.T) {
	p := newPolicy(t, Config{Resolver: resolverWith(map[string][]string{"private.test.": {"10.9.8.7"}})})
	_, err := resolvePublic(t.Context(), p, "private.test:80")
	blocked, ok := errors.AsType[*darkroom.Error](err)
	if !ok || strings.Contains(blocked.Sentence(), "10.") || !strings.Contains(blocked.Sentence(), "--egress-allow private.test") {
		t.Errorf("sentence: %v", blocked.Sentence())
	}
	if !strings.Contains(err.Error(), "10.9.8.7 is in a private network") {
		t.Errorf("log: %v", err)
	}
}

// The C library would make 127.0.0.1 of most of these.
func TestNumericHostsAreNeverLookedUp(t *testing.T) {
	stub := resolverWith(nil)
	for _, private := range []bool{false, true} {
		p := newPolicy(t, Config{AllowPrivate: private, Resolver: stub})
		for _, host := range []string{
			"2130706433", "0x7f.1", "0x7f000001", "017700000001", "127.1", "0177.0.0.1", "0", "127.000.000.001", "127.0.0.1.",
			"1.2.3.4.5", "foo.0x", "foo.1", "", ".", "a..b", "a b", "ex%61mple.com", "exämple.com", "a/b", "a@b", "[::1]", "*",
		} {
			_, err := resolvePublic(t.Context(), p, host+":80")
			if host == "[::1]" && private {
				continue // an address, not a name
			}
			if darkroom.CodeOf(err) != darkroom.CodeBlockedTarget {
				t.Errorf("%q: %v", host, err)
			}
		}
	}
	if len(stub.asked) > 0 {
		t.Errorf("looked up: %q", stub.asked)
	}
}

func TestNamesWherePrivateTargetsAreAllowed(t *testing.T) {
	stub := resolverWith(map[string][]string{"wiki": {"10.0.0.1"}, "db.internal.": {"10.0.0.2"}})
	p := newPolicy(t, Config{AllowPrivate: true, Resolver: stub})
	for host, want := range map[string]string{
		"localhost": "[127.0.0.1 ::1]", "a.b.localhost": "[127.0.0.1 ::1]", "LOCALHOST.": "[127.0.0.1 ::1]",
		"wiki": "[10.0.0.1]", "db.internal": "[10.0.0.2]",
	} {
		addrs, err := resolvePublic(t.Context(), p, host+":80")
		if err != nil || fmt.Sprint(addrs) != want {
			t.Errorf("%s: %v %v, want %s", host, addrs, err, want)
		}
	}
	if len(stub.asked) != 2 {
		t.Errorf("looked up %q: localhost is no name for a name server", stub.asked)
	}
}

func TestRebinding(t *testing.T) {
	stub := &stubResolver{answers: map[string][][]string{"rebind.test.": {{"8.8.8.8"}, {"127.0.0.1"}}}}
	p := newPolicy(t, Config{Resolver: stub})
	remembered := &memo{resolver: stub}
	wanted := target{host: "rebind.test", port: 80}
	for range 3 {
		addrs, err := p.resolve(t.Context(), remembered, wanted)
		if err != nil || fmt.Sprint(addrs) != "[8.8.8.8]" {
			t.Fatalf("within one capture: %v, %v", addrs, err)
		}
	}
	if _, err := p.resolve(t.Context(), stub, wanted); darkroom.CodeOf(err) != darkroom.CodeBlockedTarget {
		t.Fatalf("the next look-up: %v", err)
	}
}

// silentResolver answers when its context ends.
type silentResolver struct{}

func (silentResolver) LookupNetIP(ctx context.Context, _, host string) ([]netip.Addr, error) {
	<-ctx.Done()
	return nil, &net.DNSError{Err: ctx.Err().Error(), Name: host, IsTimeout: true}
}

func TestSilentNameServer(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		p := newPolicy(t, Config{Resolver: silentResolver{}})
		begun := time.Now()
		_, err := p.DialContext(t.Context(), "tcp", "slow.test:80")
		if darkroom.CodeOf(err) != darkroom.CodeDNSError || time.Since(begun) != lookupTimeout {
			t.Errorf("after %s: %v", time.Since(begun), err)
		}
		short, cancel := context.WithTimeout(t.Context(), time.Second)
		defer cancel()
		if _, err := p.DialContext(short, "tcp", "slow.test:80"); darkroom.CodeOf(err) != darkroom.CodeTimeout {
			t.Errorf("the caller's deadline: %v", err)
		}
		gone, cancel := context.WithCancel(t.Context())
		cancel()
		if _, err := p.DialContext(gone, "tcp", "slow.test:80"); darkroom.CodeOf(err) != darkroom.CodeCancelled {
			t.Errorf("the caller gave up: %v", err)
		}
	})
}

func TestResolverThatFails(t *testing.T) {
	p := newPolicy(t, Config{Resolver: failingResolver{}})
	if _, err := p.DialContext(t.Context(), "tcp", "x.test:80"); darkroom.CodeOf(err) != darkroom.CodeDNSError {
		t.Error(err)
	}
}

type failingResolver struct{}

func (failingResolver) LookupNetIP(context.Context, string, string) ([]netip.Addr, error) {
	return nil, errors.New("server misbehaving")
}
