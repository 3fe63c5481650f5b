package darkroom

import "time"

// Delivery is one event to one webhook. Its body is stored once and sent again
// unchanged in every attempt.
type Delivery struct {
	ID       string // the webhook id, "whk_" + UUID: the same in every attempt
	JobID    string
	KeyID    string
	URL      string // canonical
	Event    string // "job.completed", "job.partial" or "job.failed"
	Body     []byte
	State    DeliveryState
	Attempts int       // made so far
	NextAt   time.Time // the next attempt not before; while pending
}

// DeliveryAttempt is one recorded try to deliver. Either Status or Error is
// set.
type DeliveryAttempt struct {
	DeliveryID string
	Attempt    int // from 1
	StartedAt  time.Time
	Duration   time.Duration
	Status     int    // HTTP status of the receiver; 0 = no response
	Error      string // what failed before a status was had
	Response   []byte // the first MaxDeliveryResponseBytes of the receiver's body
}

// Limits of one delivery attempt.
const (
	DeliveryTimeout          = 15 * time.Second // connect to last byte
	MaxDeliveryResponseBytes = 4 << 10          // of the receiver's body that are kept
)

// EventOf names the event that tells a job's end.
func EventOf(status JobStatus) string { return "job." + string(status) }
