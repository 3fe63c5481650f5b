package api

import (
	"time"

	"darkroom"
)

// options takes every capture option, and refuses what the operator does not
// let jobs ask for.
func (s *server) options(f fields) (darkroom.Options, error) {
	options, err := f.options()
	if err != nil {
		return options, err
	}
	return options, s.permit(options)
}

func (s *server) permit(options darkroom.Options) error {
	longest := int(s.Limits.Retention / time.Second)
	switch {
	case options.CacheTTL > longest:
		return darkroom.Invalid("cache_ttl", "cache_ttl must be between 1 and %d s", longest)
	case options.IgnoreHTTPSErrors && !s.AllowInsecureTLS:
		return forbidden("ignore_https_errors", "This server always checks certificates", "Its operator can permit it with --allow-insecure-tls")
	case options.Proxy == "":
		return nil
	case s.RefuseProxies:
		return forbidden("proxy", "This server takes no proxies from jobs", "Its operator can permit it with --job-proxy allow")
	}
	_, err := s.Policy.AdmitProxy(options.Proxy)
	return err
}

func forbidden(param, message, hint string) *darkroom.Error {
	return &darkroom.Error{Code: darkroom.CodeForbidden, Message: message, Hint: hint, Param: param}
}
