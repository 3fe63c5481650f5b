package api

import (
	"net/http"
	"net/netip"
	"slices"
	"strings"

	"darkroom"
)

// Front is what stands between the clients and the API: nothing, or a reverse
// proxy. The zero value is nothing.
type Front struct {
	PublicURL  string         // where clients reach the API, without a slash at its end; "" = unknown
	PathPrefix string         // what the path of every request begins with, such as /shots; "" = nothing
	Trusted    []netip.Prefix // proxies whose X-Forwarded-For is believed
}

// base is what a client puts before the paths of the API.
func (f Front) base() string {
	if f.PublicURL != "" {
		return f.PublicURL
	}
	return f.PathPrefix
}

// probes are answered without the prefix too: who asks them of the process
// itself does not come through the proxy.
func probes() []string { return []string{"/healthz", "/readyz", "/metrics"} }

// enter takes the prefix off a plain path. It is false for a path outside.
func (f Front) enter(r *http.Request) bool {
	if f.PathPrefix == "" || slices.Contains(probes(), r.URL.Path) {
		return true
	}
	path, ok := strings.CutPrefix(r.URL.Path, f.PathPrefix)
	raw, rawOK := strings.CutPrefix(r.URL.RawPath, f.PathPrefix)
	if !ok || !rawOK || path != "" && path[0] != '/' {
		return false
	}
	r.URL.Path, r.URL.RawPath = "/"+strings.TrimPrefix(path, "/"), "/"+strings.TrimPrefix(raw, "/")
	return true
}

// outside gives a path of the API as a client that came through the proxy
// resolves it: the paths in bodies are relative to the server, while a
// Location is relative to the whole host.
func (f Front) outside(path string) string {
	if f.PathPrefix != "" {
		return f.PathPrefix + path
	}
	_, after, _ := strings.Cut(f.PublicURL, "://")
	_, prefix, ok := strings.Cut(after, "/")
	if !ok {
		return path
	}
	return "/" + prefix + path
}

// noSuchPlace is the answer for a path outside the prefix.
func (f Front) noSuchPlace() *darkroom.Error {
	return &darkroom.Error{
		Code:    darkroom.CodeNotFound,
		Message: "There is nothing at this path",
		Hint:    "Every path of this server begins with " + f.PathPrefix,
	}
}

// client is who sent the request: the other side of the connection, or, where
// that is a trusted proxy, the last address in X-Forwarded-For that no trusted
// proxy has. What stands before it anybody may have written. ok is false when
// the address cannot be told.
func (f Front) client(r *http.Request) (address netip.Addr, ok bool) {
	peer, err := netip.ParseAddrPort(r.RemoteAddr)
	if err != nil {
		return netip.Addr{}, false
	}
	address = plainAddress(peer.Addr())
	hops := strings.Split(strings.Join(r.Header.Values("X-Forwarded-For"), ","), ",")
	for _, hop := range slices.Backward(hops) {
		if !f.trusts(address) {
			break
		}
		before, ok := parseHop(hop)
		if !ok {
			break
		}
		address = before
	}
	return address, true
}

func (f Front) trusts(address netip.Addr) bool {
	return slices.ContainsFunc(f.Trusted, func(network netip.Prefix) bool { return network.Contains(address) })
}

// parseHop reads one entry of X-Forwarded-For. Some proxies add the port.
func parseHop(text string) (netip.Addr, bool) {
	text = strings.TrimSpace(text)
	if withPort, err := netip.ParseAddrPort(text); err == nil {
		return plainAddress(withPort.Addr()), true
	}
	address, err := netip.ParseAddr(strings.Trim(text, "[]"))
	return plainAddress(address), err == nil
}

func plainAddress(address netip.Addr) netip.Addr { return address.Unmap().WithZone("") }
