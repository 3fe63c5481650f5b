package store

import (
	"testing"
	"time"

	"darkroom"
)

func (f *fixture) works(secret string) bool {
	f.t.Helper()
	_, err := f.KeyBySecret(f.t.Context(), secret)
	if err != nil && darkroom.CodeOf(err) != darkroom.CodeUnauthorized {
		f.t.Fatal(err)
	}
	return err == nil
}

func TestARotatedKeyWorksWithBothSecretsForAWhile(t *testing.T) {
	f := newFixture(t, 1)
	second, err := f.RotateKey(t.Context(), "first", time.Hour)
	check(t, err)
	if second.ID != f.key.ID || second.WebhookSecret != "" || second.Prefix != darkroom.VisiblePrefix(second.Secret) {
		t.Errorf("rotated %+v", second)
	}
	if !f.works(f.key.Secret) || !f.works(second.Secret) {
		t.Error("one of the secrets does not work")
	}
	f.clock.forward(time.Hour - time.Millisecond)
	if !f.works(f.key.Secret) {
		t.Error("the former secret has ended too early")
	}
	f.clock.forward(time.Millisecond)
	if f.works(f.key.Secret) || !f.works(second.Secret) {
		t.Error("the former secret works on, or the new one has ended")
	}
	third, err := f.RotateKey(t.Context(), f.key.ID, 0)
	if must(t, third, err); f.works(second.Secret) || !f.works(third.Secret) {
		t.Error("without grace the former secret works on, or the new one does not")
	}
}

func TestOnlyTheLastFormerSecretWorks(t *testing.T) {
	f := newFixture(t, 1)
	second, err := f.RotateKey(t.Context(), "first", time.Hour)
	check(t, err)
	third, err := f.RotateKey(t.Context(), "first", time.Hour)
	check(t, err)
	if f.works(f.key.Secret) || !f.works(second.Secret) || !f.works(third.Secret) {
		t.Error("not the last two secrets work")
	}
	_, err = f.RevokeKey(t.Context(), "first")
	if check(t, err); f.works(second.Secret) || f.works(third.Secret) {
		t.Error("a secret of the revoked key works")
	}
	if _, err := f.RotateKey(t.Context(), f.key.ID, 0); darkroom.CodeOf(err) != darkroom.CodeNotFound {
		t.Errorf("a revoked key was rotated: %v", err)
	}
	for _, grace := range []time.Duration{-1, darkroom.MaxRotationGrace + 1} {
		if _, err := f.RotateKey(t.Context(), "first", grace); darkroom.CodeOf(err) != darkroom.CodeValidation {
			t.Errorf("a grace of %s: %v", grace, err)
		}
	}
}

// An operator who forgot to change the environment must not get a second key
// without the jobs of the first.
func TestAFormerSecretIsNotImportedAsANewKey(t *testing.T) {
	f := newFixture(t, 1)
	_, err := f.RotateKey(t.Context(), "first", time.Hour)
	check(t, err)
	check(t, f.ImportKey(t.Context(), "env", f.key.Secret, ""))
	f.clock.forward(time.Hour)
	if err := f.ImportKey(t.Context(), "env", f.key.Secret, ""); darkroom.CodeOf(err) != darkroom.CodeConflict {
		t.Errorf("the former secret was imported: %v", err)
	}
	if n := f.number(`SELECT count(*) FROM api_keys`); n != 1 {
		t.Errorf("%d keys", n)
	}
}

func TestGrants(t *testing.T) {
	f := newFixture(t, 1)
	grant := darkroom.Grant{Scopes: []darkroom.Scope{darkroom.ScopeRead}, Limits: darkroom.KeyLimits{ActiveJobs: 3, URLsPerBatch: 20}}
	made, err := f.GrantKey(t.Context(), "reader", grant)
	check(t, err)
	for name, find := range map[string]func() (darkroom.APIKey, error){
		"secret": func() (darkroom.APIKey, error) { return f.KeyBySecret(t.Context(), made.Secret) },
		"id":     func() (darkroom.APIKey, error) { return f.Key(t.Context(), made.ID) },
		"name":   func() (darkroom.APIKey, error) { return f.WorkingKey(t.Context(), "reader") },
	} {
		key, err := find()
		if must(t, key, err).ID != made.ID || key.Limits != grant.Limits || !key.Allows(darkroom.ScopeRead) || key.Allows(darkroom.ScopeCreate) {
			t.Errorf("by %s: %+v", name, key)
		}
	}
	for name, wrong := range map[string]darkroom.Grant{
		"no scope":         {},
		"an unknown scope": {Scopes: []darkroom.Scope{"delete"}},
		"a negative limit": {Scopes: darkroom.Scopes(), Limits: darkroom.KeyLimits{CapturesPerMonth: -1}},
		"a limit too high": {Scopes: darkroom.Scopes(), Limits: darkroom.KeyLimits{RequestsPerMinute: 2_000_000}},
	} {
		if _, err := f.GrantKey(t.Context(), name, wrong); darkroom.CodeOf(err) != darkroom.CodeValidation {
			t.Errorf("%s: %v", name, err)
		}
	}
}

// What is asked for in one process is gone after the next has gone on with it,
// wherever the first was cut off.
func TestAnErasedKeyLeavesNothing(t *testing.T) {
	f := newFixture(t, 1)
	other := f.newKey("other")
	done := f.submit(NewJob{Targets: targets(1, 1), Tags: []string{"a"}, IdempotencyKey: "k", BodyHash: "h", CallbackURL: "https://hook.test/"})
	claim := f.claim(Hint{})
	f.end(claim, success(claim))
	f.finish(done.ID)
	f.submit(NewJob{Targets: targets(3, 2), CallbackURL: "https://hook.test/"})
	running := f.claim(Hint{})
	f.crawl(10)
	kept := f.submit(NewJob{KeyID: other.ID, Targets: targets(1, 1)})
	f.CountRequest(t.Context(), f.key.ID)
	f.TakeRequest(t.Context(), f.key.ID, 10)
	erased, err := f.EraseKey(t.Context(), "first")
	if must(t, erased, err).State() != darkroom.KeyErasing || f.works(f.key.Secret) {
		t.Errorf("erased %+v", erased)
	}
	if _, err := f.EraseKey(t.Context(), f.key.ID); darkroom.CodeOf(err) != darkroom.CodeNotFound {
		t.Errorf("erased twice: %v", err)
	}
	if _, _, err := f.CreateJob(t.Context(), NewJob{KeyID: f.key.ID, Kind: darkroom.KindBatch, Targets: targets(1, 1)}); darkroom.CodeOf(err) != darkroom.CodeUnauthorized {
		t.Errorf("a job of an erased key: %v", err)
	}
	f.sweepErasure()
	f.audit()
	if n := f.number(`SELECT count(*) FROM api_keys WHERE id = ?`, f.key.ID); n != 1 {
		t.Error("the key is gone while a capture of it runs")
	}
	f.end(running, success(running))
	for _, id := range f.texts(`SELECT id FROM jobs WHERE status = 'processing' AND key_id = ?`, f.key.ID) {
		f.finish(id)
	}
	f.Store = openStore(t, f.config, Config{SecretKey: secretKey, Slots: 1, Now: func() time.Time { return f.clock.now }})
	f.sweepErasure()
	f.sweepErasure()
	for _, table := range []string{"jobs", "job_counts", "key_hosts", "usage_days", "deliveries", "events", "idempotency", "job_tags", "request_windows"} {
		if n := f.number(`SELECT count(*) FROM `+table+` WHERE key_id = ?`, f.key.ID); n != 0 {
			t.Errorf("%d rows are left in %s", n, table)
		}
	}
	if n := f.number(`SELECT count(*) FROM api_keys WHERE id = ?`, f.key.ID) + f.number(`SELECT count(*) FROM artifacts`); n != 0 {
		t.Error("the key or an artifact of it is left")
	}
	if f.job(kept.ID).Progress.Total != 1 || !f.works(other.Secret) {
		t.Error("another key lost something")
	}
	f.audit()
}

// sweepErasure does what the worker's sweep does about it.
func (f *fixture) sweepErasure() {
	f.t.Helper()
	ctx := f.t.Context()
	check(f.t, f.HastenErasure(ctx))
	_, err := f.FailOverdue(ctx)
	check(f.t, err)
	f.clock.forward(time.Second)
	keys, err := f.ExpiredKeys(ctx, 100)
	check(f.t, err)
	check(f.t, f.ForgetKeys(ctx, keys))
	_, err = f.FinishErasure(ctx)
	check(f.t, err)
}

func (f *fixture) texts(query string, args ...any) []string {
	f.t.Helper()
	texts, err := queryAll(f.t.Context(), f.db.Read(f.t.Context()), scanText, query, args...)
	return must(f.t, texts, err)
}
