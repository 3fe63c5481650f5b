package worker

import (
	"bytes"
	"net/http"
	"net/http/httptest"
	"strconv"
	"sync/atomic"
	"testing"
	"time"

	"darkroom"
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
	if err := b.Handlers().Deliver(t.Context(), id); err != nil {
		t.Fatal(err)
	}
	delivery, err := b.store.Delivery(t.Context(), id)
	if err != nil {
		t.Fatal(err)
	}
	return delivery
}

func TestADeliveryIsTriedUntilItIsGivenUp(t *testing.T) {
	b := newBench(t, 1)
	url, got := newReceiver(t, 500)
	delivery := b.ended(t, url)
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
	if err := b.Handlers().Deliver(t.Context(), "whk_0198c0de-0000-7000-8000-000000000000"); err != nil {
		t.Error(err)
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
