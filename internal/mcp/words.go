package mcp

import (
	"errors"
	"fmt"
	"strconv"
	"strings"

	"darkroom"
	"darkroom/client"
)

// told is an error in words for the agent: what is wrong, each field at fault,
// and when to try again.
func told(err error) error {
	failure, ok := errors.AsType[*client.Error](err)
	if !ok {
		return err
	}
	lines := []string{failure.Message}
	for _, detail := range failure.Details {
		if !strings.Contains(failure.Message, detail.Message) {
			lines = append(lines, detail.Field+": "+detail.Message)
		}
	}
	if failure.RetryAfter > 0 {
		lines = append(lines, fmt.Sprintf("Try again in %d seconds.", int(failure.RetryAfter.Seconds())))
	}
	if failure.Code != "" {
		lines[0] = string(failure.Code) + ": " + lines[0]
	}
	return &spoken{strings.Join(lines, "\n"), err}
}

// spoken is an error with the words that an agent reads.
type spoken struct {
	words string
	err   error
}

// Error gives the words.
func (s *spoken) Error() string { return s.words }

// Unwrap gives what was answered.
func (s *spoken) Unwrap() error { return s.err }

// quoted is a text that a page or a stranger has written: in quotes, on one
// line, and not longer than MaxQuoted.
func quoted(words string) string {
	runes := []rune(words)
	if len(runes) > MaxQuoted {
		runes = append(runes[:MaxQuoted], '…')
	}
	return strconv.Quote(string(runes))
}

// place is where people see the job, as another sentence.
func (l Link) place(id string) string {
	if l.Dashboard == "" {
		return ""
	}
	return " People see it at " + l.Dashboard + "/jobs/" + id + "."
}

// sentence is why a capture failed, or why its last attempt did.
func sentence(r client.Result) string {
	if r.Error == nil {
		return "no cause was recorded"
	}
	return *r.Error
}

// noPicture says that there is nothing to show.
func noPicture(r client.Result) error {
	switch r.State {
	case darkroom.CaptureCompleted:
		return darkroom.Errorf(darkroom.CodeNoResult, "capture %d is a %s file, which cannot be shown", r.Index, r.ContentType)
	case darkroom.CaptureFailed:
		return darkroom.Errorf(darkroom.CodeNoResult, "capture %d failed (%s: %s); explain_failure tells more", r.Index, r.ErrorCode, sentence(r))
	}
	return darkroom.Errorf(darkroom.CodeJobNotReady, "capture %d is %s; ask job with wait_seconds", r.Index, r.State)
}
