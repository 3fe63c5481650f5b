package store

import (
	"testing"
	"time"

	"darkroom"
)

func TestALoginOpensOneSession(t *testing.T) {
	f := newFixture(t, 1)
	ctx := t.Context()
	refused := func(what string, err error) {
		t.Helper()
		if darkroom.CodeOf(err) != darkroom.CodeUnauthorized {
			t.Errorf("%s: %v", what, err)
		}
	}
	login, err := f.NewLogin(ctx, f.key.ID)
	check(t, err)
	_, err = f.SessionKey(ctx, login)
	refused("a login as a session", err)
	session, err := f.UseLogin(ctx, login)
	check(t, err)
	_, err = f.UseLogin(ctx, login)
	refused("a login, again", err)
	_, err = f.UseLogin(ctx, session)
	refused("a session as a login", err)
	key, err := f.SessionKey(ctx, session)
	check(t, err)
	if key.ID != f.key.ID {
		t.Errorf("the session is of key %s", key.ID)
	}
	if f.number(`SELECT count(*) FROM sessions WHERE hash = ?`, session) != 0 {
		t.Error("the secret is stored")
	}
	late, err := f.NewLogin(ctx, f.key.ID)
	check(t, err)
	f.clock.forward(darkroom.LoginLife)
	_, err = f.UseLogin(ctx, late)
	refused("a login too late", err)
	f.clock.forward(darkroom.SessionLife)
	_, err = f.SessionKey(ctx, session)
	refused("a session too late", err)
	_, err = f.PurgeHistory(ctx, time.Hour)
	check(t, err)
	if n := f.number(`SELECT count(*) FROM sessions`); n != 0 {
		t.Errorf("%d sessions are left that are over", n)
	}
}

func TestASessionEndsWithItsKey(t *testing.T) {
	f := newFixture(t, 1)
	ctx := t.Context()
	other := f.newKey("other")
	for what, end := range map[string]func(session string) error{
		"closed":  func(session string) error { return f.EndSession(ctx, session) },
		"revoked": func(string) error { _, err := f.RevokeKey(ctx, other.ID); return err },
	} {
		session, err := f.NewSession(ctx, other.ID)
		if err != nil && what == "closed" {
			continue // the key was revoked before
		}
		check(t, err)
		check(t, end(session))
		if _, err := f.SessionKey(ctx, session); darkroom.CodeOf(err) != darkroom.CodeUnauthorized {
			t.Errorf("%s: %v", what, err)
		}
	}
}

func TestKeepingResults(t *testing.T) {
	f := newFixture(t, 1)
	ctx := t.Context()
	job := f.submit(NewJob{Targets: targets(1, 1), Retention: time.Hour})
	if _, err := f.KeepJob(ctx, f.key.ID, job.ID, time.Hour); darkroom.CodeOf(err) != darkroom.CodeJobNotReady {
		t.Errorf("before its end: %v", err)
	}
	claim := f.claim(Hint{})
	f.end(claim, success(claim))
	ended := f.finish(job.ID)
	kept, err := f.KeepJob(ctx, f.key.ID, job.ID, time.Minute)
	check(t, err)
	if !kept.ExpiresAt.Equal(ended.ExpiresAt) {
		t.Errorf("a shorter time than it has makes it expire at %s", kept.ExpiresAt)
	}
	f.clock.forward(59 * time.Minute)
	_, err = f.KeepJob(ctx, f.key.ID, job.ID, time.Hour)
	check(t, err)
	f.clock.forward(59 * time.Minute)
	if keys, err := f.ExpiredKeys(ctx, 10); err != nil || len(keys) != 0 {
		t.Errorf("expired in its second hour: %v, %v", keys, err)
	}
	f.clock.forward(2 * time.Minute)
	if _, err := f.KeepJob(ctx, f.key.ID, job.ID, time.Hour); darkroom.CodeOf(err) != darkroom.CodeExpired {
		t.Errorf("too late: %v", err)
	}
	if _, err := f.KeepJob(ctx, f.newKey("other").ID, job.ID, time.Hour); darkroom.CodeOf(err) != darkroom.CodeNotFound {
		t.Errorf("another key: %v", err)
	}
}

func TestHistoryOfAURL(t *testing.T) {
	f := newFixture(t, 1)
	old := f.submit(NewJob{Targets: targets(2, 1)})
	again := f.submit(NewJob{Targets: targets(1, 1)})
	f.submit(NewJob{Targets: targets(1, 1), KeyID: f.newKey("other").ID})
	history, err := f.History(t.Context(), f.key.ID, targets(1, 1)[0].URL, 10)
	check(t, err)
	if len(history) != 2 || history[0].JobID != again.ID || history[1].JobID != old.ID || history[1].Ordinal != 1 {
		t.Errorf("history %+v", history)
	}
}
