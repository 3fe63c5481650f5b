package darkroom

import (
	"fmt"
	"slices"
	"strings"
	"time"
)

// Scope is one thing that a key may do. None includes another.
type Scope string

// The scopes.
const (
	ScopeCreate Scope = "create" // accept jobs, take screenshots, end and delete jobs, send webhooks
	ScopeRead   Scope = "read"   // look at jobs, results, pictures, webhooks and usage, and download
	ScopeAdmin  Scope = "admin"  // make, list, rotate, revoke and erase keys, and see their webhook secrets
)

// Scopes is the closed list of scopes.
func Scopes() []Scope { return []Scope{ScopeCreate, ScopeRead, ScopeAdmin} }

// How long the former secret of a key works after a rotation.
const (
	DefaultRotationGrace = 24 * time.Hour
	MaxRotationGrace     = 30 * 24 * time.Hour
)

// Grant is what a key may do, and how much of it.
type Grant struct {
	Scopes []Scope
	Limits KeyLimits
}

// DefaultGrant is that of a key which nothing else was said about: it works,
// but does not look after keys.
func DefaultGrant() Grant { return Grant{Scopes: []Scope{ScopeCreate, ScopeRead}} }

// FullGrant has every scope and no limit: that of a server's first key.
func FullGrant() Grant { return Grant{Scopes: Scopes()} }

// Allows reports whether the scope was granted.
func (g Grant) Allows(scope Scope) bool { return slices.Contains(g.Scopes, scope) }

// Validate reports the first scope that does not exist, or limit out of range.
func (g Grant) Validate() error {
	if len(g.Scopes) == 0 {
		return Invalid("scopes", "a key needs at least one scope of %s", wordsOf(Scopes()))
	}
	for _, scope := range g.Scopes {
		if !slices.Contains(Scopes(), scope) {
			return Invalid("scopes", "there is no scope %q; scopes are %s", scope, wordsOf(Scopes()))
		}
	}
	for _, limit := range KeyLimitTable() {
		if value := *limit.In(&g.Limits); value < 0 || value > limit.Most {
			return Invalid("limits."+limit.Name, "%s must be between 1 and %d %s, or 0 for the default", limit.Name, limit.Most, limit.Unit)
		}
	}
	return nil
}

func wordsOf(scopes []Scope) string {
	words := make([]string, len(scopes))
	for i, scope := range scopes {
		words[i] = string(scope)
	}
	return strings.Join(words, ", ")
}

// KeyLimits is how much a key may do; 0 = the default of KeyLimitTable. A
// limit never lifts one of the server.
type KeyLimits struct {
	RequestsPerMinute int `json:"requests_per_minute"`
	CapturesPerMonth  int `json:"captures_per_month"`
	URLsPerBatch      int `json:"urls_per_batch"`
	PagesPerCrawl     int `json:"pages_per_crawl"`
	ActiveJobs        int `json:"active_jobs"`
}

// KeyLimit describes one limit of a key.
type KeyLimit struct {
	Name    string // as on the wire; the command line writes dashes
	Unit    string
	Default string // what holds while the limit is 0
	Doc     string
	Most    int

	In func(*KeyLimits) *int // where it is kept
}

// KeyLimitTable lists every limit in the order of the documentation.
func KeyLimitTable() []KeyLimit {
	return []KeyLimit{
		{
			"requests_per_minute", "requests", "the server's --rate-limit",
			"Requests in each minute of the clock.", 1_000_000,
			func(l *KeyLimits) *int { return &l.RequestsPerMinute },
		},
		{
			"captures_per_month", "captures", "none",
			"Captures of accepted jobs, and single screenshots, in each month (UTC).", 1_000_000_000,
			func(l *KeyLimits) *int { return &l.CapturesPerMonth },
		},
		{
			"urls_per_batch", "URLs", "the server's --max-urls",
			"URLs in one batch.", 1_000_000,
			func(l *KeyLimits) *int { return &l.URLsPerBatch },
		},
		{
			"pages_per_crawl", "pages", "the server's --max-pages",
			"Pages of one sitemap job.", 1_000_000,
			func(l *KeyLimits) *int { return &l.PagesPerCrawl },
		},
		{
			"active_jobs", "jobs", "none",
			"Jobs that have not ended, at the same time.", 1_000_000,
			func(l *KeyLimits) *int { return &l.ActiveJobs },
		},
	}
}

// KeyState is the life of a key in one word.
type KeyState string

// The states of a key. What is erasing is on its way to be gone.
const (
	KeyActive  KeyState = "active"
	KeyRevoked KeyState = "revoked"
	KeyErasing KeyState = "erasing"
)

// State tells whether the key works.
func (k APIKey) State() KeyState {
	switch {
	case !k.ErasedAt.IsZero():
		return KeyErasing
	case !k.RevokedAt.IsZero():
		return KeyRevoked
	}
	return KeyActive
}

// QuotaExceeded is the error of a request that a limit of its key does not let
// through before wait has passed.
func QuotaExceeded(wait time.Duration, hint, format string, args ...any) *Error {
	return &Error{Code: CodeQuotaExceeded, Message: fmt.Sprintf(format, args...), Hint: hint, RetryAfter: wait}
}
