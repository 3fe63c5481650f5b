package egress

import (
	"context"
	"crypto/tls"
	"errors"
	"fmt"
	"net/http"
	"net/url"
	"strings"
	"time"

	"darkroom"
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

// ClientError makes an error of Client's Do, or of reading a body, one of the
// codes of a failed capture. u is the canonical URL that was asked for, ctx the
// request's.
func ClientError(ctx context.Context, u *url.URL, err error) *darkroom.Error {
	target := targetOf(u)
	if isTLS(err) {
		return &darkroom.Error{
			Code:    darkroom.CodeTLSError,
			Message: "no secure connection to " + quote(target.String()) + " could be made: its certificate or its handshake is not acceptable",
			Err:     fmt.Errorf("reach %s: %w", target, err),
		}
	}
	return classifyError(ctx, target, err)
}

// isTLS reports whether the handshake failed, on either side.
func isTLS(err error) bool {
	_, unverified := errors.AsType[*tls.CertificateVerificationError](err)
	_, plain := errors.AsType[tls.RecordHeaderError](err)
	_, alert := errors.AsType[tls.AlertError](err)
	return unverified || plain || alert || strings.Contains(err.Error(), "HTTP response to HTTPS client") ||
		strings.Contains(err.Error(), "tls: ") || strings.Contains(err.Error(), "x509: ")
}
