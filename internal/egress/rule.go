package egress

import (
	"fmt"
	"net/netip"
	"slices"
	"strconv"
	"strings"
)

// rule is one line of --egress-allow or --egress-deny. Of prefix and host at
// most one is set; with neither it is a port alone.
type rule struct {
	text   string
	prefix netip.Prefix // invalid when the rule is not about addresses
	host   string       // canonical; "*.example" means everything below example
	port   uint16       // 0 = every port
}

type rules []rule

// CheckAllow tells what is wrong with the first rule that Config.Allow would
// not take; nil when all are good.
func CheckAllow(texts []string) error {
	_, err := parseAllow(texts)
	return err
}

// CheckDeny is CheckAllow for Config.Deny.
func CheckDeny(texts []string) error {
	_, err := parseRules(texts)
	return err
}

func parseAllow(texts []string) (rules, error) {
	list, err := parseRules(texts)
	if err != nil {
		return nil, err
	}
	if text, found := list.portOnly(); found {
		return nil, fmt.Errorf("rule %q names no host: a port alone would open every address", text)
	}
	return list, nil
}

func parseRules(texts []string) (rules, error) {
	list := make(rules, 0, len(texts))
	for _, text := range texts {
		parsed, err := parseRule(strings.TrimSpace(text))
		if err != nil {
			return nil, fmt.Errorf("rule %q %w", text, err)
		}
		list = append(list, parsed)
	}
	return list, nil
}

func parseRule(text string) (rule, error) {
	place, port, err := cutPort(text)
	if err != nil {
		return rule{}, err
	}
	parsed := rule{text: text, port: port}
	switch {
	case place == "" && port == 0:
		return rule{}, fmt.Errorf("names neither host nor port")
	case place == "":
		return parsed, nil
	case strings.Contains(place, "/"):
		prefix, err := netip.ParsePrefix(place)
		if err != nil {
			return rule{}, fmt.Errorf("is not an address range such as 10.0.0.0/8 or fd00::/8")
		}
		parsed.prefix = unmapPrefix(prefix.Masked())
		return parsed, nil
	}
	if addr, err := netip.ParseAddr(place); err == nil {
		addr = addr.Unmap().WithZone("")
		parsed.prefix = netip.PrefixFrom(addr, addr.BitLen())
		return parsed, nil
	}
	wildcard, name := "", place
	if rest, found := strings.CutPrefix(place, "*."); found {
		wildcard, name = "*.", rest
	}
	canonical, err := canonicalHost(name)
	if err != nil {
		return rule{}, fmt.Errorf("is neither an address, an address range, a host name nor *.suffix")
	}
	parsed.host = wildcard + plainName(canonical)
	return parsed, nil
}

// cutPort separates "place:port", where place may be an IPv6 address, bare or
// in brackets, or a range. Port 0 means that there is none, or "*".
func cutPort(text string) (place string, port uint16, err error) {
	place, portText := text, ""
	colon := strings.LastIndexByte(text, ':')
	switch {
	case strings.HasPrefix(text, "["):
		end := strings.IndexByte(text, ']')
		if end < 0 || end+1 < len(text) && text[end+1] != ':' {
			return "", 0, fmt.Errorf("has a bracket that is not closed")
		}
		place, portText = text[1:end], strings.TrimPrefix(text[end+1:], ":")
	case colon < 0:
	case strings.Contains(text, "/"):
		if colon > strings.IndexByte(text, '/') {
			place, portText = text[:colon], text[colon+1:]
		}
	case strings.Count(text, ":") == 1:
		place, portText = text[:colon], text[colon+1:]
	}
	switch {
	case portText == "" && len(place) < len(text) && strings.HasSuffix(text, ":"):
		return "", 0, fmt.Errorf("has a colon without a port")
	case portText == "", portText == "*":
		return place, 0, nil
	}
	number, err := strconv.ParseUint(portText, 10, 16)
	if err != nil || number == 0 {
		return "", 0, fmt.Errorf("has a port that is not between 1 and 65535")
	}
	return place, uint16(number), nil
}

func unmapPrefix(prefix netip.Prefix) netip.Prefix {
	if prefix.Addr().Is4In6() && prefix.Bits() >= 96 {
		return netip.PrefixFrom(prefix.Addr().Unmap(), prefix.Bits()-96)
	}
	return prefix
}

func (r rule) onPort(port uint16) bool { return r.port == 0 || r.port == port }

// portOnly finds a rule that names a port and nothing else.
func (list rules) portOnly() (string, bool) {
	for _, r := range list {
		if !r.prefix.IsValid() && r.host == "" {
			return r.text, true
		}
	}
	return "", false
}

// hasPort reports whether a rule without host is about this port.
func (list rules) hasPort(port uint16) bool {
	for _, r := range list {
		if !r.prefix.IsValid() && r.host == "" && r.port == port {
			return true
		}
	}
	return false
}

// hasHost reports whether a rule names this host; a trailing dot makes no
// difference.
func (list rules) hasHost(host string, port uint16) bool {
	host = plainName(host)
	for _, r := range list {
		if r.host == "" || !r.onPort(port) {
			continue
		}
		if suffix, wild := strings.CutPrefix(r.host, "*"); r.host == host || wild && strings.HasSuffix(host, suffix) {
			return true
		}
	}
	return false
}

// namesHost reports whether a rule is about this very host, not about all
// below another.
func (list rules) namesHost(name string, port uint16) bool {
	return slices.ContainsFunc(list, func(r rule) bool { return r.host == name && r.onPort(port) })
}

// hasRange reports whether any rule is about addresses on this port.
func (list rules) hasRange(port uint16) bool {
	for _, r := range list {
		if r.prefix.IsValid() && r.onPort(port) {
			return true
		}
	}
	return false
}

// hasAddr reports whether a rule's range holds this address.
func (list rules) hasAddr(addr netip.Addr, port uint16) bool {
	for _, r := range list {
		if r.prefix.IsValid() && r.onPort(port) && r.prefix.Contains(addr) {
			return true
		}
	}
	return false
}

// names reports whether a rule is about this very address and, when exactPort
// is set, this very port.
func (list rules) names(addr netip.Addr, port uint16, exactPort bool) bool {
	for _, r := range list {
		if !r.prefix.IsValid() || !r.prefix.IsSingleIP() || r.prefix.Addr() != addr {
			continue
		}
		if r.port == port || r.port == 0 && !exactPort {
			return true
		}
	}
	return false
}
