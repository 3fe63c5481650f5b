package queue

import (
	"time"

	"github.com/riverqueue/river"
	"github.com/riverqueue/river/rivertype"
)

// TaskKind says what a task is for. The kinds are stored: a name must not
// change.
type TaskKind string

// The kinds. Each has a queue of its own, so that none holds up another.
const (
	Shift      TaskKind = "shift"      // a slot's turn of work; has no ID
	Expand     TaskKind = "expand"     // ID is a job whose sitemap is to be read
	Finish     TaskKind = "finish"     // ID is a job
	Deliver    TaskKind = "deliver"    // ID is a delivery
	Screenshot TaskKind = "screenshot" // ID is an errand; somebody waits for it
	Sweep      TaskKind = "sweep"      // has no ID; inserted by the queue itself, and when there is something to delete
)

// Task is what Insert takes.
type Task struct {
	Kind TaskKind
	ID   string

	// Sequence tells tasks of one kind and ID apart, such as the attempts of one
	// delivery. Inserting what is already waiting or running does nothing, except
	// for shifts, and for what waits minutes longer than the new one would.
	Sequence int

	At time.Time // not before; zero means now
}

// How long one task may run before its context is cancelled, and how often it
// is tried. A shift claims for 20 s, and its last capture may take 120 s.
const (
	shiftTimeout   = 3 * time.Minute
	expandTimeout  = 10 * time.Minute
	finishTimeout  = 10 * time.Minute
	deliverTimeout = time.Minute
	sweepTimeout   = 10 * time.Minute

	screenshotTimeout = 3 * time.Minute

	// rescueAfter must be longer than every timeout. It only cleans up: what a
	// dead process held is set back much sooner.
	rescueAfter = 15 * time.Minute

	shiftAttempts = 5
	taskAttempts  = 1000 // expand, finish and deliver must succeed at some time
)

// payload is what River stores of a task.
type payload struct {
	ID       string `json:"id,omitempty"`
	Sequence int    `json:"sequence,omitempty"`
}

// River tells kinds apart by type.
type (
	shiftArgs   struct{ payload }
	expandArgs  struct{ payload }
	finishArgs  struct{ payload }
	deliverArgs struct{ payload }
	sweepArgs   struct{ payload }

	screenshotArgs struct{ payload }
)

// Kind is the name that River stores.
func (shiftArgs) Kind() string      { return string(Shift) }
func (expandArgs) Kind() string     { return string(Expand) }
func (finishArgs) Kind() string     { return string(Finish) }
func (deliverArgs) Kind() string    { return string(Deliver) }
func (sweepArgs) Kind() string      { return string(Sweep) }
func (screenshotArgs) Kind() string { return string(Screenshot) }

func (t Task) args() river.JobArgs {
	load := payload{ID: t.ID, Sequence: t.Sequence}
	switch t.Kind {
	case Expand:
		return expandArgs{load}
	case Finish:
		return finishArgs{load}
	case Deliver:
		return deliverArgs{load}
	case Sweep:
		return sweepArgs{load}
	case Screenshot:
		return screenshotArgs{load}
	default:
		return shiftArgs{load}
	}
}

func (t Task) options() *river.InsertOpts {
	options := &river.InsertOpts{Queue: string(t.Kind), ScheduledAt: t.At, MaxAttempts: taskAttempts}
	switch t.Kind {
	case Shift:
		options.MaxAttempts = shiftAttempts
	default:
		options.UniqueOpts = river.UniqueOpts{ByArgs: true, ByState: unfinished()}
	}
	return options
}

// unfinished lists the states of a task that will still do its work.
func unfinished() []rivertype.JobState {
	return []rivertype.JobState{
		rivertype.JobStateAvailable, rivertype.JobStatePending, rivertype.JobStateRetryable,
		rivertype.JobStateRunning, rivertype.JobStateScheduled,
	}
}
