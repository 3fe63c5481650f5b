package darkroom

import "strings"

// refusedHeaders may not be set by a job: they belong to the connection, to
// the proxy, or have an option of their own.
var refusedHeaders = map[string]string{
	"host":              "it is the target's own",
	"content-length":    "it belongs to the connection",
	"transfer-encoding": "it belongs to the connection",
	"connection":        "it belongs to the connection",
	"keep-alive":        "it belongs to the connection",
	"te":                "it belongs to the connection",
	"trailer":           "it belongs to the connection",
	"upgrade":           "it belongs to the connection",
	"expect":            "it belongs to the connection",
	"cookie":            "use the cookies option",
	"user-agent":        "use the user_agent option",
}

func (s Secrets) validate() error {
	if len(s.Headers) > MaxHeaders {
		return Invalid("headers", "headers may have at most %d entries", MaxHeaders)
	}
	for name, value := range s.Headers {
		if err := validateHeader(name, value); err != nil {
			return err
		}
	}
	if len(s.Cookies) > MaxCookies {
		return Invalid("cookies", "cookies may have at most %d entries", MaxCookies)
	}
	for _, cookie := range s.Cookies {
		if err := cookie.validate(); err != nil {
			return err
		}
	}
	return s.validateAccess()
}

func (s Secrets) validateAccess() error {
	if s.Proxy != "" {
		if _, err := ParseProxy(s.Proxy); err != nil {
			return err
		}
	}
	if s.BasicAuth != nil {
		if err := s.BasicAuth.validate(); err != nil {
			return err
		}
		if s.hasHeader("authorization") {
			return Invalid("basic_auth", "basic_auth and an Authorization header exclude each other: give one of them")
		}
	}
	if s.StorageState != nil {
		return s.StorageState.validate()
	}
	return nil
}

func (s Secrets) hasHeader(lower string) bool {
	for name := range s.Headers {
		if strings.ToLower(name) == lower {
			return true
		}
	}
	return false
}

// The messages name a header or cookie but never its value: it may be a
// credential.
func validateHeader(name, value string) error {
	lower := strings.ToLower(name)
	if reason, refused := refusedHeaders[lower]; refused {
		return Invalid("headers", "header %q may not be set: %s", name, reason)
	}
	if strings.HasPrefix(lower, "proxy-") || strings.HasPrefix(lower, "sec-") {
		return Invalid("headers", "header %q may not be set: names beginning with Proxy- or Sec- are the browser's own", name)
	}
	if !token(name) {
		return Invalid("headers", "%q is not a header name", shorten(name))
	}
	if len(value) > MaxHeaderBytes {
		return Invalid("headers", "the value of header %q is longer than %d bytes", name, MaxHeaderBytes)
	}
	if !headerValue(value) {
		return Invalid("headers", "the value of header %q has a line break or another control character", name)
	}
	return nil
}

func (c Cookie) validate() error {
	switch {
	case !token(c.Name):
		return Invalid("cookies", "%q is not a cookie name", shorten(c.Name))
	case len(c.Name)+len(c.Value) > MaxCookieBytes:
		return Invalid("cookies", "cookie %q is longer than %d bytes", shorten(c.Name), MaxCookieBytes)
	case !headerValue(c.Value) || strings.ContainsAny(c.Value, ";"):
		return Invalid("cookies", "the value of cookie %q has a semicolon or a control character", c.Name)
	case strings.ContainsAny(c.Domain, " ;,\t\r\n/"):
		return Invalid("cookies", "the domain of cookie %q is not a host name", c.Name)
	case c.Path != "" && (c.Path[0] != '/' || !headerValue(c.Path) || strings.Contains(c.Path, ";")):
		return Invalid("cookies", "the path of cookie %q must begin with /", c.Name)
	}
	return nil
}

// token follows RFC 9110 §5.6.2, at most 256 bytes.
func token(s string) bool {
	if s == "" || len(s) > 256 {
		return false
	}
	for i := range len(s) {
		c := s[i]
		letter := c|0x20 >= 'a' && c|0x20 <= 'z'
		digit := c >= '0' && c <= '9'
		if !letter && !digit && !strings.ContainsRune("!#$%&'*+-.^_`|~", rune(c)) {
			return false
		}
	}
	return true
}

func headerValue(s string) bool {
	for i := range len(s) {
		if (s[i] < ' ' && s[i] != '\t') || s[i] == 0x7f {
			return false
		}
	}
	return true
}

// shorten cuts text that goes back to the sender in a message.
func shorten(s string) string {
	const limit = 64
	if len(s) <= limit {
		return s
	}
	return strings.ToValidUTF8(s[:limit], "") + "…"
}
