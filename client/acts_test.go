package client_test

import (
	"errors"
	"net/http"
	"slices"
	"testing"

	"darkroom"
	"darkroom/client"
)

func TestActsOnTheWire(t *testing.T) {
	var got []string
	record := func(next http.HandlerFunc) http.HandlerFunc {
		return func(w http.ResponseWriter, r *http.Request) {
			got = append(got, r.Method+" "+r.URL.Path+" "+r.Header.Get("Idempotency-Key"))
			next(w, r)
		}
	}
	c, _ := serve(t, map[string]http.HandlerFunc{
		"POST /v1/jobs/" + jobID + "/cancel": record(script(cut, answer(200, job("processing", 1)))),
		"DELETE /v1/jobs/" + jobID:           record(answer(204, "")),
		"POST /v1/jobs/" + jobID + "/retry":  record(script(answer(503, ""), answer(202, job("pending", 0)))),
	})
	if cancelled, err := c.Cancel(t.Context(), jobID); err != nil || cancelled.Status != darkroom.StatusProcessing {
		t.Errorf("cancelled %+v, %v", cancelled, err)
	}
	if err := c.Delete(t.Context(), jobID); err != nil {
		t.Errorf("deleting: %v", err)
	}
	if again, err := c.Retry(t.Context(), jobID, client.RetryParams{IdempotencyKey: "k"}); err != nil || again.Status != darkroom.StatusPending {
		t.Errorf("tried again %+v, %v", again, err)
	}
	path := "/v1/jobs/" + jobID
	want := []string{
		"POST " + path + "/cancel ", "POST " + path + "/cancel ", "DELETE " + path + " ",
		"POST " + path + "/retry k", "POST " + path + "/retry k",
	}
	if !slices.Equal(got, want) {
		t.Errorf("sent %q\nwant %q", got, want)
	}
}

// A conflict of these is about the job: it does not pass by waiting.
func TestActsThatAreRefused(t *testing.T) {
	for name, test := range map[string]struct {
		act   func(c *client.Client) error
		route string
	}{
		"cancel": {func(c *client.Client) error { _, err := c.Cancel(t.Context(), jobID); return err }, "POST /v1/jobs/" + jobID + "/cancel"},
		"delete": {func(c *client.Client) error { return c.Delete(t.Context(), jobID) }, "DELETE /v1/jobs/" + jobID},
		"retry": {
			func(c *client.Client) error { _, err := c.Retry(t.Context(), jobID, client.RetryParams{}); return err },
			"POST /v1/jobs/" + jobID + "/retry",
		},
	} {
		for _, refusal := range []struct {
			status int
			code   string
			want   client.Kind
		}{{404, "not_found", client.ErrNotFound}, {409, "conflict", client.ErrConflict}, {410, "expired", client.ErrExpired}} {
			t.Run(name+" "+refusal.code, func(t *testing.T) {
				requests := 0
				c, _ := serve(t, map[string]http.HandlerFunc{test.route: func(w http.ResponseWriter, r *http.Request) {
					requests++
					answer(refusal.status, failure(refusal.status, refusal.code))(w, r)
				}})
				if err := test.act(c); !errors.Is(err, refusal.want) || requests != 1 {
					t.Errorf("%d requests, %v", requests, err)
				}
			})
		}
	}
}

func TestNoActWithoutID(t *testing.T) {
	c, _ := serve(t, nil)
	_, cancelled := c.Cancel(t.Context(), "")
	_, retried := c.Retry(t.Context(), "", client.RetryParams{})
	for _, err := range []error{cancelled, retried, c.Delete(t.Context(), "")} {
		if darkroom.CodeOf(err) != darkroom.CodeValidation {
			t.Errorf("the error is %v", err)
		}
	}
}
