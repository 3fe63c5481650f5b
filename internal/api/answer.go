package api

import (
	"encoding/json"
	"fmt"
	"net/http"
	"strconv"
	"time"

	"darkroom"

	stream "github.com/go-json-experiment/json"
	"github.com/go-json-experiment/json/jsontext"
)

// reply is a JSON answer, or one without a body.
type reply struct {
	status int // 0 = 200
	header map[string]string
	body   any // nil = none
}

// answering makes a handler of a function that returns its answer.
func (s *server) answering(function func(http.ResponseWriter, *http.Request, darkroom.APIKey) (reply, error)) handler {
	return func(w http.ResponseWriter, r *http.Request, key darkroom.APIKey) error {
		answer, err := function(w, r, key)
		if err != nil {
			return err
		}
		return answer.write(w)
	}
}

func (a reply) write(w http.ResponseWriter) error {
	for name, value := range a.header {
		w.Header().Set(name, value)
	}
	setDefault(&a.status, http.StatusOK)
	if a.body == nil {
		w.WriteHeader(a.status)
		return nil
	}
	return writeJSON(w, a.status, a.body)
}

func writeJSON(w http.ResponseWriter, status int, body any) error {
	text, err := json.Marshal(body)
	if err != nil {
		return fmt.Errorf("write an answer as JSON: %w", err)
	}
	writeBody(w, status, "application/json", append(text, '\n'))
	return nil
}

// streamJSON writes an answer that may be large while it is being made, so that
// it is not held twice. A reader that has gone away is not an error of ours; an
// answer that cannot be made is cut off, so that nobody takes it for whole.
func streamJSON(w http.ResponseWriter, status int, body any) error {
	w.Header().Set("Content-Type", "application/json")
	w.WriteHeader(status)
	if err := stream.MarshalWrite(w, body, stream.Deterministic(true), jsontext.AllowInvalidUTF8(true)); err != nil {
		panic(http.ErrAbortHandler)
	}
	return nil
}

// writeBody sends a whole answer. A reader that has gone away is not an error
// of ours.
func writeBody(w http.ResponseWriter, status int, contentType string, body []byte) {
	w.Header().Set("Content-Type", contentType)
	w.Header().Set("Content-Length", strconv.Itoa(len(body)))
	w.WriteHeader(status)
	_, _ = w.Write(body)
}

// wholeSeconds is for Retry-After, which one published client reads with
// int().
func wholeSeconds(d time.Duration) int {
	return int((d + time.Second - 1) / time.Second)
}
