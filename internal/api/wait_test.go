package api_test

import (
	"context"
	"net/http"
	"testing"
	"time"

	"darkroom"
)

// waiting asks for a job with ?wait= and gives its answer when it comes.
func (r *rig) waiting(ctx context.Context, id string) <-chan answer {
	r.t.Helper()
	request := must(http.NewRequestWithContext(ctx, http.MethodGet, r.server.URL+"/v1/jobs/"+id+"?wait=60", nil))(r.t)
	request.Header.Set("Authorization", "Bearer "+r.key)
	answers := make(chan answer, 1)
	go func() {
		defer close(answers)
		response, err := r.server.Client().Do(request)
		if err != nil {
			return
		}
		defer func() { _ = response.Body.Close() }()
		body := make([]byte, 4096)
		n, _ := response.Body.Read(body)
		answers <- answer{status: response.StatusCode, header: response.Header, body: body[:n]}
	}()
	return answers
}

func TestWaitEndsWithTheJob(t *testing.T) {
	t.Parallel()
	r := newRig(t)
	id := r.unfinished()
	answers := r.waiting(t.Context(), id)
	r.finish(id)
	got := <-answers
	expect(t, "status", got.status, http.StatusOK)
	expect(t, "job", got.job(t).Status, darkroom.StatusCompleted)
}

// The job may end in another process, which this one's store hears nothing of.
func TestWaitSeesAJobThatEndsElsewhere(t *testing.T) {
	t.Parallel()
	r := newRig(t)
	id := r.unfinished()
	answers := r.waiting(t.Context(), id)
	elsewhere := r.secondStore()
	own := r.store
	r.store = elsewhere
	r.finish(id)
	r.store = own
	got := <-answers
	expect(t, "job", got.job(t).Status, darkroom.StatusCompleted)
}

func TestWaitEndsWhenTheServerStops(t *testing.T) {
	t.Parallel()
	r := newRig(t)
	id := r.pending()
	answers := r.waiting(t.Context(), id)
	close(r.stopping)
	got := <-answers
	expect(t, "status", got.status, http.StatusOK)
	expect(t, "job", got.job(t).Status, darkroom.StatusPending)
}

func TestWaitEndsWhenTheClientGoesAway(t *testing.T) {
	t.Parallel()
	r := newRig(t)
	id := r.pending()
	ctx, leave := context.WithCancel(t.Context())
	answers := r.waiting(ctx, id)
	leave()
	<-answers
	r.server.Close() // waits for every request to be answered
}

func TestWaitEndsWithItsTime(t *testing.T) {
	t.Parallel()
	r := newRig(t)
	id := r.pending()
	start := time.Now()
	got := r.get("/v1/jobs/" + id + "?wait=1")
	expect(t, "job", got.job(t).Status, darkroom.StatusPending)
	if waited := time.Since(start); waited < time.Second {
		t.Errorf("waited %s, not the second that was asked for", waited)
	}
}
