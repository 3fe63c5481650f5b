package store

import (
	"sync"
	"testing"
	"time"
)

func (f *fixture) takes(s *Store, limit, n int) (granted int) {
	for range n {
		if !s.TakeRequest(f.t.Context(), f.key.ID, limit).Refused {
			granted++
		}
	}
	return granted
}

func (f *fixture) another() *Store {
	return openStore(f.t, f.config, Config{SecretKey: secretKey, Slots: 1, Now: func() time.Time { return f.clock.now }})
}

func TestRequestsAreCountedDownInEachMinute(t *testing.T) {
	f := newFixture(t, 1)
	f.clock.now = f.clock.now.Truncate(time.Minute)
	for left := 9; left >= 0; left-- {
		rate := f.TakeRequest(t.Context(), f.key.ID, 10)
		if rate.Refused || rate.Remaining != left || rate.Limit != 10 || !rate.Reset.Equal(f.clock.now.Add(time.Minute)) {
			t.Fatalf("%d left: %+v", left, rate)
		}
	}
	f.clock.forward(time.Minute - time.Millisecond)
	if rate := f.TakeRequest(t.Context(), f.key.ID, 10); !rate.Refused || rate.Remaining != 0 {
		t.Errorf("the eleventh: %+v", rate)
	}
	f.clock.forward(time.Millisecond)
	if rate := f.TakeRequest(t.Context(), f.key.ID, 10); rate.Refused || rate.Remaining != 9 {
		t.Errorf("the next minute: %+v", rate)
	}
}

// The limit is one, however many processes count and however they mix.
func TestALimitOfRequestsHoldsOverProcesses(t *testing.T) {
	f := newFixture(t, 1)
	f.clock.now = f.clock.now.Truncate(time.Minute)
	stores := []*Store{f.Store, f.another(), f.another()}
	var group sync.WaitGroup
	granted := make([]int, len(stores))
	for i, s := range stores {
		group.Go(func() { granted[i] = f.takes(s, 200, 200) })
	}
	group.Wait()
	if sum := granted[0] + granted[1] + granted[2]; sum != 200 {
		t.Errorf("granted %v, %d in all", granted, sum)
	}
}

// What a process has taken and not used is refused after it has died, never
// granted twice, and that is little.
func TestALimitOfRequestsHoldsOverARestart(t *testing.T) {
	f := newFixture(t, 1)
	f.clock.now = f.clock.now.Truncate(time.Minute)
	before := f.takes(f.Store, 800, 150)
	after := f.takes(f.another(), 800, 1000)
	if before != 150 || before+after > 800 || before+after < 700 {
		t.Errorf("%d before and %d after", before, after)
	}
}

// Most requests write nothing.
func TestFewRequestsAreWritten(t *testing.T) {
	f := newLiteFixture(t, 1)
	f.clock.now = f.clock.now.Truncate(time.Minute)
	f.exec(`CREATE TABLE written (n INTEGER)`)
	f.exec(`CREATE TRIGGER watch AFTER UPDATE OF taken ON request_windows WHEN new.taken > old.taken BEGIN INSERT INTO written VALUES (1); END`)
	f.exec(`INSERT INTO request_windows (key_id, began_at, taken) VALUES (?, 0, 0)`, f.key.ID)
	if granted := f.takes(f.Store, 3000, 4000); granted != 3000 {
		t.Errorf("%d granted", granted)
	}
	if n := f.number(`SELECT count(*) FROM written`); n == 0 || n > 40 {
		t.Errorf("%d writes", n)
	}
}

// A clock that is set back or forth neither locks a key out nor forgets the
// minute of a process whose clock is a little ahead.
func TestClocksThatDiffer(t *testing.T) {
	for name, row := range map[string]struct {
		move time.Duration
		want int
	}{
		"two hours back":     {-2 * time.Hour, 10},
		"a day ahead":        {25 * time.Hour, 10},
		"one minute back":    {-time.Minute, 0},
		"in the same minute": {time.Second, 0},
	} {
		t.Run(name, func(t *testing.T) {
			f := newFixture(t, 1)
			f.clock.now = f.clock.now.Truncate(time.Minute)
			f.takes(f.Store, 10, 10)
			f.clock.forward(row.move)
			if granted := f.takes(f.another(), 10, 20); granted != row.want {
				t.Errorf("granted %d, want %d", granted, row.want)
			}
		})
	}
}
