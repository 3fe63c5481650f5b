package store

import (
	"context"
	"fmt"
	"io/fs"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"darkroom"
	"darkroom/internal/database"
	"darkroom/internal/database/databasetest"
	"darkroom/internal/queue"
)

// These tests are on PostgreSQL always: SQLite runs one transaction at a time.

// shared is a fixture on PostgreSQL, with a second process on the same database.
func shared(t *testing.T) (f *fixture, second *Store) {
	t.Helper()
	f = newFixtureOn(t, databasetest.Postgres(t, prepare), 4)
	second = openStore(t, f.config, Config{SecretKey: secretKey, Slots: 4})
	check(t, second.Beat(t.Context(), Instance{ID: "instance-2", Slots: 4}))
	return f, second
}

// atOnce runs fn n times side by side.
func atOnce(n int, fn func(i int)) {
	var all sync.WaitGroup
	for i := range n {
		all.Go(func() { fn(i) })
	}
	all.Wait()
}

// Slots of two processes take everything once, no host is asked by more than it
// may be, and each job gets its finish task once.
func TestTwoProcessesShareTheWork(t *testing.T) {
	f, second := shared(t)
	const perHost = 3
	jobs := map[string]bool{}
	for i := range 6 {
		pages := targets(30, 1+2*i) // of one host, and of many
		jobs[f.submit(NewJob{Targets: pages, HostConcurrency: perHost}).ID] = true
	}
	var left atomic.Int64
	left.Store(6 * 30)
	var mu sync.Mutex
	running, taken := map[string]int{}, map[string]int{}
	note := func(claim darkroom.Claim, by int) {
		mu.Lock()
		defer mu.Unlock()
		running[claim.Host] += by
		taken[claim.CaptureID] += max(by, 0)
		if running[claim.Host] > perHost {
			t.Errorf("%d captures of %s at once", running[claim.Host], claim.Host)
		}
	}
	atOnce(8, func(i int) {
		s, name := f.Store, instance
		if i%2 == 1 {
			s, name = second, "instance-2"
		}
		for hint := (Hint{}); left.Load() > 0; {
			claim, ok, err := s.Claim(context.Background(), name, hint)
			if err != nil {
				t.Error(err)
				return
			}
			if !ok {
				continue
			}
			hint = hintOf(claim)
			note(claim, +1)
			if held, err := s.Holds(context.Background(), claim); err != nil || !held {
				t.Errorf("capture %s is not its claim's: %v", claim.CaptureID, err)
			}
			note(claim, -1)
			kept, err := s.FinishCapture(context.Background(), claim, success(claim))
			if err != nil || !kept {
				t.Errorf("capture %s: kept %v, %v", claim.CaptureID, kept, err)
			}
			left.Add(-1)
		}
	})
	for id, times := range taken {
		if times != 1 {
			t.Errorf("capture %s was taken %d times", id, times)
		}
	}
	if n := f.tasks(queue.Finish); n != len(jobs) || len(taken) != 180 {
		t.Errorf("%d finish tasks for %d jobs, %d captures", n, len(jobs), len(taken))
	}
	f.audit()
}

// The same request, sent many times at once, makes one job.
func TestAnIdempotencyKeyHoldsAtOnce(t *testing.T) {
	f, second := shared(t)
	ids := make([]string, 8)
	atOnce(len(ids), func(i int) {
		s := []*Store{f.Store, second}[i%2]
		job, _, err := s.CreateJob(context.Background(), NewJob{
			KeyID: f.key.ID, Kind: darkroom.KindBatch, Targets: targets(20, 4), IdempotencyKey: "k", BodyHash: "h",
		})
		if err != nil {
			t.Error(err)
		}
		ids[i] = job.ID
	})
	for _, id := range ids {
		if id != ids[0] {
			t.Fatalf("jobs %v", ids)
		}
	}
	if n := f.number(`SELECT count(*) FROM jobs`); n != 1 {
		t.Errorf("%d jobs", n)
	}
	f.audit()
}

// Nobody gets beyond a quota by asking for much at once.
func TestQuotasHoldAtOnce(t *testing.T) {
	f, second := shared(t)
	for name, limits := range map[string]darkroom.KeyLimits{"active": {ActiveJobs: 3}, "month": {CapturesPerMonth: 35}} {
		grant := darkroom.FullGrant()
		grant.Limits = limits
		key, err := f.GrantKey(t.Context(), name, grant)
		check(t, err)
		var accepted atomic.Int64
		atOnce(8, func(i int) {
			s := []*Store{f.Store, second}[i%2]
			_, _, err := s.CreateJob(context.Background(), NewJob{KeyID: key.ID, Kind: darkroom.KindBatch, Targets: targets(10, 3)})
			switch darkroom.CodeOf(err) {
			case "":
				accepted.Add(1)
			case darkroom.CodeQuotaExceeded:
			default:
				t.Error(err)
			}
		})
		if n := accepted.Load(); n != 3 {
			t.Errorf("%s: %d jobs of 8 were accepted, want 3", name, n)
		}
	}
	f.audit()
}

func TestOneKeyOfAName(t *testing.T) {
	f, second := shared(t)
	var made atomic.Int64
	atOnce(8, func(i int) {
		s := []*Store{f.Store, second}[i%2]
		_, err := s.CreateKey(context.Background(), "same")
		switch {
		case err == nil:
			made.Add(1)
		case darkroom.CodeOf(err) != darkroom.CodeConflict:
			t.Error(err)
		}
		if err := s.ImportKey(context.Background(), "first", "dk_live_0123456789abcdef0123456789abcdef", ""); err != nil {
			t.Error(err)
		}
	})
	if n := made.Load(); n != 1 {
		t.Errorf("%d keys of one name", n)
	}
}

// What must run alone does so although all slots claim at once.
func TestPoisonRunsAloneAtOnce(t *testing.T) {
	f, _ := shared(t)
	f.submit(NewJob{Targets: targets(40, 4)})
	for range darkroom.LostBeforeAlone {
		if claim := f.claim(Hint{}); claim.Ordinal != 1 {
			t.Fatalf("claimed %d", claim.Ordinal)
		}
		f.recoverAll()
	}
	f.clock.forward(darkroom.LostBackoff(darkroom.LostBeforeAlone))
	f.audit()
	var mu sync.Mutex
	var running int
	var left atomic.Int64
	left.Store(40)
	atOnce(6, func(int) {
		for left.Load() > 0 {
			claim, ok, err := f.Claim(context.Background(), instance, Hint{})
			if err != nil {
				t.Error(err)
				return
			}
			if !ok {
				continue
			}
			mu.Lock()
			running++
			if claim.Ordinal == 1 && running > 1 {
				t.Errorf("it runs beside %d others", running-1)
			}
			mu.Unlock()
			if held, err := f.Holds(context.Background(), claim); err != nil || !held {
				t.Errorf("capture %s is not its claim's: %v", claim.CaptureID, err)
			}
			mu.Lock()
			running--
			mu.Unlock()
			if _, err := f.FinishCapture(context.Background(), claim, success(claim)); err != nil {
				t.Error(err)
			}
			left.Add(-1)
		}
	})
	f.audit()
}

// A result that comes in while its capture is set back is kept, or the capture
// is taken again: never both.
func TestALateResultAndTheRecoveryAgree(t *testing.T) {
	f, second := shared(t)
	f.submit(NewJob{Targets: targets(24, 2)})
	var claims []darkroom.Claim
	for range 12 {
		claims = append(claims, f.claim(Hint{}))
	}
	check(t, f.Leave(t.Context(), instance))
	var kept, lost atomic.Int64
	atOnce(13, func(i int) {
		if i == 12 {
			f.clock.forward(2 * silence)
			n, err := f.RecoverLost(context.Background(), silence)
			if err != nil {
				t.Error(err)
			}
			lost.Store(int64(n))
			return
		}
		ok, err := second.FinishCapture(context.Background(), claims[i], success(claims[i]))
		if err != nil {
			t.Error(err)
		}
		if ok {
			kept.Add(1)
		}
	})
	if kept.Load()+lost.Load() != 12 {
		t.Errorf("%d results were kept, %d captures set back, of 12", kept.Load(), lost.Load())
	}
	f.audit()
}

// Processes that start at once on an empty database make its tables once.
func TestManyProcessesStartAtOnce(t *testing.T) {
	config := databasetest.Postgres(t, nil)
	atOnce(4, func(i int) {
		db, err := database.Open(context.Background(), config)
		if err != nil {
			t.Error(err)
			return
		}
		defer db.Close()
		inserter, err := queue.NewInserter(db)
		if err != nil {
			t.Error(err)
			return
		}
		// One of them has another secret key than whoever is first.
		key := secretKey
		if i == 3 {
			key = [32]byte{9}
		}
		_, err = Open(context.Background(), db, inserter, Config{SecretKey: key})
		if err != nil && darkroom.CodeOf(err) != darkroom.CodeInternal {
			t.Error(err)
		}
	})
	db, err := database.Open(t.Context(), config)
	check(t, err)
	defer db.Close()
	var versions, keys int
	check(t, db.Read(t.Context()).QueryRow(t.Context(), `SELECT count(*) FROM darkroom_migrations WHERE version_id > 0`).Scan(&versions))
	check(t, db.Read(t.Context()).QueryRow(t.Context(), `SELECT count(*) FROM settings`).Scan(&keys))
	files, err := fs.Glob(migrations, "migrations/postgres/*.sql")
	check(t, err)
	if versions != len(files) || keys != 1 {
		t.Errorf("%d migrations of %d, %d checks of the secret key", versions, len(files), keys)
	}
}

// The two folders of migrations make the same tables.
func TestBothDatabasesHaveTheSameColumns(t *testing.T) {
	lite := newLiteFixture(t, 1)
	f, _ := shared(t)
	columns := func(f *fixture, query string) (all string) {
		names, err := queryAll(t.Context(), f.db.Read(t.Context()), scanText, query)
		for _, name := range must(t, names, err) {
			all += name + "\n"
		}
		return all
	}
	got := columns(f, `SELECT table_name || '.' || column_name || ' ' || is_nullable FROM information_schema.columns
		WHERE table_schema = 'public' AND table_name NOT LIKE 'river%' AND table_name <> 'darkroom_migrations'
		ORDER BY table_name COLLATE "C", ordinal_position`)
	want := columns(lite, `SELECT m.name || '.' || c.name || ' ' || CASE WHEN c."notnull" = 1 OR c.pk > 0 THEN 'NO' ELSE 'YES' END
		FROM sqlite_schema m, pragma_table_info(m.name) c WHERE m.type = 'table' AND m.name NOT LIKE 'river%'
		AND m.name NOT LIKE 'sqlite%' AND m.name <> 'darkroom_migrations' ORDER BY m.name, c.cid`)
	if got != want {
		t.Errorf("PostgreSQL has\n%s\nSQLite has\n%s", got, want)
	}
	indexes := func(f *fixture, query string) string { return columns(f, query) }
	got = indexes(f, `SELECT indexname FROM pg_indexes WHERE schemaname = 'public' AND tablename NOT LIKE 'river%'
		AND indexname NOT LIKE '%_pkey' AND indexname <> 'api_keys_hash_key' ORDER BY indexname COLLATE "C"`)
	want = indexes(lite, `SELECT name FROM sqlite_schema WHERE type = 'index' AND tbl_name NOT LIKE 'river%' AND sql IS NOT NULL ORDER BY name`)
	if got != want {
		t.Errorf("PostgreSQL has the indexes\n%s\nSQLite has\n%s", got, want)
	}
}

// A download that one process has begun may finish although another gives up
// what has expired, unless its process has died.
func TestAReadingHoldsOverProcesses(t *testing.T) {
	for name, test := range map[string]struct {
		begins, ends time.Duration // before the expiry, after it
		dies, held   bool
	}{
		"begun just before":           {time.Second, time.Second, false, true},
		"whose process has died":      {time.Second, readingSilent + time.Second, true, false},
		"that has ended":              {time.Second, time.Second, false, false},
		"begun when it was too late":  {-time.Second, 2 * time.Second, true, false},
		"begun long before, and over": {time.Hour, time.Second, false, false},
	} {
		t.Run(name, func(t *testing.T) {
			f, second := shared(t)
			second.now = func() time.Time { return f.clock.now }
			job := f.completed(1)
			f.clock.now = job.ExpiresAt.Add(-test.begins)
			end := second.Reading(t.Context(), job)
			defer end()
			if !test.held && !test.dies {
				end()
			}
			f.clock.now = job.ExpiresAt.Add(test.ends)
			keys, err := f.ExpiredKeys(t.Context(), 10)
			check(t, err)
			if held := len(keys) == 0; held != test.held {
				t.Errorf("held %v, want %v: %v", held, test.held, keys)
			}
			if test.held {
				end()
				if keys, err = f.ExpiredKeys(t.Context(), 10); err != nil || len(keys) == 0 {
					t.Errorf("after its end %v, %v", keys, err)
				}
			}
		})
	}
}

// What a page calls itself may hold what TEXT cannot.
func TestOddTextIsStored(t *testing.T) {
	f, _ := shared(t)
	job := f.submit(NewJob{Targets: targets(1, 1), Name: "a\x00b\xff"})
	claim := f.claim(Hint{})
	outcome := success(claim)
	outcome.Result.Title = "NUL \x00, no UTF-8 \xc3\x28"
	f.end(claim, outcome)
	if got := f.captures(job.ID)[0].Result.Title; got != "NUL \uFFFD, no UTF-8 \uFFFD(" {
		t.Errorf("title %q", got)
	}
	if _, err := f.Job(t.Context(), f.key.ID, fmt.Sprintf("%s\x00", job.ID)); darkroom.CodeOf(err) != darkroom.CodeNotFound {
		t.Errorf("an id with NUL: %v", err)
	}
}
