package dashboard

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"net/http"

	"darkroom"
)

// call asks the API as the key and reads the answer into out, unless that is
// nil. What the API refuses is a *darkroom.Error.
func (d *Dashboard) call(ctx context.Context, key darkroom.APIKey, method, path string, body, out any) error {
	content, err := json.Marshal(body)
	if err != nil {
		return fmt.Errorf("write the body of %s %s: %w", method, path, err)
	}
	request, err := http.NewRequestWithContext(d.WithKey(ctx, key), method, path, bytes.NewReader(content)) //nolint:gosec // it goes to a handler of this process, not over a network
	if err != nil {
		return fmt.Errorf("make the request %s %s: %w", method, path, err)
	}
	if body == nil {
		request.Body, request.ContentLength = http.NoBody, 0
	} else {
		request.Header.Set("Content-Type", "application/json")
	}
	answer := &answer{header: http.Header{}, status: http.StatusOK}
	d.API.ServeHTTP(answer, request)
	if answer.status >= http.StatusBadRequest {
		return answer.failure()
	}
	if out == nil {
		return nil
	}
	if err := json.Unmarshal(answer.body.Bytes(), out); err != nil {
		return fmt.Errorf("read the answer to %s %s: %w", method, path, err)
	}
	return nil
}

// answer keeps what a handler writes.
type answer struct {
	header http.Header
	status int
	body   bytes.Buffer
}

// Header is that of the answer.
func (a *answer) Header() http.Header { return a.header }

// WriteHeader keeps the status.
func (a *answer) WriteHeader(status int) { a.status = status }

// Write keeps the body.
func (a *answer) Write(p []byte) (int, error) { return a.body.Write(p) }

func (a *answer) failure() error {
	var told struct {
		Error   darkroom.Code
		Message string
		Param   string
		Details []darkroom.Detail
	}
	if err := json.Unmarshal(a.body.Bytes(), &told); err != nil {
		return fmt.Errorf("the API answered %d without an error: %w", a.status, err)
	}
	return &darkroom.Error{Code: told.Error, Message: told.Message, Param: told.Param, Details: told.Details}
}

// passTo has the API answer the browser itself: pictures, archives, events.
func (d *Dashboard) passTo(path func(*http.Request) string) page {
	return func(w http.ResponseWriter, r *http.Request, key darkroom.APIKey) error {
		request := r.Clone(d.WithKey(r.Context(), key))
		request.URL.Path, request.URL.RawPath = path(r), ""
		for _, name := range []string{"Cookie", "Authorization", "X-Api-Key"} {
			request.Header.Del(name)
		}
		w.Header().Set("Content-Security-Policy", "default-src 'none'; sandbox")
		d.API.ServeHTTP(w, request)
		return nil
	}
}
