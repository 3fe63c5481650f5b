package darkroom

import (
	"strings"
	"time"
)

// WebhooksPath begins the paths of all that is about webhooks, relative to the
// server.
const WebhooksPath = "/v1/webhooks"

// Limits of GET /v1/webhooks/events.
const (
	DefaultEventLimit = 100 // events in one answer
	MaxEventLimit     = 500 // events in one answer; more is clamped
)

// EventTest is the name of what POST /v1/webhooks/test sends.
const EventTest = "webhook.test"

// DeliveryAnswer is a delivery as it goes over the wire.
type DeliveryAnswer struct {
	ID            string        `json:"id"` // as webhook-id and X-Webhook-Id have it
	JobID         string        `json:"job_id"`
	Event         string        `json:"event"`
	URL           string        `json:"url"`
	Status        DeliveryState `json:"status"`
	Attempts      int           `json:"attempts"`
	NextAttemptAt *time.Time    `json:"next_attempt_at"` // null when none follows
	CreatedAt     time.Time     `json:"created_at"`
}

// DeliveriesAnswer is one page of a key's deliveries, newest first.
type DeliveriesAnswer struct {
	Deliveries []DeliveryAnswer `json:"deliveries"`
	NextCursor *string          `json:"next_cursor"` // null on the last page
}

// DeliveryLogAnswer is a delivery with all that is known of it.
type DeliveryLogAnswer struct {
	DeliveryAnswer

	Body string          `json:"body"` // sent in every attempt, byte for byte
	Log  []AttemptAnswer `json:"log"`  // its attempts, in order
}

// AttemptAnswer is one attempt to deliver as it goes over the wire.
type AttemptAnswer struct {
	Attempt        int               `json:"attempt"` // from 1
	StartedAt      time.Time         `json:"started_at"`
	DurationMS     int64             `json:"duration_ms"`
	RequestHeaders map[string]string `json:"request_headers"`
	HTTPStatus     *int              `json:"http_status"` // null = no response
	ErrorCode      Code              `json:"error_code,omitempty"`
	Error          *string           `json:"error"`
	ResponseBody   *string           `json:"response_body"` // its beginning, see MaxDeliveryResponseBytes
}

// EventsAnswer is what a listener is told.
type EventsAnswer struct {
	Events     []EventAnswer `json:"events"`
	NextCursor string        `json:"next_cursor"` // never null: what comes later is behind it
}

// EventAnswer is an event as a listener hands it on: as a webhook would bring
// it now.
type EventAnswer struct {
	ID        string            `json:"id"`
	JobID     string            `json:"job_id"`
	Event     string            `json:"event"`
	CreatedAt time.Time         `json:"created_at"`
	Headers   map[string]string `json:"headers"` // signed for this answer
	Body      string            `json:"body"`
}

// TestAnswer tells how a test event was received.
type TestAnswer struct {
	ID        string `json:"id"`
	URL       string `json:"url"`
	Delivered bool   `json:"delivered"` // answered 2xx
	Body      string `json:"body"`      // as sent
	AttemptAnswer
}

// DeliveryPath is the path of a delivery, relative to the server.
func DeliveryPath(id string) string { return WebhooksPath + "/deliveries/" + id }

// Answer gives the delivery as the routes show it.
func (d Delivery) Answer() DeliveryAnswer {
	answer := DeliveryAnswer{
		ID: d.ID, JobID: d.JobID, Event: d.Event, URL: d.URL, Status: d.State, Attempts: d.Attempts, CreatedAt: wholeSeconds(d.CreatedAt),
	}
	if d.State == DeliveryPending {
		answer.NextAttemptAt = new(roundUp(d.NextAt))
	}
	return answer
}

// Answer gives the attempt as the routes show it. What the receiver answered
// that is no UTF-8 is replaced.
func (a DeliveryAttempt) Answer() AttemptAnswer {
	answer := AttemptAnswer{
		Attempt: a.Attempt, StartedAt: wholeSeconds(a.StartedAt), DurationMS: a.Duration.Milliseconds(),
		RequestHeaders: a.Header, ErrorCode: a.Code,
	}
	if answer.RequestHeaders == nil {
		answer.RequestHeaders = map[string]string{}
	}
	if a.Error != "" {
		answer.Error = &a.Error
	}
	if a.Status != 0 {
		answer.HTTPStatus = &a.Status
		answer.ResponseBody = new(strings.ToValidUTF8(string(a.Response), "\uFFFD"))
	}
	return answer
}
