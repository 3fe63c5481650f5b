package api

import (
	"net/http"
	"net/url"
	"slices"
	"strings"

	"darkroom"
	"darkroom/internal/store"

	"github.com/google/uuid"
)

func (s *server) listDeliveries(_ http.ResponseWriter, r *http.Request, key darkroom.APIKey) (reply, error) {
	query, err := parseQuery(r.URL.RawQuery)
	if err != nil {
		return reply{}, err
	}
	filter, err := deliveryFilter(query)
	if err != nil {
		return reply{}, err
	}
	page, more, err := s.Store.DeliveriesOf(r.Context(), key.ID, filter)
	if err != nil {
		return reply{}, unavailable(err)
	}
	answer := darkroom.DeliveriesAnswer{Deliveries: make([]darkroom.DeliveryAnswer, 0, len(page))}
	for _, delivery := range page {
		answer.Deliveries = append(answer.Deliveries, delivery.Answer())
	}
	if more {
		answer.NextCursor = &page[len(page)-1].ID
	}
	return reply{body: answer}, nil
}

func deliveryFilter(query url.Values) (filter store.DeliveryFilter, err error) {
	if filter.Limit, err = count(query, "limit"); err != nil {
		return filter, err
	}
	filter.Before = strings.TrimSpace(query.Get("cursor"))
	if filter.Before != "" && !isDeliveryID(filter.Before) {
		return filter, darkroom.Invalid("cursor", "cursor must be the next_cursor of another page, or empty")
	}
	filter.State = darkroom.DeliveryState(query.Get("status"))
	if filter.State != "" && !slices.Contains(darkroom.DeliveryStates(), filter.State) {
		return filter, darkroom.Invalid("status", "status must be one of pending, delivered, failed")
	}
	if text := strings.TrimSpace(query.Get("job_id")); text != "" {
		id, err := uuid.Parse(text)
		if err != nil {
			return filter, darkroom.Invalid("job_id", "job_id must be the id of a job")
		}
		filter.JobID = id.String()
	}
	return filter, nil
}

func (s *server) getDelivery(_ http.ResponseWriter, r *http.Request, key darkroom.APIKey) (reply, error) {
	id, err := deliveryID(r)
	if err != nil {
		return reply{}, err
	}
	delivery, err := s.Store.DeliveryOf(r.Context(), key.ID, id)
	if err != nil {
		return reply{}, deliveryFault(err)
	}
	attempts, err := s.Store.Attempts(r.Context(), delivery.ID)
	if err != nil {
		return reply{}, unavailable(err)
	}
	answer := darkroom.DeliveryLogAnswer{
		DeliveryAnswer: delivery.Answer(), Body: string(delivery.Body), Log: make([]darkroom.AttemptAnswer, 0, len(attempts)),
	}
	for _, attempt := range attempts {
		answer.Log = append(answer.Log, attempt.Answer())
	}
	return reply{body: answer}, nil
}

// redeliver has a delivery sent again: the same id, the same bytes.
func (s *server) redeliver(_ http.ResponseWriter, r *http.Request, key darkroom.APIKey) (reply, error) {
	id, err := deliveryID(r)
	if err != nil {
		return reply{}, err
	}
	delivery, err := s.Store.Redeliver(r.Context(), key.ID, id)
	if err != nil {
		return reply{}, deliveryFault(err)
	}
	s.Log.Info("a delivery was asked for again", "job", delivery.JobID, "delivery", delivery.ID)
	return reply{status: http.StatusAccepted, body: delivery.Answer()}, nil
}

// deliveryID gives the id of the path. One that is none names no delivery.
func deliveryID(r *http.Request) (string, error) {
	id := strings.ToLower(r.PathValue("id"))
	if !isDeliveryID(id) {
		return "", noSuchDelivery()
	}
	return id, nil
}

func isDeliveryID(text string) bool {
	id, ok := strings.CutPrefix(text, darkroom.EventIDPrefix)
	return ok && len(id) == len(uuid.Nil.String()) && uuid.Validate(id) == nil
}

func noSuchDelivery() *darkroom.Error {
	return &darkroom.Error{
		Code: darkroom.CodeNotFound, Message: "This key has no delivery with that id",
		Hint: "GET /v1/webhooks/deliveries lists those there are; they go with the history of their job",
	}
}

func deliveryFault(err error) error {
	if darkroom.CodeOf(err) == darkroom.CodeNotFound {
		return noSuchDelivery()
	}
	return unavailable(err)
}
