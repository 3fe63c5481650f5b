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

func TestKeysOnTheWire(t *testing.T) {
	const id = "01900000-0000-7000-8000-000000000001"
	const key = `"id":"` + id + `","name":"shop","prefix":"sk_live_ab","state":"active","scopes":["read"],"limits":{},"created_at":"2026-04-01T10:00:00Z"`
	var got []string
	record := func(next http.HandlerFunc) http.HandlerFunc {
		return func(w http.ResponseWriter, r *http.Request) {
			body, _ := io.ReadAll(r.Body)
			got = append(got, fmt.Sprintf("%s %s %s", r.Method, r.URL, body))
			next(w, r)
		}
	}
	c, _ := serve(t, map[string]http.HandlerFunc{
		"GET /v1/keys":                             record(script(answer(200, `{"keys":[{`+key+`}]}`))),
		"POST /v1/keys":                            record(script(answer(201, `{`+key+`,"key":"sk_live_new","webhook_secret":"whsec_new"}`))),
		"POST /v1/keys/{id}/rotate":                record(script(answer(200, `{`+key+`,"key":"sk_live_other","old_key_until":"2026-04-02T10:00:00Z"}`))),
		"DELETE /v1/keys/{id}":                     record(script(answer(204, ""), answer(202, `{`+key+`}`))),
		"GET /v1/keys/{id}/webhook-secret":         record(script(answer(200, `{"webhook_secret":"whsec_a","old_webhook_secret_until":null}`))),
		"POST /v1/keys/{id}/webhook-secret/rotate": record(script(answer(200, `{"webhook_secret":"whsec_b","old_webhook_secret_until":"2026-04-02T10:00:00Z"}`))),
	})
	ctx := t.Context()
	if keys, err := c.Keys(ctx); err != nil || len(keys) != 1 || keys[0].Name != "shop" || keys[0].State != darkroom.KeyActive {
		t.Errorf("keys %+v, %v", keys, err)
	}
	if made, err := c.CreateKey(ctx, "shop", darkroom.Grant{Scopes: []darkroom.Scope{"read"}}); err != nil || made.Secret != "sk_live_new" || made.ID != id {
		t.Errorf("made %+v, %v", made, err)
	}
	if made, err := c.RotateKey(ctx, id, time.Hour); err != nil || made.Secret != "sk_live_other" || made.OldUntil == nil {
		t.Errorf("rotated %+v, %v", made, err)
	}
	if err := c.RevokeKey(ctx, id); err != nil {
		t.Error(err)
	}
	if gone, err := c.EraseKey(ctx, id); err != nil || gone.ID != id {
		t.Errorf("erased %+v, %v", gone, err)
	}
	if secrets, err := c.WebhookSecret(ctx, id); err != nil || secrets.Current != "whsec_a" || secrets.OldUntil != nil {
		t.Errorf("secret %+v, %v", secrets, err)
	}
	if secrets, err := c.RotateWebhookSecret(ctx, id, 0); err != nil || secrets.Current != "whsec_b" || secrets.OldUntil == nil {
		t.Errorf("rotated secret %+v, %v", secrets, err)
	}
	want := []string{
		"GET /v1/keys ", `POST /v1/keys {"name":"shop","scopes":["read"],"limits":{"requests_per_minute":0,"captures_per_month":0,"urls_per_batch":0,"pages_per_crawl":0,"active_jobs":0}}`, "POST /v1/keys/" + id + `/rotate {"grace":3600}`,
		"DELETE /v1/keys/" + id + " ", "DELETE /v1/keys/" + id + "?erase=true ", "GET /v1/keys/" + id + "/webhook-secret ",
		"POST /v1/keys/" + id + `/webhook-secret/rotate {"grace":0}`,
	}
	if !slices.Equal(got, want) {
		t.Errorf("requests %q\nwant %q", got, want)
	}
}

// A second rotation would end the secret that the first one lets live on.
func TestARotationIsNotRepeated(t *testing.T) {
	asked := 0
	c, _ := serve(t, map[string]http.HandlerFunc{"POST /v1/keys/{id}/rotate": func(w http.ResponseWriter, r *http.Request) {
		asked++
		answer(503, `{"error":"queue_unavailable","message":"later"}`)(w, r)
	}})
	if _, err := c.RotateKey(t.Context(), "x", 0); !errors.Is(err, client.ErrServer) || asked != 1 {
		t.Errorf("asked %d times, %v", asked, err)
	}
}
