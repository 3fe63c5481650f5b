package mcp

import (
	"bytes"
	"io"
	"net/http"

	"darkroom/client"
)

// within is a client of an API in the same process that asks as whoever sent
// the request: with the same key, from the same address. What the API answers
// is final; the agent decides whether to try again.
func within(api http.Handler, asked *http.Request) *client.Client {
	const nowhere = "http://darkroom.invalid" // only the path is looked at
	return client.New(nowhere, "-", client.WithRetries(0), client.WithUserAgent("darkroom-mcp"),
		client.WithHTTPClient(&http.Client{Transport: passage{api, asked}}))
}

// passage hands requests to a handler.
type passage struct {
	api   http.Handler
	asked *http.Request
}

// RoundTrip gives the handler's answer, when all of it is there.
func (p passage) RoundTrip(r *http.Request) (*http.Response, error) {
	r = r.Clone(r.Context())
	r.RequestURI, r.RemoteAddr, r.Host = r.URL.RequestURI(), p.asked.RemoteAddr, p.asked.Host
	for _, name := range []string{"Authorization", "X-Api-Key", "X-Forwarded-For"} {
		r.Header.Del(name)
		if values := p.asked.Header.Values(name); len(values) > 0 {
			r.Header[name] = values
		}
	}
	if r.Body == nil {
		r.Body = http.NoBody
	}
	kept := &answer{header: http.Header{}, status: http.StatusOK}
	p.api.ServeHTTP(kept, r)
	if err := r.Context().Err(); err != nil {
		return nil, err //nolint:wrapcheck // as every transport ends
	}
	return &http.Response{
		StatusCode: kept.status, Header: kept.header, Body: io.NopCloser(&kept.body), ContentLength: int64(kept.body.Len()), Request: r,
		Proto: "HTTP/1.1", ProtoMajor: 1, ProtoMinor: 1,
	}, nil
}

// answer keeps what a handler writes.
type answer struct {
	header http.Header
	status int
	body   bytes.Buffer
}

// Header is that of the answer.
func (a *answer) Header() http.Header { return a.header }

// WriteHeader keeps the status.
func (a *answer) WriteHeader(status int) { a.status = status }

// Write keeps the body.
func (a *answer) Write(p []byte) (int, error) { return a.body.Write(p) }
