package store

import (
	"testing"
	"time"

	"darkroom"
)

func (f *fixture) expiredKeys(limit int) []string {
	f.t.Helper()
	keys, err := f.ExpiredKeys(f.t.Context(), limit)
	return must(f.t, keys, err)
}

func (f *fixture) completed(n int) darkroom.Job {
	f.t.Helper()
	job := f.submit(NewJob{Targets: targets(n, 1), Retention: time.Hour, Tags: []string{"t"}, CallbackURL: "https://hook.test/", IdempotencyKey: f.clock.now.String()})
	for range n {
		claim := f.claim(Hint{})
		f.end(claim, success(claim))
	}
	return f.finish(job.ID)
}

func TestExpiry(t *testing.T) {
	f := newFixture(t, 1)
	job := f.completed(3)
	f.clock.forward(30 * time.Minute)
	live := f.completed(1)
	if keys := f.expiredKeys(100); len(keys) != 0 {
		t.Errorf("expired too early: %v", keys)
	}
	f.clock.forward(30 * time.Minute)
	got := f.job(job.ID)
	if !got.Expired(f.clock.now) {
		t.Error("the job has not expired")
	}
	if keys := f.expiredKeys(2); len(keys) != 2 {
		t.Errorf("with a limit of 2: %v", keys)
	}
	keys := f.expiredKeys(100)
	if len(keys) != 4 { // 3 shots and the manifest
		t.Fatalf("expired keys %v", keys)
	}
	f.audit()
	for _, key := range keys {
		if owned, err := f.Owned(t.Context(), key); !must(t, owned, err) {
			t.Errorf("%s is an orphan although its bytes may be there", key)
		}
	}
	check(t, f.ForgetKeys(t.Context(), keys))
	if owned, err := f.Owned(t.Context(), keys[0]); must(t, owned, err) {
		t.Error("a forgotten key is owned")
	}
	if left := f.expiredKeys(100); len(left) != 0 {
		t.Errorf("still expired: %v", left)
	}
	if c := f.captures(job.ID)[0]; c.State != darkroom.CaptureCompleted || c.Result.Key != "" || c.Result.Title != "Title" {
		t.Errorf("capture of the expired job = %+v", c)
	}
	if files, err := f.Files(t.Context(), live.ID); len(must(t, files, err)) != 1 {
		t.Error("the live job has lost its file")
	}
	f.audit()
}

func TestArtifactsOfSeveralJobsLiveAsLongAsTheLast(t *testing.T) {
	f := newFixture(t, 1)
	early := f.completed(1)
	key := f.captures(early.ID)[0].Result.Key
	f.clock.forward(30 * time.Minute)
	late := f.completed(1)
	f.exec(`UPDATE captures SET artifact_key = ? WHERE job_id = ?`, key, late.ID)
	f.exec(`UPDATE artifacts SET uses = uses + 1 WHERE key = ?`, key)
	f.exec(`DELETE FROM artifacts WHERE key LIKE ? AND key NOT LIKE '%index%'`, late.ID+"%")
	f.audit()
	f.clock.forward(31 * time.Minute)
	for _, expired := range f.expiredKeys(100) {
		if expired == key {
			t.Error("an artifact in use has expired")
		}
	}
	check(t, f.ForgetKeys(t.Context(), []string{key}))
	if got := f.captures(late.ID)[0].Result.Key; got != key {
		t.Errorf("artifact of the later job %q", got)
	}
	f.clock.forward(30 * time.Minute)
	found := false
	for _, expired := range f.expiredKeys(100) {
		found = found || expired == key
	}
	if !found {
		t.Error("the artifact outlives its last job")
	}
	f.audit()
}

func TestHistoryIsPurged(t *testing.T) {
	f := newFixture(t, 1)
	f.completed(2)
	f.clock.forward(25 * time.Hour)
	live := f.submit(NewJob{Targets: targets(1, 1)})
	keys := f.expiredKeys(100)
	if n, err := f.PurgeHistory(t.Context(), 48*time.Hour); must(t, n, err) != 0 {
		t.Errorf("%d jobs purged too early", n)
	}
	if n, err := f.PurgeHistory(t.Context(), 24*time.Hour); must(t, n, err) != 1 {
		t.Errorf("%d jobs purged", n)
	}
	f.audit()
	for table, want := range map[string]int{
		"jobs": 1, "captures": 1, "job_files": 0, "job_tags": 0, "deliveries": 0, "idempotency": 0, "lanes": 1, "hosts": 1,
	} {
		if n := f.number(`SELECT count(*) FROM ` + table); n != want {
			t.Errorf("%d rows in %s, want %d", n, table, want)
		}
	}
	if left := f.expiredKeys(100); len(left) != len(keys) {
		t.Errorf("keys whose bytes are there were forgotten: %v of %v", left, keys)
	}
	if page, err := f.Jobs(t.Context(), f.key.ID, JobFilter{}); must(t, page, err).Total != 1 || page.Jobs[0].ID != live.ID {
		t.Errorf("list %+v", page)
	}
	check(t, f.ForgetKeys(t.Context(), keys))
	if n := f.number(`SELECT count(*) FROM artifacts`); n != 0 {
		t.Errorf("%d artifacts left", n)
	}
}

func TestStaleRowsAreDropped(t *testing.T) {
	f := newFixture(t, 1)
	f.submit(NewJob{Targets: targets(1, 1), HostDelay: time.Minute})
	claim := f.claim(Hint{})
	f.end(claim, success(claim))
	n, err := f.PurgeHistory(t.Context(), time.Hour)
	must(t, n, err)
	if f.number(`SELECT count(*) FROM hosts`) != 1 {
		t.Error("a host was forgotten that must not be asked yet")
	}
	f.clock.forward(2 * time.Hour)
	n, err = f.PurgeHistory(t.Context(), time.Hour)
	must(t, n, err)
	if f.number(`SELECT count(*) FROM hosts`) != 0 || f.number(`SELECT count(*) FROM instances`) != 0 {
		t.Error("stale hosts or instances are left")
	}
	check(t, f.Beat(t.Context(), Instance{ID: "x"}))
	check(t, f.Leave(t.Context(), "x"))
	if f.number(`SELECT count(*) FROM instances`) != 0 {
		t.Error("an instance that left is there")
	}
}
