package client

import (
	"context"
	"iter"
	"net/http"
	"net/url"
	"strconv"
	"time"

	"darkroom"
)

// Delivery is a webhook that was or will be sent.
type Delivery = darkroom.DeliveryAnswer

// DeliveryLog is a delivery with its body and its attempts.
type DeliveryLog = darkroom.DeliveryLogAnswer

// DeliveriesPage is one page of deliveries.
type DeliveriesPage = darkroom.DeliveriesAnswer

// WebhookTest is how a test event was received.
type WebhookTest = darkroom.TestAnswer

// EventsPage is what a listener is told.
type EventsPage = darkroom.EventsAnswer

// DeliveryParams select deliveries. Zero fields select everything.
type DeliveryParams struct {
	JobID  string
	Status darkroom.DeliveryState // pending, delivered or failed
	Cursor string                 // NextCursor of another page; "" = from the newest
	Limit  int                    // per page; 0 = the server's default, or for Deliveries the most it gives
}

func (p DeliveryParams) query() url.Values {
	query := url.Values{}
	for name, value := range map[string]string{"job_id": p.JobID, "status": string(p.Status), "cursor": p.Cursor} {
		if value != "" {
			query.Set(name, value)
		}
	}
	if p.Limit > 0 {
		query.Set("limit", strconv.Itoa(p.Limit))
	}
	return query
}

// DeliveriesPage gives one page of the key's deliveries, newest first.
func (c *Client) DeliveriesPage(ctx context.Context, params DeliveryParams) (DeliveriesPage, error) {
	var page DeliveriesPage
	err := c.call(ctx, request{method: http.MethodGet, path: darkroom.WebhooksPath + "/deliveries", query: params.query()}, &page)
	return page, err
}

// Deliveries goes through the key's deliveries, newest first. An error is the
// last thing it yields.
func (c *Client) Deliveries(ctx context.Context, params DeliveryParams) iter.Seq2[Delivery, error] {
	return func(yield func(Delivery, error) bool) {
		if params.Limit == 0 {
			params.Limit = darkroom.MaxListLimit
		}
		for {
			page, err := c.DeliveriesPage(ctx, params)
			if err != nil {
				yield(Delivery{}, err)
				return
			}
			for _, delivery := range page.Deliveries {
				if !yield(delivery, nil) {
					return
				}
			}
			if page.NextCursor == nil {
				return
			}
			params.Cursor = *page.NextCursor
		}
	}
}

// Delivery gives a delivery with its body and its attempts. id is that of the
// webhook, "whk_…".
func (c *Client) Delivery(ctx context.Context, id string) (DeliveryLog, error) {
	if err := checkDeliveryID(id); err != nil {
		return DeliveryLog{}, err
	}
	var log DeliveryLog
	err := c.call(ctx, request{method: http.MethodGet, path: darkroom.DeliveryPath(url.PathEscape(id))}, &log)
	return log, err
}

// Redeliver has a webhook sent again, with the same id and the same bytes, also
// when it was delivered. It gives the delivery before that has happened.
func (c *Client) Redeliver(ctx context.Context, id string) (Delivery, error) {
	if err := checkDeliveryID(id); err != nil {
		return Delivery{}, err
	}
	var delivery Delivery
	err := c.call(ctx, request{method: http.MethodPost, path: darkroom.DeliveryPath(url.PathEscape(id)) + "/redeliver"}, &delivery)
	return delivery, err
}

func checkDeliveryID(id string) error {
	if id == "" {
		return darkroom.Invalid("id", "the id of a delivery must not be empty")
	}
	return nil
}

// TestWebhook has a signed test event sent to an address and tells how it was
// received. That the receiver failed is no error.
func (c *Client) TestWebhook(ctx context.Context, address string) (WebhookTest, error) {
	var test WebhookTest
	err := c.call(ctx, request{
		method: http.MethodPost, path: darkroom.WebhooksPath + "/test", body: map[string]string{"url": address},
		extra: 2 * darkroom.DeliveryTimeout, // its own, and that of another which goes first
	}, &test)
	return test, err
}

// EventParams say from where on to listen.
type EventParams struct {
	Cursor string        // NextCursor of the page before; "0" = from the oldest event there is; "" = only ask for the cursor of now
	Wait   time.Duration // whole seconds: answer when there is an event, or after this time; at most darkroom.MaxWait
	Limit  int           // events per page; 0 = the server's default
}

// Events tells of the jobs of the key that have ended, in the order in which
// they ended, as their webhooks would now. Behind a cursor none is left out and
// none comes twice.
func (c *Client) Events(ctx context.Context, params EventParams) (EventsPage, error) {
	query := url.Values{}
	if params.Cursor != "" {
		query.Set("cursor", params.Cursor)
	}
	for name, number := range map[string]int{"wait": int(params.Wait / time.Second), "limit": params.Limit} {
		if number > 0 {
			query.Set(name, strconv.Itoa(number))
		}
	}
	var page EventsPage
	err := c.call(ctx, request{
		method: http.MethodGet, path: darkroom.WebhooksPath + "/events", query: query, extra: min(params.Wait, darkroom.MaxWait),
	}, &page)
	return page, err
}
