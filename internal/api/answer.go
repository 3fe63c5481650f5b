package api

import (
	"encoding/json"
	"fmt"
	"net/http"
	"strconv"
	"time"

	"darkroom"
)

// reply is a JSON answer.
type reply struct {
	status int // 0 = 200
	header map[string]string
	body   any
}

// answering makes a handler of a function that returns its answer.
func (s *server) answering(function func(http.ResponseWriter, *http.Request, darkroom.APIKey) (reply, error)) handler {
	return func(w http.ResponseWriter, r *http.Request, key darkroom.APIKey) error {
		answer, err := function(w, r, key)
		if err != nil {
			return err
		}
		for name, value := range answer.header {
			w.Header().Set(name, value)
		}
		setDefault(&answer.status, http.StatusOK)
		return writeJSON(w, answer.status, answer.body)
	}
}

func writeJSON(w http.ResponseWriter, status int, body any) error {
	text, err := json.Marshal(body)
	if err != nil {
		return fmt.Errorf("write an answer as JSON: %w", err)
	}
	writeBody(w, status, "application/json", append(text, '\n'))
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
