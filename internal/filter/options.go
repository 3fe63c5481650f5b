package filter

import "strings"

// choose reads what stands behind the $ of a rule: which requests it is about.
// exact says that case counts; false, that an option is not known, which makes
// the rule unusable.
func (r *rule) choose(options string) (exact, ok bool) {
	if options == "" {
		return false, true
	}
	var only, except Kind
	var named bool // some kind was asked for, perhaps one that no request has
	for option := range strings.SplitSeq(options, ",") {
		name, value, _ := strings.Cut(strings.TrimSpace(option), "=")
		name, not := strings.CutPrefix(lower(name), "~")
		if kind, ok := kindOf(name); ok {
			if not {
				except |= kind
				continue
			}
			only, named = only|kind, true
			continue
		}
		switch name {
		case "match-case":
			exact = !not
		case "important":
			r.important = true
		default:
			if !r.condition(name, value, not) {
				return false, false
			}
		}
	}
	if named {
		r.kinds = only
	}
	r.kinds &^= except
	return exact, true
}

// condition reads the options that say where a request comes from and goes to.
func (r *rule) condition(name, value string, not bool) (ok bool) {
	switch name {
	case "third-party", "3p", "first-party", "1p":
		r.party = firstParty
		if (name == "third-party" || name == "3p") != not {
			r.party = thirdParty
		}
		return true
	case "domain", "from":
		r.pages, ok = parseHosts(value)
	case "to":
		r.targets, ok = parseHosts(value)
	case "denyallow":
		r.targets, ok = parseHosts("~" + strings.ReplaceAll(value, "|", "|~"))
	case "redirect", "rewrite", "empty", "mp4":
		// They put something harmless in the place of what they block. An
		// exception to them is about that something.
		ok = !r.exception
	default:
		ok = strings.Trim(name, "_") == "" // a filler
	}
	return ok && !not
}

// kindOf gives the requests that an option names. Those without requests, such
// as popups, which no page gets here, are known too.
func kindOf(option string) (Kind, bool) {
	switch option {
	case "document", "doc":
		return Document, true
	case "subdocument", "frame":
		return Subdocument, true
	case "stylesheet", "css":
		return Stylesheet, true
	case "script":
		return Script, true
	case "image":
		return Image, true
	case "font":
		return Font, true
	case "media":
		return Media, true
	case "object", "object-subrequest":
		return Object, true
	case "xmlhttprequest", "xhr":
		return XHR, true
	case "ping", "beacon":
		return Ping, true
	case "websocket":
		return WebSocket, true
	case "other":
		return Other, true
	case "all":
		return anyKind | Document, true
	case "popup", "popunder", "webrtc", "inline-script", "inline-font",
		"elemhide", "ehide", "generichide", "ghide", "specifichide", "shide", "genericblock":
		return 0, true
	}
	return 0, false
}
