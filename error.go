package darkroom

import (
	"errors"
	"fmt"
	"time"
)

// Code is the machine-readable word of an error. There are three closed lists:
// the codes of a request (answered over HTTP), the codes of a failed capture
// (recorded in its row and in the manifest) and those of a sitemap that could
// not be read (in the job's error, beside those of a capture). docs/errors.md
// explains each.
type Code string

// Codes of a request. internal/api maps each to one HTTP status.
const (
	CodeValidation           Code = "validation_error"
	CodeUnauthorized         Code = "unauthorized"
	CodeForbidden            Code = "forbidden"
	CodeNotFound             Code = "not_found"
	CodeMethodNotAllowed     Code = "method_not_allowed"
	CodeJobNotReady          Code = "job_not_ready"
	CodeNoResult             Code = "no_result"
	CodeConflict             Code = "conflict"
	CodeExpired              Code = "expired"
	CodePreconditionFailed   Code = "precondition_failed"
	CodePayloadTooLarge      Code = "payload_too_large"
	CodeUnsupportedMediaType Code = "unsupported_media_type"
	CodeRangeNotSatisfiable  Code = "range_not_satisfiable"
	CodeIdempotencyMismatch  Code = "idempotency_mismatch"
	CodeCaptureFailed        Code = "capture_failed"
	CodeRateLimited          Code = "rate_limited"
	CodeQuotaExceeded        Code = "quota_exceeded"
	CodeQueueUnavailable     Code = "queue_unavailable"
	CodeInsufficientStorage  Code = "insufficient_storage"
)

// Codes of a failed capture. CodeTimeout is also the code of a synchronous
// screenshot whose time is up.
const (
	CodeTimeout            Code = "timeout"
	CodeDNSError           Code = "dns_error"
	CodeConnectionRefused  Code = "connection_refused"
	CodeConnectionReset    Code = "connection_reset"
	CodeTLSError           Code = "tls_error"
	CodeHTTPError          Code = "http_error"
	CodeTooManyRedirects   Code = "too_many_redirects"
	CodeBlockedTarget      Code = "blocked_target"
	CodeTooLarge           Code = "too_large"
	CodeUnsupportedContent Code = "unsupported_content"
	CodeDownload           Code = "download"
	CodeRendererCrashed    Code = "renderer_crashed"
	CodeOutOfMemory        Code = "out_of_memory"
	CodeSelectorNotFound   Code = "selector_not_found"
	CodeScriptError        Code = "script_error"
	CodeRobotsDenied       Code = "robots_denied"
	CodeCancelled          Code = "cancelled"
	CodeInternal           Code = "internal"
)

// Codes of a sitemap that could not be read. One that could not be fetched has
// the code that a capture would have.
const (
	CodeSitemapInvalid  Code = "sitemap_invalid"
	CodeSitemapTooLarge Code = "sitemap_too_large"
	CodeNoURLs          Code = "no_urls" // nothing is left to capture
)

// SitemapCodes is the closed list of codes that only a sitemap has.
func SitemapCodes() []Code {
	return []Code{CodeSitemapInvalid, CodeSitemapTooLarge, CodeNoURLs}
}

// CaptureCodes is the closed list of codes that a failed capture may carry.
func CaptureCodes() []Code {
	return []Code{
		CodeTimeout, CodeDNSError, CodeConnectionRefused, CodeConnectionReset, CodeTLSError,
		CodeHTTPError, CodeTooManyRedirects, CodeBlockedTarget, CodeTooLarge, CodeUnsupportedContent,
		CodeDownload, CodeRendererCrashed, CodeOutOfMemory, CodeSelectorNotFound, CodeScriptError,
		CodeRobotsDenied, CodeCancelled, CodeInternal,
	}
}

// Error is the one error type of the program. Code, Message, Hint, Param and
// Details may be shown to anyone; Err is for the log only.
type Error struct {
	Code    Code
	Message string // one sentence: what is wrong
	Hint    string // what the reader can do about it; may be empty
	Param   string // the request field that is wrong, as on the wire; may be empty
	Details []Detail

	// RetryAfter is how long the caller should wait before trying again; zero
	// says nothing about it.
	RetryAfter time.Duration

	// HTTPStatus is the status of the main document of a failed capture, 0 when
	// no response was had. It is not the status of our own answer.
	HTTPStatus int

	Err error
}

// Detail is one of several faults in one request, such as each refused URL of
// a batch.
type Detail struct {
	Index   int    `json:"index"` // position in the list that Field names, from 0
	Field   string `json:"field"` // "urls[3]"
	Code    string `json:"code"`  // "scheme_not_allowed"
	Message string `json:"message"`
}

// Error gives the sentence and, for the log, what caused it.
func (e *Error) Error() string {
	text := e.Sentence()
	if e.Err != nil {
		text += ": " + e.Err.Error()
	}
	return text
}

// Sentence is the message followed by the hint: what a person is shown.
func (e *Error) Sentence() string {
	switch {
	case e.Message == "":
		return string(e.Code)
	case e.Hint == "":
		return e.Message
	}
	return e.Message + ". " + e.Hint
}

// Unwrap gives the cause.
func (e *Error) Unwrap() error { return e.Err }

// Errorf makes an Error with a formatted message. A %w in the format becomes
// its cause and part of its message.
func Errorf(code Code, format string, args ...any) *Error {
	wrapped := fmt.Errorf(format, args...)
	return &Error{Code: code, Message: wrapped.Error(), Err: errors.Unwrap(wrapped)}
}

// Invalid makes a validation error about one request field.
func Invalid(param, format string, args ...any) *Error {
	return &Error{Code: CodeValidation, Message: fmt.Sprintf(format, args...), Param: param}
}

// CodeOf gives the code of the first Error in the chain, CodeInternal when
// there is none, and "" for nil.
func CodeOf(err error) Code {
	if err == nil {
		return ""
	}
	if e, ok := errors.AsType[*Error](err); ok {
		return e.Code
	}
	return CodeInternal
}
