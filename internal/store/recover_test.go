package store

import (
	"testing"
	"time"

	"darkroom"
	"darkroom/internal/queue"
)

func (f *fixture) recoverAll() int {
	f.t.Helper()
	n, err := f.RecoverAll(f.t.Context())
	return must(f.t, n, err)
}

func TestARestartSetsEverythingBack(t *testing.T) {
	f := newFixture(t, 3)
	job := f.submit(NewJob{Targets: targets(5, 2)})
	done, lost := f.claim(Hint{}), f.claim(Hint{})
	f.end(done, success(done))
	f.dropTasks()
	if n := f.recoverAll(); n != 1 {
		t.Errorf("%d set back", n)
	}
	f.audit()
	if f.tasks(queue.Shift) != 3 {
		t.Errorf("%d shifts for 4 captures and 3 slots", f.tasks(queue.Shift))
	}
	again := f.claim(Hint{})
	if again.Ordinal != lost.Ordinal || again.Attempt != 2 || again.Lost != 1 || again.Failed != 0 {
		t.Errorf("claimed again: %+v", again)
	}
	if p := f.job(job.ID).Progress; p.Completed != 1 || p.Failed != 0 {
		t.Errorf("progress = %+v", p)
	}
}

func TestARestartPutsLostTasksBack(t *testing.T) {
	f := newFixture(t, 1)
	f.submit(NewJob{Targets: targets(1, 1)})
	claim := f.claim(Hint{})
	f.end(claim, success(claim))
	told := f.submit(NewJob{Targets: targets(1, 1), CallbackURL: "https://hook.test/"})
	claim = f.claim(Hint{})
	f.end(claim, success(claim))
	f.finish(told.ID)
	f.dropTasks()
	f.clock.forward(2 * time.Minute)
	for range 2 { // the second time finds them there
		f.recoverAll()
		if f.tasks(queue.Finish) != 1 || f.tasks(queue.Deliver) != 1 || f.tasks(queue.Shift) != 0 {
			t.Errorf("%d finish, %d deliver and %d shift tasks", f.tasks(queue.Finish), f.tasks(queue.Deliver), f.tasks(queue.Shift))
		}
	}
}

func TestOnlySilentInstancesLoseTheirCaptures(t *testing.T) {
	f := newFixture(t, 2)
	job := f.submit(NewJob{Targets: targets(3, 1)})
	check(t, f.Beat(t.Context(), Instance{ID: "silent", Slots: 1}))
	_, ok, err := f.Claim(t.Context(), "silent", Hint{})
	must(t, ok, err)
	f.claim(Hint{})
	f.clock.forward(21 * time.Second)
	_, ok, err = f.Claim(t.Context(), "nobody knows it yet", Hint{})
	must(t, ok, err)
	f.beat()
	if n, err := f.RecoverLost(t.Context(), 20*time.Second); must(t, n, err) != 1 {
		t.Errorf("%d set back", n)
	}
	var states []darkroom.CaptureState
	for _, c := range f.captures(job.ID) {
		states = append(states, c.State)
	}
	if states[0] != darkroom.CaptureQueued || states[1] != darkroom.CaptureRunning || states[2] != darkroom.CaptureRunning {
		t.Errorf("states = %v", states)
	}
	f.audit()
}

// The poisonous URL is taken alone, and given up when it kills its worker
// again. Its neighbours lose nothing but time.
func TestAPoisonousCapture(t *testing.T) {
	f := newFixture(t, 2)
	job := f.submit(NewJob{Targets: targets(4, 1)})
	for range 2 {
		if c := f.claim(Hint{}); c.Ordinal != 1 {
			t.Fatalf("claimed %+v", c)
		}
		f.recoverAll()
	}
	f.audit()

	alone := f.claim(Hint{})
	if alone.Ordinal != 1 || alone.Lost != 2 || alone.Attempt != 3 {
		t.Fatalf("what was lost twice is not next: %+v", alone)
	}
	f.claimNothing() // while it runs
	f.dropTasks()
	check(t, f.SucceedShift(t.Context(), instance))
	if f.tasks(queue.Shift) != 0 {
		t.Error("a shift was inserted that can claim nothing")
	}
	if _, ok, err := f.Claim(t.Context(), "instance-2", Hint{}); !must(t, ok, err) {
		t.Error("another instance may go on")
	}
	f.recoverAll()
	f.audit()
	if c := f.captures(job.ID)[0]; c.State != darkroom.CaptureFailed || c.Code != darkroom.CodeRendererCrashed || c.Lost != 3 {
		t.Errorf("capture that was lost three times = %+v", c)
	}
	if c := f.captures(job.ID)[1]; c.State != darkroom.CaptureQueued || c.Lost != 1 {
		t.Errorf("its neighbour = %+v", c)
	}
	if f.tasks(queue.Shift) != 2 {
		t.Errorf("%d shifts for the rest", f.tasks(queue.Shift))
	}
	f.claim(Hint{})
	f.claim(Hint{})
}

func TestWhatMustRunAloneWaitsForAnEmptyInstance(t *testing.T) {
	f := newFixture(t, 2)
	f.submit(NewJob{Targets: targets(3, 3)})
	for range 2 {
		f.claim(Hint{})
		f.recoverAll()
	}
	// Another job of another key is running when the suspect's turn comes.
	f.exec(`UPDATE captures SET due_at = ? WHERE solo = 1`, f.clock.now.Add(time.Second).UnixMilli())
	f.exec(`UPDATE lanes SET due_at = ? WHERE solo = 1`, f.clock.now.Add(time.Second).UnixMilli())
	neighbour := f.claim(Hint{})
	f.clock.forward(time.Second)
	f.claimNothing()
	f.dropTasks()
	f.end(neighbour, success(neighbour))
	alone := f.claim(hintOf(neighbour))
	if alone.Lost != 2 {
		t.Fatalf("claimed %+v", alone)
	}
	f.end(alone, success(alone))
	if f.tasks(queue.Shift) != 1 {
		t.Errorf("%d shifts wake the other slots for the capture that is left", f.tasks(queue.Shift))
	}
	f.claim(hintOf(alone))
	f.audit()
}
