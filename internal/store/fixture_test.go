package store

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"log/slog"
	"path/filepath"
	"testing"
	"time"

	"darkroom"
	"darkroom/internal/database"
	"darkroom/internal/database/databasetest"
	"darkroom/internal/queue"
)

// clock stands still until it is moved. It begins a little ahead, because the
// queue's own rows carry the real time and must lie in the past.
type clock struct{ now time.Time }

func newClock() *clock { return &clock{time.Now().Add(time.Minute).Truncate(time.Millisecond).UTC()} }

func (c *clock) forward(d time.Duration) { c.now = c.now.Add(d) }

// fixture is a store over a real database of its own, with one
// instance alive.
type fixture struct {
	*Store

	t      *testing.T
	clock  *clock
	config database.Config
	key    NewKey
}

const instance = "instance-1"

var secretKey = [32]byte{1, 2, 3}

func newFixture(t *testing.T, slots int) *fixture {
	t.Helper()
	return newFixtureOn(t, databasetest.Config(t, prepare), slots)
}

// newLiteFixture is a fixture for what is true of SQLite only.
func newLiteFixture(t *testing.T, slots int) *fixture {
	t.Helper()
	return newFixtureOn(t, database.Config{Path: t.TempDir()}, slots)
}

// prepare makes the tables that the databases of all tests begin with.
func prepare(ctx context.Context, config database.Config) error {
	db, err := database.Open(ctx, config)
	if err != nil {
		return err
	}
	return errors.Join(Migrate(ctx, db), db.Close())
}

func newFixtureOn(t *testing.T, config database.Config, slots int) *fixture {
	t.Helper()
	f := &fixture{t: t, clock: newClock(), config: config}
	f.Store = openStore(t, config, Config{SecretKey: secretKey, Slots: slots, Now: func() time.Time { return f.clock.now }})
	f.key = f.newKey("first")
	f.beat()
	return f
}

func openStore(t *testing.T, where database.Config, config Config) *Store {
	t.Helper()
	db, err := database.Open(t.Context(), where)
	check(t, err)
	t.Cleanup(func() { check(t, db.Close()) })
	inserter, err := queue.NewInserter(db)
	check(t, err)
	config.Log = slog.New(slog.NewTextHandler(t.Output(), nil))
	s, err := Open(t.Context(), db, inserter, config)
	check(t, err)
	return s
}

func check(t *testing.T, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}

func must[T any](t *testing.T, value T, err error) T {
	t.Helper()
	check(t, err)
	return value
}

func (f *fixture) newKey(name string) NewKey {
	f.t.Helper()
	key, err := f.CreateKey(f.t.Context(), name)
	return must(f.t, key, err)
}

func (f *fixture) beat() {
	f.t.Helper()
	check(f.t, f.Beat(f.t.Context(), Instance{ID: instance, Version: "test", Slots: f.slots, StartedAt: f.clock.now}))
}

// targets are n pages, over so many hosts in turn.
func targets(n, hosts int) []Target {
	all := make([]Target, n)
	for i := range all {
		host := fmt.Sprintf("host%d.test:443", i%hosts)
		all[i] = Target{URL: fmt.Sprintf("https://%s/%d", host, i), Host: host}
	}
	return all
}

// submit creates a job of the fixture's key, unless the request names another.
func (f *fixture) submit(request NewJob) darkroom.Job {
	f.t.Helper()
	if request.KeyID == "" {
		request.KeyID = f.key.ID
	}
	if request.Kind == "" {
		request.Kind = darkroom.KindBatch
		if request.Crawl.SitemapURL != "" {
			request.Kind = darkroom.KindSitemap
		}
	}
	job, _, err := f.CreateJob(f.t.Context(), request)
	return must(f.t, job, err)
}

// setOf reads options as they stand in a request.
func setOf(t *testing.T, text string) darkroom.OptionSet {
	t.Helper()
	var members map[string]json.RawMessage
	check(t, json.Unmarshal([]byte(text), &members))
	set := darkroom.OptionSet{}
	for name, raw := range members {
		option, ok := darkroom.FindOption(name)
		if !ok {
			t.Fatalf("no option %s", name)
		}
		check(t, set.Set(option, raw))
	}
	return set
}

// variantsOf gives variants v1, v2, …
func variantsOf(t *testing.T, texts ...string) (variants []darkroom.Variant) {
	t.Helper()
	for i, text := range texts {
		variants = append(variants, darkroom.Variant{Name: fmt.Sprint("v", i+1), Set: setOf(t, text)})
	}
	return variants
}

// crawl creates a sitemap job of at most so many pages.
func (f *fixture) crawl(pages int) darkroom.Job {
	f.t.Helper()
	return f.submit(NewJob{Crawl: crawlOf(pages)})
}

func crawlOf(pages int) darkroom.Crawl {
	return darkroom.Crawl{SitemapURL: "https://host0.test/sitemap.xml", MaxPages: pages}
}

// add finds n more pages for a sitemap job, of the host of targets(…, 1).
func (f *fixture) add(job darkroom.Job, n int) darkroom.Job {
	f.t.Helper()
	job, ok, err := f.BeginDiscovery(f.t.Context(), job.ID)
	if !must(f.t, ok, err) {
		f.t.Fatal("there is nothing to read any more")
	}
	after := job.URLs()
	total, err := f.AddTargets(f.t.Context(), job.ID, after, targets(after+n, 1)[after:], darkroom.Discovery{Sitemaps: 1, Found: after + n})
	if must(f.t, total, err) != after+n {
		f.t.Fatalf("%d captures, want %d", total, after+n)
	}
	return f.job(job.ID)
}

func (f *fixture) endDiscovery(job darkroom.Job, failure *darkroom.Error) {
	f.t.Helper()
	job = f.job(job.ID)
	d := job.Discovery
	check(f.t, f.EndDiscovery(f.t.Context(), job.ID, job.URLs(), d, failure))
}

func (f *fixture) claim(hint Hint) darkroom.Claim {
	f.t.Helper()
	claim, ok, err := f.Claim(f.t.Context(), instance, hint)
	check(f.t, err)
	if !ok {
		f.t.Fatal("nothing could be claimed")
	}
	return claim
}

func (f *fixture) claimNothing() {
	f.t.Helper()
	claim, ok, err := f.Claim(f.t.Context(), instance, Hint{})
	check(f.t, err)
	if ok {
		f.t.Fatalf("capture %s was claimed", claim.CaptureID)
	}
}

func hintOf(claim darkroom.Claim) Hint { return Hint{JobID: claim.JobID, Host: claim.Host} }

// success is an outcome with an artifact that no other attempt has.
func success(claim darkroom.Claim) Outcome {
	return Outcome{Result: darkroom.Result{
		Artifact: darkroom.Artifact{
			Key:         fmt.Sprintf("%s/%d-%d-%s", claim.JobID, claim.Ordinal, claim.Attempt, claim.Instance),
			ContentType: "image/png", Size: 1234, CRC32: 0xfedcba98, SHA256: "ab", Width: 1280, Height: 720,
		},
		FinalURL: claim.URL + "?final", HTTPStatus: 200, Title: "Title", Warnings: []string{"w1", "w2"},
		Seen:     darkroom.Seen{PixelHash: "9f", Stable: true, Blocked: 7},
		Duration: 1500 * time.Millisecond, CapturedAt: time.UnixMilli(1790000000123).UTC(),
	}}
}

func failure(code darkroom.Code) Outcome {
	return Outcome{Err: &darkroom.Error{Code: code, Message: "It did not work", Hint: "Try harder", HTTPStatus: 503}}
}

// settle ends a capture and insists that the result is kept.
func (f *fixture) end(claim darkroom.Claim, outcome Outcome) {
	f.t.Helper()
	kept, err := f.FinishCapture(f.t.Context(), claim, outcome)
	check(f.t, err)
	if !kept {
		f.t.Fatalf("the result of %s was thrown away", claim.CaptureID)
	}
}

func (f *fixture) job(id string) darkroom.Job {
	f.t.Helper()
	job, err := f.JobForWork(f.t.Context(), id)
	return must(f.t, job, err)
}

func (f *fixture) captures(jobID string) []darkroom.Capture {
	f.t.Helper()
	var all []darkroom.Capture
	for capture, err := range f.Captures(f.t.Context(), jobID) {
		check(f.t, err)
		all = append(all, capture)
	}
	return all
}

func (f *fixture) finish(jobID string) darkroom.Job {
	f.t.Helper()
	files := []File{{Name: "index.json", Artifact: darkroom.Artifact{Key: jobID + "/index.json", ContentType: "application/json", Size: 2}}}
	job, err := f.FinishJob(f.t.Context(), jobID, files, body)
	return must(f.t, job, err)
}

func body(job darkroom.Job) []byte {
	return []byte(`{"job_id":"` + job.ID + `","status":"` + string(job.Status) + `"}`)
}

// number runs a statement that gives one number.
func (f *fixture) number(query string, args ...any) (n int) {
	f.t.Helper()
	check(f.t, f.db.Read(f.t.Context()).QueryRow(f.t.Context(), query, args...).Scan(&n))
	return n
}

// tasks counts the queue's rows of a kind that will still do something.
func (f *fixture) tasks(kind queue.TaskKind) int {
	f.t.Helper()
	return f.number(`SELECT count(*) FROM river_job WHERE kind = ? AND state IN ('available', 'scheduled', 'running', 'retryable')`, string(kind))
}

// dropTasks empties the queue, as if its slots had taken everything.
func (f *fixture) dropTasks() { f.exec(`DELETE FROM river_job`) }

func (f *fixture) exec(query string, args ...any) {
	f.t.Helper()
	check(f.t, f.db.Update(f.t.Context(), func(tx database.Tx) error {
		_, err := tx.Exec(context.Background(), query, args...)
		return err
	}))
}

func databaseFiles(t *testing.T, folder string) []string {
	t.Helper()
	files, err := filepath.Glob(filepath.Join(folder, database.FileName+"*"))
	return must(t, files, err)
}
