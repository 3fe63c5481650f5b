package api

import (
	"bytes"
	"cmp"
	"io"
	"net"
	"net/http"
	"net/netip"
	"net/url"
	"strings"

	"darkroom"
)

// message answers one message of an agent. It is the agent's tools that ask the
// API, each request with the same key.
func (s *server) message(w http.ResponseWriter, r *http.Request, _ darkroom.APIKey) error {
	if s.agents == nil {
		return noSuchPath()
	}
	if err := s.Front.refuseForeign(r); err != nil {
		return err
	}
	body, err := s.readBody(w, r)
	if err != nil {
		return err
	}
	r = r.Clone(r.Context())
	r.Body, r.ContentLength = io.NopCloser(bytes.NewReader(body)), int64(len(body))
	r.Header.Set("Content-Type", "application/json")
	r.Header.Set("Accept", "application/json, text/event-stream") // clients that forget one of them are served too
	refusal := &refusal{ResponseWriter: w}
	s.agents.ServeHTTP(refusal, r)
	if refusal.words.Len() == 0 {
		return nil
	}
	return &darkroom.Error{
		Code: darkroom.CodeValidation, Message: strings.TrimSpace(refusal.words.String()),
		Hint: "Send one message of the Model Context Protocol; docs/mcp.md names clients that do",
	}
}

// serveInside answers a request of this process, whose path has no prefix.
func (s *server) serveInside(w http.ResponseWriter, r *http.Request) {
	r.URL.Path, r.URL.RawPath = s.Front.PathPrefix+r.URL.Path, ""
	s.ServeHTTP(w, r)
}

// refuseForeign refuses what a page of another site may have sent: one whose
// name leads to this machine for that purpose, too. Only names that nobody else
// can lead here are believed: that of --public-url, localhost, and addresses.
func (f Front) refuseForeign(r *http.Request) error {
	origin := r.Header.Get("Origin")
	if f.believes(r.Host) && (origin == "" || f.isOwn(origin, r.Host)) || f.behindProxy(r) && origin == "" {
		return nil
	}
	return forbidden("", "Messages from pages of other sites are not taken",
		"An agent sends no Origin and names the server by its address, by localhost or as --public-url does")
}

// isOwn reports whether a page of that origin is one of this server's.
func (f Front) isOwn(origin, host string) bool {
	page, err := url.Parse(origin)
	if err != nil || page.Host == "" {
		return false
	}
	public, err := url.Parse(f.PublicURL)
	return err == nil && page.Host == public.Host && page.Scheme == public.Scheme || page.Host == host && f.believes(host)
}

func (f Front) believes(host string) bool {
	public, err := url.Parse(f.PublicURL)
	if err == nil && public.Host != "" && strings.EqualFold(host, public.Host) {
		return true
	}
	name, _, err := net.SplitHostPort(host)
	if err != nil {
		name = strings.Trim(host, "[]")
	}
	_, err = netip.ParseAddr(cmp.Or(name, host))
	return err == nil || strings.EqualFold(name, "localhost")
}

// behindProxy reports whether a trusted proxy has passed the request on.
func (f Front) behindProxy(r *http.Request) bool {
	peer, err := netip.ParseAddrPort(r.RemoteAddr)
	return err == nil && f.trusts(plainAddress(peer.Addr()))
}

// refusal keeps the words of an answer in plain text: only a message that is
// none is answered so.
type refusal struct {
	http.ResponseWriter
	words bytes.Buffer
	plain bool
}

// WriteHeader begins the answer, unless it is a refusal.
func (r *refusal) WriteHeader(status int) {
	if r.plain = status >= http.StatusBadRequest && strings.HasPrefix(r.Header().Get("Content-Type"), "text/plain"); !r.plain {
		r.ResponseWriter.WriteHeader(status)
	}
}

// Write sends the answer, or keeps the words.
func (r *refusal) Write(p []byte) (int, error) {
	if r.plain {
		return r.words.Write(p)
	}
	return r.ResponseWriter.Write(p) //nolint:wrapcheck // it stands for the writer
}

// Unwrap lets http.ResponseController reach the connection.
func (r *refusal) Unwrap() http.ResponseWriter { return r.ResponseWriter }
