package worker

import (
	"errors"
	"testing"
	"time"

	"darkroom"
)

func TestWhenAnAttemptIsRepeated(t *testing.T) {
	now := time.Date(2026, 4, 1, 12, 0, 0, 0, time.UTC)
	claim := func(failed, attempts int) darkroom.Claim {
		return darkroom.Claim{Failed: failed, Options: darkroom.Options{Attempts: attempts}, Deadline: now.Add(time.Minute)}
	}
	for _, test := range []struct {
		about  string
		claim  darkroom.Claim
		code   darkroom.Code
		status int
		asked  time.Duration
		want   time.Duration // 0 = never
	}{
		{"first failure", claim(0, 0), darkroom.CodeTimeout, 0, 0, 2 * time.Second},
		{"second failure", claim(1, 0), darkroom.CodeTimeout, 0, 0, 10 * time.Second},
		{"third of three", claim(2, 0), darkroom.CodeTimeout, 0, 0, 0},
		{"third of five", claim(2, 5), darkroom.CodeTimeout, 0, 0, 10 * time.Second},
		{"one attempt only", claim(0, 1), darkroom.CodeTimeout, 0, 0, 0},
		{"server busy", claim(0, 0), darkroom.CodeHTTPError, 503, 0, 2 * time.Second},
		{"asked to wait", claim(0, 0), darkroom.CodeHTTPError, 429, 30 * time.Second, 30 * time.Second},
		{"asked to wait less", claim(0, 0), darkroom.CodeHTTPError, 429, time.Second, 2 * time.Second},
		{"asked to wait until the job is over", claim(0, 0), darkroom.CodeHTTPError, 429, time.Minute, 0},
		{"not found", claim(0, 0), darkroom.CodeHTTPError, 404, 0, 0},
		{"blocked", claim(0, 0), darkroom.CodeBlockedTarget, 0, 0, 0},
		{"crash", claim(0, 0), darkroom.CodeRendererCrashed, 0, 0, 2 * time.Second},
		{"ours", claim(0, 0), darkroom.CodeInternal, 0, 0, 2 * time.Second},
	} {
		failure := &darkroom.Error{Code: test.code, Message: "it failed", HTTPStatus: test.status}
		shot := darkroom.Shot{RetryAfter: test.asked}
		outcome := outcomeOf(test.claim, shot, failure, now, 0)
		want := time.Time{}
		if test.want > 0 {
			want = now.Add(test.want)
		}
		if !outcome.RetryAt.Equal(want) || outcome.Err != failure || outcome.Result.HTTPStatus != test.status {
			t.Errorf("%s: %+v, want a retry at %v", test.about, outcome, want)
		}
	}
}

func TestWhenAHostIsLeftAlone(t *testing.T) {
	now := time.Date(2026, 4, 1, 12, 0, 0, 0, time.UTC)
	for _, test := range []struct {
		about  string
		rests  int
		status int
		asked  time.Duration
		want   time.Duration // 0 = not at all
	}{
		{"429", 0, 429, 0, 5 * time.Second},
		{"429 again", 1, 429, 0, 10 * time.Second},
		{"429 and again", 40, 429, 0, 5 * time.Minute},
		{"429 with a wish", 0, 429, time.Minute, time.Minute},
		{"429 with a short wish", 2, 429, time.Second, 20 * time.Second},
		{"429 with a wish for ever", 0, 429, 999 * time.Hour, time.Hour},
		{"503 with a wish", 0, 503, 30 * time.Second, 30 * time.Second},
		{"503 without", 0, 503, 0, 0},
		{"200 with a wish", 0, 200, time.Minute, 0},
		{"404", 0, 404, time.Minute, 0},
		{"no answer", 0, 0, 0, 0},
	} {
		want := time.Time{}
		if test.want > 0 {
			want = now.Add(test.want)
		}
		claim := darkroom.Claim{Rests: test.rests, Deadline: now.Add(time.Minute)}
		shot := darkroom.Shot{HTTPStatus: test.status, RetryAfter: test.asked, Image: []byte("x")}
		failure := &darkroom.Error{Code: darkroom.CodeHTTPError, Message: "it failed", HTTPStatus: test.status}
		for _, err := range []error{failure, nil} { // a page that may have any status counts as well
			if outcome := outcomeOf(claim, shot, err, now, 0); !outcome.Rest.Equal(want) {
				t.Errorf("%s: %+v, want a rest until %v", test.about, outcome, want)
			}
		}
	}
	busy := darkroom.Shot{HTTPStatus: 429}
	for _, jitter := range []float64{0.5, 0.999} {
		at := outcomeOf(darkroom.Claim{}, busy, darkroom.Errorf(darkroom.CodeHTTPError, "busy"), now, jitter).Rest
		if at.Before(now.Add(5*time.Second)) || at.After(now.Add(6250*time.Millisecond)) {
			t.Errorf("with jitter %v: %v", jitter, at)
		}
	}
}

func TestEveryFailureHasACodeOfTheList(t *testing.T) {
	for _, err := range []error{
		errors.New("bare"), darkroom.Errorf(darkroom.CodeValidation, "a code of requests"), darkroom.Errorf("", "no code"),
	} {
		if got := captureError(err); got.Code != darkroom.CodeInternal || got.Sentence() == "" {
			t.Errorf("%v became %+v", err, got)
		}
	}
	for _, code := range darkroom.CaptureCodes() {
		if got := captureError(darkroom.Errorf(code, "it failed")); got.Code != code {
			t.Errorf("%s became %s", code, got.Code)
		}
	}
}

func TestAnEmptyPictureIsAFailure(t *testing.T) {
	outcome := outcomeOf(darkroom.Claim{}, darkroom.Shot{HTTPStatus: 200}, nil, time.Now(), 0)
	if outcome.Err == nil || outcome.Err.Code != darkroom.CodeInternal {
		t.Errorf("outcome %+v", outcome)
	}
}

func TestWhenADeliveryIsRepeated(t *testing.T) {
	now := time.Date(2026, 4, 1, 12, 0, 0, 0, time.UTC)
	for _, test := range []struct {
		about   string
		attempt darkroom.DeliveryAttempt
		asked   time.Duration
		state   darkroom.DeliveryState
		wait    time.Duration
	}{
		{"taken", darkroom.DeliveryAttempt{Attempt: 1, Status: 204}, 0, darkroom.DeliveryDelivered, 0},
		{"taken, and asked to wait", darkroom.DeliveryAttempt{Attempt: 1, Status: 200}, time.Hour, darkroom.DeliveryDelivered, 0},
		{"gone", darkroom.DeliveryAttempt{Attempt: 1, Status: 410}, 0, darkroom.DeliveryFailed, 0},
		{"first", darkroom.DeliveryAttempt{Attempt: 1, Status: 500}, 0, darkroom.DeliveryPending, 30 * time.Second},
		{"second", darkroom.DeliveryAttempt{Attempt: 2, Error: "refused"}, 0, darkroom.DeliveryPending, 5 * time.Minute},
		{"third", darkroom.DeliveryAttempt{Attempt: 3, Status: 302}, 0, darkroom.DeliveryPending, 30 * time.Minute},
		{"fourth", darkroom.DeliveryAttempt{Attempt: 4, Status: 404}, 0, darkroom.DeliveryPending, 2 * time.Hour},
		{"fifth", darkroom.DeliveryAttempt{Attempt: 5, Status: 500}, 0, darkroom.DeliveryPending, 5 * time.Hour},
		{"sixth", darkroom.DeliveryAttempt{Attempt: 6, Status: 500}, 0, darkroom.DeliveryPending, 10 * time.Hour},
		{"last", darkroom.DeliveryAttempt{Attempt: 7, Status: 500}, 0, darkroom.DeliveryFailed, 0},
		{"asked to wait longer", darkroom.DeliveryAttempt{Attempt: 1, Status: 429}, time.Hour, darkroom.DeliveryPending, time.Hour},
		{"asked to wait less", darkroom.DeliveryAttempt{Attempt: 2, Status: 429}, time.Minute, darkroom.DeliveryPending, 5 * time.Minute},
	} {
		state, at := nextDelivery(darkroom.Delivery{}, test.attempt, test.asked, now, 0)
		want := time.Time{}
		if test.wait > 0 {
			want = now.Add(test.wait)
		}
		if state != test.state || !at.Equal(want) {
			t.Errorf("%s: %s at %v, want %s at %v", test.about, state, at, test.state, want)
		}
	}
	again := darkroom.Delivery{Settled: 7, Redeliveries: 1}
	if state, at := nextDelivery(again, darkroom.DeliveryAttempt{Attempt: 8, Status: 500}, 0, now, 0); state != darkroom.DeliveryPending || !at.Equal(now.Add(30*time.Second)) {
		t.Errorf("the first attempt after it was asked for again: %s at %v", state, at)
	}
	if _, at := nextDelivery(darkroom.Delivery{}, darkroom.DeliveryAttempt{Attempt: 1, Status: 500}, 0, now, 0.999); !at.After(now.Add(32*time.Second)) || !at.Before(now.Add(33*time.Second)) {
		t.Errorf("with jitter at %v", at)
	}
}
