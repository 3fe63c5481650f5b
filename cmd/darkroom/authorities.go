package main

import (
	"crypto/x509"
	"encoding/pem"
	"fmt"
	"os"
)

// readAuthorities reads the certificates of a PEM file, "" for none. A file
// without any, or with one that cannot be read, is an error: trust that is
// silently missing shows only as failed captures.
func readAuthorities(path string) ([]*x509.Certificate, error) {
	if path == "" {
		return nil, nil
	}
	content, err := os.ReadFile(path)
	if err != nil {
		return nil, fmt.Errorf("read the certificate authorities: %w", err)
	}
	var found []*x509.Certificate
	for block, rest := pem.Decode(content); block != nil; block, rest = pem.Decode(rest) {
		if block.Type != "CERTIFICATE" {
			continue
		}
		certificate, err := x509.ParseCertificate(block.Bytes)
		if err != nil {
			return nil, fmt.Errorf("read certificate %d of %s: %w", len(found)+1, path, err)
		}
		found = append(found, certificate)
	}
	if len(found) == 0 {
		return nil, fmt.Errorf("%s holds no PEM certificate", path)
	}
	return found, nil
}

// rootCAs are the system's authorities and the operator's; nil when there are
// only the system's.
func (c config) rootCAs() *x509.CertPool {
	if len(c.Authorities) == 0 {
		return nil
	}
	pool, err := x509.SystemCertPool()
	if err != nil {
		pool = x509.NewCertPool() // a system without any has none to lose
	}
	for _, authority := range c.Authorities {
		pool.AddCert(authority)
	}
	return pool
}
