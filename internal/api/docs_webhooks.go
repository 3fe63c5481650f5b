package api

import (
	"net/http"
	"reflect"

	"darkroom"

	"github.com/danielgtaylor/huma/v2"
)

const webhookTestSchema = "WebhookTestRequest"

func listDeliveriesDoc() operation {
	return operation{
		id: "listDeliveries", summary: "List the webhooks that were or will be sent, newest first", tag: "Webhooks",
		about: "One per job with a callback that has ended. They go with the history of their job.",
		params: []*huma.Param{
			query("cursor", "The next_cursor of the page before.", text("", maxDeliveryIDBytes)),
			query("limit", "Deliveries per page; 0 means the default, more than the most means the most.",
				integer("", 0, darkroom.MaxListLimit, darkroom.DefaultListLimit)),
			query("status", "Only deliveries in this status.", enumeration("", darkroom.DeliveryStates()...)),
			query("job_id", "Only deliveries of this job.", &huma.Schema{Type: huma.TypeString, Format: "uuid"}),
		},
		status: http.StatusOK, answer: reflect.TypeFor[darkroom.DeliveriesAnswer](),
		errors: []int{http.StatusBadRequest, http.StatusServiceUnavailable},
	}
}

const maxDeliveryIDBytes = 40

func getDeliveryDoc() operation {
	return operation{
		id: "getDelivery", summary: "Look at a delivery and its attempts", tag: "Webhooks",
		params: []*huma.Param{deliveryIDParam()},
		status: http.StatusOK, answer: reflect.TypeFor[darkroom.DeliveryLogAnswer](),
		errors: []int{http.StatusNotFound, http.StatusServiceUnavailable},
	}
}

func redeliverDoc() operation {
	return operation{
		id: "redeliver", summary: "Send a webhook again", tag: "Webhooks",
		about: "With the same id and the same bytes, also when it was delivered. The schedule of attempts begins anew, now; " +
			"one that waits for its next attempt need not wait any longer, and one whose attempt is due stays as it is.",
		params: []*huma.Param{deliveryIDParam()},
		status: http.StatusAccepted, answer: reflect.TypeFor[darkroom.DeliveryAnswer](),
		errors: []int{http.StatusNotFound, http.StatusServiceUnavailable, http.StatusInsufficientStorage},
	}
}

func testWebhookDoc() operation {
	return operation{
		id: "testWebhook", summary: "Send a test event to an address, now", tag: "Webhooks",
		about: "A signed event " + darkroom.EventTest + " in the shape of the others, of a job that does not exist, in one attempt that is not recorded. " +
			"The answer tells how it went; that the receiver failed is no error.",
		body:   webhookTestSchema,
		status: http.StatusOK, answer: reflect.TypeFor[darkroom.TestAnswer](),
		errors: badBodies(),
	}
}

func listEventsDoc() operation {
	return operation{
		id: "listEvents", summary: "Listen to the ends of jobs", tag: "Webhooks",
		about: "Every job of the key that ends, with a callback or without, in the order in which they end: with the body and the headers " +
			"that a webhook would have if it were sent now, the same id and the same bytes as the job's own. None is left out behind a cursor, and none comes twice.",
		params: []*huma.Param{
			query("cursor", "The next_cursor of the answer before; 0 is before the oldest event there is; empty asks for the cursor of now, without events.", text("", maxCursorBytes)),
			query("wait", "Answer when there is an event, or after this many seconds; more than the most means the most.",
				integer("", 0, int(darkroom.MaxWait.Seconds()), 0)),
			query("limit", "Events in the answer; 0 means the default, more than the most means the most.",
				integer("", 0, darkroom.MaxEventLimit, darkroom.DefaultEventLimit)),
		},
		status: http.StatusOK, answer: reflect.TypeFor[darkroom.EventsAnswer](),
		errors: []int{http.StatusBadRequest, http.StatusServiceUnavailable},
	}
}

func getWebhookSecretDoc() operation {
	return operation{
		id: "getWebhookSecret", summary: "Show the webhook secret of a key", tag: "Keys",
		params: []*huma.Param{keyIDParam()},
		status: http.StatusOK, answer: reflect.TypeFor[WebhookSecretAnswer](),
		errors: []int{http.StatusNotFound, http.StatusServiceUnavailable},
	}
}

func rotateWebhookSecretDoc() operation {
	return operation{
		id: "rotateWebhookSecret", summary: "Give a key another webhook secret", tag: "Keys",
		about: "For grace seconds more webhooks are signed with both: webhook-signature has a signature of each, X-Webhook-Signature that of the new one. " +
			"A secret from before the last rotation signs no longer.",
		params: []*huma.Param{keyIDParam()},
		body:   rotationSchema, status: http.StatusOK, answer: reflect.TypeFor[WebhookSecretAnswer](),
		errors: append(badBodies(), http.StatusNotFound),
	}
}

func deliveryIDParam() *huma.Param {
	param := idParam()
	param.Description, param.Schema = "The delivery's id, as webhook-id has it.", text("", maxDeliveryIDBytes)
	return param
}

func addWebhookSchemas(schemas map[string]*huma.Schema) {
	schemas[webhookTestSchema] = &huma.Schema{
		Type: huma.TypeObject, Required: []string{"url"}, AdditionalProperties: false,
		Properties: map[string]*huma.Schema{"url": text("Where to send it; the rules for callback_url hold.", darkroom.MaxCallbackURLBytes)},
	}
}

func refineWebhooks(schemas map[string]*huma.Schema) {
	for _, name := range []string{"Delivery", "DeliveryLog"} {
		properties := schemas[name].Properties
		properties["status"] = enumeration("", darkroom.DeliveryStates()...)
		properties["next_attempt_at"].Description = "Null when none follows."
	}
	for _, name := range []string{"Attempt", "Test"} {
		properties := schemas[name].Properties
		properties["http_status"].Description = "Null when there was no response."
		properties["error_code"] = enumeration("Why there was none.", darkroom.CaptureCodes()...)
		properties["response_body"].Description = "The first 4 KiB of it."
	}
	schemas["Deliveries"].Properties["deliveries"].Nullable = false
	schemas["DeliveryLog"].Properties["log"].Nullable = false
	schemas["Events"].Properties["events"].Nullable = false
	schemas["Event"].Properties["headers"].Description = "Of both families, signed for this answer."
}
