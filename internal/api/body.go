package api

import (
	"errors"
	"io"
	"mime"
	"net/http"
	"strings"

	"darkroom"
)

// readBody gives the JSON object that the request carries, checked as far as
// JSON itself goes.
func (s *server) readBody(w http.ResponseWriter, r *http.Request) ([]byte, error) {
	if err := checkMediaType(r.Header); err != nil {
		return nil, err
	}
	if r.ContentLength > s.Limits.MaxBodyBytes {
		return nil, s.tooLarge()
	}
	body, err := io.ReadAll(http.MaxBytesReader(w, r.Body, s.Limits.MaxBodyBytes))
	if err != nil {
		return nil, s.unreadable(w, err)
	}
	bodyArrived(w)
	if err := checkJSON(body); err != nil {
		return nil, err
	}
	return body, nil
}

func (s *server) unreadable(w http.ResponseWriter, err error) error {
	if _, ok := errors.AsType[*http.MaxBytesError](err); ok {
		return s.tooLarge()
	}
	w.Header().Set("Connection", "close")
	return &darkroom.Error{
		Code:    darkroom.CodeValidation,
		Message: "The request body did not arrive whole",
		Hint:    "Send it again, within " + bodyTimeout.String(),
		Err:     err,
	}
}

func (s *server) tooLarge() *darkroom.Error {
	err := darkroom.Errorf(darkroom.CodePayloadTooLarge,
		"The request body is larger than the %d bytes that this server takes", s.Limits.MaxBodyBytes)
	err.Hint = "Split the batch into several"
	return err
}

// checkMediaType takes JSON in UTF-8, and a body without a type as JSON:
// several clients send none.
func checkMediaType(header http.Header) error {
	if encoding := header.Get("Content-Encoding"); encoding != "" && !strings.EqualFold(encoding, "identity") {
		return unsupported("Compressed request bodies are not taken", "Send the body without Content-Encoding")
	}
	value := header.Get("Content-Type")
	if value == "" {
		return nil
	}
	const hint = `Send it with the header "Content-Type: application/json"`
	media, params, err := mime.ParseMediaType(value)
	if err != nil || len(header.Values("Content-Type")) > 1 {
		return unsupported("The Content-Type header cannot be read", hint)
	}
	if media != "application/json" && media != "text/json" && !strings.HasSuffix(media, "+json") {
		return unsupported("The request body must be JSON", hint)
	}
	if charset := params["charset"]; charset != "" && !strings.EqualFold(charset, "utf-8") {
		return unsupported("The request body must be in UTF-8", hint)
	}
	return nil
}

func unsupported(message, hint string) *darkroom.Error {
	return &darkroom.Error{Code: darkroom.CodeUnsupportedMediaType, Message: message, Hint: hint}
}
