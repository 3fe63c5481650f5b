package api_test

import (
	"context"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"testing"
	"time"

	"darkroom"
	"darkroom/client"
	"darkroom/internal/egress"
)

func webhookScenarios() []scenario {
	const deliveries, events = "/v1/webhooks/deliveries", "/v1/webhooks/events"
	return []scenario{
		{name: "deliveries-none", before: (*rig).completed, method: "GET", path: deliveries},
		{name: "deliveries", before: (*rig).deliveries, method: "GET", path: deliveries},
		{name: "deliveries-first-page", before: (*rig).deliveries, method: "GET", path: deliveries + "?limit=2"},
		{name: "deliveries-last-page", before: (*rig).deliveries, method: "GET", path: deliveries + "?limit=2&cursor=$JOB"},
		{name: "deliveries-by-status", before: (*rig).deliveries, method: "GET", path: deliveries + "?status=failed&limit=1000"},
		{name: "deliveries-by-job", before: (*rig).deliveries, method: "GET", path: deliveries + "?job_id=" + nobodysID},
		{name: "deliveries-by-a-strange-status", method: "GET", path: deliveries + "?status=completed"},
		{name: "deliveries-by-no-job", method: "GET", path: deliveries + "?job_id=1"},
		{name: "deliveries-by-a-strange-cursor", method: "GET", path: deliveries + "?cursor=2"},
		{name: "delivery", before: (*rig).deliveries, method: "GET", path: deliveries + "/$JOB"},
		{name: "delivery-before-its-first-attempt", before: (*rig).called, method: "GET", path: deliveries + "/$JOB"},
		{name: "delivery-unknown", method: "GET", path: deliveries + "/whk_" + nobodysID},
		{name: "delivery-without-an-id", method: "GET", path: deliveries + "/1"},
		{name: "delivery-another-keys", before: (*rig).foreignDelivery, method: "GET", path: deliveries + "/$JOB"},
		{name: "deliveries-another-keys", before: (*rig).foreignDelivery, method: "GET", path: deliveries},
		{name: "redeliver", before: (*rig).delivered, method: "POST", path: deliveries + "/$JOB/redeliver"},
		{name: "redeliver-sooner", before: (*rig).deliveries, method: "POST", path: deliveries + "/$JOB/redeliver"},
		{name: "redeliver-what-is-due", before: (*rig).called, method: "POST", path: deliveries + "/$JOB/redeliver"},
		{name: "redeliver-another-keys", before: (*rig).foreignDelivery, method: "POST", path: deliveries + "/$JOB/redeliver"},

		{name: "events-from-now-on", before: (*rig).several, method: "GET", path: events},
		{name: "events", before: (*rig).several, method: "GET", path: events + "?cursor=0"},
		{name: "events-behind-a-cursor", before: (*rig).several, method: "GET", path: events + "?cursor=1&limit=1"},
		{name: "events-none-left", before: (*rig).several, method: "GET", path: events + "?cursor=2"},
		{name: "events-during-a-rotation", before: (*rig).rotatedAfterwards, method: "GET", path: events + "?cursor=0"},
		{name: "events-another-keys", before: (*rig).foreignDelivery, method: "GET", path: events + "?cursor=0"},
		{name: "events-by-a-strange-cursor", method: "GET", path: events + "?cursor=-1"},

		{name: "webhook-test", policy: onThisMachine(), before: (*rig).receiver, method: "POST", path: "/v1/webhooks/test", body: `{"url":"$SITE/hook"}`},
		{name: "webhook-test-failed", policy: onThisMachine(), before: (*rig).receiver, method: "POST", path: "/v1/webhooks/test", body: `{"url":"$SITE/broken"}`},
		{name: "webhook-test-without-an-answer", policy: onThisMachine(), before: (*rig).receiver, method: "POST", path: "/v1/webhooks/test", body: `{"url":"$SITE/hangs-up"}`},
		{name: "webhook-test-refused", method: "POST", path: "/v1/webhooks/test", body: `{"url":"http://169.254.169.254/latest"}`},
		{name: "webhook-test-without-a-url", method: "POST", path: "/v1/webhooks/test", body: `{}`},
		{name: "webhook-test-mistyped", method: "POST", path: "/v1/webhooks/test", body: `{"url":"https://example.org/","urls":1}`},
	}
}

// called ends a job that has a callback, and gives the id of its delivery.
func (r *rig) called() string {
	r.t.Helper()
	created := r.send("POST", "/v1/batch", `{"urls":["https://example.com/"],"callback_url":"https://example.org/hook"}`)
	expect(r.t, "status", created.status, http.StatusAccepted)
	id := created.job(r.t).ID
	r.work()
	r.finish(id)
	return must(r.store.Deliveries(r.t.Context(), id))(r.t)[0].ID
}

// attempted records an attempt of a delivery.
func (r *rig) attempted(attempt darkroom.DeliveryAttempt, next darkroom.DeliveryState, retryAt time.Time) {
	r.t.Helper()
	attempt.StartedAt, attempt.Duration = r.clock.Now(), 12*time.Millisecond
	attempt.Header = map[string]string{"Webhook-Id": attempt.DeliveryID, "Content-Type": "application/json"}
	if err := r.store.RecordAttempt(r.t.Context(), attempt, next, retryAt); err != nil {
		r.t.Fatal(err)
	}
}

func (r *rig) delivered() string {
	id := r.called()
	r.attempted(darkroom.DeliveryAttempt{DeliveryID: id, Attempt: 1, Status: 204}, darkroom.DeliveryDelivered, time.Time{})
	return id
}

// deliveries leaves one of each state, and gives the one that is pending, the
// second of three.
func (r *rig) deliveries() string {
	failed := r.called()
	r.attempted(darkroom.DeliveryAttempt{DeliveryID: failed, Attempt: 1, Status: 410}, darkroom.DeliveryFailed, time.Time{})
	r.clock.advance(time.Minute)
	pending := r.called()
	r.attempted(darkroom.DeliveryAttempt{
		DeliveryID: pending, Attempt: 1, Code: darkroom.CodeConnectionRefused, Error: "example.org refused the connection",
	}, darkroom.DeliveryPending, r.clock.Now().Add(30*time.Second))
	r.clock.advance(30 * time.Second)
	r.attempted(darkroom.DeliveryAttempt{
		DeliveryID: pending, Attempt: 2, Status: 500, Response: []byte("<script>\x1b[31m\x00\xff"),
	}, darkroom.DeliveryPending, r.clock.Now().Add(5*time.Minute))
	r.delivered()
	return pending
}

func (r *rig) foreignDelivery() string {
	id := r.delivered()
	r.key = r.grant("other", darkroom.DefaultGrant()).Secret
	return id
}

func (r *rig) rotatedAfterwards() string {
	r.completed()
	if _, _, err := r.store.RotateWebhookSecret(r.t.Context(), "first", time.Hour); err != nil {
		r.t.Fatal(err)
	}
	return ""
}

// receiver starts one that answers at /hook with what it was sent, fails at
// /broken and hangs up elsewhere.
func (r *rig) receiver() string {
	mux := http.NewServeMux()
	mux.HandleFunc("/hook", func(w http.ResponseWriter, request *http.Request) {
		w.Header().Del("Date")
		w.WriteHeader(http.StatusAccepted)
		_, _ = io.Copy(w, request.Body)
	})
	mux.HandleFunc("/broken", func(w http.ResponseWriter, _ *http.Request) {
		http.Error(w, "no such table", http.StatusInternalServerError)
	})
	mux.HandleFunc("/", func(http.ResponseWriter, *http.Request) { panic(http.ErrAbortHandler) })
	server := httptest.NewServer(mux)
	r.t.Cleanup(server.Close)
	r.site = server.URL
	return ""
}

// Whoever listens is told of every job that ends, once, in the order in which
// they end, with what a webhook would bring.
func TestListening(t *testing.T) {
	t.Parallel()
	r := newRig(t)
	secret := must(r.store.WebhookSecrets(t.Context(), r.keyID))(t).Current
	var cursor darkroom.EventsAnswer
	r.get("/v1/webhooks/events").json(t, &cursor)
	want := []string{r.done("https://example.com/1"), r.done("https://example.com/fail"), r.done("https://example.com/3")}
	var got []string
	for len(got) < len(want) {
		var page darkroom.EventsAnswer
		r.get("/v1/webhooks/events?limit=2&cursor="+cursor.NextCursor).json(t, &page)
		if len(page.Events) == 0 {
			t.Fatalf("told of %v only", got)
		}
		for _, event := range page.Events {
			got = append(got, event.JobID)
			header := http.Header{}
			for name, value := range event.Headers {
				header.Set(name, value)
			}
			verifier := client.Verifier{Secrets: []string{secret}, Now: r.clock.Now}
			if err := verifier.Verify([]byte(event.Body), header); err != nil {
				t.Error(err)
			}
		}
		cursor = page
	}
	expect(t, "told", fmt.Sprint(got), fmt.Sprint(want))
}

func TestAListenerIsToldAtOnce(t *testing.T) {
	t.Parallel()
	for name, finish := range map[string]func(r *rig, id string){
		"by this process": (*rig).finish,
		"by another": func(r *rig, id string) {
			r.store = r.secondStore()
			r.finish(id)
		},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			r := newRig(t)
			id := r.unfinished()
			answers := make(chan answer, 1)
			go func() { answers <- r.get("/v1/webhooks/events?cursor=0&wait=60") }()
			finish(r, id)
			var page darkroom.EventsAnswer
			select {
			case got := <-answers:
				got.json(t, &page)
			case <-time.After(30 * time.Second):
				t.Fatal("the listener was not told in 30 s")
			}
			if len(page.Events) != 1 || page.Events[0].JobID != id {
				t.Errorf("told %+v", page)
			}
		})
	}
}

// The event that is listened to is the one that the callback is sent: the same
// id, the same bytes.
func TestAnEventIsItsDelivery(t *testing.T) {
	t.Parallel()
	r := newRig(t)
	id := r.called()
	var log darkroom.DeliveryLogAnswer
	r.get("/v1/webhooks/deliveries/"+id).json(t, &log)
	var page darkroom.EventsAnswer
	r.get("/v1/webhooks/events?cursor=0").json(t, &page)
	if len(page.Events) != 1 || page.Events[0].ID != id || page.Events[0].Body != log.Body || log.Body == "" {
		t.Errorf("listened to %+v, delivered %+v", page, log)
	}
}

// A test event goes through the policy, also where a name leads.
func TestATestEventDoesNotReachWhatIsPrivate(t *testing.T) {
	t.Parallel()
	r := newRigWith(t, conditions{policy: egress.Config{}})
	r.receiver()
	got := r.send("POST", "/v1/webhooks/test", `{"url":"`+r.site+`/hook"}`)
	expect(t, "status", got.status, http.StatusBadRequest)
	expect(t, "code", got.code(t), darkroom.CodeValidation)
}

// A listener that has gone away leaves nothing behind.
func TestListeningEndsWithTheClient(t *testing.T) {
	t.Parallel()
	r := newRig(t)
	ctx, leave := context.WithCancel(t.Context())
	ended := make(chan struct{})
	go func() {
		defer close(ended)
		request, err := http.NewRequestWithContext(ctx, "GET", r.server.URL+"/v1/webhooks/events?cursor=0&wait=60", nil)
		if err != nil {
			return
		}
		request.Header.Set("X-API-Key", r.key)
		if response, err := http.DefaultClient.Do(request); err == nil {
			_ = response.Body.Close()
		}
	}()
	leave()
	<-ended
	r.server.Close() // waits for every request to be answered
}
