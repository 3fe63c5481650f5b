package egress

import (
	"fmt"
	"net/url"

	"darkroom"
)

// Admit decides about a target by its text alone, without any look-up, and
// gives it in canonical form: the only form that may be stored or navigated
// to. The fragment is kept, since pages look at it; it is never sent.
//
// The error is a validation error with one detail, whose code Reason gives.
// What only a look-up can tell is left to DialContext.
func (p *Policy) Admit(raw string) (*url.URL, error) {
	canonical, err := canonicalise(raw)
	if err != nil {
		return nil, err
	}
	if found := p.decideText(targetOf(canonical)); found != nil {
		return nil, found.refusal(canonical.Host)
	}
	return canonical, nil
}

// AdmitCallback is Admit for a webhook's URL: at most
// darkroom.MaxCallbackURLBytes long, and given without its fragment.
func (p *Policy) AdmitCallback(raw string) (*url.URL, error) {
	if len(raw) > darkroom.MaxCallbackURLBytes {
		return nil, refuse(ReasonTooLong, fmt.Sprintf("the URL is longer than %d bytes", darkroom.MaxCallbackURLBytes), "")
	}
	canonical, err := p.Admit(raw)
	if err != nil {
		return nil, err
	}
	canonical.Fragment, canonical.RawFragment = "", ""
	return canonical, nil
}

// decideText is what can be decided without a look-up.
func (p *Policy) decideText(target target) *denial {
	if found := p.decidePort(target); found != nil {
		return found
	}
	if addr := target.literal(); addr.IsValid() {
		return p.decideAddr(target, addr)
	}
	return p.decideName(target)
}
