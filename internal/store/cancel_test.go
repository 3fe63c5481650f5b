package store

import (
	"context"
	"sync"
	"testing"
	"time"

	"darkroom"
	"darkroom/internal/database/databasetest"
	"darkroom/internal/queue"
)

func (f *fixture) cancel(id string) darkroom.Job {
	f.t.Helper()
	job, err := f.CancelJob(f.t.Context(), f.key.ID, id)
	check(f.t, err)
	f.audit()
	return job
}

func (f *fixture) cancelIs(id string, want darkroom.Code) {
	f.t.Helper()
	if _, err := f.CancelJob(f.t.Context(), f.key.ID, id); darkroom.CodeOf(err) != want {
		f.t.Errorf("cancelling: %v, want %s", err, want)
	}
	f.audit()
}

func (f *fixture) deleteJob(id string) {
	f.t.Helper()
	check(f.t, f.DeleteJob(f.t.Context(), f.key.ID, id))
	f.audit()
}

func TestCancelKeepsWhatIsThere(t *testing.T) {
	f := newFixture(t, 2)
	job := f.submit(NewJob{Targets: targets(5, 2), CallbackURL: "https://hook.test/"})
	done, running := f.claim(Hint{}), f.claim(Hint{})
	f.end(done, success(done))
	stopped := f.Stopped(job.ID)
	if held, err := f.Holds(t.Context(), running); !must(t, held, err) {
		t.Error("the claim does not hold")
	}
	cancelled := f.cancel(job.ID)
	if !cancelled.Cancelled || cancelled.Status != darkroom.StatusProcessing || cancelled.Progress != (darkroom.Progress{Total: 5, Completed: 1, Failed: 4}) {
		t.Errorf("cancelled %+v", cancelled)
	}
	<-stopped
	if held, err := f.Holds(t.Context(), running); must(t, held, err) {
		t.Error("the claim still holds")
	}
	if kept, err := f.FinishCapture(t.Context(), running, success(running)); must(t, kept, err) {
		t.Error("a result was kept after the cancel")
	}
	check(t, f.ReleaseCapture(t.Context(), running))
	f.claimNothing()
	f.cancel(job.ID) // again
	if f.tasks(queue.Finish) != 1 {
		t.Errorf("%d finish tasks", f.tasks(queue.Finish))
	}
	for _, capture := range f.captures(job.ID) {
		if capture.Ordinal == done.Ordinal {
			continue
		}
		if capture.State != darkroom.CaptureFailed || capture.Code != darkroom.CodeCancelled || capture.Message == "" {
			t.Errorf("capture %+v", capture)
		}
	}
	ended := f.finish(job.ID)
	if ended.Status != darkroom.StatusPartial || !ended.Cancelled || ended.Error != "" {
		t.Errorf("ended %+v", ended)
	}
	if f.tasks(queue.Deliver) != 1 {
		t.Errorf("%d deliveries", f.tasks(queue.Deliver))
	}
	if again := f.cancel(job.ID); again.Status != darkroom.StatusPartial || !again.ExpiresAt.Equal(ended.ExpiresAt) {
		t.Errorf("cancelled again: %+v", again)
	}
}

func TestCancelBeforeAnythingWasTaken(t *testing.T) {
	f := newFixture(t, 1)
	job := f.submit(NewJob{Targets: targets(2, 1)})
	f.cancel(job.ID)
	ended := f.finish(job.ID)
	if want := "cancelled: The job was cancelled before a capture had succeeded"; ended.Status != darkroom.StatusFailed || ended.Error != want {
		t.Errorf("ended %s: %s", ended.Status, ended.Error)
	}
	f.audit()
}

func TestCancelWhereNothingIsLeft(t *testing.T) {
	f := newFixture(t, 1)
	job := f.submit(NewJob{Targets: targets(1, 1)})
	claim := f.claim(Hint{})
	f.end(claim, success(claim))
	f.cancelIs(job.ID, darkroom.CodeConflict) // the finish is on its way
	if ended := f.finish(job.ID); ended.Status != darkroom.StatusCompleted || ended.Cancelled {
		t.Errorf("ended %+v", ended)
	}
	f.cancelIs(job.ID, darkroom.CodeConflict)
	f.cancelIs("0195d4a2-0000-7000-8000-000000000000", darkroom.CodeNotFound)
	foreign := f.submit(NewJob{KeyID: f.newKey("other").ID, Targets: targets(1, 1)})
	f.cancelIs(foreign.ID, darkroom.CodeNotFound)
	if err := f.DeleteJob(t.Context(), f.key.ID, foreign.ID); darkroom.CodeOf(err) != darkroom.CodeNotFound {
		t.Errorf("deleting another key's job: %v", err)
	}
	if f.job(foreign.ID).Cancelled {
		t.Error("another key's job was cancelled")
	}
}

// Each of these happens to be in the middle of something when the cancel comes.
func TestCancelInTheMiddle(t *testing.T) {
	for name, test := range map[string]struct {
		before func(f *fixture) string
		after  func(f *fixture, id string)
		want   darkroom.JobStatus
	}{
		"of a sitemap not read at all": {
			before: func(f *fixture) string { return f.crawl(5).ID },
			after: func(f *fixture, id string) {
				if _, ok, err := f.BeginDiscovery(f.t.Context(), id); must(f.t, ok, err) {
					f.t.Error("its sitemap can still be read")
				}
			},
			want: darkroom.StatusFailed,
		},
		"of a sitemap being read": {
			before: func(f *fixture) string {
				job := f.add(f.crawl(9), 3)
				claim := f.claim(Hint{})
				f.end(claim, success(claim))
				return job.ID
			},
			after: func(f *fixture, id string) {
				if _, err := f.AddTargets(f.t.Context(), id, 3, targets(5, 1)[3:], darkroom.Discovery{}); darkroom.CodeOf(err) != darkroom.CodeConflict {
					f.t.Errorf("adding pages afterwards: %v", err)
				}
				if err := f.EndDiscovery(f.t.Context(), id, 3, darkroom.Discovery{}, nil); darkroom.CodeOf(err) != darkroom.CodeConflict {
					f.t.Errorf("ending the reading afterwards: %v", err)
				}
			},
			want: darkroom.StatusPartial,
		},
		"of a sitemap whose pages so far are all there": {
			before: func(f *fixture) string {
				job := f.add(f.crawl(9), 1)
				claim := f.claim(Hint{})
				f.end(claim, success(claim))
				return job.ID
			},
			want: darkroom.StatusPartial,
		},
		"of a retake": {
			before: func(f *fixture) string {
				job := f.submit(NewJob{Targets: targets(3, 1)})
				for range 3 {
					claim := f.claim(Hint{})
					f.end(claim, success(claim))
				}
				f.retakeAll(job.ID, 2, f.captures(job.ID)[:2]...)
				f.claim(Hint{})
				return job.ID
			},
			after: func(f *fixture, id string) { // the last picture has gone too: it is not taken again
				f.retakeAll(id, 0, f.captures(id)...)
			},
			want: darkroom.StatusFailed,
		},
		"of a lost worker": {
			before: func(f *fixture) string {
				job := f.submit(NewJob{Targets: targets(3, 1)})
				claim := f.claim(Hint{})
				f.end(claim, success(claim))
				f.claim(Hint{})
				return job.ID
			},
			after: func(f *fixture, _ string) {
				f.clock.forward(time.Minute)
				n, err := f.RecoverLost(f.t.Context(), 20*time.Second)
				if must(f.t, n, err) != 0 {
					f.t.Errorf("%d captures were set back", n)
				}
			},
			want: darkroom.StatusPartial,
		},
		"of what runs alone": {
			before: func(f *fixture) string {
				job := f.submit(NewJob{Targets: targets(1, 1)})
				for range darkroom.LostBeforeAlone {
					f.claim(Hint{})
					f.recoverAll()
				}
				f.clock.forward(time.Hour)
				f.beat()
				f.claim(Hint{})
				f.submit(NewJob{Targets: targets(1, 1)})
				f.claimNothing()
				return job.ID
			},
			after: func(f *fixture, _ string) { f.claim(Hint{}) },
			want:  darkroom.StatusFailed,
		},
	} {
		t.Run(name, func(t *testing.T) {
			f := newFixture(t, 2)
			id := test.before(f)
			f.audit()
			f.cancel(id)
			if test.after != nil {
				test.after(f, id)
			}
			f.audit()
			ended := f.finish(id)
			if ended.Status != test.want || !ended.Cancelled || ended.Progress.Expanding {
				t.Errorf("ended %+v", ended)
			}
			f.audit()
		})
	}
}

func TestDeleteLeavesNothingBehind(t *testing.T) {
	for name, bring := range map[string]func(f *fixture, job darkroom.Job){
		"pending": func(*fixture, darkroom.Job) {},
		"running": func(f *fixture, _ darkroom.Job) {
			claim := f.claim(Hint{})
			f.end(claim, witnessed(claim, success(claim)))
			f.claim(Hint{})
		},
		"cancelled": func(f *fixture, job darkroom.Job) { f.claim(Hint{}); f.cancel(job.ID) },
		"ended": func(f *fixture, job darkroom.Job) {
			for range 3 {
				claim := f.claim(Hint{})
				f.end(claim, success(claim))
			}
			f.finish(job.ID)
		},
		"expired": func(f *fixture, job darkroom.Job) {
			for range 3 {
				claim := f.claim(Hint{})
				f.end(claim, success(claim))
			}
			f.finish(job.ID)
			f.clock.forward(2 * darkroom.DefaultRetention)
			f.expiredKeys(1)
		},
	} {
		t.Run(name, func(t *testing.T) {
			f := newFixture(t, 2)
			request := NewJob{Targets: targets(3, 2), Tags: []string{"a"}, CallbackURL: "https://hook.test/", IdempotencyKey: "k", BodyHash: "h"}
			job := f.submit(request)
			bring(f, job)
			stopped, finished := f.Stopped(job.ID), f.Finished(job.ID)
			f.deleteJob(job.ID)
			<-stopped
			<-finished
			if f.tasks(queue.Sweep) != 1 {
				t.Errorf("%d sweeps", f.tasks(queue.Sweep))
			}
			check(t, f.ForgetKeys(t.Context(), f.expiredKeys(100)))
			check(t, f.ForgetKeys(t.Context(), f.expiredKeys(100))) // thumbnails follow their pictures
			for _, table := range []string{"jobs", "captures", "lanes", "option_sets", "job_files", "artifacts", "capture_evidence", "deliveries", "idempotency", "job_tags"} {
				if n := f.number(`SELECT count(*) FROM ` + table); n != 0 {
					t.Errorf("%d rows of %s", n, table)
				}
			}
			if err := f.DeleteJob(t.Context(), f.key.ID, job.ID); darkroom.CodeOf(err) != darkroom.CodeNotFound {
				t.Errorf("deleting again: %v", err)
			}
			f.cancelIs(job.ID, darkroom.CodeNotFound)
			if f.submit(request).ID == job.ID {
				t.Error("its idempotency key still gives it")
			}
		})
	}
}

func TestWhatIsInFlightOfADeletedJob(t *testing.T) {
	f := newFixture(t, 2)
	job := f.submit(NewJob{Targets: targets(2, 1)})
	done, running := f.claim(Hint{}), f.claim(Hint{})
	f.end(done, success(done))
	f.deleteJob(job.ID)
	if kept, err := f.FinishCapture(t.Context(), running, success(running)); must(t, kept, err) {
		t.Error("a result of a deleted job was kept")
	}
	check(t, f.ReleaseCapture(t.Context(), running))
	if _, err := f.FinishJob(t.Context(), job.ID, nil, body); darkroom.CodeOf(err) != darkroom.CodeNotFound {
		t.Errorf("finishing it: %v", err)
	}
	if _, err := f.Retake(t.Context(), job.ID, nil); darkroom.CodeOf(err) != darkroom.CodeNotFound {
		t.Errorf("a retake of it: %v", err)
	}
	if n := f.recoverAll(); n != 0 {
		t.Errorf("%d captures set back", n)
	}
	f.audit()
}

// A picture that answered a capture of another job stays as long as that does.
func TestDeleteLeavesSharedPictures(t *testing.T) {
	f := newFixture(t, 1)
	request := NewJob{Targets: targets(1, 1), Options: darkroom.Options{Cache: true}}
	first := f.submit(request)
	claim := f.claim(Hint{})
	outcome := success(claim)
	outcome.Result.CapturedAt = f.clock.now
	f.end(claim, outcome)
	second := f.submit(request)
	if claim := f.claim(Hint{}); !claim.Cached {
		t.Fatal("the picture was not shared")
	}
	f.deleteJob(first.ID)
	if keys := f.expiredKeys(10); len(keys) != 0 {
		t.Errorf("%v would go", keys)
	}
	f.deleteJob(second.ID)
	if keys := f.expiredKeys(10); len(keys) != 1 {
		t.Errorf("%v would go", keys)
	}
}

// Slots, cancels, deletes, retries and finishes at once: whoever comes first,
// the books are right, nothing is stuck, and no result of a stopped job is kept.
func TestParallelActs(t *testing.T) {
	s := openStore(t, databasetest.Config(t, prepare), Config{SecretKey: secretKey, Slots: 4})
	f := &fixture{Store: s, t: t, clock: newClock()}
	f.key = f.newKey("first")
	var ids []string
	for range 12 {
		ids = append(ids, f.submit(NewJob{Targets: targets(8, 3)}).ID)
	}
	ctx, stop := context.WithCancel(t.Context())
	var slots, others sync.WaitGroup
	for range 3 {
		slots.Go(func() {
			for hint := (Hint{}); ctx.Err() == nil; {
				claim, ok, err := s.Claim(t.Context(), instance, hint)
				if err != nil || !ok {
					if err != nil {
						t.Error(err)
					}
					continue
				}
				hint = hintOf(claim)
				if _, err := s.FinishCapture(t.Context(), claim, success(claim)); err != nil {
					t.Error(err)
				}
			}
		})
	}
	for i, id := range ids {
		others.Go(func() {
			if i%3 == 0 {
				if err := s.DeleteJob(t.Context(), f.key.ID, id); err != nil {
					t.Error(err)
				}
				return
			}
			_, err := s.CancelJob(t.Context(), f.key.ID, id)
			if code := darkroom.CodeOf(err); code != "" && code != darkroom.CodeConflict {
				t.Error(err)
			}
			for left := true; left; {
				_, err := s.FinishJob(t.Context(), id, nil, body)
				if left = darkroom.CodeOf(err) == darkroom.CodeConflict; err != nil && !left {
					t.Error(err)
				}
			}
			_, _, err = s.RetryJob(t.Context(), NewRetry{KeyID: f.key.ID, JobID: id})
			if code := darkroom.CodeOf(err); code != "" && code != darkroom.CodeConflict {
				t.Error(err)
			}
		})
	}
	others.Wait()
	for deadline := time.Now().Add(30 * time.Second); f.number(`SELECT count(*) FROM captures WHERE state IN ('queued', 'running')`) > 0; {
		if time.Now().After(deadline) {
			t.Fatal("captures are stuck")
		}
	}
	stop()
	slots.Wait()
	f.audit()
	if n := f.number(`SELECT count(*) FROM jobs WHERE cancelled = 1 AND status NOT IN ('partial', 'failed')`); n != 0 {
		t.Errorf("%d cancelled jobs have not ended so", n)
	}
	if n := f.number(`SELECT count(*) FROM captures WHERE state = 'completed' AND code = 'cancelled'`); n != 0 {
		t.Errorf("%d results came after their cancel", n)
	}
}
