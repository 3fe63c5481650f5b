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

// The poisonous URL is taken alone, and given up in the end. Its neighbours
// lose nothing but time.
func TestAPoisonousCapture(t *testing.T) {
	f := newFixture(t, 2)
	job := f.submit(NewJob{Targets: targets(4, 1)})
	for range darkroom.LostBeforeAlone {
		if c := f.claim(Hint{}); c.Ordinal != 1 {
			t.Fatalf("claimed %+v", c)
		}
		f.recoverAll()
	}
	f.audit()
	for lost := darkroom.LostBeforeAlone; lost < darkroom.MaxLostAttempts; lost++ {
		f.clock.forward(darkroom.LostBackoff(lost))
		alone := f.claim(Hint{})
		if alone.Ordinal != 1 || alone.Lost != lost || alone.Attempt != lost+1 {
			t.Fatalf("lost %d times, and the next is %+v", lost, alone)
		}
		f.claimNothing() // while it runs
		f.dropTasks()
		check(t, f.SucceedShift(t.Context(), instance))
		if f.tasks(queue.Shift) != 0 {
			t.Error("a shift was inserted that can claim nothing")
		}
		f.recoverAll()
		f.audit()
	}
	if c := f.captures(job.ID)[0]; c.State != darkroom.CaptureFailed || c.Code != darkroom.CodeRendererCrashed || c.Lost != darkroom.MaxLostAttempts {
		t.Errorf("capture that was lost too often = %+v", c)
	}
	if f.tasks(queue.Shift) != 2 {
		t.Errorf("%d shifts for the rest", f.tasks(queue.Shift))
	}
	for range 2 {
		if c := f.claim(Hint{}); c.Lost != 0 {
			t.Errorf("its neighbour was blamed: %+v", c)
		}
	}
}

// Neighbours go on while what was lost twice waits for its turn, and on other
// instances while it runs.
func TestNeighboursOfAPoisonousCaptureGoOn(t *testing.T) {
	f := newFixture(t, 2)
	f.submit(NewJob{Targets: targets(4, 1)})
	for range darkroom.LostBeforeAlone {
		f.claim(Hint{})
		f.recoverAll()
	}
	neighbour := f.claim(Hint{})
	if neighbour.Ordinal != 2 {
		t.Errorf("claimed %+v", neighbour)
	}
	f.end(neighbour, success(neighbour))
	f.clock.forward(darkroom.LostBackoff(darkroom.LostBeforeAlone))
	if c := f.claim(Hint{}); c.Ordinal != 1 {
		t.Errorf("claimed %+v", c)
	}
	if _, ok, err := f.Claim(t.Context(), "instance-2", Hint{}); !must(t, ok, err) {
		t.Error("another instance may go on")
	}
}

func TestWhatMustRunAloneWaitsForAnEmptyInstance(t *testing.T) {
	f := newFixture(t, 2)
	f.submit(NewJob{Targets: targets(3, 3)})
	for range darkroom.LostBeforeAlone {
		f.claim(Hint{})
		f.recoverAll()
	}
	neighbour := f.claim(Hint{})
	f.clock.forward(darkroom.LostBackoff(darkroom.LostBeforeAlone))
	f.claimNothing()
	f.dropTasks()
	f.end(neighbour, success(neighbour))
	alone := f.claim(hintOf(neighbour))
	if alone.Lost != darkroom.LostBeforeAlone {
		t.Fatalf("claimed %+v", alone)
	}
	f.end(alone, success(alone))
	if f.tasks(queue.Shift) != 1 {
		t.Errorf("%d shifts wake the other slots for the capture that is left", f.tasks(queue.Shift))
	}
	f.claim(hintOf(alone))
	f.audit()
}
