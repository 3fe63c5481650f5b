package api_test

import (
	"bytes"
	"context"
	"encoding/json"
	"image"
	"image/png"
	"io"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"darkroom"
	"darkroom/internal/api"
	"darkroom/internal/archive"
	"darkroom/internal/bucket"
	"darkroom/internal/database"
	"darkroom/internal/egress"
	"darkroom/internal/queue"
	"darkroom/internal/sitemap"
	"darkroom/internal/store"
	"darkroom/internal/webhook"
)

// rig is the API over a real store and a real bucket, with a clock of its own
// and a camera that never opens a page.
type rig struct {
	t      *testing.T
	server *httptest.Server
	folder string // of the database
	db     *database.DB
	store  *store.Store
	bucket *bucket.Bucket
	clock  *clock
	log    *lockedBuffer
	key    string // a working bearer secret
	keyID  string

	pictures string        // folder of the bucket
	site     string        // address of the web site that the test has started; "" = none
	padding  int           // bytes added to every shot that is stored
	took     time.Duration // every capture
	shrunk   atomic.Int32  // thumbnails made
	stopping chan struct{}
	full     bool // no free disk
	shoot    func(context.Context, darkroom.CaptureRequest) (darkroom.Shot, error)
	walk     func(context.Context, darkroom.Crawl, sitemap.Visitor) (darkroom.Discovery, error)
	checks   []api.Check
}

// conditions are what an operator can choose.
type conditions struct {
	policy egress.Config
	limits api.Limits

	refuseProxies, insecureTLS bool

	front api.Front
}

func limitPages(most int) api.Limits { return api.Limits{MaxPages: most} }

type clock struct {
	mu  sync.Mutex
	now time.Time
}

func (c *clock) Now() time.Time {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.now
}

func (c *clock) advance(d time.Duration) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.now = c.now.Add(d)
}

type lockedBuffer struct {
	mu sync.Mutex
	b  bytes.Buffer
}

func (l *lockedBuffer) Write(p []byte) (int, error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.b.Write(p)
}

func (l *lockedBuffer) String() string {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.b.String()
}

func newRig(t *testing.T) *rig {
	t.Helper()
	return newRigWith(t, conditions{})
}

func newRigWith(t *testing.T, chosen conditions) *rig {
	t.Helper()
	ctx := t.Context()
	r := &rig{
		t: t, clock: &clock{now: time.Date(2026, 4, 1, 10, 0, 0, 0, time.UTC)},
		log: new(lockedBuffer), stopping: make(chan struct{}),
	}
	log := slog.New(slog.NewTextHandler(r.log, nil))
	r.folder = t.TempDir()
	r.db = must(database.Open(ctx, database.Config{Path: r.folder}))(t)
	t.Cleanup(func() { _ = r.db.Close() })
	inserter := must(queue.NewInserter(r.db))(t)
	r.store = must(store.Open(ctx, r.db, inserter, store.Config{
		SecretKey: [32]byte{1}, Slots: 1, Now: r.clock.Now, Log: log,
	}))(t)
	r.pictures = t.TempDir()
	r.bucket = must(bucket.Open(ctx, bucket.Config{Dir: r.pictures}))(t)
	t.Cleanup(func() { _ = r.bucket.Close() })
	policy := must(egress.NewPolicy(chosen.policy))(t)
	reader := sitemap.New(sitemap.Config{Client: policy.Client(10 * time.Second), Admit: policy.Admit, Log: log})
	r.walk = reader.Walk
	made := must(r.store.CreateKey(ctx, "first"))(t)
	r.key, r.keyID = made.Secret, made.ID
	r.shoot = func(_ context.Context, request darkroom.CaptureRequest) (darkroom.Shot, error) {
		shot := darkroom.Shot{
			Image: picture(), ContentType: request.Options.ContentType(), Width: 4, Height: 3,
			FinalURL: request.URL, HTTPStatus: 200, Title: "A page",
		}
		if request.Options.Deterministic {
			shot.Seen = darkroom.Seen{PixelHash: "9f86d081", Stable: true}
		}
		if request.Options.BlockAds {
			shot.Blocked = 3
		}
		return shot, nil
	}
	handler := api.New(api.Config{
		Store: r.store, Bucket: r.bucket, Policy: policy, Front: chosen.front,
		Shoot: func(ctx context.Context, request darkroom.CaptureRequest) (darkroom.Shot, error) {
			return r.shoot(ctx, request)
		},
		Walk: func(ctx context.Context, crawl darkroom.Crawl, visit sitemap.Visitor) (darkroom.Discovery, error) {
			return r.walk(ctx, crawl, visit)
		},
		Pace:    r.store.RecentPace,
		Metrics: http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) { _, _ = w.Write([]byte("darkroom_slots 1\n")) }),
		Thumbnail: func(picture []byte) ([]byte, error) {
			r.shrunk.Add(1)
			return small(picture)
		},

		Sender: webhook.Sender{Client: policy.Client(darkroom.DeliveryTimeout)},

		RefuseProxies: chosen.refuseProxies, AllowInsecureTLS: chosen.insecureTLS, BrowserMajor: "160",

		Limits:   chosen.limits,
		Checks:   func(context.Context) []api.Check { return r.checks },
		FreeDisk: func() bool { return !r.full },
		Stopping: r.stopping, Version: "1.2.3", StartedAt: r.clock.Now(), Now: r.clock.Now, Log: log,
	})
	r.server = httptest.NewUnstartedServer(handler)
	r.server.Config.MaxHeaderBytes = 32 << 10
	r.server.Config.ErrorLog = slog.NewLogLogger(log.Handler(), slog.LevelError)
	r.server.Start()
	t.Cleanup(r.server.Close)
	return r
}

// secondStore is the store as another process has it open.
func (r *rig) secondStore() *store.Store {
	r.t.Helper()
	db := must(database.Open(r.t.Context(), database.Config{Path: r.folder}))(r.t)
	r.t.Cleanup(func() { _ = db.Close() })
	inserter := must(queue.NewInserter(db))(r.t)
	return must(store.Open(r.t.Context(), db, inserter, store.Config{
		SecretKey: [32]byte{1}, Slots: 1, Now: r.clock.Now, Log: slog.New(slog.NewTextHandler(r.log, nil)),
	}))(r.t)
}

// must fails the test on an error: must(f())(t).
func must[T any](value T, err error) func(*testing.T) T {
	return func(t *testing.T) T {
		t.Helper()
		if err != nil {
			t.Fatal(err)
		}
		return value
	}
}

func picture() []byte {
	var b bytes.Buffer
	if err := png.Encode(&b, image.NewGray(image.Rect(0, 0, 4, 3))); err != nil {
		panic(err)
	}
	return b.Bytes()
}

// answer is one answer, read to its end.
type answer struct {
	status int
	header http.Header
	body   []byte
	cut    error // why the body ended early
}

func (a answer) json(t *testing.T, into any) {
	t.Helper()
	if err := json.Unmarshal(a.body, into); err != nil {
		t.Fatalf("the answer is no JSON: %v\n%d %s", err, a.status, a.body)
	}
}

func (a answer) job(t *testing.T) darkroom.JobAnswer {
	t.Helper()
	var job darkroom.JobAnswer
	a.json(t, &job)
	return job
}

// code is the error's word, and a fault in the shape of the error when there
// is one.
func (a answer) code(t *testing.T) darkroom.Code {
	t.Helper()
	var failure struct {
		Error, Message *string
		Status         int
		RequestID      string `json:"request_id"`
	}
	a.json(t, &failure)
	if failure.Error == nil || failure.Message == nil || *failure.Message == "" {
		t.Fatalf("an error without error or message: %s", a.body)
	}
	if failure.Status != a.status || failure.RequestID == "" || failure.RequestID != a.header.Get("X-Request-Id") {
		t.Fatalf("status or request_id of the body are not those of the answer %d %q: %s",
			a.status, a.header.Get("X-Request-Id"), a.body)
	}
	if len(*failure.Message) > 2000 { // the list of devices is the longest
		t.Errorf("a message of %d bytes", len(*failure.Message))
	}
	return darkroom.Code(*failure.Error)
}

// send makes a request with the rig's key unless the headers say otherwise.
// Headers alternate name and value.
func (r *rig) send(method, path, body string, headers ...string) answer {
	r.t.Helper()
	request, err := http.NewRequestWithContext(r.t.Context(), method, r.server.URL+path, strings.NewReader(body))
	if err != nil {
		r.t.Fatal(err)
	}
	request.Header.Set("Authorization", "Bearer "+r.key)
	if body != "" {
		request.Header.Set("Content-Type", "application/json")
	}
	for i := 0; i < len(headers); i += 2 {
		request.Header.Set(headers[i], headers[i+1])
	}
	return r.do(request)
}

func (r *rig) do(request *http.Request) answer {
	r.t.Helper()
	response, err := r.server.Client().Transport.RoundTrip(request) // follows no redirect
	if err != nil {
		r.t.Fatalf("%s %s: %v", request.Method, request.URL, err)
	}
	defer func() { _ = response.Body.Close() }()
	body, err := io.ReadAll(response.Body)
	return answer{response.StatusCode, response.Header, body, err}
}

func (r *rig) get(path string, headers ...string) answer {
	r.t.Helper()
	return r.send(http.MethodGet, path, "", headers...)
}

// create makes a job of those URLs and gives its id.
func (r *rig) create(urls ...string) string {
	r.t.Helper()
	body := must(json.Marshal(map[string]any{"urls": urls}))(r.t)
	created := r.send(http.MethodPost, "/v1/batch", string(body))
	if created.status != http.StatusAccepted {
		r.t.Fatalf("create a job: %d %s", created.status, created.body)
	}
	return created.job(r.t).ID
}

// work takes every capture that is due: those of URLs with "fail" in them
// fail.
func (r *rig) work() {
	r.t.Helper()
	for r.workOne() {
	}
}

// workOne takes one capture, and is false when none is due.
func (r *rig) workOne() bool {
	r.t.Helper()
	ctx := r.t.Context()
	claim, ok, err := r.store.Claim(ctx, "test", store.Hint{})
	if err != nil {
		r.t.Fatal(err)
	}
	if !ok {
		return false
	}
	if _, err := r.store.FinishCapture(ctx, claim, r.capture(claim)); err != nil {
		r.t.Fatal(err)
	}
	return true
}

func (r *rig) capture(claim darkroom.Claim) store.Outcome {
	r.t.Helper()
	result := darkroom.Result{FinalURL: claim.URL, HTTPStatus: 200, Title: "A page", CapturedAt: r.clock.Now(), Duration: r.took}
	if strings.Contains(claim.URL, "fail") {
		result.HTTPStatus = 404
		return r.witnessed(claim, store.Outcome{Result: result, Err: &darkroom.Error{Code: darkroom.CodeHTTPError, Message: "the page answered 404"}})
	}
	key := bucket.ShotKey(claim.JobID, claim.Ordinal, claim.Attempt, "test", "png")
	artifact := must(r.bucket.Put(r.t.Context(), key, append(picture(), make([]byte, r.padding)...), "image/png"))(r.t)
	artifact.Width, artifact.Height = 4, 3
	result.Artifact = artifact
	return store.Outcome{Result: result}
}

// finish ends a job whose captures have all ended, as the worker does.
func (r *rig) finish(id string) {
	r.t.Helper()
	if err := r.tryFinish(r.t.Context(), id); err != nil {
		r.t.Fatal(err)
	}
}

func (r *rig) tryFinish(ctx context.Context, id string) error {
	job, err := r.store.JobForWork(ctx, id)
	if err != nil {
		return err
	}
	job.Status = job.Outcome()
	manifest, err := archive.Manifest(job, r.store.Captures(ctx, id))
	if err != nil {
		return err
	}
	artifact, err := r.bucket.Put(ctx, bucket.FileKey(id, archive.ManifestName, "1"), manifest, "application/json")
	if err != nil {
		return err
	}
	files := []store.File{{Name: archive.ManifestName, Artifact: artifact}}
	_, err = r.store.FinishJob(ctx, id, files, webhook.Body)
	return err
}

// done creates a job and brings it to its end.
func (r *rig) done(urls ...string) string {
	r.t.Helper()
	id := r.create(urls...)
	r.work()
	r.finish(id)
	return id
}

// expect compares what was got with what was wanted, field by field.
func expect[T comparable](t *testing.T, what string, got, want T) {
	t.Helper()
	if got != want {
		t.Errorf("%s = %v, want %v", what, got, want)
	}
}
