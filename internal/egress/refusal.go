package egress

import (
	"errors"
	"strings"

	"darkroom"
)

// Why Admit refused a URL: the sub-codes that belong in details[].code of a
// validation error.
const (
	ReasonInvalidURL = "invalid_url"
	ReasonScheme     = "scheme_not_allowed"
	ReasonUserinfo   = "userinfo_not_allowed"
	ReasonTarget     = "target_not_allowed"
	ReasonPort       = "port_not_allowed"
	ReasonTooLong    = "too_long"
)

// Reason gives the sub-code of an error of Admit, "" for any other error.
func Reason(err error) string {
	e, ok := errors.AsType[*darkroom.Error](err)
	if !ok || len(e.Details) == 0 {
		return ""
	}
	return e.Details[0].Code
}

// refuse makes the error of Admit. Its one detail carries the sub-code and the
// whole sentence; the caller fills in the place in its request.
func refuse(reason, message, hint string) *darkroom.Error {
	err := &darkroom.Error{Code: darkroom.CodeValidation, Message: message, Hint: hint}
	err.Details = []darkroom.Detail{{Code: reason, Message: err.Sentence()}}
	return err
}

// denial is the decision that a target may not be reached; nil permits it.
type denial struct {
	reason string // ReasonTarget or ReasonPort
	why    string // completes "it is …"
	hint   string // which setting permits it
	exact  bool   // only a rule for the very address permits it
}

// refusal is the denial as Admit answers it: the text that was refused came
// from the client, so all of it may be told.
func (d *denial) refusal(target string) *darkroom.Error {
	return refuse(d.reason, quote(target)+" is "+d.why, d.hint)
}

// blocked is the denial as the dialer answers it. What a name resolves to is
// for the log only: it would map the network we stand in.
func (d *denial) blocked(target target, err error) *darkroom.Error {
	message := quote(target.host) + " leads to an address that may not be reached"
	if d.reason == ReasonPort {
		message = quote(target.String()) + " is " + d.why
	}
	hint := d.hint
	if d.exact && !target.literal().IsValid() {
		hint = "The operator can permit it with --egress-allow and the address, which the log names"
	}
	return &darkroom.Error{Code: darkroom.CodeBlockedTarget, Message: message, Hint: hint, Err: err}
}

// permit is the hint that names the settings which open a target.
func permit(private bool, rule string) string {
	if private {
		return "The operator can permit it with --private-targets allow or --egress-allow " + rule
	}
	return "The operator can permit it with --egress-allow " + rule
}

// quote shows the sender's text in a message, cut and without anything that a
// terminal would act on.
func quote(text string) string {
	const limit = 100
	if len(text) > limit {
		text = strings.ToValidUTF8(text[:limit], "") + "…"
	}
	return `"` + strings.Map(visible, text) + `"`
}
