package egress

import (
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
)

// One page of 15 requests over kept connections, with the proxy and without:
// the difference is what the proxy costs.
func BenchmarkPage(b *testing.B) {
	body := strings.Repeat("x", 40_000)
	handler := http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) { fmt.Fprint(w, body) })
	plain, secure := httptest.NewServer(handler), httptest.NewTLSServer(handler)
	defer plain.Close()
	defer secure.Close()
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		b.Fatal(err)
	}
	x := NewProxy(newPolicy(b, Config{AllowPrivate: true}), Limits{Bytes: 1 << 50, Requests: 1 << 50})
	ctx, cancel := context.WithCancel(context.Background())
	ended := make(chan error, 1)
	go func() { ended <- x.Serve(ctx, listener) }()
	defer func() { cancel(); <-ended }()
	through := http.ProxyURL(&url.URL{Scheme: "http", Host: listener.Addr().String()})
	for _, c := range []struct {
		name  string
		page  string
		proxy func(*http.Request) (*url.URL, error)
	}{
		{"http/direct", plain.URL, nil},
		{"http/proxy", plain.URL, through},
		{"https/direct", secure.URL, nil},
		{"https/proxy", secure.URL, through},
	} {
		b.Run(c.name, func(b *testing.B) {
			transport := &http.Transport{Proxy: c.proxy, TLSClientConfig: &tls.Config{InsecureSkipVerify: true}}
			defer transport.CloseIdleConnections()
			client := &http.Client{Transport: transport}
			for b.Loop() {
				for range 15 {
					response, err := client.Get(c.page)
					if err != nil {
						b.Fatal(err)
					}
					if _, err := io.Copy(io.Discard, response.Body); err != nil {
						b.Fatal(err)
					}
					response.Body.Close()
				}
			}
		})
	}
}

func BenchmarkAdmit(b *testing.B) {
	p := newPolicy(b, Config{})
	for b.Loop() {
		if _, err := p.Admit("https://www.example.com/products/a-rather-long-name?colour=blue&size=12#reviews"); err != nil {
			b.Fatal(err)
		}
	}
}
