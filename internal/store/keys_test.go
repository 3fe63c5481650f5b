package store

import (
	"bytes"
	"os"
	"strings"
	"testing"
	"time"

	"darkroom"
	"darkroom/internal/database"
	"darkroom/internal/queue"
)

func TestKeys(t *testing.T) {
	f := newFixture(t, 1)
	ctx := t.Context()
	key := f.newKey("second")
	if len(key.Secret) != len(darkroom.APIKeyPrefix)+48 || !strings.HasPrefix(key.WebhookSecret, darkroom.WebhookSecretPrefix) {
		t.Errorf("secrets %q and %q", key.Secret, key.WebhookSecret)
	}
	found, err := f.KeyBySecret(ctx, key.Secret)
	if must(t, found, err).ID != key.ID || found.Name != "second" || found.Prefix != key.Secret[:12] {
		t.Errorf("found %+v", found)
	}
	for _, wrong := range []string{"", "sk_live_", key.Secret + "0", strings.ToUpper(key.Secret), key.Hash} {
		if _, err := f.KeyBySecret(ctx, wrong); darkroom.CodeOf(err) != darkroom.CodeUnauthorized {
			t.Errorf("%q: %v", wrong, err)
		}
	}
	if _, err := f.CreateKey(ctx, " second "); darkroom.CodeOf(err) != darkroom.CodeConflict {
		t.Errorf("a second key of that name: %v", err)
	}
	if _, err := f.CreateKey(ctx, " "); darkroom.CodeOf(err) != darkroom.CodeValidation {
		t.Errorf("a key without a name: %v", err)
	}
	revoked, err := f.RevokeKey(ctx, "second")
	if must(t, revoked, err).ID != key.ID || !revoked.RevokedAt.Equal(f.clock.now) {
		t.Errorf("revoked %+v", revoked)
	}
	if _, err := f.KeyBySecret(ctx, key.Secret); darkroom.CodeOf(err) != darkroom.CodeUnauthorized {
		t.Errorf("a revoked key: %v", err)
	}
	if _, err := f.RevokeKey(ctx, key.ID); darkroom.CodeOf(err) != darkroom.CodeNotFound {
		t.Errorf("revoked again: %v", err)
	}
	f.newKey("second") // the name is free again
	keys, err := f.Keys(ctx)
	if len(must(t, keys, err)) != 3 || keys[0].Name != "first" || keys[1].RevokedAt.IsZero() || !keys[2].RevokedAt.IsZero() {
		t.Errorf("keys %+v", keys)
	}
}

func TestRevokingNeedsOneKey(t *testing.T) {
	f := newFixture(t, 1)
	for _, secret := range []string{"sk_live_aaaa1", "sk_live_aaaa2"} {
		check(t, f.ImportKey(t.Context(), "same", secret, ""))
	}
	for _, text := range []string{"same", "sk_live_aaaa"} {
		if _, err := f.RevokeKey(t.Context(), text); darkroom.CodeOf(err) != darkroom.CodeConflict {
			t.Errorf("%s: %v", text, err)
		}
	}
	if _, err := f.RevokeKey(t.Context(), f.key.Prefix); err != nil {
		t.Errorf("by prefix: %v", err)
	}
}

func TestImportingAKeyAgainChangesNothing(t *testing.T) {
	f := newFixture(t, 1)
	ctx := t.Context()
	check(t, f.ImportKey(ctx, "env", "any text will do", ""))
	key, err := f.KeyBySecret(ctx, "any text will do")
	check(t, err)
	made, err := f.WebhookSecrets(ctx, key.ID)
	check(t, err)
	check(t, f.ImportKey(ctx, "env", "any text will do", ""))
	if again, err := f.WebhookSecrets(ctx, key.ID); must(t, again, err) != made {
		t.Error("the webhook secret changed")
	}
	_, err = f.RevokeKey(ctx, key.ID)
	check(t, err)
	check(t, f.ImportKey(ctx, "env", "any text will do", "whsec_mine"))
	again, err := f.KeyBySecret(ctx, "any text will do")
	if must(t, again, err).ID != key.ID {
		t.Error("there is a second key of that secret")
	}
	if secrets, err := f.WebhookSecrets(ctx, key.ID); must(t, secrets, err).Current != "whsec_mine" || secrets.Former != made.Current {
		t.Errorf("webhook secrets %+v", secrets)
	}
	f.clock.forward(time.Hour)
	check(t, f.ImportKey(ctx, "env", "any text will do", "whsec_mine"))
	if secrets, err := f.WebhookSecrets(ctx, key.ID); must(t, secrets, err).Current != "whsec_mine" || secrets.Former != made.Current {
		t.Errorf("imported again: %+v", secrets)
	}
	if err := f.ImportKey(ctx, "env", "", ""); darkroom.CodeOf(err) != darkroom.CodeValidation {
		t.Errorf("an empty secret: %v", err)
	}
}

func (f *fixture) webhookSecrets() darkroom.WebhookSecrets {
	f.t.Helper()
	secrets, err := f.WebhookSecrets(f.t.Context(), f.key.ID)
	return must(f.t, secrets, err)
}

func TestWebhookSecretsAreRotated(t *testing.T) {
	f := newFixture(t, 1)
	if got := f.webhookSecrets(); got != (darkroom.WebhookSecrets{Current: f.key.WebhookSecret}) {
		t.Errorf("secrets %+v, want %q alone", got, f.key.WebhookSecret)
	}
	key, second, err := f.RotateWebhookSecret(t.Context(), "first", time.Hour)
	if must(t, key, err).ID != f.key.ID || second.Current == f.key.WebhookSecret || second.Former != f.key.WebhookSecret ||
		!second.FormerUntil.Equal(f.clock.now.Add(time.Hour)) || f.webhookSecrets() != second {
		t.Errorf("rotated %+v", second)
	}
	f.clock.forward(time.Hour - time.Millisecond)
	if got := f.webhookSecrets().All(); len(got) != 2 {
		t.Errorf("just before the end of the grace: %v", got)
	}
	f.clock.forward(time.Millisecond)
	if got := f.webhookSecrets().All(); len(got) != 1 || got[0] != second.Current {
		t.Errorf("after the grace: %v", got)
	}
	_, third, err := f.RotateWebhookSecret(t.Context(), f.key.ID, 0)
	if must(t, third, err).Former != "" || third.Current == second.Current {
		t.Errorf("without grace: %+v", third)
	}
	for _, grace := range []time.Duration{-1, darkroom.MaxRotationGrace + 1} {
		if _, _, err := f.RotateWebhookSecret(t.Context(), "first", grace); darkroom.CodeOf(err) != darkroom.CodeValidation {
			t.Errorf("a grace of %v: %v", grace, err)
		}
	}
	_, readErr := f.WebhookSecrets(t.Context(), "nobody")
	_, _, rotateErr := f.RotateWebhookSecret(t.Context(), "nobody", 0)
	if darkroom.CodeOf(readErr) != darkroom.CodeNotFound || darkroom.CodeOf(rotateErr) != darkroom.CodeNotFound {
		t.Errorf("of nobody: %v, %v", readErr, rotateErr)
	}
}

// Whoever gets hold of the files has no secret: not of a key, not of a job,
// and none of a job that has ended even with the secret key.
func TestSecretsAreNotInTheFiles(t *testing.T) {
	f := newLiteFixture(t, 1)
	options := darkroom.Options{}
	options.Headers = map[string]string{"Authorization": "needle-in-a-header"}
	options.Cookies = []darkroom.Cookie{{Name: "session", Value: "needle-in-a-cookie"}}
	job := f.submit(NewJob{Targets: targets(1, 1), Options: options})
	_, secrets, err := f.RotateWebhookSecret(t.Context(), "first", time.Hour)
	check(t, err)
	assertAbsent := func(when string) {
		t.Helper()
		for _, file := range databaseFiles(t, f.config.Path) {
			content, err := os.ReadFile(file)
			check(t, err)
			for _, needle := range []string{"needle-in", f.key.Secret, f.key.WebhookSecret, f.key.WebhookSecret[len(darkroom.WebhookSecretPrefix):], secrets.Current} {
				if bytes.Contains(content, []byte(needle)) {
					t.Errorf("%s: %s has %q", when, file, needle)
				}
			}
		}
	}
	assertAbsent("while the job runs")
	if got := f.job(job.ID).Options.Headers["Authorization"]; got != "needle-in-a-header" {
		t.Errorf("header as read %q", got)
	}
	listed, err := f.Jobs(t.Context(), f.key.ID, JobFilter{})
	if !must(t, listed, err).Jobs[0].Options.Secrets.Empty() {
		t.Error("the list shows secrets")
	}
	claim := f.claim(Hint{})
	f.end(claim, success(claim))
	f.finish(job.ID)
	if n := f.number(`SELECT count(*) FROM jobs WHERE secrets <> ''`); n != 0 {
		t.Error("the ended job keeps its secrets")
	}
	assertAbsent("after its end")
}

// A sealed text is of no use in another row.
func TestSealedTextsBelongToTheirRow(t *testing.T) {
	f := newFixture(t, 1)
	other := f.newKey("other")
	f.exec(`UPDATE api_keys SET webhook_secret = (SELECT webhook_secret FROM api_keys WHERE id = ?) WHERE id = ?`, other.ID, f.key.ID)
	if got, err := f.WebhookSecrets(t.Context(), f.key.ID); err == nil {
		t.Errorf("the other key's secret opened: %+v", got)
	}
}

func TestAnotherSecretKeyIsNoticedAtTheStart(t *testing.T) {
	f := newFixture(t, 1)
	db, err := database.Open(t.Context(), f.config)
	check(t, err)
	t.Cleanup(func() { check(t, db.Close()) })
	inserter, err := queue.NewInserter(db)
	check(t, err)
	for name, key := range map[string][32]byte{"another": {9}, "none": {}} {
		if _, err := Open(t.Context(), db, inserter, Config{SecretKey: key}); err == nil {
			t.Errorf("opened with %s", name)
		} else if name == "another" && !strings.Contains(err.Error(), "secret.key") {
			t.Errorf("the error does not say what to do: %v", err)
		}
	}
	if _, err := Open(t.Context(), db, inserter, Config{SecretKey: secretKey}); err != nil {
		t.Errorf("the right one: %v", err)
	}
}

func TestADatabaseOfANewerProgramIsRefused(t *testing.T) {
	f := newFixture(t, 1)
	f.exec(`INSERT INTO darkroom_migrations (version_id, is_applied) VALUES (9999, TRUE)`)
	inserter, err := queue.NewInserter(f.db)
	check(t, err)
	_, err = Open(t.Context(), f.db, inserter, Config{SecretKey: secretKey})
	if err == nil || !strings.Contains(err.Error(), "newer version") {
		t.Errorf("error %v", err)
	}
	if darkroom.CodeOf(err) != darkroom.CodeQueueUnavailable {
		t.Errorf("code %s", darkroom.CodeOf(err))
	}
}

func TestOpeningTwiceKeepsEverything(t *testing.T) {
	f := newFixture(t, 1)
	job := f.submit(NewJob{Targets: targets(2, 1)})
	again := openStore(t, f.config, Config{SecretKey: secretKey})
	if got, err := again.Job(t.Context(), f.key.ID, job.ID); must(t, got, err).Progress.Total != 2 {
		t.Errorf("job %+v", got)
	}
	check(t, again.Ping(t.Context()))
}
