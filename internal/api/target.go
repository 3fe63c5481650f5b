package api

import (
	"encoding/json"
	"errors"
	"fmt"
	"net/url"
	"strings"

	"darkroom"
	"darkroom/internal/egress"
	"darkroom/internal/store"
)

// targets admits every URL by its text. One that is refused refuses the whole
// batch, and every refused one is named.
func (s *server) targets(raw json.RawMessage) ([]store.Target, error) {
	var entries []json.RawMessage
	if err := json.Unmarshal(raw, &entries); err != nil || len(entries) == 0 {
		return nil, darkroom.Invalid("urls", "urls must be a list of 1 to %d URLs", s.Limits.MaxURLs)
	}
	if err := s.checkCount("urls", len(entries)); err != nil {
		return nil, err
	}
	targets := make([]store.Target, 0, len(entries))
	var details []darkroom.Detail
	for i, entry := range entries {
		admitted, err := s.admitEntry(entry)
		if err != nil {
			details = append(details, detailOf(err, i, fmt.Sprintf("urls[%d]", i)))
			continue
		}
		targets = append(targets, store.Target{URL: admitted.String(), Host: egress.HostPort(admitted)})
	}
	if len(details) > 0 {
		return nil, refused("urls", details)
	}
	return targets, nil
}

// checkCount bounds the URLs of one batch.
func (s *server) checkCount(name string, entries int) error {
	if entries <= s.Limits.MaxURLs {
		return nil
	}
	err := darkroom.Invalid(name, "%s has %d entries; this server takes at most %d in one batch", name, entries, s.Limits.MaxURLs)
	err.Hint = "Split it into several batches"
	return err
}

func (s *server) admitEntry(entry json.RawMessage) (*url.URL, error) {
	var text string
	if err := json.Unmarshal(entry, &text); err != nil || string(entry) == "null" {
		return nil, darkroom.Invalid("urls", "must be a string")
	}
	return s.Policy.Admit(text)
}

// target admits the one URL of a screenshot.
func (s *server) target(f fields) (string, error) {
	raw := f.take("url")
	if raw == nil || string(raw) == `""` {
		return "", darkroom.Invalid("url", "url is missing; give the page to capture, such as https://example.com")
	}
	admitted, err := s.admitEntry(raw)
	if err != nil {
		return "", refused("url", []darkroom.Detail{detailOf(err, 0, "url")})
	}
	return admitted.String(), nil
}

// callback admits the URL of the webhook.
func (s *server) callback(f fields) (string, error) { return s.address(f, "callback_url") }

// address admits the URL of a field to which a webhook is to be sent; "" when
// it is not there.
func (s *server) address(f fields, name string) (string, error) {
	text, err := f.text(name, darkroom.MaxCallbackURLBytes)
	if err != nil || text == "" {
		return "", err
	}
	admitted, err := s.Policy.AdmitCallback(text)
	if err != nil {
		return "", refused(name, []darkroom.Detail{detailOf(err, 0, name)})
	}
	return admitted.String(), nil
}

func detailOf(err error, index int, field string) darkroom.Detail {
	detail := darkroom.Detail{Index: index, Field: field, Code: egress.Reason(err), Message: "is not a URL"}
	if failure, ok := errors.AsType[*darkroom.Error](err); ok {
		detail.Message = failure.Sentence()
	}
	if detail.Code == "" {
		detail.Code = egress.ReasonInvalidURL
	}
	return detail
}

// refused says the first fault in the message, because that is all that some
// clients show.
func refused(param string, details []darkroom.Detail) *darkroom.Error {
	err := darkroom.Invalid(param, "%s: %s", details[0].Field, strings.TrimSuffix(details[0].Message, "."))
	if more := len(details) - 1; more > 0 {
		err.Hint = fmt.Sprintf("%d more URLs were refused; details lists every one, and nothing was created", more)
	}
	err.Details = details
	return err
}
