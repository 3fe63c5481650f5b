package darkroom

import (
	"net/url"
	"slices"
	"strings"
)

// StorageState is what a browser remembered of a session, in the form in which
// Playwright saves it. Cookies and items of other sites than the target's are
// left out of a capture; what the form has beyond them (IndexedDB) is not
// restored.
type StorageState struct {
	Cookies []StateCookie `json:"cookies,omitempty"`
	Origins []StateOrigin `json:"origins,omitempty"`
}

// StateCookie is a cookie as a browser keeps it.
type StateCookie struct {
	Name     string  `json:"name"`
	Value    string  `json:"value"`
	Domain   string  `json:"domain"`
	Path     string  `json:"path,omitempty"`
	Expires  float64 `json:"expires,omitempty"` // Unix seconds; 0 or -1 = with the browser
	HTTPOnly bool    `json:"httpOnly,omitempty"`
	Secure   bool    `json:"secure,omitempty"`
	SameSite string  `json:"sameSite,omitempty"` // Strict, Lax, None
}

// StateOrigin is the local storage of one origin.
type StateOrigin struct {
	Origin       string      `json:"origin"` // "https://example.com"
	LocalStorage []StateItem `json:"localStorage,omitempty"`
}

// StateItem is one item of a storage.
type StateItem struct {
	Name  string `json:"name"`
	Value string `json:"value"`
}

// Limits of a storage state.
const (
	MaxStateEntries = 1000    // cookies and items together
	MaxStateBytes   = 1 << 20 // of all names and values
)

func (s *StorageState) clone() *StorageState {
	if s == nil {
		return nil
	}
	copied := &StorageState{Cookies: slices.Clone(s.Cookies), Origins: slices.Clone(s.Origins)}
	for i, origin := range copied.Origins {
		copied.Origins[i].LocalStorage = slices.Clone(origin.LocalStorage)
	}
	return copied
}

// validate names cookies and origins, but never a value.
func (s *StorageState) validate() error {
	entries, bytes := len(s.Cookies), 0
	for _, cookie := range s.Cookies {
		bytes += len(cookie.Name) + len(cookie.Value)
		if err := cookie.validate(); err != nil {
			return err
		}
	}
	for _, origin := range s.Origins {
		if !isOrigin(origin.Origin) {
			return Invalid("storage_state", "storage_state: %q is not an origin such as https://example.com", shorten(origin.Origin))
		}
		entries += len(origin.LocalStorage)
		for _, item := range origin.LocalStorage {
			bytes += len(item.Name) + len(item.Value)
		}
	}
	if entries > MaxStateEntries || bytes > MaxStateBytes {
		return Invalid("storage_state", "storage_state may have at most %d cookies and items, %d bytes together", MaxStateEntries, MaxStateBytes)
	}
	return nil
}

func (c StateCookie) validate() error {
	if c.Domain == "" {
		return Invalid("storage_state", "storage_state: cookie %q has no domain", shorten(c.Name))
	}
	if c.SameSite != "" && !slices.Contains([]string{"Strict", "Lax", "None"}, c.SameSite) {
		return Invalid("storage_state", "storage_state: sameSite of cookie %q must be Strict, Lax or None", shorten(c.Name))
	}
	plain := Cookie{Name: c.Name, Value: c.Value, Domain: c.Domain, Path: c.Path}
	if err := plain.validate(); err != nil {
		return Invalid("storage_state", "storage_state: %v", err)
	}
	return nil
}

func isOrigin(text string) bool {
	parsed, err := url.Parse(text)
	return err == nil && (parsed.Scheme == "http" || parsed.Scheme == "https") && parsed.Host != "" &&
		parsed.User == nil && strings.Trim(parsed.Path, "/") == "" && parsed.RawQuery == "" && parsed.Fragment == ""
}
