package store

import (
	"bytes"
	"strings"
	"testing"
	"time"

	"darkroom"
	"darkroom/internal/queue"
)

func (f *fixture) delivery() darkroom.Delivery {
	f.t.Helper()
	job := f.completed(1)
	all, err := f.Deliveries(f.t.Context(), job.ID)
	check(f.t, err)
	if len(all) != 1 {
		f.t.Fatalf("%d deliveries", len(all))
	}
	return all[0]
}

func TestDelivery(t *testing.T) {
	f := newFixture(t, 1)
	d := f.delivery()
	if !strings.HasPrefix(d.ID, "whk_") || d.Event != "job.completed" || d.URL != "https://hook.test/" || d.KeyID != f.key.ID ||
		d.State != darkroom.DeliveryPending || d.Attempts != 0 || !bytes.Contains(d.Body, []byte(`"status":"completed"`)) {
		t.Errorf("delivery = %+v", d)
	}
	if f.tasks(queue.Deliver) != 1 {
		t.Errorf("%d tasks", f.tasks(queue.Deliver))
	}
	f.dropTasks()
	retryAt := f.clock.now.Add(30 * time.Second)
	first := darkroom.DeliveryAttempt{
		DeliveryID: d.ID, Attempt: 1, StartedAt: f.clock.now, Duration: 20 * time.Millisecond, Status: 503,
		Response: bytes.Repeat([]byte{0xff}, darkroom.MaxDeliveryResponseBytes+1),
	}
	for range 2 { // recorded twice is recorded once
		check(t, f.RecordAttempt(t.Context(), first, darkroom.DeliveryPending, retryAt))
	}
	if f.tasks(queue.Deliver) != 1 {
		t.Errorf("%d tasks for the second attempt", f.tasks(queue.Deliver))
	}
	got, err := f.Delivery(t.Context(), d.ID)
	if must(t, got, err).Attempts != 1 || got.State != darkroom.DeliveryPending || !got.NextAt.Equal(retryAt) || !bytes.Equal(got.Body, d.Body) {
		t.Errorf("after the first attempt: %+v", got)
	}
	second := darkroom.DeliveryAttempt{DeliveryID: d.ID, Attempt: 2, StartedAt: retryAt, Error: "refused"}
	check(t, f.RecordAttempt(t.Context(), second, darkroom.DeliveryDelivered, time.Time{}))
	third := darkroom.DeliveryAttempt{DeliveryID: d.ID, Attempt: 3, StartedAt: retryAt}
	check(t, f.RecordAttempt(t.Context(), third, darkroom.DeliveryFailed, time.Time{}))
	if got, err := f.Delivery(t.Context(), d.ID); must(t, got, err).State != darkroom.DeliveryDelivered || got.Attempts != 2 {
		t.Errorf("delivered, then: %+v", got)
	}
	attempts, err := f.Attempts(t.Context(), d.ID)
	check(t, err)
	if len(attempts) != 2 || attempts[0].Status != 503 || len(attempts[0].Response) != darkroom.MaxDeliveryResponseBytes ||
		attempts[0].Duration != 20*time.Millisecond || !attempts[0].StartedAt.Equal(first.StartedAt) || attempts[1].Error != "refused" {
		t.Errorf("attempts = %+v", attempts)
	}
	if _, err := f.Delivery(t.Context(), "whk_unknown"); darkroom.CodeOf(err) != darkroom.CodeNotFound {
		t.Errorf("unknown delivery: %v", err)
	}
}

func TestALostDeliveryTaskComesBackOnlyWhenItIsLate(t *testing.T) {
	f := newFixture(t, 1)
	d := f.delivery()
	attempt := darkroom.DeliveryAttempt{DeliveryID: d.ID, Attempt: 1, StartedAt: f.clock.now, Status: 500}
	check(t, f.RecordAttempt(t.Context(), attempt, darkroom.DeliveryPending, f.clock.now.Add(time.Hour)))
	f.dropTasks()
	f.recoverAll()
	if f.tasks(queue.Deliver) != 0 {
		t.Error("an attempt was brought forward")
	}
	f.clock.forward(time.Hour + 2*time.Minute)
	f.recoverAll()
	if f.tasks(queue.Deliver) != 1 {
		t.Errorf("%d tasks for a late attempt", f.tasks(queue.Deliver))
	}
}

func TestAJobWithoutCallbackHasNoDelivery(t *testing.T) {
	f := newFixture(t, 1)
	job := f.submit(NewJob{Targets: targets(1, 1)})
	claim := f.claim(Hint{})
	f.end(claim, success(claim))
	f.finish(job.ID)
	if all, err := f.Deliveries(t.Context(), job.ID); len(must(t, all, err)) != 0 || f.tasks(queue.Deliver) != 0 {
		t.Errorf("deliveries %+v", all)
	}
}
