package worker

import (
	"archive/zip"
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"image/png"
	"io"
	"net/http"
	"net/http/httptest"
	"slices"
	"testing"
	"time"

	"darkroom"
	"darkroom/client"
	"darkroom/internal/archive"
	"darkroom/internal/queue"
	"darkroom/internal/store"
	"darkroom/internal/webhook"
)

// running starts the worker as the program does, and stops it at the end of
// the test.
func (b *bench) running(t *testing.T, w *Worker) {
	t.Helper()
	ctx, cancel := context.WithCancel(t.Context())
	ended := make(chan error, 1)
	go func() { ended <- w.Run(ctx) }()
	runner, err := queue.Start(ctx, b.db, w.Handlers(), queue.Config{Slots: w.MaxSlots, Log: quiet()})
	if err != nil {
		cancel()
		t.Fatal(err)
	}
	t.Cleanup(func() {
		grace, done := context.WithTimeout(context.Background(), 10*time.Second)
		defer done()
		w.Drain(grace)
		if err := runner.Stop(grace); err != nil {
			t.Error(err)
		}
		cancel()
		if err := <-ended; err != nil {
			t.Error(err)
		}
		b.camera.mu.Lock()
		defer b.camera.mu.Unlock()
		if b.camera.opened != b.camera.closed {
			t.Errorf("%d slots were opened and %d closed", b.camera.opened, b.camera.closed)
		}
	})
}

type received struct {
	header http.Header
	body   []byte
}

func newReceiver(t *testing.T, status int) (url string, got chan received) {
	t.Helper()
	got = make(chan received, 10)
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		body, err := io.ReadAll(r.Body)
		if err != nil {
			t.Error(err)
		}
		got <- received{r.Header, body}
		w.WriteHeader(status)
	}))
	t.Cleanup(server.Close)
	return server.URL, got
}

func TestTheLifeOfABatch(t *testing.T) {
	b := newBench(t, 3)
	b.camera.answer = func(_ context.Context, request darkroom.CaptureRequest, _ int) (darkroom.Shot, error) {
		if path(request) == "/page/4" {
			return failing(darkroom.CodeHTTPError, 404)
		}
		return picture(request), nil
	}
	b.running(t, b.Worker)
	url, got := newReceiver(t, 200)
	job := b.create(t, func(request *store.NewJob) { request.CallbackURL = url }, pages(12)...)

	var hook received
	select {
	case hook = <-got:
	case <-time.After(30 * time.Second):
		t.Fatal("no webhook in 30 s")
	}
	job = b.job(t, job.ID)
	if job.Status != darkroom.StatusPartial || job.Progress != (darkroom.Progress{Total: 12, Completed: 11, Failed: 1}) {
		t.Errorf("job %+v", job)
	}
	requireWebhook(t, b, job, hook)
	content := b.download(t, job)
	requireArchive(t, job, content)
	if !bytes.Equal(content, b.download(t, job)) {
		t.Error("a second download has other bytes")
	}
}

func requireWebhook(t *testing.T, b *bench, job darkroom.Job, hook received) {
	t.Helper()
	if err := client.VerifyWebhook(hook.body, hook.header, b.key.WebhookSecret); err != nil {
		t.Error(err)
	}
	if want := webhook.Body(job); !bytes.Equal(hook.body, want) {
		t.Errorf("the webhook says %s, want %s", hook.body, want)
	}
	id := hook.header.Get(webhook.HeaderID)
	eventually(t, "the delivery is recorded", func() bool {
		delivery, err := b.store.Delivery(t.Context(), id)
		return err == nil && delivery.State == darkroom.DeliveryDelivered && delivery.Attempts == 1
	})
}

// download gives the archive as the API serves it.
func (b *bench) download(t *testing.T, job darkroom.Job) []byte {
	t.Helper()
	files, err := b.store.Files(t.Context(), job.ID)
	if err != nil {
		t.Fatal(err)
	}
	own := make([]archive.Entry, len(files))
	for i, file := range files {
		own[i] = archive.Entry{Name: file.Name, Artifact: file.Artifact}
	}
	entries, err := archive.Entries(job, b.store.Captures(t.Context(), job.ID), own...)
	if err != nil {
		t.Fatal(err)
	}
	made, err := archive.New(job, entries, b.bucket.Open)
	if err != nil {
		t.Fatal(err)
	}
	reader := made.Reader(t.Context())
	defer func() { _ = reader.Close() }()
	content, err := io.ReadAll(reader)
	if err != nil {
		t.Fatal(err)
	}
	return content
}

func requireArchive(t *testing.T, job darkroom.Job, content []byte) {
	t.Helper()
	opened, err := zip.NewReader(bytes.NewReader(content), int64(len(content)))
	if err != nil {
		t.Fatal(err)
	}
	files := map[string][]byte{}
	for _, file := range opened.File {
		reader, err := file.Open()
		if err != nil {
			t.Fatal(err)
		}
		if files[file.Name], err = io.ReadAll(reader); err != nil {
			t.Fatal(err)
		}
	}
	var manifest struct {
		Results []struct {
			Index    int     `json:"index"`
			Filename *string `json:"filename"`
			Success  bool    `json:"success"`
			Code     string  `json:"error_code"`
		} `json:"results"`
	}
	if err := json.Unmarshal(files[archive.ManifestName], &manifest); err != nil {
		t.Fatal(err)
	}
	if len(manifest.Results) != job.Progress.Total || len(files) != job.Progress.Completed+1 {
		t.Fatalf("%d results, %d files", len(manifest.Results), len(files))
	}
	for i, result := range manifest.Results {
		if result.Index != i+1 {
			t.Errorf("result %d has index %d", i, result.Index)
		}
		if !result.Success {
			told := result.Code == string(darkroom.CodeHTTPError) && result.Index == 4
			if cancelled := result.Code == string(darkroom.CodeCancelled); !told && !(job.Cancelled && cancelled) {
				t.Errorf("result %+v", result)
			}
			continue
		}
		if _, err := png.Decode(bytes.NewReader(files[*result.Filename])); err != nil {
			t.Errorf("%s: %v", *result.Filename, err)
		}
	}
}

func TestAScreenshotWhileFortyJobsRun(t *testing.T) {
	const slots = 3
	b := newBench(t, slots)
	b.camera.answer = func(_ context.Context, request darkroom.CaptureRequest, _ int) (darkroom.Shot, error) {
		time.Sleep(5 * time.Millisecond)
		return picture(request), nil
	}
	b.running(t, b.Worker)
	for range 40 {
		b.create(t, nil, pages(10)...)
	}
	eventually(t, "the work has begun", func() bool { return len(b.camera.shots()) > 0 })
	for i := range 5 {
		url := "http://site.test/someone-waits/" + string(rune('a'+i))
		taken := make(chan error, 1)
		go func() {
			shot, err := b.Shoot(t.Context(), darkroom.CaptureRequest{Session: url, URL: url})
			if err == nil && len(shot.Image) == 0 {
				err = errors.New("an empty picture")
			}
			taken <- err
		}()
		eventually(t, "it waits or is taken", func() bool { return b.pool.wanted() || len(taken) > 0 })
		waiting := len(b.camera.shots())
		if err := <-taken; err != nil {
			t.Fatal(err)
		}
		// What had looked just before it came begins one more capture, each.
		if place := slices.Index(b.camera.shots(), url); place > waiting+slots {
			t.Errorf("%d captures began before the screenshot for which someone waited", place-waiting)
		}
	}
}

func TestASmallJobIsNotKeptWaiting(t *testing.T) {
	const slots = 2
	b := newBench(t, slots)
	b.camera.answer = func(_ context.Context, request darkroom.CaptureRequest, _ int) (darkroom.Shot, error) {
		time.Sleep(5 * time.Millisecond)
		return picture(request), nil
	}
	other, err := b.store.CreateKey(t.Context(), "someone else")
	if err != nil {
		t.Fatal(err)
	}
	b.running(t, b.Worker)
	for range 40 {
		b.create(t, nil, pages(10)...)
	}
	eventually(t, "the work has begun", func() bool { return len(b.camera.shots()) > 0 })
	small := b.create(t, func(request *store.NewJob) { request.KeyID = other.ID }, "/small")
	accepted := len(b.camera.shots())
	eventually(t, "the small job is done", func() bool { return b.job(t, small.ID).Progress.Completed == 1 })
	if place := slices.Index(b.camera.shots(), "http://site.test/small"); place > accepted+2*slots {
		t.Errorf("%d captures of the busy key began before the small job", place-accepted)
	}
}
