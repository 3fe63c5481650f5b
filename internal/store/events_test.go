package store

import (
	"bytes"
	"fmt"
	"slices"
	"sync"
	"testing"
	"time"

	"darkroom"
	"darkroom/internal/queue"
)

func (f *fixture) events(keyID string, after int64, limit int) []darkroom.Event {
	f.t.Helper()
	events, err := f.Events(f.t.Context(), keyID, after, limit)
	return must(f.t, events, err)
}

func (f *fixture) endOf(job NewJob) darkroom.Job {
	f.t.Helper()
	job.Targets = targets(1, 1)
	made := f.submit(job)
	claim := f.claim(Hint{})
	f.end(claim, success(claim))
	f.finish(made.ID)
	return made
}

func TestEveryEndIsAnEvent(t *testing.T) {
	f := newFixture(t, 1)
	other := f.newKey("other")
	var want []string
	for n := range 5 {
		want = append(want, f.endOf(NewJob{}).ID)
		f.endOf(NewJob{KeyID: other.ID, CallbackURL: "https://hook.test/"})
		if n == 2 {
			check(t, f.DeleteJob(t.Context(), f.key.ID, want[1]))
		}
	}
	want = slices.Delete(want, 1, 2) // a job that is deleted takes its event along
	var got []string
	var positions []int64
	for after := int64(0); ; {
		page := f.events(f.key.ID, after, 2)
		if len(page) == 0 {
			break
		}
		for _, event := range page {
			if event.Name != "job.completed" || event.KeyID != f.key.ID || !bytes.Contains(event.Body, []byte(event.JobID)) {
				t.Errorf("event %+v", event)
			}
			got, positions, after = append(got, event.JobID), append(positions, event.Position), event.Position
		}
	}
	if !slices.Equal(got, want) || !slices.Equal(positions, []int64{1, 3, 4, 5}) {
		t.Errorf("told of %v at %v, want %v", got, positions, want)
	}
	last, err := f.LastEvent(t.Context(), f.key.ID)
	if must(t, last, err) != 5 || len(f.events(f.key.ID, last, 10)) != 0 {
		t.Errorf("the latest is %d", last)
	}
	if none, err := f.LastEvent(t.Context(), f.newKey("third").ID); must(t, none, err) != 0 {
		t.Errorf("a new key has %d", none)
	}
	if f.tasks(queue.Deliver) != 5 {
		t.Errorf("%d tasks to deliver, want those of the other key", f.tasks(queue.Deliver))
	}
}

// Who reads while jobs end in many goroutines sees each event once, by moving
// on from the last one.
func TestNoEventIsLeftOutBehindACursor(t *testing.T) {
	const jobs = 40
	f := newFixture(t, jobs)
	var ids []string
	for range jobs {
		ids = append(ids, f.submit(NewJob{Targets: targets(1, 1)}).ID)
	}
	for range jobs {
		claim := f.claim(Hint{})
		f.end(claim, success(claim))
	}
	var group sync.WaitGroup
	for _, id := range ids {
		group.Go(func() { f.finish(id) })
	}
	ended := make(chan struct{})
	go func() {
		defer close(ended)
		group.Wait()
	}()
	var got []string
	for after, done := int64(0), false; ; {
		select {
		case <-ended:
			done = true
		default:
		}
		page := f.events(f.key.ID, after, 7)
		for _, event := range page {
			got, after = append(got, event.JobID), event.Position
		}
		if done && len(page) == 0 {
			break
		}
	}
	slices.Sort(got)
	slices.Sort(ids)
	if !slices.Equal(got, ids) {
		t.Errorf("told of %d jobs, want each of %d once", len(got), jobs)
	}
}

func TestDeliveriesOf(t *testing.T) {
	f := newFixture(t, 1)
	other := f.newKey("other")
	var ids []string
	for n := range 5 {
		f.clock.forward(time.Millisecond)
		job := f.endOf(NewJob{CallbackURL: fmt.Sprint("https://hook.test/", n)})
		all, err := f.Deliveries(t.Context(), job.ID)
		ids = append(ids, must(t, all, err)[0].ID)
	}
	check(t, f.RecordAttempt(t.Context(), darkroom.DeliveryAttempt{DeliveryID: ids[3], Attempt: 1, Status: 410}, darkroom.DeliveryFailed, time.Time{}))
	slices.Sort(ids) // in one millisecond they may come in any order
	slices.Reverse(ids)
	list := func(keyID string, filter DeliveryFilter) (got []string, more bool) {
		t.Helper()
		page, more, err := f.DeliveriesOf(t.Context(), keyID, filter)
		for _, delivery := range must(t, page, err) {
			got = append(got, delivery.ID)
		}
		return got, more
	}
	first, more := list(f.key.ID, DeliveryFilter{Limit: 3})
	if !slices.Equal(first, ids[:3]) || !more {
		t.Errorf("first page %v, more %v", first, more)
	}
	if rest, more := list(f.key.ID, DeliveryFilter{Limit: 3, Before: first[2]}); !slices.Equal(rest, ids[3:]) || more {
		t.Errorf("second page %v, more %v", rest, more)
	}
	if failed, _ := list(f.key.ID, DeliveryFilter{State: darkroom.DeliveryFailed}); len(failed) != 1 {
		t.Errorf("failed: %v", failed)
	}
	if none, _ := list(other.ID, DeliveryFilter{}); len(none) != 0 {
		t.Errorf("another key sees %v", none)
	}
	if _, err := f.DeliveryOf(t.Context(), other.ID, ids[0]); darkroom.CodeOf(err) != darkroom.CodeNotFound {
		t.Errorf("another key looks at one: %v", err)
	}
	if _, err := f.Redeliver(t.Context(), other.ID, ids[0]); darkroom.CodeOf(err) != darkroom.CodeNotFound {
		t.Errorf("another key sends one again: %v", err)
	}
}

func TestRedeliver(t *testing.T) {
	f := newFixture(t, 1)
	d := f.delivery()
	again := func() darkroom.Delivery {
		t.Helper()
		delivery, err := f.Redeliver(t.Context(), f.key.ID, d.ID)
		stored, readErr := f.Delivery(t.Context(), d.ID)
		if must(t, delivery, err).Turn() != must(t, stored, readErr).Turn() || !bytes.Equal(delivery.Body, d.Body) {
			t.Errorf("given %+v, stored %+v", delivery, stored)
		}
		return stored
	}
	record := func(number int, state darkroom.DeliveryState, at time.Time) {
		t.Helper()
		attempt := darkroom.DeliveryAttempt{DeliveryID: d.ID, Attempt: number, StartedAt: f.clock.now, Status: 200}
		check(t, f.RecordAttempt(t.Context(), attempt, state, at))
	}
	if due := again(); due.Redeliveries != 0 || f.tasks(queue.Deliver) != 1 {
		t.Errorf("one that is due: %+v", due)
	}
	f.dropTasks()
	record(1, darkroom.DeliveryPending, f.clock.now.Add(time.Hour))
	f.clock.forward(time.Minute)
	if sooner := again(); !sooner.NextAt.Equal(f.clock.now) || sooner.Settled != 1 || sooner.Turn() != 3 || f.tasks(queue.Deliver) != 2 {
		t.Errorf("one that waited: %+v, %d tasks", sooner, f.tasks(queue.Deliver))
	}
	f.dropTasks()
	record(2, darkroom.DeliveryDelivered, time.Time{})
	once := again()
	if once.State != darkroom.DeliveryPending || once.Settled != 2 || once.Redeliveries != 2 || once.Attempts != 2 || f.tasks(queue.Deliver) != 1 {
		t.Errorf("one that was delivered: %+v, %d tasks", once, f.tasks(queue.Deliver))
	}
	if twice := again(); twice.Redeliveries != 2 || f.tasks(queue.Deliver) != 1 {
		t.Errorf("asked twice: %+v", twice)
	}
	f.dropTasks()
	f.clock.forward(2 * time.Minute)
	f.recoverAll()
	if f.tasks(queue.Deliver) != 1 {
		t.Errorf("%d tasks after the one was lost", f.tasks(queue.Deliver))
	}
	record(3, darkroom.DeliveryFailed, time.Time{})
	if failed := again(); failed.State != darkroom.DeliveryPending || failed.Settled != 3 {
		t.Errorf("one that had failed: %+v", failed)
	}
}
