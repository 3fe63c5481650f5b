package queue

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"darkroom/internal/database"
	"darkroom/internal/database/databasetest"
)

// patience ends a test that waits for what never comes.
const patience = 30 * time.Second

type fixture struct {
	*Inserter

	t  *testing.T
	db *database.DB
}

func newFixture(t *testing.T) *fixture {
	t.Helper()
	return newFixtureOn(t, databasetest.Config(t, nil))
}

func newFixtureOn(t *testing.T, config database.Config) *fixture {
	t.Helper()
	db, err := database.Open(t.Context(), config)
	check(t, err)
	t.Cleanup(func() { check(t, db.Close()) })
	check(t, Migrate(t.Context(), db))
	check(t, Migrate(t.Context(), db)) // again changes nothing
	inserter, err := NewInserter(db)
	check(t, err)
	return &fixture{Inserter: inserter, t: t, db: db}
}

func check(t *testing.T, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}

func (f *fixture) insert(tasks ...Task) {
	f.t.Helper()
	check(f.t, f.db.Update(f.t.Context(), func(tx database.Tx) error { return f.Insert(f.t.Context(), tx, tasks...) }))
}

func (f *fixture) number(query string, args ...any) (n int) {
	f.t.Helper()
	check(f.t, f.db.Read(f.t.Context()).QueryRow(f.t.Context(), query, args...).Scan(&n))
	return n
}

func (f *fixture) waiting(by time.Time) (n int) {
	f.t.Helper()
	check(f.t, f.db.Update(f.t.Context(), func(tx database.Tx) (err error) {
		n, err = f.Waiting(f.t.Context(), tx, by, 100)
		return err
	}))
	return n
}

// idle are handlers that only count what they are called for.
func idle(seen *sync.Map) Handlers {
	note := func(kind, id string) error {
		counter, _ := seen.LoadOrStore(kind+" "+id, new(atomic.Int64))
		counter.(*atomic.Int64).Add(1)
		return nil
	}
	return Handlers{
		Shift:   func(context.Context) error { return note("shift", "") },
		Expand:  func(_ context.Context, id string) error { return note("expand", id) },
		Finish:  func(_ context.Context, id string) error { return note("finish", id) },
		Deliver: func(_ context.Context, id string, _ int) error { return note("deliver", id) },
		Sweep:   func(context.Context) error { return note("sweep", "") },

		Screenshot: func(_ context.Context, id string) error { return note("screenshot", id) },
	}
}

func (f *fixture) start(handlers Handlers) *Runner {
	f.t.Helper()
	return f.startWith(handlers, Config{Slots: 2, Log: slog.New(slog.NewTextHandler(f.t.Output(), nil))})
}

func (f *fixture) startWith(handlers Handlers, config Config) *Runner {
	f.t.Helper()
	runner, err := Start(f.t.Context(), f.db, handlers, config)
	check(f.t, err)
	f.t.Cleanup(func() { f.stop(runner) })
	return runner
}

func (f *fixture) stop(runner *Runner) {
	f.t.Helper()
	ctx, cancel := context.WithTimeout(context.Background(), patience)
	defer cancel()
	check(f.t, runner.Stop(ctx))
}

// await polls: River tells no one when a row has reached a state.
func await(t *testing.T, what string, reached func() bool) {
	t.Helper()
	deadline := time.Now().Add(patience)
	for !reached() {
		if time.Now().After(deadline) {
			t.Fatal("waited in vain until " + what)
		}
		time.Sleep(5 * time.Millisecond)
	}
}

func receive[T any](t *testing.T, what string, from <-chan T) T {
	t.Helper()
	select {
	case value := <-from:
		return value
	case <-time.After(patience):
		t.Fatal("waited in vain until " + what)
		panic("not reached")
	}
}

func calls(seen *sync.Map, key string) int64 {
	counter, ok := seen.Load(key)
	if !ok {
		return 0
	}
	return counter.(*atomic.Int64).Load()
}

func TestEveryKindReachesItsHandler(t *testing.T) {
	f := newFixture(t)
	var seen sync.Map
	f.start(idle(&seen))
	f.insert(Task{Kind: Shift}, Task{Kind: Shift}, Task{Kind: Expand, ID: "site"}, Task{Kind: Finish, ID: "job"}, Task{Kind: Deliver, ID: "whk", Sequence: 1})
	for key, want := range map[string]int64{"shift ": 2, "expand site": 1, "finish job": 1, "deliver whk": 1, "sweep ": 1} { // the sweep comes by itself
		await(t, key+" was called", func() bool { return calls(&seen, key) == want })
	}
	await(t, "all rows are completed", func() bool { return f.number(`SELECT count(*) FROM river_job WHERE state <> 'completed'`) == 0 })
}

func TestTasksComeWithTheirTransaction(t *testing.T) {
	f := newFixture(t)
	refused := errors.New("refused")
	err := f.db.Update(t.Context(), func(tx database.Tx) error {
		if err := f.Insert(t.Context(), tx, Task{Kind: Shift}, Task{Kind: Finish, ID: "a"}); err != nil {
			return err
		}
		return refused
	})
	if !errors.Is(err, refused) || f.number(`SELECT count(*) FROM river_job`) != 0 {
		t.Errorf("error %v, %d rows", err, f.number(`SELECT count(*) FROM river_job`))
	}
	f.insert()
	f.insert(Task{Kind: Shift})
	if n := f.number(`SELECT count(*) FROM river_job`); n != 1 {
		t.Errorf("%d rows", n)
	}
}

func TestTasksButShiftsAreSingle(t *testing.T) {
	f := newFixture(t)
	for range 2 {
		f.insert(Task{Kind: Shift}, Task{Kind: Finish, ID: "a"}, Task{Kind: Finish, ID: "b"},
			Task{Kind: Deliver, ID: "a", Sequence: 1}, Task{Kind: Deliver, ID: "a", Sequence: 2})
	}
	for kind, want := range map[TaskKind]int{Shift: 2, Finish: 2, Deliver: 2} {
		if n := f.number(`SELECT count(*) FROM river_job WHERE kind = ?`, string(kind)); n != want {
			t.Errorf("%d of %s, want %d", n, kind, want)
		}
	}
	var seen sync.Map
	f.start(idle(&seen))
	await(t, "the finish was called", func() bool { return calls(&seen, "finish a") == 1 })
	await(t, "its row is completed", func() bool {
		return f.number(`SELECT count(*) FROM river_job WHERE kind = 'finish' AND state = 'completed'`) == 2
	})
	f.insert(Task{Kind: Finish, ID: "a"}) // what has been done can be asked for again
	await(t, "the finish was called again", func() bool { return calls(&seen, "finish a") == 2 })
}

// Once the clock has gone back, tasks lie hours ahead. Whoever finds that there
// should be one has it done.
func TestATaskThatWaitsTooLongIsBroughtForward(t *testing.T) {
	f := newFixture(t)
	var seen sync.Map
	for _, task := range []Task{{Kind: Finish, ID: "a"}, {Kind: Deliver, ID: "b", Sequence: 3}, {Kind: Sweep}} {
		late := task
		late.At = time.Now().Add(2 * time.Hour)
		f.insert(late)
		f.insert(task)
	}
	soon := Task{Kind: Expand, ID: "c", At: time.Now().Add(time.Minute)}
	f.insert(soon)
	f.insert(Task{Kind: Expand, ID: "c"}) // may be one that has failed
	if n := f.number(`SELECT count(*) FROM river_job`); n != 4 {
		t.Errorf("%d tasks", n)
	}
	f.start(idle(&seen))
	for _, one := range []string{"finish a", "deliver b", "sweep "} {
		for until := time.Now().Add(patience); ; time.Sleep(5 * time.Millisecond) {
			if _, done := seen.Load(one); done {
				break
			}
			if time.Now().After(until) {
				t.Fatalf("%s was not worked", one)
			}
		}
	}
	if _, early := seen.Load("expand c"); early {
		t.Error("what waits for a minute was worked at once")
	}
}

func TestWaitingCountsByTime(t *testing.T) {
	f := newFixture(t)
	now := time.Now()
	f.insert(Task{Kind: Shift}, Task{Kind: Shift, At: now.Add(2 * time.Second)}, Task{Kind: Shift, At: now.Add(time.Hour)},
		Task{Kind: Finish, ID: "a"})
	for by, want := range map[time.Duration]int{-time.Second: 0, time.Second: 1, 3 * time.Second: 2, 2 * time.Hour: 3} {
		if n := f.waiting(now.Add(by)); n != want {
			t.Errorf("%d shifts wait by now and %v, want %d", n, by, want)
		}
	}
}

// River's own scheduler looks every five seconds; a retry after two must not
// take seven.
func TestSoonTasksAreOnTimeAndNotEarly(t *testing.T) {
	f := newFixture(t)
	started := make(chan time.Time, 2)
	handlers := idle(new(sync.Map))
	handlers.Shift = func(context.Context) error { started <- time.Now(); return nil }
	f.start(handlers)
	at := time.Now().Add(time.Second)
	f.insert(Task{Kind: Shift, At: at}, Task{Kind: Shift, At: time.Now().Add(time.Hour)})
	if state := f.number(`SELECT count(*) FROM river_job WHERE kind = 'shift' AND state = 'available'`); state != 1 {
		t.Errorf("%d shifts need no scheduler, want the one that is due soon", state)
	}
	if ran := receive(t, "the shift runs", started); ran.Before(at.Add(-time.Millisecond)) {
		t.Errorf("it ran %v too early", at.Sub(ran))
	}
	if f.number(`SELECT count(*) FROM river_job WHERE kind = 'shift' AND state = 'scheduled'`) != 1 {
		t.Error("the later one does not wait")
	}
}

func TestWhatFailsIsTriedAgain(t *testing.T) {
	f := newFixture(t)
	calls := make(chan string, 10)
	handlers := idle(new(sync.Map))
	handlers.Finish = func(_ context.Context, id string) error {
		calls <- id
		if len(calls) == 1 {
			return errors.New("the disk is full")
		}
		return nil
	}
	f.start(handlers)
	f.insert(Task{Kind: Finish, ID: "job"})
	await(t, "it was called twice", func() bool { return len(calls) == 2 })
	await(t, "it succeeded", func() bool {
		return f.number(`SELECT count(*) FROM river_job WHERE kind = 'finish' AND state = 'completed'`) == 1
	})
}

// That the database is away is no failure of the task: it is tried again in its
// place, and nothing need be written down for that.
func TestATaskWaitsForTheDatabase(t *testing.T) {
	f := newFixture(t)
	calls := make(chan string, 10)
	handlers := idle(new(sync.Map))
	handlers.Finish = func(_ context.Context, id string) error {
		calls <- id
		if len(calls) == 1 {
			return fmt.Errorf("read job %s: %w", id, &database.Fault{Reason: database.Unreachable, Err: io.EOF})
		}
		return nil
	}
	f.start(handlers)
	f.insert(Task{Kind: Finish, ID: "job"})
	await(t, "it succeeded", func() bool {
		return f.number(`SELECT count(*) FROM river_job WHERE kind = 'finish' AND state = 'completed'`) == 1
	})
	if attempts := f.number(`SELECT attempt FROM river_job WHERE kind = 'finish'`); len(calls) != 2 || attempts != 1 {
		t.Errorf("%d calls in %d attempts, want 2 in 1", len(calls), attempts)
	}
}

// What comes too early costs no attempt, is not logged as a failure, and comes
// again when it said.
func TestWhatComesTooEarlyComesAgain(t *testing.T) {
	f := newFixture(t)
	calls := make(chan time.Time, 10)
	handlers := idle(new(sync.Map))
	handlers.Deliver = func(context.Context, string, int) error {
		calls <- time.Now()
		if len(calls) == 1 {
			return fmt.Errorf("busy: %w", Later(time.Second))
		}
		return nil
	}
	f.start(handlers)
	f.insert(Task{Kind: Deliver, ID: "whk"})
	await(t, "it was called twice", func() bool { return len(calls) == 2 })
	if first, second := <-calls, <-calls; second.Sub(first) < time.Second-time.Millisecond {
		t.Errorf("it came again after %v", second.Sub(first))
	}
	await(t, "it succeeded", func() bool {
		return f.number(`SELECT count(*) FROM river_job WHERE kind = 'deliver' AND state = 'completed'`) == 1
	})
	if n := f.number(`SELECT count(*) FROM river_job WHERE kind = 'deliver' AND (attempt <> 1 OR errors IS NOT NULL)`); n != 0 {
		t.Error("it counts as a failure")
	}
}

func TestAPanicIsAFailure(t *testing.T) {
	f := newFixture(t)
	var n atomic.Int64
	handlers := idle(new(sync.Map))
	handlers.Deliver = func(context.Context, string, int) error {
		if n.Add(1) == 1 {
			panic("on purpose")
		}
		return nil
	}
	f.start(handlers)
	f.insert(Task{Kind: Deliver, ID: "whk"})
	await(t, "it was called again", func() bool { return n.Load() == 2 })
}

// What a killed process held runs again at once, and its leadership is not
// waited for.
func TestAStartSetsBackWhatADeadProcessHeld(t *testing.T) {
	f := newFixtureOn(t, database.Config{Path: t.TempDir()}) // on PostgreSQL others may be at work
	f.insert(Task{Kind: Finish, ID: "job"}, Task{Kind: Shift})
	check(t, f.db.Update(t.Context(), func(tx database.Tx) error {
		for _, statement := range []string{
			`UPDATE river_job SET state = 'running', attempt = 1, attempted_at = datetime('now', 'subsec')`,
			`INSERT INTO river_leader (leader_id, elected_at, expires_at) VALUES ('dead', datetime('now', 'subsec'), datetime('now', '+1 hour'))`,
		} {
			if _, err := tx.Exec(t.Context(), statement); err != nil {
				return err
			}
		}
		return nil
	}))
	var seen sync.Map
	f.start(idle(&seen))
	for _, key := range []string{"finish job", "shift ", "sweep "} {
		await(t, key+" was called", func() bool { return calls(&seen, key) == 1 })
	}
}

// On PostgreSQL only what instances held that are silent is set back.
func TestWhatLostInstancesHeldIsSetBack(t *testing.T) {
	f := newFixtureOn(t, databasetest.Postgres(t, nil))
	f.insert(Task{Kind: Finish, ID: "of a dead one"}, Task{Kind: Finish, ID: "of one alive"}, Task{Kind: Finish, ID: "just begun"})
	check(t, f.db.Update(t.Context(), func(tx database.Tx) error {
		for id, by := range map[string]string{"of a dead one": "dead", "of one alive": "alive", "just begun": "new"} {
			ago := map[bool]string{true: "0", false: "1 minute"}[by == "new"]
			if _, err := tx.Exec(t.Context(), `UPDATE river_job SET state = 'running', attempt = 2, attempted_by = ARRAY['dead', ?::text],
				attempted_at = now() - ?::interval WHERE args ->> 'id' = ?`, by, ago, id); err != nil {
				return err
			}
		}
		n, err := SetBackLost(t.Context(), tx, []string{"alive"}, time.Now().Add(-20*time.Second))
		if n != 1 {
			t.Errorf("%d were set back", n)
		}
		return err
	}))
	if n := f.number(`SELECT count(*) FROM river_job WHERE state = 'available' AND args ->> 'id' = 'of a dead one'`); n != 1 {
		t.Error("it is not available")
	}
	lite := newFixtureOn(t, database.Config{Path: t.TempDir()})
	check(t, lite.db.Update(t.Context(), func(tx database.Tx) error {
		_, err := SetBackLost(t.Context(), tx, nil, time.Now())
		return err
	}))
}

func TestSlotsBoundTheShifts(t *testing.T) {
	f := newFixture(t)
	running, release := make(chan struct{}, 10), make(chan struct{})
	handlers := idle(new(sync.Map))
	handlers.Shift = func(ctx context.Context) error {
		running <- struct{}{}
		select {
		case <-release:
		case <-ctx.Done():
		}
		return nil
	}
	f.start(handlers)
	f.insert(Task{Kind: Shift}, Task{Kind: Shift}, Task{Kind: Shift})
	receive(t, "the first runs", running)
	receive(t, "the second runs", running)
	if n := f.number(`SELECT count(*) FROM river_job WHERE kind = 'shift' AND state = 'available'`); n != 1 {
		t.Errorf("%d shifts wait while 2 slots are busy", n)
	}
	f.insert(Task{Kind: Finish, ID: "job"}) // other kinds are not held up
	await(t, "the finish is done", func() bool {
		return f.number(`SELECT count(*) FROM river_job WHERE kind = 'finish' AND state = 'completed'`) == 1
	})
	close(release)
	receive(t, "the third runs", running)
}

func TestStopWaitsForWhatIsInWork(t *testing.T) {
	f := newFixture(t)
	running, release := make(chan struct{}), make(chan struct{})
	handlers := idle(new(sync.Map))
	handlers.Shift = func(ctx context.Context) error {
		close(running)
		select {
		case <-release:
			return nil
		case <-ctx.Done():
			return fmt.Errorf("it was not left alone: %w", ctx.Err())
		}
	}
	runner := f.start(handlers)
	f.insert(Task{Kind: Shift})
	receive(t, "it runs", running)
	stopped := make(chan error, 1)
	go func() { stopped <- runner.Stop(context.WithoutCancel(t.Context())) }()
	close(release)
	check(t, receive(t, "it has stopped", stopped))
	if n := f.number(`SELECT count(*) FROM river_job WHERE kind = 'shift' AND state = 'completed'`); n != 1 {
		t.Error("the shift did not complete")
	}
	f.insert(Task{Kind: Shift})
	f.stop(runner) // twice does no harm
	if n := f.number(`SELECT count(*) FROM river_job WHERE kind = 'shift' AND state = 'available'`); n != 1 {
		t.Error("a stopped runner took a task")
	}
}

func TestStopCancelsWhatTakesTooLong(t *testing.T) {
	f := newFixture(t)
	running := make(chan struct{})
	handlers := idle(new(sync.Map))
	handlers.Shift = func(ctx context.Context) error {
		close(running)
		<-ctx.Done()
		return ctx.Err()
	}
	runner := f.start(handlers)
	f.insert(Task{Kind: Shift})
	receive(t, "it runs", running)
	now, cancel := context.WithCancel(t.Context())
	cancel()
	check(t, runner.Stop(now))
	if n := f.number(`SELECT count(*) FROM river_job WHERE kind = 'shift' AND state IN ('running', 'completed')`); n != 0 {
		t.Error("the shift is lost")
	}
}

func TestLogsBelowWarningAreDropped(t *testing.T) {
	var out bytes.Buffer
	log := slog.New(atLeast{slog.NewTextHandler(&out, &slog.HandlerOptions{Level: slog.LevelDebug}), slog.LevelWarn}).
		With("part", "queue").WithGroup("g")
	log.Info("chatter")
	log.Warn("trouble")
	if text := out.String(); strings.Contains(text, "chatter") || !strings.Contains(text, "trouble") || !strings.Contains(text, "part=queue") {
		t.Errorf("logged %q", text)
	}
}

func TestRetryDelaysDoubleToAMinute(t *testing.T) {
	for failed, want := range map[int]time.Duration{1: time.Second, 2: 2 * time.Second, 4: 8 * time.Second, 7: 64 * time.Second, 900: 64 * time.Second} {
		if got := retryDelay(failed); got != want {
			t.Errorf("after %d failures %v, want %v", failed, got, want)
		}
	}
}
