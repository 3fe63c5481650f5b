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

// A start that takes too long is trouble before it has failed, and one browser
// that works is enough to be without.
func TestWhenThereIsTroubleWithBrowsers(t *testing.T) {
	now, gone := time.Now(), errors.New("no such file")
	type step struct {
		slot  int
		begin bool
		err   error
	}
	begins := func(slot int) step { return step{slot: slot, begin: true} }
	ends := func(slot int, err error) step { return step{slot: slot, err: err} }
	for name, test := range map[string]struct {
		steps []step
		after time.Duration
		want  bool
	}{
		"nothing was tried":              {nil, time.Hour, false},
		"it starts":                      {[]step{begins(0)}, slowStart - 1, false},
		"it hangs":                       {[]step{begins(0)}, slowStart, true},
		"it hangs once more":             {[]step{begins(0), ends(0, gone), begins(0)}, 0, true},
		"it has failed":                  {[]step{begins(0), ends(0, gone)}, 0, true},
		"it has started":                 {[]step{begins(0), ends(0, gone), begins(0), ends(0, nil)}, time.Hour, false},
		"it has started, and hangs now":  {[]step{begins(0), ends(0, nil), begins(0)}, slowStart, true},
		"another has started":            {[]step{begins(0), ends(0, gone), begins(1), ends(1, nil)}, wellFor - 1, false},
		"another had started long ago":   {[]step{begins(0), ends(0, gone), begins(1), ends(1, nil)}, wellFor, true},
		"another hangs beside it":        {[]step{begins(0), begins(1), ends(1, nil)}, wellFor - 1, false},
		"another has failed, none works": {[]step{begins(0), ends(0, nil), begins(0), ends(0, gone), begins(1), ends(1, gone)}, 0, true},
	} {
		t.Run(name, func(t *testing.T) {
			p := newPool(2, 2, nil)
			for _, s := range test.steps {
				if s.begin {
					p.begin(p.slots[s.slot], now)
				} else {
					p.began(p.slots[s.slot], now, s.err, false)
				}
			}
			if err := p.trouble(now.Add(test.after)); (err != nil) != test.want {
				t.Errorf("it says %v", err)
			}
		})
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
