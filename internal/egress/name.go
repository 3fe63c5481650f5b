package egress

import (
	"strings"
	"unicode"
)

// localNames and localSuffixes are what the local machine or network calls
// itself. AllowPrivate permits them.
var (
	localNames = [...]string{
		"localhost", "localhost4", "localhost6", "ip6-localhost", "ip6-loopback", "broadcasthost",
		"kubernetes", "kubernetes.default",
	}
	localSuffixes = [...]string{
		".localhost", ".localdomain", ".local", ".internal", ".home.arpa", ".svc",
	}
)

// metadataNames lead to the metadata services of clouds. Only an Allow rule
// permits them.
var metadataNames = [...]string{
	"metadata", "metadata.google.internal", "metadata.goog", "instance-data",
	"instance-data.ec2.internal", "metadata.tencentyun.com", "metadata.platformequinix.com",
}

func isMetadataName(name string) bool {
	for _, known := range metadataNames {
		if name == known {
			return true
		}
	}
	return false
}

func isLocalName(name string) bool {
	for _, known := range localNames {
		if name == known {
			return true
		}
	}
	for _, suffix := range localSuffixes {
		if strings.HasSuffix(name, suffix) {
			return true
		}
	}
	return false
}

// isLocalhost reports whether a name means this machine without any look-up
// (RFC 6761).
func isLocalhost(name string) bool {
	return name == "localhost" || strings.HasSuffix(name, ".localhost")
}

// plainName is a host name without the dot at its end, which changes nothing
// about where it leads.
func plainName(host string) string { return strings.TrimSuffix(strings.ToLower(host), ".") }

// Limits of a DNS name (RFC 1035).
const (
	maxNameBytes  = 253
	maxLabelBytes = 63
)

// validName reports whether host can be looked up as it stands: lower-case
// letters, digits, hyphens and underscores in labels of proper length. What
// the URL standard lets through beyond that no name server has ever heard of,
// and every parser reads its own way.
func validName(host string) bool {
	name := strings.TrimSuffix(host, ".")
	if name == "" || len(name) > maxNameBytes {
		return false
	}
	for label := range strings.SplitSeq(name, ".") {
		if label == "" || len(label) > maxLabelBytes || strings.IndexFunc(label, notInName) >= 0 {
			return false
		}
	}
	return !endsInNumber(name)
}

func notInName(r rune) bool {
	return (r < 'a' || r > 'z') && (r < '0' || r > '9') && r != '-' && r != '_'
}

// endsInNumber reports whether a browser would read the name as an IPv4
// address, or fail trying: the last label is a number, decimal, octal or
// hexadecimal. Such a name is never looked up: the C library would make an
// address of it.
func endsInNumber(name string) bool {
	last := name[strings.LastIndexByte(name, '.')+1:]
	if strings.Trim(last, "0123456789") == "" {
		return true
	}
	hex, found := strings.CutPrefix(last, "0x")
	return found && strings.Trim(hex, "0123456789abcdef") == ""
}

// visible drops what a terminal or a text editor would act on: control
// characters, and those that turn the direction of text.
func visible(r rune) rune {
	if unicode.IsControl(r) || unicode.Is(unicode.Bidi_Control, r) {
		return -1
	}
	return r
}
