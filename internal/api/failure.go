package api

import (
	"errors"
	"net/http"
	"strconv"
	"time"

	"darkroom"
)

// FailureAnswer is the one shape of every error, on every path. error stays a
// string: published clients print it.
type FailureAnswer struct {
	Error      darkroom.Code     `json:"error" doc:"What went wrong, for programs."`
	Message    string            `json:"message" doc:"What to do about it, for people."`
	Status     int               `json:"status" doc:"The HTTP status of this answer."`
	Param      string            `json:"param,omitempty" doc:"The request field at fault."`
	RequestID  string            `json:"request_id" doc:"The same as the X-Request-Id header."`
	DocsURL    string            `json:"docs_url" doc:"Where this server explains the code: its cause and what to do."`
	RetryAfter int               `json:"retry_after,omitempty" doc:"Seconds to wait before trying again."`
	ErrorCode  darkroom.Code     `json:"error_code,omitempty" doc:"Why the capture failed or the sitemap could not be read, with capture_failed."`
	HTTPStatus int               `json:"http_status,omitempty" doc:"The status that the captured page answered, with capture_failed."`
	Details    []darkroom.Detail `json:"details,omitempty" doc:"Every fault, when there may be several."`
}

// statusOf maps each code of a request to its HTTP status. docs/errors.md
// explains them.
func statusOf(code darkroom.Code) int {
	switch code {
	case darkroom.CodeValidation:
		return http.StatusBadRequest
	case darkroom.CodeUnauthorized:
		return http.StatusUnauthorized
	case darkroom.CodeForbidden:
		return http.StatusForbidden
	case darkroom.CodeNotFound:
		return http.StatusNotFound
	case darkroom.CodeMethodNotAllowed:
		return http.StatusMethodNotAllowed
	case darkroom.CodeJobNotReady, darkroom.CodeNoResult, darkroom.CodeConflict:
		return http.StatusConflict
	case darkroom.CodeExpired:
		return http.StatusGone
	case darkroom.CodePreconditionFailed:
		return http.StatusPreconditionFailed
	case darkroom.CodePayloadTooLarge:
		return http.StatusRequestEntityTooLarge
	case darkroom.CodeUnsupportedMediaType:
		return http.StatusUnsupportedMediaType
	case darkroom.CodeRangeNotSatisfiable:
		return http.StatusRequestedRangeNotSatisfiable
	case darkroom.CodeIdempotencyMismatch, darkroom.CodeCaptureFailed:
		return http.StatusUnprocessableEntity
	case darkroom.CodeRateLimited, darkroom.CodeQuotaExceeded:
		return http.StatusTooManyRequests
	case darkroom.CodeQueueUnavailable:
		return http.StatusServiceUnavailable
	case darkroom.CodeTimeout:
		return http.StatusGatewayTimeout
	case darkroom.CodeInsufficientStorage:
		return http.StatusInsufficientStorage
	}
	return http.StatusInternalServerError
}

// fail answers with the error. What only the operator may know is logged
// under the same request id.
func (s *server) fail(w http.ResponseWriter, r *http.Request, err error) {
	failure, ok := errors.AsType[*darkroom.Error](err)
	if !ok {
		failure = &darkroom.Error{
			Code:    darkroom.CodeInternal,
			Message: "Something went wrong inside the server",
			Hint:    "Its log has more under this request_id",
			Err:     err,
		}
	}
	status := statusOf(failure.Code)
	if status >= http.StatusInternalServerError && failure.Err != nil && r.Context().Err() == nil {
		s.Log.Error("a request failed", "request", requestID(w), "method", r.Method, "path", r.URL.Path,
			"code", failure.Code, "err", err)
	}
	writeFailure(w, status, failure)
}

func writeFailure(w http.ResponseWriter, status int, failure *darkroom.Error) {
	answer := FailureAnswer{
		Error: failure.Code, Message: failure.Sentence(), Status: status, Param: failure.Param,
		RequestID: requestID(w), Details: failure.Details,
	}
	if failure.RetryAfter > 0 {
		answer.RetryAfter = wholeSeconds(failure.RetryAfter)
		w.Header().Set("Retry-After", strconv.Itoa(answer.RetryAfter))
	}
	switch failure.Code {
	case darkroom.CodeUnauthorized:
		w.Header().Set("WWW-Authenticate", "Bearer")
	case darkroom.CodePayloadTooLarge:
		w.Header().Set("Connection", "close")
	case darkroom.CodeCaptureFailed:
		answer.ErrorCode = darkroom.CodeOf(failure.Err)
		answer.HTTPStatus = failure.HTTPStatus
	}
	answer.DocsURL = docsOf(answer)
	// The shape holds strings and integers only: it cannot fail to become JSON.
	_ = writeJSON(w, status, answer)
}

// docsOf is the row of the documentation that helps most: why a capture failed
// tells more than that it did.
func docsOf(answer FailureAnswer) string {
	code := answer.Error
	if answer.ErrorCode != "" {
		code = answer.ErrorCode
	}
	return "/docs/errors#" + string(code)
}

// comeBack is when a dependency that has failed is worth another try.
const comeBack = 5 * time.Second

// unavailable marks an error of a dependency: one without a code of its own
// says nothing that a client could act on but to come back.
func unavailable(err error) error {
	failure, ok := errors.AsType[*darkroom.Error](err)
	if !ok {
		failure = &darkroom.Error{
			Code:    darkroom.CodeQueueUnavailable,
			Message: "The job store cannot be reached",
			Hint:    "Try again in a few seconds",
			Err:     err,
		}
	}
	later := failure.Code == darkroom.CodeQueueUnavailable || failure.Code == darkroom.CodeInsufficientStorage
	if !later || failure.RetryAfter > 0 {
		return failure
	}
	timed := *failure
	timed.RetryAfter = comeBack
	return &timed
}
