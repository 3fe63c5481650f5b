package filter

import "strings"

// hosts is a choice of host names, each with everything below it.
type hosts struct {
	chosen map[string]bool // false = left out
	others bool            // what is not named is chosen: every name is one left out
}

// parseHosts reads "a.example|~b.a.example"; false: it cannot be read.
func parseHosts(text string) (*hosts, bool) {
	h := &hosts{chosen: map[string]bool{}, others: true}
	for name := range strings.SplitSeq(lower(text), "|") {
		name, out := strings.CutPrefix(strings.TrimSpace(name), "~")
		if !validHost(strings.TrimSuffix(name, ".*")) {
			return nil, false
		}
		h.chosen[name] = !out
		h.others = h.others && out
	}
	return h, true
}

// have looks a host up, and then everything that it is below: the longest name
// counts. bare is the host with its public suffix as a star.
func (h *hosts) have(host, bare string) bool {
	for _, name := range []string{host, bare} {
		for name != "" {
			if chosen, ok := h.chosen[name]; ok {
				return chosen
			}
			_, name, _ = strings.Cut(name, ".")
		}
	}
	return h.others
}

// validHost accepts what may stand in a list as a host: a name or an address.
func validHost(name string) bool {
	if name == "" || len(name) > 253 {
		return false
	}
	for i := range len(name) {
		c := name[i]
		if separates(c) && c != '[' && c != ']' && c != ':' || c == '%' || c >= 0x80 {
			return false
		}
	}
	return !strings.HasPrefix(name, ".") && !strings.Contains(name, "..")
}
