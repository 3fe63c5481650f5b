package worker

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"image"
	"image/png"
	"log/slog"
	"net/http"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"darkroom"
	"darkroom/internal/bucket"
	"darkroom/internal/database"
	"darkroom/internal/database/databasetest"
	"darkroom/internal/queue"
	"darkroom/internal/sitemap"
	"darkroom/internal/store"
	"darkroom/internal/webhook"
)

// camera takes the pictures of a test. Every slot that it opens shares its
// answers.
type camera struct {
	// answer decides one capture; nil = a picture at once. n counts the captures
	// of that URL, from 1.
	answer func(ctx context.Context, request darkroom.CaptureRequest, n int) (darkroom.Shot, error)

	// broken is what Prepare gives.
	broken func() error

	mu       sync.Mutex
	taken    map[string]int
	order    []string
	now, top int // captures at the same time
	opened   int
	closed   int
}

func (c *camera) open(context.Context) (Slot, error) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.opened++
	return &cameraSlot{c}, nil
}

// shots gives the URLs of all captures that began, in order.
func (c *camera) shots() []string {
	c.mu.Lock()
	defer c.mu.Unlock()
	return slices.Clone(c.order)
}

func (c *camera) running() int {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.now
}

type cameraSlot struct{ *camera }

func (s *cameraSlot) Prepare(context.Context) error {
	if s.broken == nil {
		return nil
	}
	return s.broken()
}

func (s *cameraSlot) Capture(ctx context.Context, request darkroom.CaptureRequest) (darkroom.Shot, error) {
	n := s.begin(request.URL)
	defer s.end()
	s.mu.Lock()
	answer := s.answer
	s.mu.Unlock()
	if answer == nil {
		return picture(request), nil
	}
	return answer(ctx, request, n)
}

func (s *cameraSlot) begin(url string) int {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.taken == nil {
		s.taken = map[string]int{}
	}
	s.taken[url]++
	s.order = append(s.order, url)
	s.now++
	s.top = max(s.top, s.now)
	return s.taken[url]
}

func (s *cameraSlot) end() {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.now--
}

func (s *cameraSlot) Close() error {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.closed++
	return nil
}

// picture is a real one that differs from URL to URL.
func picture(request darkroom.CaptureRequest) darkroom.Shot {
	canvas := image.NewGray(image.Rect(0, 0, 8, 8))
	copy(canvas.Pix, request.URL[max(0, len(request.URL)-len(canvas.Pix)):])
	var out bytes.Buffer
	if err := png.Encode(&out, canvas); err != nil {
		panic(err)
	}
	return darkroom.Shot{
		Image: out.Bytes(), ContentType: "image/png", Width: 8, Height: 8,
		FinalURL: request.URL, HTTPStatus: 200, Title: "A page", Seen: seen(),
	}
}

func failing(code darkroom.Code, status int) (darkroom.Shot, error) {
	return darkroom.Shot{HTTPStatus: status}, &darkroom.Error{Code: code, Message: "It failed as it was told to", HTTPStatus: status}
}

// cut is what an engine gives when its context ends.
func cut(ctx context.Context) (darkroom.Shot, error) {
	<-ctx.Done()
	if errors.Is(ctx.Err(), context.DeadlineExceeded) {
		return failing(darkroom.CodeTimeout, 0)
	}
	return failing(darkroom.CodeCancelled, 0)
}

// bench is a worker over a real database and a real bucket.
type bench struct {
	*Worker

	camera   *camera
	walk     walk
	dir      string
	db       *database.DB
	inserter *queue.Inserter
	store    *store.Store
	bucket   *bucket.Bucket
	key      store.NewKey
	clock    *clock
}

// clock is the real one, moved forward when a test says so.
type clock struct {
	mu    sync.Mutex
	ahead time.Duration
}

func (c *clock) now() time.Time {
	c.mu.Lock()
	defer c.mu.Unlock()
	return time.Now().Add(c.ahead)
}

func (c *clock) advance(by time.Duration) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.ahead += by
}

// prepare makes the tables that the databases of all tests begin with.
func prepare(ctx context.Context, config database.Config) error {
	db, err := database.Open(ctx, config)
	if err != nil {
		return err
	}
	return errors.Join(store.Migrate(ctx, db), db.Close())
}

// newBench makes a worker that has done nothing yet. Tests with one run side
// by side: most of them wait for time to pass.
func newBench(t *testing.T, slots int) *bench {
	t.Helper()
	t.Parallel()
	b := &bench{camera: &camera{}, clock: &clock{}}
	config := databasetest.Config(t, prepare)
	dir := config.Path
	b.dir = dir
	var err error
	if b.db, err = database.Open(t.Context(), config); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := b.db.Close(); err != nil {
			t.Error(err)
		}
	})
	b.inserter, err = queue.NewInserter(b.db)
	if err != nil {
		t.Fatal(err)
	}
	b.store, err = store.Open(t.Context(), b.db, b.inserter, store.Config{
		SecretKey: [32]byte{1}, Slots: slots, Now: b.clock.now, Log: quiet(),
	})
	if err != nil {
		t.Fatal(err)
	}
	if b.bucket, err = bucket.Open(t.Context(), bucket.Config{Dir: filepath.Join(dir, "bucket")}); err != nil {
		t.Fatal(err)
	}
	if b.key, err = b.store.CreateKey(t.Context(), "test"); err != nil {
		t.Fatal(err)
	}
	b.Worker = b.process(slots, "first")
	return b
}

// process makes a worker as a new process would.
func (b *bench) process(slots int, instance string) *Worker {
	return New(b.config(slots, instance))
}

func (b *bench) config(slots int, instance string) Config {
	return Config{
		Store: b.store, Bucket: b.bucket, OpenSlot: b.camera.open, Slots: slots, Sender: webhook.Sender{Client: http.DefaultClient},
		Walk: func(ctx context.Context, crawl darkroom.Crawl, visit sitemap.Visitor) (darkroom.Discovery, error) {
			return b.walk(ctx, crawl, visit)
		},
		Instance: instance, Version: "test", Now: b.clock.now, Jitter: func() float64 { return 0 }, Log: quiet(),
	}
}

func quiet() *slog.Logger { return slog.New(slog.DiscardHandler) }

// create makes a job of these paths on one host.
func (b *bench) create(t *testing.T, change func(*store.NewJob), paths ...string) darkroom.Job {
	t.Helper()
	request := store.NewJob{KeyID: b.key.ID, Kind: darkroom.KindBatch}
	for _, path := range paths {
		request.Targets = append(request.Targets, store.Target{URL: "http://site.test" + path, Host: "site.test:80"})
	}
	if change != nil {
		change(&request)
	}
	job, _, err := b.store.CreateJob(t.Context(), request)
	if err != nil {
		t.Fatal(err)
	}
	return job
}

func (b *bench) work(t *testing.T, w *Worker) {
	t.Helper()
	if err := w.Handlers().Shift(t.Context()); err != nil {
		t.Fatal(err)
	}
}

func (b *bench) end(t *testing.T, jobID string) darkroom.Job {
	t.Helper()
	if err := b.Handlers().Finish(t.Context(), jobID); err != nil {
		t.Fatal(err)
	}
	return b.job(t, jobID)
}

func (b *bench) job(t *testing.T, id string) darkroom.Job {
	t.Helper()
	job, err := b.store.JobForWork(t.Context(), id)
	if err != nil {
		t.Fatal(err)
	}
	return job
}

func (b *bench) captures(t *testing.T, jobID string) []darkroom.Capture {
	t.Helper()
	var all []darkroom.Capture
	for capture, err := range b.store.Captures(t.Context(), jobID) {
		if err != nil {
			t.Fatal(err)
		}
		all = append(all, capture)
	}
	return all
}

func (b *bench) objects(t *testing.T) []string {
	t.Helper()
	var keys []string
	for object, err := range b.bucket.Keys(t.Context(), "") {
		if err != nil {
			t.Fatal(err)
		}
		keys = append(keys, object.Key)
	}
	return keys
}

func pages(count int) []string {
	paths := make([]string, count)
	for i := range paths {
		paths[i] = fmt.Sprintf("/page/%d", i+1)
	}
	return paths
}

// eventually waits for something that happens in another goroutine.
func eventually(t *testing.T, what string, happened func() bool) {
	t.Helper()
	for deadline := time.Now().Add(2 * time.Minute); time.Now().Before(deadline); time.Sleep(2 * time.Millisecond) {
		if happened() {
			return
		}
	}
	t.Fatalf("in two minutes it did not happen that %s", what)
}

func path(request darkroom.CaptureRequest) string {
	return strings.TrimPrefix(request.URL, "http://site.test")
}

// seen is what the engine says of every picture besides.
func seen() darkroom.Seen { return darkroom.Seen{PixelHash: "9f", Stable: true, Blocked: 3} }
