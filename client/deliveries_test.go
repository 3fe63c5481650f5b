package client_test

import (
	"errors"
	"fmt"
	"io"
	"net/http"
	"slices"
	"testing"
	"time"

	"darkroom"
	"darkroom/client"
)

const delivered = `{"id":"` + hookID + `","job_id":"` + jobID + `","event":"job.completed","url":"http://127.0.0.1/hook",
	"status":"delivered","attempts":1,"next_attempt_at":null,"created_at":"2026-04-01T10:00:00Z"`

func TestDeliveriesOnTheWire(t *testing.T) {
	var got []string
	record := func(next http.HandlerFunc) http.HandlerFunc {
		return func(w http.ResponseWriter, r *http.Request) {
			body, _ := io.ReadAll(r.Body)
			got = append(got, fmt.Sprintf("%s %s %s", r.Method, r.URL, body))
			next(w, r)
		}
	}
	const path = "/v1/webhooks/deliveries/" + hookID
	c, _ := serve(t, map[string]http.HandlerFunc{
		"GET /v1/webhooks/deliveries": record(script(
			answer(200, `{"deliveries":[`+delivered+`}],"next_cursor":"whk_2"}`), answer(200, `{"deliveries":[`+delivered+`}],"next_cursor":null}`))),
		"GET " + path: record(answer(200, delivered+`,"body":"{}","log":[{"attempt":1,"started_at":"2026-04-01T10:00:00Z","duration_ms":7,
			"request_headers":{"Webhook-Id":"x"},"http_status":200,"error":null,"response_body":"ok"}]}`)),
		"POST " + path + "/redeliver": record(answer(202, delivered+"}")),
		"POST /v1/webhooks/test":      record(answer(200, `{"id":"whk_1","url":"http://a.test/","delivered":true,"body":"{}","attempt":1,"http_status":200}`)),
		"GET /v1/webhooks/events":     record(answer(200, `{"events":[{"id":"whk_1","headers":{"Webhook-Id":"whk_1"},"body":"{}"}],"next_cursor":"8"}`)),
	})
	number := 0
	for delivery, err := range c.Deliveries(t.Context(), client.DeliveryParams{JobID: jobID, Status: darkroom.DeliveryDelivered}) {
		if number++; err != nil || delivery.ID != hookID || delivery.Status != darkroom.DeliveryDelivered {
			t.Errorf("delivery %+v, %v", delivery, err)
		}
	}
	log, err := c.Delivery(t.Context(), hookID)
	if err != nil || number != 2 || log.Attempts != 1 || log.Body != "{}" || len(log.Log) != 1 || *log.Log[0].HTTPStatus != 200 || *log.Log[0].ResponseBody != "ok" {
		t.Errorf("%d deliveries, log %+v, %v", number, log, err)
	}
	if again, err := c.Redeliver(t.Context(), hookID); err != nil || again.ID != hookID {
		t.Errorf("again %+v, %v", again, err)
	}
	if test, err := c.TestWebhook(t.Context(), "http://a.test/"); err != nil || !test.Delivered || test.Attempt != 1 {
		t.Errorf("test %+v, %v", test, err)
	}
	page, err := c.Events(t.Context(), client.EventParams{Cursor: "7", Wait: 30 * time.Second, Limit: 5})
	if err != nil || page.NextCursor != "8" || len(page.Events) != 1 || page.Events[0].Headers["Webhook-Id"] != "whk_1" {
		t.Errorf("events %+v, %v", page, err)
	}
	want := []string{
		"GET /v1/webhooks/deliveries?job_id=" + jobID + "&limit=100&status=delivered ",
		"GET /v1/webhooks/deliveries?cursor=whk_2&job_id=" + jobID + "&limit=100&status=delivered ",
		"GET " + path + " ", "POST " + path + "/redeliver ",
		`POST /v1/webhooks/test {"url":"http://a.test/"}`,
		"GET /v1/webhooks/events?cursor=7&limit=5&wait=30 ",
	}
	if !slices.Equal(got, want) {
		t.Errorf("sent %q\nwant %q", got, want)
	}
}

func TestDeliveriesThatAreNot(t *testing.T) {
	c, _ := serve(t, map[string]http.HandlerFunc{
		"GET /v1/webhooks/deliveries/whk_1": answer(404, failure(404, "not_found")),
		"GET /v1/webhooks/deliveries":       answer(400, failure(400, "validation_error")),
	})
	if _, err := c.Delivery(t.Context(), "whk_1"); !errors.Is(err, client.ErrNotFound) {
		t.Errorf("unknown: %v", err)
	}
	for _, err := range c.Deliveries(t.Context(), client.DeliveryParams{Status: "x"}) {
		if !errors.Is(err, client.ErrValidation) {
			t.Errorf("by a strange status: %v", err)
		}
	}
	_, looked := c.Delivery(t.Context(), "")
	_, again := c.Redeliver(t.Context(), "")
	for _, err := range []error{looked, again} {
		if darkroom.CodeOf(err) != darkroom.CodeValidation {
			t.Errorf("without id: %v", err)
		}
	}
}
