package worker

import (
	"context"
	"encoding/json"
	"io"
	"log/slog"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"

	"darkroom"
	"darkroom/internal/store"
)

func TestFinishingTwiceIsFinishingOnce(t *testing.T) {
	b := newBench(t, 1)
	url, _ := newReceiver(t, 200)
	job := b.create(t, func(request *store.NewJob) { request.CallbackURL = url }, pages(3)...)
	b.work(t, b.Worker)
	var group sync.WaitGroup
	for _, w := range []*Worker{b.Worker, b.process(1, "second"), b.Worker} {
		group.Go(func() {
			if err := w.Handlers().Finish(t.Context(), job.ID); err != nil {
				t.Error(err)
			}
		})
	}
	group.Wait()
	first := b.end(t, job.ID)
	if second := b.end(t, job.ID); second.Status != darkroom.StatusCompleted || !second.CompletedAt.Equal(first.CompletedAt) {
		t.Errorf("first %+v, second %+v", first, second)
	}
	files, err := b.store.Files(t.Context(), job.ID)
	if err != nil || len(files) != 1 || files[0].Name != "index.json" {
		t.Fatalf("files %+v, %v", files, err)
	}
	if keys := b.objects(t); len(keys) != 4 {
		t.Errorf("stored: %v", keys)
	}
	deliveries, err := b.store.Deliveries(t.Context(), job.ID)
	if err != nil || len(deliveries) != 1 {
		t.Errorf("deliveries %+v, %v", deliveries, err)
	}
	b.manifest(t, job.ID, 3)
}

type manifestResult struct {
	URL       string
	Success   bool
	ErrorCode darkroom.Code `json:"error_code"`
}

// manifest gives the results that a job's index.json tells of.
func (b *bench) manifest(t *testing.T, jobID string, results int) []manifestResult {
	t.Helper()
	files, err := b.store.Files(t.Context(), jobID)
	if err != nil || len(files) != 1 {
		t.Fatalf("files %+v, %v", files, err)
	}
	reader, err := b.bucket.Open(t.Context(), files[0].Artifact.Key, 0, -1)
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = reader.Close() }()
	content, err := io.ReadAll(reader)
	if err != nil {
		t.Fatal(err)
	}
	var manifest struct{ Results []manifestResult }
	if err := json.Unmarshal(content, &manifest); err != nil || len(manifest.Results) != results {
		t.Fatalf("manifest %s, %v", content, err)
	}
	return manifest.Results
}

func TestAJobThatIsNotReadyIsNotFinished(t *testing.T) {
	b := newBench(t, 1)
	job := b.create(t, nil, "/a")
	if err := b.Handlers().Finish(t.Context(), job.ID); err == nil {
		t.Error("a job with a queued capture was finished")
	}
	if keys := b.objects(t); len(keys) != 0 || b.job(t, job.ID).Status != darkroom.StatusPending {
		t.Errorf("stored: %v", keys)
	}
	if err := b.Handlers().Finish(t.Context(), "0198c0de-0000-7000-8000-000000000000"); err != nil {
		t.Errorf("a job that is forgotten: %v", err)
	}
}

// losePicture takes the bytes of a capture away, as a disk may.
func (b *bench) losePicture(t *testing.T, capture darkroom.Capture) {
	t.Helper()
	if err := b.bucket.Delete(t.Context(), capture.Result.Key); err != nil {
		t.Fatal(err)
	}
}

func TestAMissingPictureIsTakenAgain(t *testing.T) {
	for name, goneAgain := range map[string]bool{"once": false, "twice": true} {
		t.Run(name, func(t *testing.T) {
			b := newBench(t, 1)
			job := b.create(t, nil, pages(3)...)
			b.work(t, b.Worker)
			lost := b.captures(t, job.ID)[1]
			b.losePicture(t, lost)
			if now := b.end(t, job.ID); now.Status != darkroom.StatusProcessing || now.Progress.Percentage(now.Status) != 99 {
				t.Fatalf("the job did not wait: %+v", now)
			}
			b.work(t, b.Worker)
			again := b.captures(t, job.ID)[1]
			if again.State != darkroom.CaptureCompleted || again.Attempt != 2 || again.Result.Key == lost.Result.Key {
				t.Errorf("taken again: %+v", again)
			}
			if goneAgain {
				b.losePicture(t, again)
			}
			ended := b.end(t, job.ID)
			results := b.manifest(t, job.ID, 3)
			if !goneAgain && (ended.Status != darkroom.StatusCompleted || !results[1].Success) {
				t.Errorf("ended %+v with %+v", ended, results[1])
			}
			if goneAgain && (ended.Status != darkroom.StatusPartial || results[1].Success || results[1].ErrorCode != darkroom.CodeInternal) {
				t.Errorf("ended %+v with %+v", ended, results[1])
			}
			b.sweepNow(t)
			if keys := b.objects(t); len(keys) != ended.Progress.Completed+1 {
				t.Errorf("stored: %v", keys)
			}
		})
	}
}

// That a picture cannot be read says nothing about it: the end of its job waits
// until it can.
func TestTheEndWaitsUntilPicturesCanBeRead(t *testing.T) {
	b := newBench(t, 1)
	job := b.create(t, nil, pages(2)...)
	b.work(t, b.Worker)
	looked := make(chan string, 10)
	config := b.config(1, "first")
	config.Log = slog.New(slog.NewTextHandler(writer(looked), nil))
	w := New(config)
	path := filepath.Join(b.dir, "bucket", filepath.FromSlash(b.captures(t, job.ID)[0].Result.Key))
	requireNoError(t, os.Rename(path, path+".away"))
	requireNoError(t, os.Symlink(path, path)) // a loop: there, and cannot be opened
	ended := make(chan error, 1)
	go func() { ended <- w.Handlers().Finish(t.Context(), job.ID) }()
	if line := <-looked; !strings.Contains(line, "its end waits") {
		t.Errorf("the log says %s", line)
	}
	requireNoError(t, os.Rename(path+".away", path))
	requireNoError(t, <-ended)
	if now := b.job(t, job.ID); now.Status != darkroom.StatusCompleted || b.captures(t, job.ID)[0].Attempt != 1 {
		t.Errorf("ended %+v", now)
	}
}

// writer sends what is written.
type writer chan string

func (w writer) Write(p []byte) (int, error) {
	w <- string(p)
	return len(p), nil
}

// A picture of another size than was written is as good as none.
func TestADamagedPictureIsTakenAgain(t *testing.T) {
	for name, damage := range map[string]func(content []byte) []byte{
		"its end is missing": func(content []byte) []byte { return content[:len(content)/2] },
		"one bit is wrong":   func(content []byte) []byte { content[len(content)/2] ^= 1; return content },
		"other bytes":        func(content []byte) []byte { return make([]byte, len(content)) },
		"nothing is left":    func([]byte) []byte { return nil },
	} {
		t.Run(name, func(t *testing.T) {
			b := newBench(t, 1)
			url, got := newReceiver(t, 200)
			b.running(t, b.Worker)
			damaged := make(chan struct{})
			b.camera.answer = func(_ context.Context, request darkroom.CaptureRequest, n int) (darkroom.Shot, error) {
				if path(request) == "/page/2" && n == 1 {
					<-damaged
				}
				return picture(request), nil
			}
			job := b.create(t, func(request *store.NewJob) { request.CallbackURL = url }, pages(2)...)
			eventually(t, "the first is taken", func() bool { return b.job(t, job.ID).Progress.Completed == 1 })
			file := filepath.Join(b.dir, "bucket", filepath.FromSlash(b.captures(t, job.ID)[0].Result.Key))
			content, err := os.ReadFile(file)
			if err != nil {
				t.Fatal(err)
			}
			if err := os.WriteFile(file, damage(content), 0o600); err != nil {
				t.Fatal(err)
			}
			close(damaged)
			select {
			case <-got:
			case <-time.After(30 * time.Second):
				t.Fatal("the job did not end in 30 s")
			}
			ended := b.job(t, job.ID)
			if ended.Status != darkroom.StatusCompleted || b.captures(t, job.ID)[0].Attempt != 2 {
				t.Errorf("ended %+v", ended)
			}
			requireArchive(t, ended, b.download(t, ended))
		})
	}
}

func TestTheSweepDeletesWhatHasExpired(t *testing.T) {
	b := newBench(t, 1)
	expiring := b.create(t, func(request *store.NewJob) { request.Retention = time.Hour }, pages(3)...)
	staying := b.create(t, func(request *store.NewJob) { request.Retention = 12 * time.Hour }, pages(2)...)
	b.work(t, b.Worker)
	b.end(t, expiring.ID)
	b.end(t, staying.ID)
	b.sweepNow(t)
	if keys := b.objects(t); len(keys) != 4+3 {
		t.Fatalf("too early: %v", keys)
	}
	b.clock.advance(2 * time.Hour)
	b.sweepNow(t)
	b.sweepNow(t)
	for _, key := range b.objects(t) {
		if !strings.Contains(key, staying.ID) {
			t.Errorf("%s is still there", key)
		}
	}
	if keys := b.objects(t); len(keys) != 3 {
		t.Errorf("stored: %v", keys)
	}
	if job := b.job(t, expiring.ID); !job.Expired(b.clock.now()) {
		t.Errorf("job %+v", job)
	}
	b.clock.advance(darkroom.DefaultHistory + 24*time.Hour)
	b.sweepNow(t)
	b.sweepNow(t)
	if _, err := b.store.JobForWork(t.Context(), expiring.ID); darkroom.CodeOf(err) != darkroom.CodeNotFound {
		t.Errorf("the job's history is not over: %v", err)
	}
	if keys := b.objects(t); len(keys) != 0 {
		t.Errorf("stored: %v", keys)
	}
}

func (b *bench) sweepNow(t *testing.T) {
	t.Helper()
	if err := b.Handlers().Sweep(t.Context()); err != nil {
		t.Fatal(err)
	}
}

func TestTheSweepEndsOverdueJobs(t *testing.T) {
	b := newBench(t, 1)
	job := b.create(t, func(request *store.NewJob) { request.Deadline = time.Hour }, pages(2)...)
	b.clock.advance(2 * time.Hour)
	b.sweepNow(t)
	if job := b.end(t, job.ID); job.Status != darkroom.StatusFailed {
		t.Errorf("job %+v", job)
	}
	for _, capture := range b.captures(t, job.ID) {
		if capture.Code != darkroom.CodeTimeout {
			t.Errorf("capture %+v", capture)
		}
	}
}

func TestTheSweepRecoversWhatADeadInstanceHeld(t *testing.T) {
	b := newBench(t, 1)
	job := b.create(t, nil, "/a")
	if err := b.store.Beat(t.Context(), store.Instance{ID: "dead", Slots: 1, StartedAt: b.clock.now()}); err != nil {
		t.Fatal(err)
	}
	if _, ok, err := b.store.Claim(t.Context(), "dead", store.Hint{}); err != nil || !ok {
		t.Fatal(ok, err)
	}
	b.sweepNow(t)
	if capture := b.captures(t, job.ID)[0]; capture.State != darkroom.CaptureRunning {
		t.Errorf("too early: %+v", capture)
	}
	b.clock.advance(time.Minute)
	b.sweepNow(t)
	if capture := b.captures(t, job.ID)[0]; capture.State != darkroom.CaptureQueued || capture.Lost != 1 {
		t.Errorf("capture %+v", capture)
	}
}

// A worker that is alive must not lose its own captures to its own sweep,
// however long its heartbeat was held up.
func TestTheSweepSparesItsOwn(t *testing.T) {
	b := newBench(t, 1)
	job := b.create(t, nil, "/a")
	if err := b.announce(t.Context()); err != nil {
		t.Fatal(err)
	}
	if _, ok, err := b.store.Claim(t.Context(), b.Instance, store.Hint{}); err != nil || !ok {
		t.Fatal(ok, err)
	}
	b.clock.advance(time.Hour)
	b.sweepNow(t)
	if capture := b.captures(t, job.ID)[0]; capture.State != darkroom.CaptureRunning {
		t.Errorf("capture %+v", capture)
	}
}

func TestOrphansAreDeleted(t *testing.T) {
	b := newBench(t, 1)
	job := b.create(t, nil, "/a")
	b.work(t, b.Worker)
	b.end(t, job.ID)
	owned := len(b.objects(t))
	for _, key := range []string{"jobs/x/00001-a1-dead.png", "jobs/x/files/u-index.json"} {
		if _, err := b.bucket.Put(t.Context(), key, []byte("x"), "image/png"); err != nil {
			t.Fatal(err)
		}
	}
	b.sweepNow(t)
	if keys := b.objects(t); len(keys) != owned+2 {
		t.Fatalf("young ones must stay: %v", keys)
	}
	b.clock.advance(2 * time.Hour)
	b.sweepNow(t)
	if keys := b.objects(t); len(keys) != owned {
		t.Errorf("stored: %v", keys)
	}
}

func TestWhatADeadWriteLeftGoesAtTheNextStart(t *testing.T) {
	b := newBench(t, 1)
	if _, err := b.bucket.Put(t.Context(), "jobs/x/whole.png", []byte("x"), "image/png"); err != nil {
		t.Fatal(err)
	}
	half := filepath.Join(b.dir, "bucket", "jobs", "x", "half.png.1f.tmp")
	if err := os.WriteFile(half, []byte("x"), 0o600); err != nil {
		t.Fatal(err)
	}
	b.sweepNow(t)
	if keys := b.objects(t); len(keys) != 2 {
		t.Fatalf("the running process may still be writing it: %v", keys)
	}
	b.clock.advance(time.Second)
	if err := b.process(1, "second").Handlers().Sweep(t.Context()); err != nil {
		t.Fatal(err)
	}
	if keys := b.objects(t); len(keys) != 1 || keys[0] != "jobs/x/whole.png" {
		t.Errorf("stored: %v", keys)
	}
}
