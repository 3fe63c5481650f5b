package worker

import (
	"bytes"
	"context"
	"errors"
	"testing"
	"time"

	"darkroom"
)

// far is a bench beside which another instance asks for a screenshot.
type far struct {
	*bench

	cancel context.CancelFunc
	shot   darkroom.Shot
	err    error
	ended  chan struct{}
}

// ask begins to wait for a screenshot, once id is known.
func (b *bench) ask(t *testing.T, within time.Duration) (f *far, id string) {
	t.Helper()
	if err := b.announce(t.Context()); err != nil {
		t.Fatal(err)
	}
	ctx, cancel := context.WithTimeout(t.Context(), within)
	f = &far{bench: b, cancel: cancel, ended: make(chan struct{})}
	t.Cleanup(func() { cancel(); <-f.ended })
	go func() {
		defer close(f.ended)
		request := darkroom.CaptureRequest{Session: "one", URL: "http://site.test/far", Options: darkroom.Options{Secrets: darkroom.Secrets{Proxy: "http://u:secret@p.test"}}}
		f.shot, f.err = Far{Store: b.store, Bucket: b.bucket, Log: quiet()}.Shoot(ctx, request)
	}()
	eventually(t, "a screenshot is handed over", func() bool {
		err := b.db.Read(t.Context()).QueryRow(t.Context(), `SELECT id FROM screenshots`).Scan(&id)
		return err == nil
	})
	return f, id
}

// nothingLeft holds that no row and, after a sweep, no byte stays.
func (b *bench) nothingLeft(t *testing.T) {
	t.Helper()
	var n int
	if err := b.db.Read(t.Context()).QueryRow(t.Context(), `SELECT count(*) FROM screenshots`).Scan(&n); err != nil || n != 0 {
		t.Errorf("%d rows are left, %v", n, err)
	}
	if err := b.Handlers().Sweep(t.Context()); err != nil {
		t.Error(err)
	}
	if keys := b.objects(t); len(keys) != 0 {
		t.Errorf("bytes are left: %v", keys)
	}
}

func TestAScreenshotByAnotherInstance(t *testing.T) {
	b := newBench(t, 1)
	var got darkroom.CaptureRequest
	b.camera.answer = func(_ context.Context, request darkroom.CaptureRequest, _ int) (darkroom.Shot, error) {
		got = request
		return picture(request), nil
	}
	f, id := b.ask(t, time.Minute)
	var stored string
	if err := b.db.Read(t.Context()).QueryRow(t.Context(), `SELECT request FROM screenshots`).Scan(&stored); err != nil || bytes.Contains([]byte(stored), []byte("secret")) {
		t.Errorf("the request is stored as %s (%v)", stored, err)
	}
	if err := b.Handlers().Screenshot(t.Context(), id); err != nil {
		t.Fatal(err)
	}
	<-f.ended
	want := picture(got)
	if f.err != nil || !bytes.Equal(f.shot.Image, want.Image) || f.shot.Width != want.Width || f.shot.Seen != want.Seen || got.Options.Proxy == "" {
		t.Errorf("the shot is %+v, %v, of %+v", f.shot, f.err, got)
	}
	b.nothingLeft(t)
}

func TestAFailureByAnotherInstance(t *testing.T) {
	b := newBench(t, 1)
	b.camera.answer = func(context.Context, darkroom.CaptureRequest, int) (darkroom.Shot, error) {
		return failing(darkroom.CodeHTTPError, 404)
	}
	f, id := b.ask(t, time.Minute)
	if err := b.Handlers().Screenshot(t.Context(), id); err != nil {
		t.Fatal(err)
	}
	<-f.ended
	failure, ok := errors.AsType[*darkroom.Error](f.err)
	if !ok || failure.Code != darkroom.CodeHTTPError || failure.HTTPStatus != 404 || f.shot.HTTPStatus != 404 {
		t.Errorf("the error is %+v", f.err)
	}
	b.nothingLeft(t)
}

// A client that leaves stops the browser of the other instance.
func TestNobodyWaitsForAScreenshot(t *testing.T) {
	b := newBench(t, 1)
	begun := make(chan struct{})
	b.camera.answer = func(ctx context.Context, _ darkroom.CaptureRequest, _ int) (darkroom.Shot, error) {
		close(begun)
		return cut(ctx)
	}
	f, id := b.ask(t, time.Minute)
	worked := make(chan error)
	go func() { worked <- b.Handlers().Screenshot(t.Context(), id) }()
	<-begun
	f.cancel()
	if err := <-worked; err != nil {
		t.Error(err)
	}
	<-f.ended
	if !errors.Is(f.err, context.Canceled) {
		t.Errorf("the error is %v", f.err)
	}
	b.nothingLeft(t)
}

// An instance that lost its errand to another changes nothing any more.
func TestALateScreenshotIsThrownAway(t *testing.T) {
	b := newBench(t, 1)
	second := b.process(1, "second")
	f, id := b.ask(t, time.Minute)
	b.camera.answer = func(_ context.Context, request darkroom.CaptureRequest, n int) (darkroom.Shot, error) {
		shot := picture(request)
		if n == 1 {
			if err := second.Handlers().Screenshot(t.Context(), id); err != nil {
				t.Error(err)
			}
			<-f.ended
			shot.Image = []byte("late")
		}
		return shot, nil
	}
	if err := b.Handlers().Screenshot(t.Context(), id); err != nil {
		t.Fatal(err)
	}
	if f.err != nil || bytes.Equal(f.shot.Image, []byte("late")) {
		t.Errorf("the shot is %q, %v", f.shot.Image, f.err)
	}
	b.nothingLeft(t)
}

func TestNoInstanceForAScreenshot(t *testing.T) {
	b := newBench(t, 1)
	ctx, cancel := context.WithTimeout(t.Context(), time.Minute)
	defer cancel()
	_, err := Far{Store: b.store, Bucket: b.bucket, Log: quiet()}.Shoot(ctx, darkroom.CaptureRequest{URL: "http://site.test/far"})
	if darkroom.CodeOf(err) != darkroom.CodeQueueUnavailable {
		t.Errorf("the error is %v", err)
	}
	b.nothingLeft(t)
}

// A row that nobody withdrew goes with the sweep.
func TestAForgottenScreenshotIsSwept(t *testing.T) {
	b := newBench(t, 1)
	f, id := b.ask(t, time.Hour)
	b.clock.advance(2 * time.Hour)
	if err := b.Handlers().Screenshot(t.Context(), id); err != nil {
		t.Error(err)
	}
	if err := b.Handlers().Sweep(t.Context()); err != nil {
		t.Error(err)
	}
	b.nothingLeft(t)
	if shots := b.camera.shots(); len(shots) != 0 {
		t.Errorf("it was taken: %v", shots)
	}
	f.cancel()
}
