package store

import (
	"testing"

	"darkroom"
	"darkroom/internal/queue"
)

func (f *fixture) retakeAll(jobID string, want int, damaged ...darkroom.Capture) {
	f.t.Helper()
	n, err := f.Retake(f.t.Context(), jobID, damaged)
	if must(f.t, n, err) != want {
		f.t.Errorf("%d captures are taken again, want %d", n, want)
	}
	f.audit()
}

func TestAPictureThatHasGoneIsTakenAgainOnce(t *testing.T) {
	f := newFixture(t, 2)
	job := f.submit(NewJob{Targets: targets(3, 1)})
	for i := range 3 {
		claim := f.claim(Hint{})
		outcome := success(claim)
		if i == 2 {
			outcome = failure(darkroom.CodeTLSError)
		}
		f.end(claim, outcome)
	}
	before := f.captures(job.ID)
	n, err := f.PurgeHistory(t.Context(), 0)
	must(t, n, err) // the host is forgotten
	f.dropTasks()
	f.retakeAll(job.ID, 2, before...) // the failed one has no picture to lose
	if p := f.job(job.ID).Progress; p.Done() != 3 || p.Percentage(darkroom.StatusProcessing) != 99 {
		t.Errorf("progress has gone back to %+v", p)
	}
	if _, err := f.FinishJob(t.Context(), job.ID, nil, body); darkroom.CodeOf(err) != darkroom.CodeConflict {
		t.Errorf("finishing meanwhile: %v", err)
	}
	if f.tasks(queue.Shift) != 2 {
		t.Errorf("%d shifts", f.tasks(queue.Shift))
	}
	f.retakeAll(job.ID, 0, before...) // a second finish of the same job: they are on their way
	for _, old := range before[:2] {
		if keys := f.expiredKeys(10); len(keys) != 2 {
			t.Errorf("%s is not given up: %v", old.Result.Key, keys)
		}
	}
	first := f.claim(Hint{})
	if first.Ordinal != 1 || first.Attempt != 2 || first.Failed != 0 {
		t.Errorf("claimed %+v", first)
	}
	f.end(first, success(first))
	if f.tasks(queue.Finish) != 0 {
		t.Error("finished too early")
	}
	second := f.claim(Hint{})
	f.end(second, success(second))
	f.audit()
	if f.tasks(queue.Finish) != 1 {
		t.Errorf("%d finish tasks", f.tasks(queue.Finish))
	}

	f.retakeAll(job.ID, 0, f.captures(job.ID)[1]) // gone again
	if c := f.captures(job.ID)[1]; c.State != darkroom.CaptureFailed || c.Code != darkroom.CodeInternal || c.Result.Key != "" || c.Message == "" {
		t.Errorf("capture %+v", c)
	}
	ended := f.finish(job.ID)
	if ended.Status != darkroom.StatusPartial || ended.Progress != (darkroom.Progress{Total: 3, Completed: 1, Failed: 2}) {
		t.Errorf("ended %+v", ended)
	}
	f.retakeAll(job.ID, 0, f.captures(job.ID)...) // terminal is terminal
	f.audit()
}

// The task of the finish that put captures back may still be in the queue when
// the last of them has ended again.
func TestTheSecondFinishIsAnotherTask(t *testing.T) {
	f := newFixture(t, 1)
	job := f.submit(NewJob{Targets: targets(1, 1)})
	claim := f.claim(Hint{})
	f.end(claim, success(claim))
	f.exec(`UPDATE river_job SET state = 'running' WHERE kind = 'finish'`)
	f.retakeAll(job.ID, 1, f.captures(job.ID)...)
	claim = f.claim(Hint{})
	f.end(claim, success(claim))
	if n := f.number(`SELECT count(*) FROM river_job WHERE kind = 'finish' AND state = 'available'`); n != 1 {
		t.Errorf("%d finish tasks wait", n)
	}
	f.recoverAllOf(0)
	if n := f.number(`SELECT count(*) FROM river_job WHERE kind = 'finish' AND state = 'available'`); n != 1 {
		t.Errorf("%d finish tasks wait after a sweep", n)
	}
}

func TestARetakeThatFails(t *testing.T) {
	for name, end := range map[string]func(f *fixture){
		"by itself": func(f *fixture) { claim := f.claim(Hint{}); f.end(claim, failure(darkroom.CodeTLSError)) },
		"with its worker, then at the deadline": func(f *fixture) {
			f.claim(Hint{})
			f.recoverAll()
			f.audit()
			f.clock.forward(2 * darkroom.DefaultJobDeadline)
			n, err := f.FailOverdue(f.t.Context())
			if must(f.t, n, err) != 1 {
				f.t.Errorf("%d failed", n)
			}
		},
		"released, then by itself": func(f *fixture) {
			check(f.t, f.ReleaseCapture(f.t.Context(), f.claim(Hint{})))
			f.audit()
			claim := f.claim(Hint{})
			f.end(claim, failure(darkroom.CodeTLSError))
		},
	} {
		t.Run(name, func(t *testing.T) {
			f := newFixture(t, 1)
			job := f.submit(NewJob{Targets: targets(2, 1)})
			for range 2 {
				claim := f.claim(Hint{})
				f.end(claim, success(claim))
			}
			f.retakeAll(job.ID, 1, f.captures(job.ID)[0])
			end(f)
			f.audit()
			if ended := f.finish(job.ID); ended.Status != darkroom.StatusPartial || ended.Progress.Failed != 1 {
				t.Errorf("ended %+v", ended)
			}
			f.audit()
		})
	}
}
