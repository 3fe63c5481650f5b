package chrometest

import (
	"cmp"
	"context"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/tls"
	"crypto/x509"
	"crypto/x509/pkix"
	"fmt"
	"io"
	"log"
	"math/big"
	"net"
	"net/http/httptest"
	"time"

	"darkroom"
)

// HostileSite is the site with servers beside it whose TLS is at fault.
type HostileSite struct {
	Site *Pages
	URL  string // of the plain server

	// Authority has signed what is to fail for another reason than a stranger's
	// signature. Whoever captures these pages trusts it.
	Authority *x509.Certificate

	pages  []HostilePage
	key    *ecdsa.PrivateKey // of the authority
	closes []func()
}

// OpenHostileSite starts the servers on loopback. The error is about listening
// or making certificates.
func OpenHostileSite() (*HostileSite, error) {
	s := &HostileSite{Site: Site()}
	plain := httptest.NewUnstartedServer(s.Site)
	plain.Config.ErrorLog = log.New(io.Discard, "", 0) // many hang up in the middle
	plain.Start()
	s.URL = plain.URL
	s.closes = append(s.closes, func() { plain.CloseClientConnections(); plain.Close() })
	if err := s.found(); err != nil {
		s.Close()
		return nil, fmt.Errorf("make an authority: %w", err)
	}
	for _, page := range Hostile() {
		page.Path = s.URL + page.Path
		s.pages = append(s.pages, page)
	}
	for _, fault := range tlsFaults() {
		if err := s.fail(fault); err != nil {
			s.Close()
			return nil, fmt.Errorf("serve %q: %w", fault.name, err)
		}
	}
	return s, nil
}

// Pages lists all hostile pages, each with its whole address.
func (s *HostileSite) Pages() []HostilePage { return s.pages }

// Close hangs up on everybody and ends the servers.
func (s *HostileSite) Close() {
	for _, end := range s.closes {
		end()
	}
}

// tlsFault is one way in which a secure connection cannot be made.
type tlsFault struct {
	name     string
	code     darkroom.Code
	or       darkroom.Code // the server hangs up while it says why; "" = it does not
	options  darkroom.Options
	notAfter time.Duration // of the certificate, from now; 0 = in an hour
	address  string        // that the certificate is for; "" = the right one
	stranger bool          // nobody has signed it
	config   *tls.Config   // nil = the usual one
	silent   bool          // takes connections and never says anything
	plain    bool          // speaks plain HTTP
}

func tlsFaults() []tlsFault {
	return []tlsFault{
		{name: "certificate of a stranger", code: darkroom.CodeTLSError, options: within(patient), stranger: true},
		{name: "certificate that has expired", code: darkroom.CodeTLSError, options: within(patient), notAfter: -time.Hour},
		{name: "certificate of another host", code: darkroom.CodeTLSError, options: within(patient), address: "127.0.0.9"},
		{name: "TLS 1.0", code: darkroom.CodeTLSError, options: within(patient), config: &tls.Config{MinVersion: tls.VersionTLS10, MaxVersion: tls.VersionTLS10}},
		{name: "asks for the browser's certificate", code: darkroom.CodeTLSError, or: darkroom.CodeConnectionReset, options: within(patient), config: &tls.Config{ClientAuth: tls.RequireAnyClientCert, MaxVersion: tls.VersionTLS12}},
		{name: "plain HTTP where TLS belongs", code: darkroom.CodeTLSError, options: within(patient), plain: true},
		{name: "says nothing where TLS belongs", code: darkroom.CodeTimeout, options: within(soon), silent: true},
	}
}

func (s *HostileSite) fail(fault tlsFault) error {
	page := HostilePage{Name: fault.name, Options: fault.options, Codes: ends(fault.code)}
	if fault.or != "" {
		page.Codes = append(page.Codes, fault.or)
	}
	if fault.silent {
		listener, err := new(net.ListenConfig).Listen(context.Background(), "tcp", "127.0.0.1:0")
		if err != nil {
			return err
		}
		s.closes = append(s.closes, swallow(listener))
		page.Path = "https://" + listener.Addr().String() + "/"
		s.pages = append(s.pages, page)
		return nil
	}
	server := httptest.NewUnstartedServer(s.Site)
	server.Config.ErrorLog = log.New(io.Discard, "", 0)
	if fault.plain {
		server.Start()
	} else {
		certificate, err := s.certify(fault)
		if err != nil {
			return err
		}
		if server.TLS = fault.config.Clone(); server.TLS == nil {
			server.TLS = &tls.Config{}
		}
		server.TLS.Certificates = []tls.Certificate{certificate}
		server.StartTLS()
	}
	s.closes = append(s.closes, func() { server.CloseClientConnections(); server.Close() })
	page.Path = "https://" + server.Listener.Addr().String() + "/colour/0f0"
	s.pages = append(s.pages, page)
	return nil
}

// swallow takes connections and holds them; the function that it gives ends
// that.
func swallow(listener net.Listener) func() {
	done := make(chan struct{})
	go func() {
		defer close(done)
		var held []net.Conn
		for {
			taken, err := listener.Accept()
			if err != nil {
				for _, one := range held {
					_ = one.Close()
				}
				return
			}
			held = append(held, taken)
		}
	}()
	return func() { _ = listener.Close(); <-done }
}

// found makes the authority.
func (s *HostileSite) found() error {
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		return err
	}
	s.key = key
	s.Authority, err = sign(&x509.Certificate{
		Subject: pkix.Name{CommonName: "Hostile site"}, NotAfter: time.Now().Add(24 * time.Hour),
		IsCA: true, BasicConstraintsValid: true, KeyUsage: x509.KeyUsageCertSign,
	}, nil, key, key)
	return err
}

func (s *HostileSite) certify(fault tlsFault) (tls.Certificate, error) {
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		return tls.Certificate{}, err
	}
	template := &x509.Certificate{
		Subject: pkix.Name{CommonName: "site"}, IPAddresses: []net.IP{net.ParseIP(cmp.Or(fault.address, "127.0.0.1"))},
		NotAfter: time.Now().Add(cmp.Or(fault.notAfter, time.Hour)), ExtKeyUsage: []x509.ExtKeyUsage{x509.ExtKeyUsageServerAuth},
	}
	parent, with := s.Authority, s.key
	if fault.stranger {
		parent, with = nil, key
	}
	signed, err := sign(template, parent, key, with)
	if err != nil {
		return tls.Certificate{}, err
	}
	return tls.Certificate{Certificate: [][]byte{signed.Raw}, PrivateKey: key}, nil
}

// sign makes a certificate of the template for key; one without a parent is
// signed by itself.
func sign(template, parent *x509.Certificate, key, with *ecdsa.PrivateKey) (*x509.Certificate, error) {
	template.SerialNumber = big.NewInt(time.Now().UnixNano())
	template.NotBefore = time.Now().Add(-24 * time.Hour)
	if parent == nil {
		parent = template
	}
	raw, err := x509.CreateCertificate(rand.Reader, template, parent, &key.PublicKey, with)
	if err != nil {
		return nil, err
	}
	return x509.ParseCertificate(raw)
}
