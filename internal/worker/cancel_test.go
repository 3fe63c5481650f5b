package worker

import (
	"context"
	"slices"
	"strings"
	"testing"
	"time"

	"darkroom"
	"darkroom/internal/store"
)

// waiting is a camera whose page never gets ready. entered gets the path of
// each capture that has begun.
func (b *bench) waiting(entered chan<- string, which ...string) {
	b.camera.answer = func(ctx context.Context, request darkroom.CaptureRequest, _ int) (darkroom.Shot, error) {
		if !slices.Contains(which, path(request)) {
			return picture(request), nil
		}
		entered <- path(request)
		return cut(ctx)
	}
}

func (b *bench) cancel(t *testing.T, s *store.Store, jobID string) {
	t.Helper()
	if _, err := s.CancelJob(t.Context(), b.key.ID, jobID); err != nil {
		t.Fatal(err)
	}
}

// otherProcess is the store as another process has it open, whose signals this
// one does not hear.
func (b *bench) otherProcess(t *testing.T) *store.Store {
	t.Helper()
	other, err := store.Open(t.Context(), b.db, b.inserter, store.Config{SecretKey: [32]byte{1}, Slots: 1, Now: b.clock.now, Log: quiet()})
	if err != nil {
		t.Fatal(err)
	}
	return other
}

func (b *bench) awaitEnd(t *testing.T, jobID string) darkroom.Job {
	t.Helper()
	eventually(t, "the job ends", func() bool { return b.job(t, jobID).Status.Terminal() })
	return b.job(t, jobID)
}

func TestACancelStopsWhatIsRunning(t *testing.T) {
	for name, elsewhere := range map[string]bool{"by this process": false, "by another": true} {
		t.Run(name, func(t *testing.T) {
			b := newBench(t, 2)
			entered := make(chan string, 10)
			b.waiting(entered, "/page/3", "/page/4")
			b.running(t, b.Worker)
			url, got := newReceiver(t, 200)
			job := b.create(t, func(request *store.NewJob) { request.CallbackURL = url }, pages(8)...)
			<-entered
			<-entered
			by := b.store
			if elsewhere {
				by = b.otherProcess(t)
			}
			b.cancel(t, by, job.ID)
			eventually(t, "the open pages are closed", func() bool { return b.camera.running() == 0 })
			ended := b.awaitEnd(t, job.ID)
			if ended.Status != darkroom.StatusPartial || !ended.Cancelled || ended.Progress != (darkroom.Progress{Total: 8, Completed: 2, Failed: 6}) {
				t.Errorf("ended %+v", ended)
			}
			select {
			case hook := <-got:
				requireWebhook(t, b, ended, hook)
			case <-time.After(30 * time.Second):
				t.Fatal("no webhook in 30 s")
			}
			requireArchive(t, ended, b.download(t, ended))
			if shots := b.camera.shots(); len(shots) != 4 {
				t.Errorf("captures began of %v", shots)
			}

			// The slots go on with other jobs, and so does a retry of this one.
			b.camera.mu.Lock()
			b.camera.answer = nil
			b.camera.mu.Unlock()
			again, _, err := b.store.RetryJob(t.Context(), store.NewRetry{KeyID: b.key.ID, JobID: job.ID})
			if err != nil {
				t.Fatal(err)
			}
			if err := b.store.DeleteJob(t.Context(), b.key.ID, job.ID); err != nil {
				t.Fatal(err)
			}
			if err := b.Handlers().Sweep(t.Context()); err != nil {
				t.Fatal(err)
			}
			whole := b.awaitEnd(t, again.ID)
			if whole.Status != darkroom.StatusCompleted || whole.Progress.Completed != 8 {
				t.Errorf("the retry ended %+v", whole)
			}
			requireArchive(t, whole, b.download(t, whole))
		})
	}
}

func TestADeleteStopsWhatIsRunning(t *testing.T) {
	b := newBench(t, 2)
	entered := make(chan string, 10)
	b.waiting(entered, "/page/2", "/page/3")
	b.running(t, b.Worker)
	job := b.create(t, nil, pages(5)...)
	<-entered
	<-entered
	if err := b.store.DeleteJob(t.Context(), b.key.ID, job.ID); err != nil {
		t.Fatal(err)
	}
	eventually(t, "the open pages are closed", func() bool { return b.camera.running() == 0 })
	eventually(t, "its pictures are deleted", func() bool { return len(b.objects(t)) == 0 })
	if err := b.Handlers().Finish(t.Context(), job.ID); err != nil {
		t.Errorf("its finish: %v", err)
	}
	if err := b.Handlers().Expand(t.Context(), job.ID); err != nil {
		t.Errorf("its expansion: %v", err)
	}
}

// A picture that is stored in the moment of the cancel is thrown away.
func TestACancelBetweenPictureAndRecord(t *testing.T) {
	b := newBench(t, 1)
	job := b.create(t, nil, "/a")
	put := b.put
	b.put = func(ctx context.Context, key string, content []byte, contentType string) (darkroom.Artifact, error) {
		if strings.Contains(contentType, "image") {
			b.cancel(t, b.store, job.ID)
		}
		return put(ctx, key, content, contentType)
	}
	b.work(t, b.Worker)
	if objects := b.objects(t); len(objects) != 0 {
		t.Errorf("left in the bucket: %v", objects)
	}
	if ended := b.end(t, job.ID); ended.Status != darkroom.StatusFailed || !ended.Cancelled {
		t.Errorf("ended %+v", ended)
	}
}

// A job that is deleted while its archive is being made leaves no file behind.
func TestADeleteInTheMiddleOfTheFinish(t *testing.T) {
	b := newBench(t, 1)
	job := b.create(t, nil, "/a")
	b.work(t, b.Worker)
	put := b.put
	b.put = func(ctx context.Context, key string, content []byte, contentType string) (darkroom.Artifact, error) {
		if err := b.store.DeleteJob(ctx, b.key.ID, job.ID); err != nil {
			t.Error(err)
		}
		return put(ctx, key, content, contentType)
	}
	if err := b.Handlers().Finish(t.Context(), job.ID); err != nil {
		t.Fatal(err)
	}
	if err := b.Handlers().Sweep(t.Context()); err != nil {
		t.Fatal(err)
	}
	if objects := b.objects(t); len(objects) != 0 {
		t.Errorf("left in the bucket: %v", objects)
	}
}

func TestACancelEndsTheReadingOfASitemap(t *testing.T) {
	for name, stop := range map[string]func(b *bench, jobID string) error{
		"cancelled": func(b *bench, jobID string) error {
			_, err := b.store.CancelJob(context.Background(), b.key.ID, jobID)
			return err
		},
		"deleted": func(b *bench, jobID string) error { return b.store.DeleteJob(context.Background(), b.key.ID, jobID) },
	} {
		t.Run(name, func(t *testing.T) {
			b := newBench(t, 1)
			job := b.crawl(t, 100, nil)
			b.walk = listing(pages(100), 10, func(ctx context.Context, n int) error {
				if n < 70 {
					return nil
				}
				if err := stop(b, job.ID); err != nil {
					t.Error(err)
				}
				return blocked(ctx)
			})
			b.expandNow(t, b.Worker, job.ID)
			if name == "deleted" {
				return
			}
			ended := b.end(t, job.ID)
			if ended.Status != darkroom.StatusFailed || !ended.Cancelled || ended.Progress.Total != 70 || !ended.Discovery.Ended {
				t.Errorf("ended %+v", ended)
			}
			b.expandNow(t, b.Worker, job.ID) // its task, once more
		})
	}
}
