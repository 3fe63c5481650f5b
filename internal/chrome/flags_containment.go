package chrome

// containmentFlag is one argument that keeps a browser to its proxy. Without
// isolation nothing else does.
type containmentFlag struct {
	Name   string
	Value  string // "" = none; proxyValue = the proxy's address
	Closes string

	// Shell and Whole say, for the headless shell and for the whole browser, that
	// something got out without this flag alone: TestEachFlagHolds sees to it that
	// it still does. Where nothing did, the flag is a belt beside braces.
	Shell, Whole bool
}

const proxyValue = "the slot's proxy"

// containmentFlags are written down for operators in docs/security.md.
func containmentFlags() []containmentFlag {
	return []containmentFlag{
		{"--proxy-server", proxyValue, "every request and every tunnel, with the look-up of its name", true, true},
		{"--proxy-bypass-list", "<-loopback>", "loopback and link-local addresses, which go past a proxy otherwise", true, true},
		// The two spellings belong to different programs, each ignores the other's.
		{"--force-webrtc-ip-handling-policy", "disable_non_proxied_udp", "UDP of WebRTC", true, false},
		{"--webrtc-ip-handling-policy", "disable_non_proxied_udp", "UDP of WebRTC", false, true},
		{"--host-resolver-rules", "MAP * ~NOTFOUND , EXCLUDE 127.0.0.1", "look-ups of names by the browser itself", true, true},
		{"--dns-prefetch-disable", "", "look-ups ahead of a click", false, false},
		{"--disable-quic", "", "HTTP/3, which is UDP", false, false},
	}
}

func (f containmentFlag) argument(proxy string) string {
	switch f.Value {
	case "":
		return f.Name
	case proxyValue:
		return f.Name + "=http://" + proxy
	}
	return f.Name + "=" + f.Value
}

// heldFor reports whether the loss of the flag alone was seen to let something
// out of that browser.
func (f containmentFlag) heldFor(browser Browser) bool {
	if browser.Shell() {
		return f.Shell
	}
	return f.Whole
}
