package worker

import (
	"context"
	"errors"
	"sync/atomic"
	"syscall"
	"testing"
	"time"

	"darkroom"
)

// Whatever keeps every picture from being stored costs none of them an
// attempt.
func TestABucketThatRefusesCostsNoAttempt(t *testing.T) {
	for name, refusal := range map[string]error{
		"no room": syscall.ENOSPC, "no quota": syscall.EDQUOT, "read-only": syscall.EROFS, "not permitted": syscall.EACCES,
		"a broken disk": syscall.EIO, "no descriptor": syscall.EMFILE,
	} {
		t.Run(name, func(t *testing.T) { refuse(t, refusal) })
	}
}

func refuse(t *testing.T, refusal error) {
	b := newBench(t, 1)
	var full atomic.Bool
	full.Store(true)
	var refused atomic.Int32
	store := b.put
	b.put = func(ctx context.Context, key string, content []byte, contentType string) (darkroom.Artifact, error) {
		if full.Load() {
			refused.Add(1)
			return darkroom.Artifact{}, &errWrapped{refusal}
		}
		return store(ctx, key, content, contentType)
	}
	job := b.create(t, nil, pages(3)...)
	ctx, cancel := context.WithCancel(t.Context())
	shift := make(chan error, 1)
	go func() { shift <- b.Handlers().Shift(ctx) }()
	eventually(t, "the worker waits for room", func() bool {
		return refused.Load() == 1 && b.camera.running() == 0 && b.captures(t, job.ID)[0].State == darkroom.CaptureQueued
	})
	if b.Trouble() == nil {
		t.Error("nobody is told")
	}
	if capture := b.captures(t, job.ID)[0]; capture.Attempt != 0 {
		t.Errorf("capture %+v", capture)
	}
	full.Store(false)
	b.clock.advance(time.Minute)
	if err := <-shift; err != nil {
		t.Fatal(err)
	}
	cancel()
	for _, capture := range b.captures(t, job.ID) {
		if capture.State != darkroom.CaptureCompleted || capture.Attempt != 1 {
			t.Errorf("capture %+v", capture)
		}
	}
	if refused.Load() != 1 {
		t.Errorf("%d writes were refused: the worker did not wait", refused.Load())
	}
}

type errWrapped struct{ err error }

func (e *errWrapped) Error() string { return "store it: " + e.err.Error() }
func (e *errWrapped) Unwrap() error { return e.err }

func TestNothingIsClaimedWithoutRoom(t *testing.T) {
	b := newBench(t, 1)
	w := b.process(1, "narrow")
	var free atomic.Int64
	w.space = &space{least: 1000, free: func() (int64, error) { return free.Load(), nil }}
	job := b.create(t, nil, "/a")
	shift := make(chan error, 1)
	go func() { shift <- w.Handlers().Shift(t.Context()) }()
	eventually(t, "the worker looked for room", func() bool { return w.Trouble() != nil })
	if capture := b.captures(t, job.ID)[0]; capture.State != darkroom.CaptureQueued {
		t.Errorf("capture %+v", capture)
	}
	free.Store(2000)
	if err := <-shift; err != nil {
		t.Fatal(err)
	}
	if capture := b.captures(t, job.ID)[0]; capture.State != darkroom.CaptureCompleted {
		t.Errorf("capture %+v", capture)
	}
}

func TestABrowserThatDoesNotStartCostsNoAttempt(t *testing.T) {
	b := newBench(t, 1)
	var tries atomic.Int32
	b.camera.broken = func() error {
		if tries.Add(1) <= 2 {
			b.clock.advance(5 * time.Second) // the time until the next try
			return errors.New("no such file")
		}
		return nil
	}
	job := b.create(t, nil, "/a")
	_, err := b.Shoot(t.Context(), darkroom.CaptureRequest{URL: "http://site.test/x"})
	if darkroom.CodeOf(err) != darkroom.CodeQueueUnavailable || b.Trouble() == nil {
		t.Errorf("screenshot %v, trouble %v", err, b.Trouble())
	}
	b.work(t, b.Worker)
	capture := b.captures(t, job.ID)[0]
	if capture.State != darkroom.CaptureCompleted || capture.Attempt != 1 || b.Trouble() != nil {
		t.Errorf("capture %+v, trouble %v", capture, b.Trouble())
	}
}

func TestAnIdleSlotShootsAtOnce(t *testing.T) {
	b := newBench(t, 1)
	shot, err := b.Shoot(t.Context(), darkroom.CaptureRequest{Session: "s", URL: "http://site.test/x"})
	if err != nil || len(shot.Image) == 0 {
		t.Errorf("shot %+v, %v", shot, err)
	}
}

func TestShootFailures(t *testing.T) {
	b := newBench(t, 1)
	b.camera.answer = func(ctx context.Context, request darkroom.CaptureRequest, _ int) (darkroom.Shot, error) {
		switch path(request) {
		case "/gone":
			return failing(darkroom.CodeHTTPError, 410)
		case "/odd":
			return darkroom.Shot{}, errors.New("a bare error")
		}
		return cut(ctx)
	}
	soon, cancel := context.WithTimeout(t.Context(), 50*time.Millisecond)
	defer cancel()
	for _, test := range []struct {
		ctx     context.Context
		path    string
		timeout int
		want    darkroom.Code
	}{
		{t.Context(), "/gone", 0, darkroom.CodeHTTPError},
		{t.Context(), "/odd", 0, darkroom.CodeInternal},
		{t.Context(), "/hang", 1000, darkroom.CodeTimeout},
		{soon, "/hang", 0, darkroom.CodeTimeout},
	} {
		_, err := b.Shoot(test.ctx, darkroom.CaptureRequest{
			URL: "http://site.test" + test.path, Options: darkroom.Options{Timeout: test.timeout},
		})
		if darkroom.CodeOf(err) != test.want {
			t.Errorf("%s: %v, want %s", test.path, err, test.want)
		}
	}
}
