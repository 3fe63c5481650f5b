package client

import (
	"cmp"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"strconv"
	"strings"
	"time"

	"darkroom"
)

// Kind is a class of errors, for errors.Is. Its text is what it says.
type Kind string

// The kinds. One error may be of several: a job that is not ready is also a
// conflict.
const (
	ErrValidation    Kind = "the request is not valid"                                // 400, 413, 415
	ErrUnauthorized  Kind = "the API key is missing or wrong"                         // 401
	ErrForbidden     Kind = "the API key may not do this"                             // 403
	ErrNotFound      Kind = "there is no such thing"                                  // 404
	ErrConflict      Kind = "the state does not allow this"                           // 409, and 422 idempotency_mismatch
	ErrNotReady      Kind = "the job has not ended yet"                               // 409 job_not_ready
	ErrNoResult      Kind = "the job has nothing to download"                         // 409 no_result
	ErrExpired       Kind = "the results have expired"                                // 410
	ErrCaptureFailed Kind = "the page could not be captured, or the sitemap not read" // 422 capture_failed
	ErrRateLimited   Kind = "too many requests"                                       // 429
	ErrTimeout       Kind = "the server or the page took too long"                    // 408, 504
	ErrServer        Kind = "the server failed"                                       // 5xx
	ErrConnection    Kind = "the server was not reached or the answer was cut off"    // no complete answer
)

// Error makes a Kind an error.
func (k Kind) Error() string { return string(k) }

// Error is an answer of the server that is no success, or no answer at all.
type Error struct {
	Status      int           // HTTP status; 0 when no complete answer was had
	Code        darkroom.Code // the machine-readable word; "" when the answer had none
	Message     string        // what is wrong and what to do, for a person
	Param       string        // the request field at fault; "" when it is none or several
	RequestID   string        // to find the request in the server's log; may be ""
	Details     []darkroom.Detail
	CaptureCode darkroom.Code // why a page could not be captured, or a plan's sitemap not read (ErrCaptureFailed); else ""
	RetryAfter  time.Duration // what the server asks to wait; 0 = it says nothing

	// Err is what happened to the connection when Status is 0.
	Err error
}

// Error tells what was attempted by whom it was sent to: the message, the code
// and the status.
func (e *Error) Error() string {
	if e.Status == 0 {
		return "darkroom: " + e.Message
	}
	text := fmt.Sprintf("darkroom: %s (%d", cmp.Or(e.Message, http.StatusText(e.Status)), e.Status)
	if e.Code != "" {
		text += " " + string(e.Code)
	}
	if e.RequestID != "" {
		text += ", request " + e.RequestID
	}
	return text + ")"
}

// Unwrap gives what happened to the connection.
func (e *Error) Unwrap() error { return e.Err }

// Is reports whether e is of that Kind.
func (e *Error) Is(target error) bool {
	kind, ok := target.(Kind)
	return ok && e.is(kind)
}

func (e *Error) is(kind Kind) bool {
	switch kind {
	case ErrConnection:
		return e.Status == 0
	case ErrValidation:
		return e.Status == 400 || e.Status == 413 || e.Status == 415
	case ErrUnauthorized:
		return e.Status == 401
	case ErrForbidden:
		return e.Status == 403
	case ErrNotFound:
		return e.Status == 404
	case ErrConflict:
		return e.Status == 409 || e.Code == darkroom.CodeIdempotencyMismatch
	case ErrNotReady:
		return e.Code == darkroom.CodeJobNotReady
	case ErrNoResult:
		return e.Code == darkroom.CodeNoResult
	case ErrExpired:
		return e.Status == 410
	case ErrCaptureFailed:
		return e.Code == darkroom.CodeCaptureFailed
	case ErrRateLimited:
		return e.Status == 429
	case ErrTimeout:
		return e.Status == 408 || e.Status == 504
	case ErrServer:
		return e.Status >= 500
	}
	return false
}

// maxErrorBytes is how much of an error's body is read.
const maxErrorBytes = 1 << 20

// answerError makes the Error of an answer that is no success, and reads its
// body. An answer that is not ours (a proxy's page, say) keeps its status.
func answerError(resp *http.Response) *Error {
	body, _ := io.ReadAll(io.LimitReader(resp.Body, maxErrorBytes)) // a cut body still leaves the status
	var wire struct {
		Error     darkroom.Code     `json:"error"`
		Message   string            `json:"message"`
		Param     string            `json:"param"`
		RequestID string            `json:"request_id"`
		Details   []darkroom.Detail `json:"details"`
		ErrorCode darkroom.Code     `json:"error_code"`
	}
	if json.Unmarshal(body, &wire) != nil || wire.Message == "" {
		wire.Message = cmp.Or(wire.Message, foreignAnswer(resp))
	}
	return &Error{
		Status: resp.StatusCode, Code: wire.Error, Message: wire.Message, Param: wire.Param,
		RequestID: cmp.Or(wire.RequestID, resp.Header.Get("X-Request-Id")), Details: wire.Details,
		CaptureCode: wire.ErrorCode, RetryAfter: retryAfter(resp.Header, time.Now()),
	}
}

func foreignAnswer(resp *http.Response) string {
	if location := resp.Header.Get("Location"); location != "" && resp.StatusCode < 400 {
		return fmt.Sprintf("the server redirects to %s; use that as the base URL", location)
	}
	return fmt.Sprintf("%s answered %s without saying why; is it a Darkroom server?", resp.Request.URL.Host, resp.Status)
}

// retryAfter reads the header, which is seconds from our server and may be a
// date from a proxy before it.
func retryAfter(header http.Header, now time.Time) time.Duration {
	text := strings.TrimSpace(header.Get("Retry-After"))
	if seconds, err := strconv.Atoi(text); err == nil {
		return time.Duration(max(seconds, 0)) * time.Second
	}
	if at, err := http.ParseTime(text); err == nil {
		return max(at.Sub(now), 0)
	}
	return 0
}
