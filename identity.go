package darkroom

import (
	"net/url"
	"strconv"
	"strings"
)

// Geolocation is the place that the target's own origin is told when it asks
// for one. No other origin learns it.
type Geolocation struct {
	Latitude  float64 `json:"latitude"`  // degrees, -90 to 90
	Longitude float64 `json:"longitude"` // degrees, -180 to 180
}

// BasicAuth is sent with every request to the target's own origin and to no
// other, also not after a redirect.
type BasicAuth struct {
	Username string `json:"username"`
	Password string `json:"password"`
}

// MaxBasicAuthBytes bounds user name and password together.
const MaxBasicAuthBytes = 1 << 10

func (g *Geolocation) validate() error {
	// A number that is none passes no comparison.
	if !(g.Latitude >= -90 && g.Latitude <= 90) {
		return Invalid("geolocation.latitude", "geolocation.latitude must be between -90 and 90 degrees")
	}
	if !(g.Longitude >= -180 && g.Longitude <= 180) {
		return Invalid("geolocation.longitude", "geolocation.longitude must be between -180 and 180 degrees")
	}
	return nil
}

func (b *BasicAuth) validate() error {
	switch {
	case b.Username == "" || strings.Contains(b.Username, ":"):
		return Invalid("basic_auth.username", "basic_auth.username must not be empty or contain a colon")
	case len(b.Username)+len(b.Password) > MaxBasicAuthBytes:
		return Invalid("basic_auth", "basic_auth is longer than %d bytes", MaxBasicAuthBytes)
	case !headerValue(b.Username) || !headerValue(b.Password):
		return Invalid("basic_auth", "basic_auth has a line break or another control character")
	}
	return nil
}

// maxLanguageBytes is longer than any language tag in use.
const maxLanguageBytes = 35

// languageTag reports whether text has the shape of a BCP 47 tag such as
// "de", "pt-BR" or "zh-Hant-TW".
func languageTag(text string) bool {
	for i, part := range strings.Split(text, "-") {
		letters := strings.Trim(part, "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ") == ""
		switch {
		case i == 0 && (!letters || len(part) < 2 || len(part) > 3):
			return false
		case i > 0 && (len(part) < 2 || len(part) > 8 || !token(part) || strings.ContainsAny(part, "!#$%&'*+.^_`|~")):
			return false
		}
	}
	return true
}

// MaxProxyBytes bounds the proxy option.
const MaxProxyBytes = 2 << 10

// ProxySchemes are the kinds of proxy that a job may name, each with its
// default port.
func ProxySchemes() map[string]int {
	return map[string]int{"http": 80, "https": 443, "socks5": 1080}
}

// ParseProxy reads a proxy option: scheme, host, port (the scheme's own when it
// is not given) and optionally user name and password. The error is a
// validation error and never shows the text, which may hold a password.
func ParseProxy(text string) (*url.URL, error) {
	const example = "such as http://proxy.example:3128 or socks5://127.0.0.1:1080"
	parsed, err := url.Parse(strings.TrimSpace(text))
	if err != nil || len(text) > MaxProxyBytes {
		return nil, Invalid("proxy", "proxy is not a URL %s", example)
	}
	port, known := ProxySchemes()[strings.ToLower(parsed.Scheme)]
	switch {
	case !known:
		return nil, Invalid("proxy", "proxy must begin with http://, https:// or socks5://, %s", example)
	case parsed.Hostname() == "" || parsed.Opaque != "":
		return nil, Invalid("proxy", "proxy has no host; write it %s", example)
	case parsed.Path != "" && parsed.Path != "/" || parsed.RawQuery != "" || parsed.Fragment != "":
		return nil, Invalid("proxy", "proxy must end after its host and port, %s", example)
	}
	if text := parsed.Port(); text != "" {
		if port, err = strconv.Atoi(text); err != nil || port < 1 || port > 65535 {
			return nil, Invalid("proxy", "the port of proxy is not a number between 1 and 65535")
		}
	}
	return canonicalProxy(parsed, port), validateProxyUser(parsed.User)
}

func canonicalProxy(parsed *url.URL, port int) *url.URL {
	host := strings.ToLower(parsed.Hostname())
	if strings.Contains(host, ":") {
		host = "[" + host + "]"
	}
	return &url.URL{Scheme: strings.ToLower(parsed.Scheme), User: parsed.User, Host: host + ":" + strconv.Itoa(port)}
}

// maxProxyWord is what SOCKS has room for.
const maxProxyWord = 255

func validateProxyUser(user *url.Userinfo) error {
	if user == nil {
		return nil
	}
	password, _ := user.Password()
	for _, word := range []string{user.Username(), password} {
		if len(word) > maxProxyWord || !headerValue(word) {
			return Invalid("proxy", "user name and password of proxy may have at most %d bytes each, without control characters", maxProxyWord)
		}
	}
	return nil
}
