package main

import (
	"cmp"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"slices"
	"strings"

	"darkroom"
	"darkroom/client"
	"darkroom/internal/database"
)

// The exit codes are stable: scripts may rely on them, and must treat one that
// they do not know as a failure.
const (
	exitOK          = 0
	exitUnexpected  = 1
	exitUsage       = 2
	exitPartial     = 3 // some URLs failed
	exitAuth        = 4
	exitAllFailed   = 5 // every URL failed
	exitEnvironment = 6 // no browser, server unreachable, doctor found a fault
	exitTimeout     = 7 // --timeout reached while waiting; the job goes on
	exitNotFound    = 8 // or expired
	exitInterrupted = 130
)

// exit is an error that knows the exit code of the program. Word is the
// machine-readable name that --json shows; an empty Message ends the program
// without another line, because all has been said.
type exit struct {
	Code    int
	Word    string
	Message string
	Hint    string
	Err     error
}

func (e *exit) Error() string {
	if e.Message == "" && e.Err != nil {
		return e.Err.Error()
	}
	return e.Message
}

func (e *exit) Unwrap() error { return e.Err }

func usage(format string, args ...any) *exit {
	return &exit{Code: exitUsage, Word: "usage", Message: fmt.Sprintf(format, args...)}
}

func environmentFault(hint, format string, args ...any) *exit {
	return &exit{Code: exitEnvironment, Word: "environment", Message: fmt.Sprintf(format, args...), Hint: hint}
}

// quietly ends the program with a code and no further line.
func quietly(code int, word string) *exit { return &exit{Code: code, Word: word} }

// asExit finds the exit code of an error.
func asExit(ctx context.Context, err error) *exit {
	if known, ok := errors.AsType[*exit](err); ok {
		return known
	}
	if ctx.Err() != nil {
		return &exit{Code: exitInterrupted, Word: "interrupted", Message: "interrupted", Err: err}
	}
	if answer, ok := errors.AsType[*client.Error](err); ok {
		return exitOfAnswer(answer)
	}
	if failure, ok := errors.AsType[*darkroom.Error](err); ok {
		return &exit{
			Code: codeOfError(failure.Code), Word: string(failure.Code),
			Message: withDetails(failure.Message, failure.Details), Hint: failure.Hint, Err: err,
		}
	}
	if fault, ok := errors.AsType[*database.Fault](err); ok { // of the opening: afterwards the store explains it
		return environmentFault(fault.Hint(), "%v", err)
	}
	return &exit{Code: exitUnexpected, Word: "unexpected", Message: err.Error(), Err: err}
}

// exitOfAnswer is the exit for what a server answered, or for no answer.
func exitOfAnswer(answer *client.Error) *exit {
	if answer.Status == 0 {
		return &exit{Code: exitEnvironment, Word: "unreachable", Message: answer.Message, Err: answer}
	}
	code := cmp.Or(answer.CaptureCode, answer.Code)
	return &exit{Code: codeOfError(code), Word: string(code), Message: withDetails(answer.Message, answer.Details), Err: answer}
}

// withDetails names every fault that the message does not.
func withDetails(message string, details []darkroom.Detail) string {
	for _, detail := range details {
		if strings.Contains(message, detail.Message) {
			continue
		}
		message += fmt.Sprintf("\n  %s: %s", detail.Field, detail.Message)
	}
	return message
}

func codeOfError(code darkroom.Code) int {
	switch code {
	case darkroom.CodeValidation, darkroom.CodePayloadTooLarge:
		return exitUsage
	case darkroom.CodeUnauthorized, darkroom.CodeForbidden:
		return exitAuth
	case darkroom.CodeNotFound, darkroom.CodeExpired:
		return exitNotFound
	case darkroom.CodeQueueUnavailable, darkroom.CodeInsufficientStorage:
		return exitEnvironment
	case darkroom.CodeCaptureFailed, darkroom.CodeNoResult:
		return exitAllFailed
	}
	ofNoPicture := slices.Concat(darkroom.CaptureCodes(), darkroom.SitemapCodes())
	if code != darkroom.CodeInternal && slices.Contains(ofNoPicture, code) {
		return exitAllFailed
	}
	return exitUnexpected
}

// exitError is how --json tells a failure, on stderr.
type exitError struct {
	MessageType string `json:"message_type"`
	Code        int    `json:"code"`
	Error       string `json:"error"`
	Message     string `json:"message,omitempty"`
	Hint        string `json:"hint,omitempty"`
}

func (p *program) tellFailure(failure *exit) {
	if p.json {
		line, err := json.Marshal(exitError{"exit_error", failure.Code, failure.Word, failure.Message, failure.Hint})
		if err == nil {
			p.say("%s", line)
		}
		return
	}
	if failure.Message == "" {
		return
	}
	p.say("error: %s", failure.Message)
	if failure.Hint != "" {
		p.say("  try  %s", failure.Hint)
	}
}
