package darkroom

import (
	"encoding/base64"
	"encoding/json"
	"net/url"
	"slices"
	"strings"
)

// Lengths from which a value is looked for: shorter ones are in every text.
const (
	shortestSecret = 4
	longSecret     = 8
)

// Redact takes the values of s out of text that a page may have put them into:
// a server can send back what it was sent.
func (s Secrets) Redact(text string) string { return s.redact(text, shortestSecret) }

// RedactLong is Redact for a text that serves more than people, such as an
// address: a short value is in there by chance more often than as a secret.
// Values of less than 8 bytes stay.
func (s Secrets) RedactLong(text string) string { return s.redact(text, longSecret) }

func (s Secrets) redact(text string, shortest int) string {
	for _, value := range s.values(shortest) {
		text = strings.ReplaceAll(text, value, "…")
	}
	return text
}

// values lists every value of at least that many bytes, as it is and as URLs
// and JSON spell it; the longest first, because one may hold another.
func (s Secrets) values(shortest int) []string {
	plain := s.plainValues()
	var all []string
	for _, value := range plain {
		quoted, err := json.Marshal(value)
		if err != nil || len(value) < shortest {
			continue
		}
		all = append(all, value, url.QueryEscape(value), url.PathEscape(value), strings.Trim(string(quoted), `"`))
	}
	slices.SortFunc(all, func(a, b string) int { return len(b) - len(a) })
	return slices.Compact(all)
}

func (s Secrets) plainValues() (values []string) {
	for _, value := range s.Headers {
		values = append(values, value)
		// "Bearer …": the word in front is no secret.
		if _, rest, found := strings.Cut(value, " "); found {
			values = append(values, rest)
		}
	}
	for _, cookie := range s.Cookies {
		values = append(values, cookie.Value)
	}
	if proxy, err := url.Parse(s.Proxy); err == nil && proxy.User != nil {
		password, _ := proxy.User.Password()
		values = append(values, password)
	}
	if s.BasicAuth != nil {
		token := base64.StdEncoding.EncodeToString([]byte(s.BasicAuth.Username + ":" + s.BasicAuth.Password))
		values = append(values, s.BasicAuth.Password, token)
	}
	return append(values, s.StorageState.secretValues()...)
}

func (s *StorageState) secretValues() (values []string) {
	if s == nil {
		return nil
	}
	for _, cookie := range s.Cookies {
		values = append(values, cookie.Value)
	}
	for _, origin := range s.Origins {
		for _, item := range origin.LocalStorage {
			values = append(values, item.Value)
		}
	}
	return values
}
