package darkroom

// JobStatus is the state of a job, as on the wire. No other value ever
// appears there: a client that knows only these five can poll to the end.
type JobStatus string

// The life of a job: pending → processing → completed | partial | failed.
const (
	StatusPending    JobStatus = "pending"    // accepted, nothing claimed yet
	StatusProcessing JobStatus = "processing" // at least one capture was claimed
	StatusCompleted  JobStatus = "completed"  // every capture succeeded
	StatusPartial    JobStatus = "partial"    // some succeeded, some failed
	StatusFailed     JobStatus = "failed"     // none succeeded
)

// JobStatuses lists every status in the order of a job's life.
func JobStatuses() []JobStatus {
	return []JobStatus{StatusPending, StatusProcessing, StatusCompleted, StatusPartial, StatusFailed}
}

// Terminal reports whether a job in this status never changes again.
func (s JobStatus) Terminal() bool {
	return s == StatusCompleted || s == StatusPartial || s == StatusFailed
}

// Valid reports whether s is one of the five.
func (s JobStatus) Valid() bool {
	return s == StatusPending || s == StatusProcessing || s.Terminal()
}

// CaptureState is the state of one capture. Every capture of an accepted job
// is in exactly one of them.
type CaptureState string

// The life of a capture. Failed attempts and attempts lost with their worker
// go back to queued while attempts are left.
const (
	CaptureQueued    CaptureState = "queued"
	CaptureRunning   CaptureState = "running"
	CaptureCompleted CaptureState = "completed"
	CaptureFailed    CaptureState = "failed"
)

// Terminal reports whether a capture in this state is done with. Only a
// completed one whose picture is missing when its job ends changes again.
func (s CaptureState) Terminal() bool { return s == CaptureCompleted || s == CaptureFailed }

// DeliveryState is the state of one webhook delivery.
type DeliveryState string

// A delivery is pending until an attempt was answered 2xx or none is left, and
// again when it is asked for again.
const (
	DeliveryPending   DeliveryState = "pending"
	DeliveryDelivered DeliveryState = "delivered"
	DeliveryFailed    DeliveryState = "failed"
)

// DeliveryStates is the closed list of states of a delivery.
func DeliveryStates() []DeliveryState {
	return []DeliveryState{DeliveryPending, DeliveryDelivered, DeliveryFailed}
}

// Transition is one allowed change of state and what causes it. docs/states.md
// draws these tables and a test holds the two together.
type Transition struct{ From, Event, To string }

// Transitions gives the table of states of each noun: "job", "capture" and
// "delivery".
func Transitions() map[string][]Transition {
	return map[string][]Transition{
		"job": {
			{"pending", "first capture claimed", "processing"},
			{"pending", "sitemap being read", "processing"},
			{"pending", "job deadline passed", "processing"},
			{"pending", "job cancelled", "processing"},
			{"processing", "finished, none failed", "completed"},
			{"processing", "finished, some failed", "partial"},
			{"processing", "finished, cancelled while its sitemap was read", "partial"},
			{"processing", "finished, all failed", "failed"},
			{"processing", "finished, no page found", "failed"},
		},
		"capture": {
			{"queued", "claimed", "running"},
			{"queued", "earlier picture found", "completed"},
			{"queued", "job deadline passed", "failed"},
			{"queued", "job cancelled", "failed"},
			{"running", "shot stored", "completed"},
			{"running", "failed, retryable, attempts left", "queued"},
			{"running", "host asked to wait, sitemap job", "queued"},
			{"running", "failed otherwise", "failed"},
			{"running", "released by a stopping worker", "queued"},
			{"running", "lost with its worker", "queued"},
			{"running", "lost too often", "failed"},
			{"running", "job cancelled", "failed"},
			{"completed", "picture missing at the end", "queued"},
			{"completed", "picture missing again", "failed"},
		},
		"delivery": {
			{"pending", "answered 2xx", "delivered"},
			{"pending", "answered 410, or no attempt left", "failed"},
			{"delivered", "asked for again", "pending"},
			{"failed", "asked for again", "pending"},
		},
	}
}
