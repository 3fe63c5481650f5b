package egress

import (
	"crypto/tls"
	"net/http"
	"time"
)

// maxHeaderBytes bounds the header of an answer, ours and the browser's.
const maxHeaderBytes = 64 << 10

// Client is for requests of our own: webhooks, sitemaps, robots. Each must be
// done within timeout, body included. Redirects are never followed, there are
// no cookies, no proxy of the environment, no compression, and at most 64 KiB
// of header. The body is not bounded: read it through a limit.
//
// Errors of connecting carry those of DialContext in their chain.
func (p *Policy) Client(timeout time.Duration) *http.Client {
	return &http.Client{
		Timeout: timeout,
		CheckRedirect: func(*http.Request, []*http.Request) error {
			return http.ErrUseLastResponse
		},
		Transport: &http.Transport{
			Proxy:                  nil,
			DialContext:            p.DialContext,
			TLSClientConfig:        &tls.Config{RootCAs: p.rootCAs, MinVersion: tls.VersionTLS12},
			TLSHandshakeTimeout:    connectTimeout,
			ResponseHeaderTimeout:  timeout,
			MaxResponseHeaderBytes: maxHeaderBytes,
			DisableCompression:     true,
			MaxIdleConns:           32,
			IdleConnTimeout:        30 * time.Second,
		},
	}
}
