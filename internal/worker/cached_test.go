package worker

import (
	"context"
	"slices"
	"testing"
	"time"

	"darkroom"
	"darkroom/internal/store"
)

func TestAnEarlierPictureNeedsNoBrowser(t *testing.T) {
	b := newBench(t, 1)
	first := b.create(t, nil, "/a", "/b")
	b.work(t, b.Worker)
	first = b.end(t, first.ID)
	b.clock.advance(time.Minute)
	again := b.create(t, func(request *store.NewJob) { request.Options.Cache = true }, "/a", "/c", "/b")
	b.work(t, b.Worker)
	if ended := b.end(t, again.ID); ended.Status != darkroom.StatusCompleted || ended.Progress.Completed != 3 {
		t.Errorf("ended %+v", ended)
	}
	if shots := b.camera.shots(); !slices.Equal(shots, []string{"http://site.test/a", "http://site.test/b", "http://site.test/c"}) {
		t.Errorf("pages opened: %v", shots)
	}
	before, after := b.captures(t, first.ID), b.captures(t, again.ID)
	if after[0].Result.Key != before[0].Result.Key || after[2].Result.Key != before[1].Result.Key || !after[0].Result.Cached || after[1].Result.Cached {
		t.Errorf("captures %+v", after)
	}
}

// Captures of one URL in several variants are captures like any other.
func TestVariantsAreTakenOneByOne(t *testing.T) {
	b := newBench(t, 1)
	b.camera.answer = func(_ context.Context, request darkroom.CaptureRequest, _ int) (darkroom.Shot, error) {
		shot := picture(request)
		shot.ContentType = request.Options.ContentType()
		return shot, nil
	}
	job := b.create(t, func(request *store.NewJob) {
		request.Variants = []darkroom.Variant{{Name: "v1"}, {Name: "jpeg", Set: darkroom.OptionSet{"format": []byte(`"jpeg"`)}}}
	}, "/a", "/b")
	b.work(t, b.Worker)
	if ended := b.end(t, job.ID); ended.Status != darkroom.StatusCompleted || ended.Progress.Completed != 4 {
		t.Errorf("ended %+v", ended)
	}
	var types []string
	for _, capture := range b.captures(t, job.ID) {
		types = append(types, capture.Variant+" "+capture.Result.ContentType)
	}
	if want := []string{"v1 image/png", "jpeg image/jpeg", "v1 image/png", "jpeg image/jpeg"}; !slices.Equal(types, want) {
		t.Errorf("captures %v", types)
	}
}
