package worker

import (
	"testing"

	"darkroom"
	"darkroom/internal/store"
)

// Erasing a key takes its pictures and its rows, in the middle of its work, and
// nothing of another key.
func TestTheSweepErasesAKey(t *testing.T) {
	b := newBench(t, 1)
	url, _ := newReceiver(t, 200)
	ended := b.create(t, nil, pages(2)...)
	b.work(t, b.Worker)
	b.end(t, ended.ID)
	waiting := b.create(t, func(request *store.NewJob) { request.CallbackURL = url }, pages(3)...)
	other, err := b.store.CreateKey(t.Context(), "someone else")
	if err != nil {
		t.Fatal(err)
	}
	kept := b.create(t, func(request *store.NewJob) { request.KeyID = other.ID }, pages(1)...)
	if _, err := b.store.EraseKey(t.Context(), b.key.ID); err != nil {
		t.Fatal(err)
	}
	b.sweepNow(t)
	b.work(t, b.Worker)
	b.end(t, waiting.ID)
	b.end(t, kept.ID)
	b.sweepNow(t)
	b.sweepNow(t)
	for _, id := range []string{ended.ID, waiting.ID} {
		if _, err := b.store.JobForWork(t.Context(), id); darkroom.CodeOf(err) != darkroom.CodeNotFound {
			t.Errorf("job %s: %v", id, err)
		}
	}
	if _, err := b.store.Key(t.Context(), b.key.ID); darkroom.CodeOf(err) != darkroom.CodeNotFound {
		t.Errorf("the key: %v", err)
	}
	if keys := b.objects(t); len(keys) != 2 {
		t.Errorf("stored: %v", keys)
	}
	if shots := b.camera.shots(); len(shots) != 3 {
		t.Errorf("captured after the erasure was asked for: %v", shots)
	}
}
