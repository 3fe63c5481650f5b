package worker

import (
	"context"
	"slices"
	"sync"
	"testing"
	"time"

	"darkroom"
	"darkroom/internal/store"
)

func TestAFailedAttemptIsTriedAgain(t *testing.T) {
	b := newBench(t, 1)
	b.camera.answer = func(_ context.Context, request darkroom.CaptureRequest, n int) (darkroom.Shot, error) {
		if n < 3 {
			b.clock.advance(darkroom.CaptureBackoff(n, 0))
			return failing(darkroom.CodeConnectionReset, 0)
		}
		return picture(request), nil
	}
	job := b.create(t, nil, "/a")
	b.work(t, b.Worker)
	b.clock.advance(time.Minute)
	b.work(t, b.Worker)
	capture := b.captures(t, job.ID)[0]
	if capture.State != darkroom.CaptureCompleted || capture.Attempt != 3 || capture.Result.Width != 8 || capture.Result.Title != "A page" || capture.Result.Seen != seen() {
		t.Errorf("capture %+v", capture)
	}
	if keys := b.objects(t); len(keys) != 1 || keys[0] != capture.Result.Key {
		t.Errorf("stored: %v", keys)
	}
}

func TestAttemptsAreLimited(t *testing.T) {
	b := newBench(t, 1)
	b.camera.answer = func(context.Context, darkroom.CaptureRequest, int) (darkroom.Shot, error) {
		return failing(darkroom.CodeDNSError, 0)
	}
	job := b.create(t, func(request *store.NewJob) { request.Options.Attempts = 2 }, "/a")
	for range 3 {
		b.work(t, b.Worker)
		b.clock.advance(time.Minute)
	}
	capture := b.captures(t, job.ID)[0]
	if capture.State != darkroom.CaptureFailed || capture.Attempt != 2 || capture.Code != darkroom.CodeDNSError || capture.Message == "" {
		t.Errorf("capture %+v", capture)
	}
	if job := b.end(t, job.ID); job.Status != darkroom.StatusFailed {
		t.Errorf("job %+v", job)
	}
}

func TestWhatCannotHelpIsNotRepeated(t *testing.T) {
	b := newBench(t, 1)
	b.camera.answer = func(context.Context, darkroom.CaptureRequest, int) (darkroom.Shot, error) {
		return failing(darkroom.CodeHTTPError, 404)
	}
	job := b.create(t, nil, "/a", "/b")
	b.work(t, b.Worker)
	for _, capture := range b.captures(t, job.ID) {
		if capture.State != darkroom.CaptureFailed || capture.Attempt != 1 || capture.Result.HTTPStatus != 404 {
			t.Errorf("capture %+v", capture)
		}
	}
}

// A busy host costs a sitemap job nothing but time, and a batch its attempts.
func TestABusyHost(t *testing.T) {
	for _, test := range []struct {
		kind     darkroom.JobKind
		state    darkroom.CaptureState
		attempts int
	}{{darkroom.KindSitemap, darkroom.CaptureCompleted, 7}, {darkroom.KindBatch, darkroom.CaptureFailed, 3}} {
		t.Run(string(test.kind), func(t *testing.T) {
			b := newBench(t, 2)
			b.camera.answer = func(_ context.Context, request darkroom.CaptureRequest, n int) (darkroom.Shot, error) {
				if path(request) == "/page/1" && n <= 6 {
					shot, err := failing(darkroom.CodeHTTPError, 429)
					shot.RetryAfter = 20 * time.Second
					return shot, err
				}
				return picture(request), nil
			}
			b.walk = listing(pages(1), 1, nil)
			var job darkroom.Job
			if test.kind == darkroom.KindSitemap {
				job = b.crawl(t, 1, nil)
				b.expandNow(t, b.Worker, job.ID)
			} else {
				job = b.create(t, nil, "/page/1")
			}
			b.work(t, b.Worker)
			others := b.create(t, nil, "/other")
			b.work(t, b.Worker)
			if b.job(t, others.ID).Status != darkroom.StatusPending {
				t.Error("another job does not leave the host alone")
			}
			for range 8 {
				b.clock.advance(darkroom.MaxHostRest)
				b.work(t, b.Worker)
			}
			if capture := b.captures(t, job.ID)[0]; capture.State != test.state || capture.Attempt != test.attempts {
				t.Errorf("capture %+v", capture)
			}
			if b.job(t, others.ID).Progress.Completed != 1 {
				t.Error("the other job is stuck")
			}
		})
	}
}

// What is due in two seconds is waited for by the shift itself.
func TestAShiftWaitsForWhatIsDueSoon(t *testing.T) {
	b := newBench(t, 1)
	b.camera.answer = func(_ context.Context, request darkroom.CaptureRequest, n int) (darkroom.Shot, error) {
		if n == 1 {
			return failing(darkroom.CodeTimeout, 0)
		}
		return picture(request), nil
	}
	job := b.create(t, nil, "/a")
	b.work(t, b.Worker)
	if capture := b.captures(t, job.ID)[0]; capture.State != darkroom.CaptureCompleted || capture.Attempt != 2 {
		t.Errorf("capture %+v", capture)
	}
}

func TestAnAttemptHasItsTime(t *testing.T) {
	b := newBench(t, 1)
	b.camera.answer = func(ctx context.Context, _ darkroom.CaptureRequest, _ int) (darkroom.Shot, error) {
		return cut(ctx)
	}
	job := b.create(t, func(request *store.NewJob) {
		request.Options.Timeout, request.Options.Attempts = 1000, 1
	}, "/a")
	b.work(t, b.Worker)
	capture := b.captures(t, job.ID)[0]
	if capture.State != darkroom.CaptureFailed || capture.Code != darkroom.CodeTimeout || capture.Result.Duration < time.Second {
		t.Errorf("capture %+v", capture)
	}
}

func TestTheOptionsReachTheEngine(t *testing.T) {
	b := newBench(t, 1)
	var got darkroom.CaptureRequest
	b.camera.answer = func(ctx context.Context, request darkroom.CaptureRequest, _ int) (darkroom.Shot, error) {
		got = request
		if _, ok := ctx.Deadline(); !ok {
			t.Error("an attempt without a deadline")
		}
		return picture(request), nil
	}
	job := b.create(t, func(request *store.NewJob) {
		request.Options.FullPage = true
		request.Options.Headers = map[string]string{"X-A": "secret"}
	}, "/a")
	b.work(t, b.Worker)
	if got.Session != job.ID || got.URL != "http://site.test/a" || !got.Options.FullPage || got.Options.Headers["X-A"] != "secret" {
		t.Errorf("request %+v", got)
	}
}

func TestDrainLetsACaptureEnd(t *testing.T) {
	b := newBench(t, 1)
	begun, proceed := make(chan struct{}), make(chan struct{})
	b.camera.answer = func(_ context.Context, request darkroom.CaptureRequest, n int) (darkroom.Shot, error) {
		if path(request) == "/page/1" {
			close(begun)
			<-proceed
		}
		return picture(request), nil
	}
	job := b.create(t, nil, pages(3)...)
	shift := make(chan error, 1)
	go func() { shift <- b.Handlers().Shift(t.Context()) }()
	<-begun
	drained := make(chan struct{})
	go func() { b.Drain(t.Context()); close(drained) }()
	eventually(t, "draining has begun", func() bool { return !b.mayBegin() })
	close(proceed)
	<-drained
	if err := <-shift; err != nil {
		t.Fatal(err)
	}
	captures := b.captures(t, job.ID)
	if captures[0].State != darkroom.CaptureCompleted || captures[1].State != darkroom.CaptureQueued || captures[1].Attempt != 0 {
		t.Errorf("captures %+v", captures)
	}
}

func (b *bench) mayBegin() bool {
	if !b.flights.begin() {
		return false
	}
	b.flights.end()
	return true
}

func TestDrainHandsBackWhatDoesNotEnd(t *testing.T) {
	b := newBench(t, 2)
	var begun sync.WaitGroup
	begun.Add(2)
	b.camera.answer = func(ctx context.Context, request darkroom.CaptureRequest, n int) (darkroom.Shot, error) {
		if n > 1 {
			return picture(request), nil
		}
		begun.Done()
		return cut(ctx)
	}
	job := b.create(t, nil, pages(2)...)
	var shifts sync.WaitGroup
	for range 2 {
		shifts.Go(func() {
			if err := b.Handlers().Shift(t.Context()); err != nil {
				t.Error(err)
			}
		})
	}
	begun.Wait()
	now, cancel := context.WithCancel(t.Context())
	cancel()
	b.Drain(now)
	b.Drain(now) // a second signal
	shifts.Wait()
	for _, capture := range b.captures(t, job.ID) {
		if capture.State != darkroom.CaptureQueued || capture.Attempt != 0 || capture.Lost != 0 {
			t.Errorf("after the drain: %+v", capture)
		}
	}
	if _, err := b.Shoot(t.Context(), darkroom.CaptureRequest{URL: "http://site.test/x"}); darkroom.CodeOf(err) != darkroom.CodeQueueUnavailable {
		t.Errorf("a screenshot of a stopping worker: %v", err)
	}
	b.work(t, b.Worker) // takes nothing any more
	b.work(t, b.process(1, "second"))
	for _, capture := range b.captures(t, job.ID) {
		if capture.State != darkroom.CaptureCompleted || capture.Attempt != 1 {
			t.Errorf("after the restart: %+v", capture)
		}
	}
}

// A worker whose capture was given to another one must not change anything.
func TestAStaleResultIsThrownAway(t *testing.T) {
	b := newBench(t, 1)
	second := b.process(1, "second")
	b.camera.answer = func(_ context.Context, request darkroom.CaptureRequest, n int) (darkroom.Shot, error) {
		if n == 1 {
			if lost, err := b.store.RecoverAll(t.Context()); err != nil || lost != 1 {
				t.Errorf("recovered %d, %v", lost, err)
			}
			b.work(t, second)
		}
		return picture(request), nil
	}
	job := b.create(t, nil, "/a")
	b.work(t, b.Worker)
	capture := b.captures(t, job.ID)[0]
	if capture.State != darkroom.CaptureCompleted || capture.Attempt != 2 || capture.Lost != 1 {
		t.Errorf("capture %+v", capture)
	}
	if progress := b.job(t, job.ID).Progress; progress != (darkroom.Progress{Total: 1, Completed: 1}) {
		t.Errorf("progress %+v", progress)
	}
	if keys := b.objects(t); !slices.Equal(keys, []string{capture.Result.Key}) {
		t.Errorf("stored: %v, want %s", keys, capture.Result.Key)
	}
}

// A page that takes its worker down is given up, and costs only itself.
func TestAPoisonousPageIsGivenUp(t *testing.T) {
	b := newBench(t, 3)
	poison := "http://site.test/page/2"
	alone := true
	b.camera.answer = func(ctx context.Context, request darkroom.CaptureRequest, n int) (darkroom.Shot, error) {
		if request.URL == poison {
			if n > darkroom.LostBeforeAlone && b.camera.running() > 1 {
				alone = false
			}
			return cut(ctx)
		}
		return picture(request), nil
	}
	job := b.create(t, nil, pages(8)...)
	for life := range darkroom.MaxLostAttempts {
		if life == darkroom.LostBeforeAlone {
			b.create(t, nil, pages(30)[8:]...) // others that could be taken beside it
		}
		died := b.process(3, "life "+string(rune('a'+life)))
		ctx, die := context.WithCancel(t.Context())
		ended := make(chan error, 3)
		for range 3 {
			go func() { ended <- died.Handlers().Shift(ctx) }()
		}
		eventually(t, "the poisonous page is taken", func() bool {
			b.camera.mu.Lock()
			defer b.camera.mu.Unlock()
			return b.camera.taken[poison] == life+1
		})
		eventually(t, "its neighbours are done", func() bool {
			return b.job(t, job.ID).Progress.Completed == 7
		})
		died.drained.happen()
		<-ended
		<-ended
		// The process dies: what it does from now on reaches nobody.
		if lost, err := b.store.RecoverAll(t.Context()); err != nil || lost != 1 {
			t.Fatalf("life %d lost %d, %v", life, lost, err)
		}
		die()
		<-ended
		b.clock.advance(darkroom.LostBackoff(darkroom.MaxLostAttempts))
	}
	b.work(t, b.Worker)
	if !alone {
		t.Error("the page that is under suspicion was not alone")
	}
	for _, capture := range b.captures(t, job.ID) {
		want := darkroom.CaptureCompleted
		if capture.URL == poison {
			want = darkroom.CaptureFailed
		}
		if capture.State != want || capture.URL == poison && (capture.Code != darkroom.CodeRendererCrashed || capture.Lost != darkroom.MaxLostAttempts) {
			t.Errorf("capture %+v", capture)
		}
	}
	if job := b.end(t, job.ID); job.Status != darkroom.StatusPartial {
		t.Errorf("job %+v", job)
	}
}
