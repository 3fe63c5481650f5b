package worker

import (
	"context"
	"testing"
	"time"

	"darkroom"
)

// An instance that stands still past its heartbeat loses what it held to the
// others; what it delivers when it goes on is thrown away.
func TestAnInstanceThatStoodStillDoublesNothing(t *testing.T) {
	b := newBench(t, 1)
	begun, goOn := make(chan struct{}), make(chan struct{})
	b.camera.answer = func(_ context.Context, request darkroom.CaptureRequest, n int) (darkroom.Shot, error) {
		if path(request) == "/page/1" && n == 1 {
			close(begun)
			<-goOn
		}
		return picture(request), nil
	}
	job := b.create(t, nil, pages(3)...)
	ended := make(chan error, 1)
	go func() { ended <- b.Handlers().Shift(t.Context()) }()
	<-begun

	second := b.process(1, "second")
	requireNoError(t, second.announce(t.Context()))
	b.clock.advance(silentFor - time.Second)
	requireNoError(t, second.beat(t.Context()))
	requireNoError(t, second.recoverLost(t.Context()))
	if first := b.captures(t, job.ID)[0]; first.State != darkroom.CaptureRunning || first.Lost != 0 {
		t.Errorf("an instance that was silent for 19 s has lost %+v", first)
	}
	b.clock.advance(2 * time.Second)
	requireNoError(t, second.beat(t.Context()))
	requireNoError(t, second.recoverLost(t.Context()))
	b.work(t, second)
	before := b.captures(t, job.ID)
	if first := before[0]; first.State != darkroom.CaptureCompleted || first.Attempt != 2 || first.Lost != 1 {
		t.Errorf("what the other took is %+v", first)
	}

	close(goOn)
	requireNoError(t, <-ended)
	if after := b.captures(t, job.ID); after[0].Result.Key != before[0].Result.Key || after[0].Attempt != 2 {
		t.Errorf("the late result changed %+v into %+v", before[0], after[0])
	}
	if job = b.end(t, job.ID); job.Status != darkroom.StatusCompleted || job.Progress.Completed != 3 {
		t.Errorf("the job ended %s %+v", job.Status, job.Progress)
	}
}

func requireNoError(t *testing.T, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}
