package worker

import (
	"bytes"
	"context"
	"errors"
	"net/http"
	"net/http/httptest"
	"strconv"
	"sync/atomic"
	"testing"
	"time"

	"darkroom"
	"darkroom/client"
	"darkroom/internal/queue"
	"darkroom/internal/store"
	"darkroom/internal/webhook"
)

// ended gives the delivery of a finished job that calls this address.
func (b *bench) ended(t *testing.T, callback string) darkroom.Delivery {
	t.Helper()
	job := b.create(t, func(request *store.NewJob) { request.CallbackURL = callback }, "/a")
	b.work(t, b.Worker)
	b.end(t, job.ID)
	deliveries, err := b.store.Deliveries(t.Context(), job.ID)
	if err != nil || len(deliveries) != 1 {
		t.Fatalf("deliveries %+v, %v", deliveries, err)
	}
	return deliveries[0]
}

func (b *bench) deliverNow(t *testing.T, id string) darkroom.Delivery {
	t.Helper()
	delivery, err := b.store.Delivery(t.Context(), id)
	if err != nil {
		t.Fatal(err)
	}
	if err := b.Handlers().Deliver(t.Context(), id, delivery.Turn()); err != nil {
		t.Fatal(err)
	}
	delivery, err = b.store.Delivery(t.Context(), id)
	if err != nil {
		t.Fatal(err)
	}
	return delivery
}

func TestADeliveryIsTriedUntilItIsGivenUp(t *testing.T) {
	b := newBench(t, 1)
	url, got := newReceiver(t, 500)
	delivery := b.ended(t, url)
	told := map[darkroom.DeliveryState]int{}
	b.Seen.Delivery = func(state darkroom.DeliveryState, _ time.Duration) { told[state]++ }
	defer func() {
		if told[darkroom.DeliveryPending] != darkroom.MaxDeliveryAttempts-1 || told[darkroom.DeliveryFailed] != 1 {
			t.Errorf("told of %v", told)
		}
	}()
	for n := 1; n <= darkroom.MaxDeliveryAttempts; n++ {
		now := b.deliverNow(t, delivery.ID)
		want := darkroom.DeliveryPending
		if n == darkroom.MaxDeliveryAttempts {
			want = darkroom.DeliveryFailed
		}
		if now.State != want || now.Attempts != n {
			t.Errorf("after attempt %d: %+v", n, now)
		}
		hook := <-got
		if hook.header.Get(webhook.HeaderID) != delivery.ID || hook.header.Get(webhook.HeaderAttempt) != strconv.Itoa(n) ||
			!bytes.Equal(hook.body, delivery.Body) {
			t.Errorf("attempt %d sent %+v", n, hook)
		}
		b.clock.advance(12 * time.Hour)
	}
	b.deliverNow(t, delivery.ID) // a task that came too late
	if len(got) != 0 {
		t.Error("it was sent after it was given up")
	}
	attempts, err := b.store.Attempts(t.Context(), delivery.ID)
	if err != nil || len(attempts) != darkroom.MaxDeliveryAttempts {
		t.Errorf("attempts %+v, %v", attempts, err)
	}
}

func TestNothingIsSentAfterItWasTaken(t *testing.T) {
	b := newBench(t, 1)
	url, got := newReceiver(t, 202)
	delivery := b.ended(t, url)
	for range 3 {
		if now := b.deliverNow(t, delivery.ID); now.State != darkroom.DeliveryDelivered || now.Attempts != 1 {
			t.Errorf("delivery %+v", now)
		}
	}
	if len(got) != 1 {
		t.Errorf("it was sent %d times", len(got))
	}
}

// Who has not yet changed over to the new secret is not left out, and a second
// attempt of the same webhook follows the rotation too.
func TestBothSecretsSignWhileOneReplacesTheOther(t *testing.T) {
	b := newBench(t, 1)
	url, got := newReceiver(t, 500)
	delivery := b.ended(t, url)
	b.deliverNow(t, delivery.ID)
	alone := <-got
	_, secrets, err := b.store.RotateWebhookSecret(t.Context(), b.key.ID, time.Hour)
	if err != nil {
		t.Fatal(err)
	}
	b.clock.advance(time.Minute)
	b.deliverNow(t, delivery.ID)
	both := <-got
	b.clock.advance(time.Hour)
	b.deliverNow(t, delivery.ID)
	after := <-got
	for _, test := range []struct {
		about       string
		hook        received
		former, new bool
	}{{"before", alone, true, false}, {"during the grace", both, true, true}, {"after it", after, false, true}} {
		verifier := client.Verifier{Now: b.clock.now, Tolerance: 2 * time.Hour}
		for secret, want := range map[string]bool{b.key.WebhookSecret: test.former, secrets.Current: test.new} {
			verifier.Secrets = []string{secret}
			if err := verifier.Verify(test.hook.body, test.hook.header); (err == nil) != want {
				t.Errorf("%s, with the new one %v: %v", test.about, secret == secrets.Current, err)
			}
		}
	}
}

func TestGoneEndsADelivery(t *testing.T) {
	b := newBench(t, 1)
	url, _ := newReceiver(t, http.StatusGone)
	delivery := b.ended(t, url)
	if now := b.deliverNow(t, delivery.ID); now.State != darkroom.DeliveryFailed || now.Attempts != 1 {
		t.Errorf("delivery %+v", now)
	}
}

func TestADeliveryThatIsForgotten(t *testing.T) {
	b := newBench(t, 1)
	if err := b.Handlers().Deliver(t.Context(), "whk_0198c0de-0000-7000-8000-000000000000", 1); err != nil {
		t.Error(err)
	}
}

// A receiver that never answers takes two places and no more, and whoever
// steps aside for it loses no attempt.
func TestASlowReceiverHoldsUpNobodyElse(t *testing.T) {
	b := newBench(t, 4)
	hold, cancel := context.WithCancel(t.Context())
	var slow, top atomic.Int32
	stuck := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if now := slow.Add(1); now > top.Load() {
			top.Store(now)
		}
		defer slow.Add(-1)
		select {
		case <-hold.Done():
		case <-r.Context().Done():
		}
	}))
	t.Cleanup(stuck.Close)
	t.Cleanup(cancel)
	quick, got := newReceiver(t, 200)
	b.running(t, b.Worker)
	var jobs []string
	for range 20 { // more than there are workers
		job := b.create(t, func(request *store.NewJob) { request.CallbackURL = stuck.URL }, "/a")
		jobs = append(jobs, job.ID)
	}
	eventually(t, "the slow one has two", func() bool { return slow.Load() == darkroom.MaxHostDeliveries })
	eventually(t, "all of its jobs have ended", func() bool {
		page, err := b.store.Jobs(t.Context(), b.key.ID, store.JobFilter{Status: darkroom.StatusCompleted})
		return err == nil && page.Total == len(jobs)
	})
	b.create(t, func(request *store.NewJob) { request.CallbackURL = quick }, "/b")
	select {
	case <-got:
	case <-time.After(30 * time.Second):
		t.Fatal("the quick receiver was not told in 30 s")
	}
	cancel()
	eventually(t, "everybody was told", func() bool {
		for _, id := range jobs {
			deliveries, err := b.store.Deliveries(t.Context(), id)
			if err != nil || len(deliveries) != 1 || deliveries[0].State != darkroom.DeliveryDelivered || deliveries[0].Attempts != 1 {
				return false
			}
		}
		return true
	})
	if n := top.Load(); n != darkroom.MaxHostDeliveries {
		t.Errorf("%d attempts at once", n)
	}
}

func TestTasksStepAsideLongerTheMoreTheyAre(t *testing.T) {
	r := newPlaces(darkroom.MaxHostDeliveries)
	for range darkroom.MaxHostDeliveries {
		if err := r.enter("a"); err != nil {
			t.Fatal(err)
		}
	}
	var last time.Duration
	for n := range 300 {
		later, ok := errors.AsType[queue.Later](r.enter("a"))
		wait := time.Duration(later)
		if !ok || wait < shortestAside || wait > longestAside || wait < last || n < 100 && wait == last {
			t.Fatalf("the %d. waits %v after %v", n+1, wait, last)
		}
		last = wait
	}
	if err := r.enter("b"); err != nil {
		t.Errorf("another receiver: %v", err)
	}
	r.leave("a")
	if err := r.enter("a"); err != nil {
		t.Errorf("a place that was given back: %v", err)
	}
	if later, _ := errors.AsType[queue.Later](r.enter("a")); time.Duration(later) != shortestAside {
		t.Errorf("after someone has ended: %v", later)
	}
	for _, host := range []string{"a", "a", "b"} {
		r.leave(host)
	}
	if len(r.busy) != 0 {
		t.Errorf("%d parties are remembered", len(r.busy))
	}
}

func TestReceiverOf(t *testing.T) {
	for callback, want := range map[string]string{
		"https://Hooks.test/a":       "hooks.test",
		"http://127.0.0.1:8080/x?y":  "127.0.0.1:8080",
		"http://[::1]:80/":           "[::1]:80",
		"https://hooks.test:444/a/b": "hooks.test:444",
	} {
		if got := receiverOf(callback); got != want {
			t.Errorf("%s: %s", callback, got)
		}
	}
}

// The queue sends again after the first wait, with no help.
func TestTheQueueSendsAgain(t *testing.T) {
	b := newBench(t, 1)
	var calls atomic.Int32
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
		if calls.Add(1) == 1 {
			b.clock.advance(-29 * time.Second) // what it asks to do in 30 s is due in one
			w.WriteHeader(http.StatusServiceUnavailable)
		}
	}))
	t.Cleanup(server.Close)
	b.running(t, b.Worker)
	b.create(t, func(request *store.NewJob) { request.CallbackURL = server.URL }, "/a")
	eventually(t, "it was sent again", func() bool { return calls.Load() == 2 })
}
