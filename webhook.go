package darkroom

import "time"

// EventIDPrefix begins the id of every event and so of every delivery; a UUID
// follows.
const EventIDPrefix = "whk_"

// Event is what is told of the end of a job: to its callback, if it has one,
// and to whoever listens.
type Event struct {
	ID        string // the webhook id, "whk_" + UUID
	JobID     string
	KeyID     string
	Position  int64  // among the events of the key, from 1, in the order in which they came to be
	Name      string // "job.completed", "job.partial" or "job.failed"
	Body      []byte // stored once and sent unchanged, whoever is told
	CreatedAt time.Time
}

// Delivery is one event to one webhook. Its id and its body are the event's, in
// every attempt.
type Delivery struct {
	ID           string
	JobID        string
	KeyID        string
	URL          string // canonical
	Event        string // its name
	Body         []byte
	State        DeliveryState
	Attempts     int       // made so far
	Redeliveries int       // how often it was asked for again
	Settled      int       // attempts that were made before the last of these: the schedule began anew after them
	NextAt       time.Time // the next attempt not before; while pending
	CreatedAt    time.Time
	Trace        string // of the job, see there
}

// Turn numbers what is to be done for a delivery, from 1: a task for another
// turn comes too late.
func (d Delivery) Turn() int { return d.Attempts + d.Redeliveries + 1 }

// DeliveryAttempt is one recorded try to deliver. Either Status is set, or Code
// and Error are.
type DeliveryAttempt struct {
	DeliveryID string
	Attempt    int // from 1
	StartedAt  time.Time
	Duration   time.Duration
	Header     map[string]string // of the request, as sent; nil when there was none
	Status     int               // HTTP status of the receiver; 0 = no response
	Code       Code              // why there was none: as of a failed capture
	Error      string            // what failed, in a sentence that the owner of the job may read
	Response   []byte            // the first MaxDeliveryResponseBytes of the receiver's body
}

// Limits of delivering.
const (
	DeliveryTimeout          = 15 * time.Second // of one attempt, connect to last byte
	MaxDeliveryReadBytes     = 64 << 10         // of the receiver's body that are read at all
	MaxDeliveryResponseBytes = 4 << 10          // of these that are kept

	// MaxDeliveries is how many attempts a process makes at once, and
	// MaxHostDeliveries how many of them go to one host and port.
	MaxDeliveries     = 16
	MaxHostDeliveries = 2

	// SlowDelivery is the time from which an attempt counts as slow. Receivers
	// whose last one was take MaxSlowDeliveries places at most, all together, so
	// that there are places left for the others.
	SlowDelivery      = 2 * time.Second
	MaxSlowDeliveries = 8
)

// WebhookSecrets are what the webhooks of one key are signed with.
type WebhookSecrets struct {
	Current     string
	Former      string    // the one before the last rotation; "" = it signs no more
	FormerUntil time.Time // how long it does
}

// All lists them, the current one first.
func (s WebhookSecrets) All() []string {
	if s.Former == "" {
		return []string{s.Current}
	}
	return []string{s.Current, s.Former}
}

// EventOf names the event that tells a job's end.
func EventOf(status JobStatus) string { return "job." + string(status) }
