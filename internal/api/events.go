package api

import (
	"context"
	"fmt"
	"net/http"
	"strconv"
	"strings"
	"time"

	"darkroom"
	"darkroom/internal/webhook"

	"github.com/google/uuid"
)

// listEvents tells a listener of the ends of the key's jobs, with a callback or
// without. The cursor is the position of the last event that was told: none is
// left out behind it, and none comes twice.
func (s *server) listEvents(_ http.ResponseWriter, r *http.Request, key darkroom.APIKey) (reply, error) {
	query, err := parseQuery(r.URL.RawQuery)
	if err != nil {
		return reply{}, err
	}
	wait, err := count(query, "wait")
	if err != nil {
		return reply{}, err
	}
	limit, err := count(query, "limit")
	if err != nil {
		return reply{}, err
	}
	setDefault(&limit, darkroom.DefaultEventLimit)
	text := strings.TrimSpace(query.Get("cursor"))
	if text == "" {
		return s.fromNowOn(r.Context(), key.ID)
	}
	after, err := strconv.ParseInt(text, 10, 64)
	if err != nil || after < 0 {
		return reply{}, darkroom.Invalid("cursor", "cursor must be the next_cursor of another answer, 0 for the oldest event there is, or empty for what comes from now on")
	}
	events, err := s.awaitEvents(r, key.ID, after, min(limit, darkroom.MaxEventLimit), min(time.Duration(wait)*time.Second, darkroom.MaxWait))
	if err != nil {
		return reply{}, unavailable(err)
	}
	return s.eventsAnswer(r.Context(), key.ID, after, events)
}

func (s *server) fromNowOn(ctx context.Context, keyID string) (reply, error) {
	last, err := s.Store.LastEvent(ctx, keyID)
	if err != nil {
		return reply{}, unavailable(err)
	}
	return s.eventsAnswer(ctx, keyID, last, nil)
}

func (s *server) eventsAnswer(ctx context.Context, keyID string, after int64, events []darkroom.Event) (reply, error) {
	answer := darkroom.EventsAnswer{Events: make([]darkroom.EventAnswer, 0, len(events))}
	if len(events) > 0 {
		secrets, err := s.Store.WebhookSecrets(ctx, keyID)
		if err != nil {
			return reply{}, unavailable(err)
		}
		for _, event := range events {
			one, err := asSent(event, secrets, s.Now())
			if err != nil {
				return reply{}, fmt.Errorf("sign event %s: %w", event.ID, err)
			}
			answer.Events = append(answer.Events, one)
			after = event.Position
		}
	}
	answer.NextCursor = strconv.FormatInt(after, 10)
	return reply{body: answer}, nil
}

// asSent is an event as a first attempt would bring it now.
func asSent(event darkroom.Event, secrets darkroom.WebhookSecrets, now time.Time) (darkroom.EventAnswer, error) {
	header := http.Header{}
	if err := webhook.SetHeader(header, secrets.All(), event.ID, 1, now, event.Body); err != nil {
		return darkroom.EventAnswer{}, err
	}
	answer := darkroom.EventAnswer{
		ID: event.ID, JobID: event.JobID, Event: event.Name, CreatedAt: event.CreatedAt.Truncate(time.Second),
		Headers: map[string]string{}, Body: string(event.Body),
	}
	for name := range header {
		answer.Headers[name] = header.Get(name)
	}
	return answer, nil
}

// awaitEvents gives what there is behind a position, and waits until there is
// something: until the time is up, the client has gone away or the server
// stops.
func (s *server) awaitEvents(r *http.Request, keyID string, after int64, limit int, wait time.Duration) ([]darkroom.Event, error) {
	timeout := time.NewTimer(wait)
	defer timeout.Stop()
	poll := time.NewTicker(pollEvery)
	defer poll.Stop()
	for {
		told := s.Store.Told(keyID)
		events, err := s.Store.Events(r.Context(), keyID, after, limit)
		if err != nil || len(events) > 0 {
			return events, err
		}
		select {
		case <-told:
		case <-poll.C:
		case <-timeout.C:
			return nil, nil
		case <-s.Stopping:
			return nil, nil
		case <-r.Context().Done():
			return nil, nil
		}
	}
}

// testWebhook sends a test event, once, while the caller waits. It is not
// recorded.
func (s *server) testWebhook(w http.ResponseWriter, r *http.Request, key darkroom.APIKey) (reply, error) {
	f, err := s.fieldsOf(w, r)
	if err != nil {
		return reply{}, err
	}
	target, err := s.address(f, "url")
	if err != nil {
		return reply{}, err
	}
	if err := f.nothingElse(); err != nil {
		return reply{}, err
	}
	if target == "" {
		return reply{}, darkroom.Invalid("url", "url is required: the address to send a test event to")
	}
	secrets, err := s.Store.WebhookSecrets(r.Context(), key.ID)
	if err != nil {
		return reply{}, unavailable(err)
	}
	ctx, end := s.whileServing(r.Context())
	defer end()
	leave, err := s.tests.enter(ctx, testWait)
	if err != nil {
		return reply{}, err
	}
	defer leave()
	id, err := uuid.NewV7()
	if err != nil {
		return reply{}, fmt.Errorf("make an event id: %w", err)
	}
	delivery := darkroom.Delivery{ID: darkroom.EventIDPrefix + id.String(), URL: target, Body: webhook.TestBody()}
	attempt, _ := s.Sender.Send(ctx, delivery, 1, secrets.All(), s.Now())
	return reply{body: darkroom.TestAnswer{
		ID: delivery.ID, URL: target, Delivered: webhook.Delivered(attempt), Body: string(delivery.Body), AttemptAnswer: attempt.Answer(),
	}}, nil
}

// How many test events are under way at once, and how long a further one waits
// for its turn.
const (
	maxTests = 4
	testWait = darkroom.DeliveryTimeout
)
