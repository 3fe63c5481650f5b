package nssdb_test

import (
	"bytes"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/sha1"
	"crypto/x509"
	"crypto/x509/pkix"
	"database/sql"
	"math/big"
	"net/url"
	"os"
	"path/filepath"
	"testing"
	"time"

	"darkroom/internal/nssdb"
)

func authority(t *testing.T, serial *big.Int) *x509.Certificate {
	t.Helper()
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	template := &x509.Certificate{SerialNumber: serial, Subject: pkix.Name{CommonName: "Ours"}, NotAfter: time.Now().Add(time.Hour), IsCA: true}
	raw, err := x509.CreateCertificate(rand.Reader, template, template, &key.PublicKey, key)
	if err != nil {
		t.Fatal(err)
	}
	parsed, err := x509.ParseCertificate(raw)
	if err != nil {
		t.Fatal(err)
	}
	return parsed
}

// TestWrite reads the file as NSS does: by attribute, numbers as big-endian
// bytes. That Chromium trusts what stands in it is shown where browsers are.
func TestWrite(t *testing.T) {
	path := filepath.Join(t.TempDir(), "odd ?#% name.db")
	huge := new(big.Int).Lsh(big.NewInt(255), 140)
	roots := []*x509.Certificate{authority(t, big.NewInt(1)), authority(t, huge)}
	if err := nssdb.Write(t.Context(), path, roots); err != nil {
		t.Fatal(err)
	}
	db, err := sql.Open("sqlite", "file:"+(&url.URL{Path: path}).EscapedPath())
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = db.Close() }()
	for _, root := range roots {
		hash := sha1.Sum(root.Raw)
		var value, issuer, trustIssuer, serial, trustSerial, server, email []byte
		err := db.QueryRow(`SELECT a11, a81, a82 FROM nssPublic WHERE a0 = x'00000001' AND a11 = ?`, root.Raw).Scan(&value, &issuer, &serial)
		if err != nil {
			t.Fatalf("the certificate: %v", err)
		}
		err = db.QueryRow(`SELECT a81, a82, ace536358, ace53635b FROM nssPublic WHERE a0 = x'ce534353' AND ace5363b4 = ?`, hash[:]).Scan(&trustIssuer, &trustSerial, &server, &email)
		if err != nil {
			t.Fatalf("its trust: %v", err)
		}
		if !bytes.Equal(issuer, root.RawIssuer) || !bytes.Equal(issuer, trustIssuer) || !bytes.Equal(serial, trustSerial) || serial[0] != 2 {
			t.Errorf("issuer and serial number: %x %x, %x %x", issuer, serial, trustIssuer, trustSerial)
		}
		if !bytes.Equal(server, []byte{0xce, 0x53, 0x43, 0x52}) || !bytes.Equal(email, []byte{0xce, 0x53, 0x43, 0x53}) {
			t.Errorf("trusted for servers: %x, for mail: %x", server, email)
		}
	}
	var rows int
	if err := db.QueryRow(`SELECT count(DISTINCT id) FROM nssPublic`).Scan(&rows); err != nil || rows != 4 {
		t.Errorf("%d rows, %v", rows, err)
	}
}

func TestWriteFails(t *testing.T) {
	root := authority(t, big.NewInt(1))
	taken := filepath.Join(t.TempDir(), "taken.db")
	if err := os.WriteFile(taken, []byte("something else that is no database"), 0o600); err != nil {
		t.Fatal(err)
	}
	for _, path := range []string{taken, filepath.Join(t.TempDir(), "absent", "a.db")} {
		if err := nssdb.Write(t.Context(), path, []*x509.Certificate{root}); err == nil {
			t.Errorf("%s was written", path)
		}
	}
}
