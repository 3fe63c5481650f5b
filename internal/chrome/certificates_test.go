package chrome

import (
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/tls"
	"crypto/x509"
	"crypto/x509/pkix"
	"io"
	"log"
	"math/big"
	"net"
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	"darkroom"
)

// authority is a certificate authority that nobody knows.
type authority struct {
	root *x509.Certificate
	key  *ecdsa.PrivateKey
}

func newAuthority(t *testing.T, name string) authority {
	t.Helper()
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	template := &x509.Certificate{
		SerialNumber: big.NewInt(4711), Subject: pkix.Name{CommonName: name},
		NotBefore: time.Now().Add(-time.Hour), NotAfter: time.Now().Add(24 * time.Hour),
		IsCA: true, BasicConstraintsValid: true, KeyUsage: x509.KeyUsageCertSign,
	}
	a := authority{key: key}
	a.root = a.sign(t, template, template, key)
	return a
}

func (a authority) sign(t *testing.T, template, parent *x509.Certificate, key *ecdsa.PrivateKey) *x509.Certificate {
	t.Helper()
	raw, err := x509.CreateCertificate(rand.Reader, template, parent, &key.PublicKey, a.key)
	if err != nil {
		t.Fatal(err)
	}
	signed, err := x509.ParseCertificate(raw)
	if err != nil {
		t.Fatal(err)
	}
	return signed
}

// serve serves the site with a certificate for the address, valid until then.
func (a authority) serve(t *testing.T, r *rig, address string, until time.Time) string {
	t.Helper()
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	leaf := a.sign(t, &x509.Certificate{
		SerialNumber: big.NewInt(time.Now().UnixNano()), Subject: pkix.Name{CommonName: "site"}, IPAddresses: []net.IP{net.ParseIP(address)},
		NotBefore: time.Now().Add(-24 * time.Hour), NotAfter: until, ExtKeyUsage: []x509.ExtKeyUsage{x509.ExtKeyUsageServerAuth},
	}, a.root, key)
	server := httptest.NewUnstartedServer(r.site)
	server.TLS = &tls.Config{Certificates: []tls.Certificate{{Certificate: [][]byte{leaf.Raw}, PrivateKey: key}}}
	server.Config.ErrorLog = discardLog()
	server.StartTLS()
	t.Cleanup(func() { server.CloseClientConnections(); server.Close() })
	return server.URL
}

// TestOwnAuthorities shows that the operator's authority is trusted as any
// other: not for another name, not beyond its time, and no stranger with it.
func TestOwnAuthorities(t *testing.T) {
	t.Parallel()
	ours, stranger := newAuthority(t, "Ours"), newAuthority(t, "Stranger")
	more := newAuthority(t, "Ours too")
	r := newRig(t, func(c *Config) { c.Roots = []*x509.Certificate{ours.root, more.root} })
	later := time.Now().Add(time.Hour)
	for _, row := range []struct {
		name, url string
		says      string // in the failure; "" = a good page
	}{
		{"ours", ours.serve(t, r, "127.0.0.1", later), ""},
		{"the second of the file", more.serve(t, r, "127.0.0.1", later), ""},
		{"another name", ours.serve(t, r, "127.0.0.2", later), "ERR_CERT_COMMON_NAME_INVALID"},
		{"too old", ours.serve(t, r, "127.0.0.1", time.Now().Add(-time.Hour)), "ERR_CERT_DATE_INVALID"},
		{"a stranger", stranger.serve(t, r, "127.0.0.1", later), "ERR_CERT_AUTHORITY_INVALID"},
	} {
		t.Run(row.name, func(t *testing.T) {
			r.t, r.url = t, row.url
			if row.says == "" {
				wantPixel(t, decode(t, r.good("/colour/0f0", darkroom.Options{})), 5, 5, "green")
				return
			}
			if failure := r.fails("/colour/0f0", darkroom.Options{}, darkroom.CodeTLSError); !strings.Contains(failure.Message, row.says) {
				t.Errorf("it says %q, want %s", failure.Message, row.says)
			}
		})
	}
}

func discardLog() *log.Logger { return log.New(io.Discard, "", 0) }
