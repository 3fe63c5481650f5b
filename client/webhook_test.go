package client_test

import (
	"errors"
	"net/http"
	"strconv"
	"testing"
	"time"

	"darkroom/client"

	standardwebhooks "github.com/standard-webhooks/standard-webhooks/libraries/go"
)

const (
	hookSecret = "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSwMfKQ9r8GKYo="
	hookID     = "whk_0198c0de-0000-7000-8000-000000000001"
	hookBody   = `{"job_id":"1"}`
)

var hookTime = time.Date(2026, 11, 23, 7, 30, 0, 0, time.UTC)

// hook is a request with the values that openssl dgst -sha256 -mac HMAC gives.
func hook(change func(http.Header)) http.Header {
	header := http.Header{}
	header.Set("webhook-id", hookID)
	header.Set("webhook-timestamp", "1795419000")
	header.Set("webhook-signature", "v1,tK0AOc3WEp8kg949D9cooReTzgY4huVWR3AMAxqK5JM=")
	header.Set("X-Webhook-Signature", "sha256=addada32a04db58e8d497228ef775fa6cde94429be29f543af8d79a8ae26def8")
	change(header)
	return header
}

func TestVerify(t *testing.T) {
	as := hook(func(http.Header) {})
	plainOnly := hook(func(h http.Header) { h.Del("webhook-signature") })
	for _, test := range []struct {
		about   string
		body    string
		header  http.Header
		secrets []string
		later   time.Duration
		plain   bool
		good    bool
	}{
		{"as sent", hookBody, as, []string{hookSecret}, 0, false, true},
		{"four minutes later", hookBody, as, []string{hookSecret}, 4 * time.Minute, false, true},
		{"four minutes earlier", hookBody, as, []string{hookSecret}, -4 * time.Minute, false, true},
		{"six minutes later", hookBody, as, []string{hookSecret}, 6 * time.Minute, false, false},
		{"six minutes earlier", hookBody, as, []string{hookSecret}, -6 * time.Minute, false, false},
		{"body changed", hookBody + " ", as, []string{hookSecret}, 0, false, false},
		{"other secret", hookBody, as, []string{"whsec_AAAA"}, 0, false, false},
		{"one of two secrets", hookBody, as, []string{"whsec_AAAA", hookSecret}, 0, false, true},
		{"no secret", hookBody, as, nil, 0, false, false},
		{"an empty secret", hookBody, as, []string{""}, 0, false, false},
		{"a secret that is none", hookBody, as, []string{"whsec_!"}, 0, false, false},
		{"no headers", hookBody, http.Header{}, []string{hookSecret}, 0, true, false},
		{"only X-Webhook-Signature", hookBody, plainOnly, []string{hookSecret}, 0, false, false},
		{"only X-Webhook-Signature, and that is enough", hookBody, plainOnly, []string{"whsec_AAAA", hookSecret}, time.Hour, true, true},
		{"only X-Webhook-Signature, body changed", hookBody + " ", plainOnly, []string{hookSecret}, 0, true, false},
		{"only X-Webhook-Signature, other secret", hookBody, plainOnly, []string{"whsec_AAAA"}, 0, true, false},
		{"standard only", hookBody, hook(func(h http.Header) { h.Del("X-Webhook-Signature") }), []string{hookSecret}, 0, false, true},
		{"a wrong standard one beside a right plain one", hookBody, hook(func(h http.Header) { h.Set("webhook-signature", "v1,AAAA") }), []string{hookSecret}, 0, true, false},
		{"other id", hookBody, hook(func(h http.Header) { h.Set("webhook-id", "whk_2") }), []string{hookSecret}, 0, false, false},
		{"other time", hookBody, hook(func(h http.Header) { h.Set("webhook-timestamp", "1795419001") }), []string{hookSecret}, 0, false, false},
		{"no time", hookBody, hook(func(h http.Header) { h.Del("webhook-timestamp") }), []string{hookSecret}, 0, false, false},
		{"several signatures", hookBody, hook(func(h http.Header) {
			h.Set("webhook-signature", "v1,AAAA v2,x "+h.Get("webhook-signature"))
		}), []string{hookSecret}, 0, false, true},
		{"only wrong ones", hookBody, hook(func(h http.Header) { h.Set("webhook-signature", "v1,AAAA v2,x") }), []string{hookSecret}, 0, false, false},
	} {
		verifier := client.Verifier{Secrets: test.secrets, Plain: test.plain, Now: func() time.Time { return hookTime.Add(test.later) }}
		err := verifier.Verify([]byte(test.body), test.header)
		if (err == nil) != test.good || err != nil && !errors.Is(err, client.ErrWebhook) {
			t.Errorf("%s: %v", test.about, err)
		}
	}
}

// What the published library signs now, ours accepts, and not with a byte
// changed.
func TestVerifyWhatThePublishedLibrarySigns(t *testing.T) {
	library, err := standardwebhooks.NewWebhook(hookSecret)
	if err != nil {
		t.Fatal(err)
	}
	at := time.Now()
	signature, err := library.Sign(hookID, at, []byte(hookBody))
	if err != nil {
		t.Fatal(err)
	}
	header := http.Header{}
	header.Set("webhook-id", hookID)
	header.Set("webhook-timestamp", strconv.FormatInt(at.Unix(), 10))
	header.Set("webhook-signature", signature)
	if err := client.VerifyWebhook([]byte(hookBody), header, hookSecret); err != nil {
		t.Error(err)
	}
	if err := library.Verify([]byte(hookBody), header); err != nil {
		t.Errorf("the library itself: %v", err)
	}
	for i := range hookBody {
		changed := []byte(hookBody)
		changed[i] ^= 1
		if client.VerifyWebhook(changed, header, hookSecret) == nil || library.Verify(changed, header) == nil {
			t.Errorf("%s was accepted", changed)
		}
	}
}

func FuzzVerify(f *testing.F) {
	f.Add(hookBody, "v1,AAAA", "sha256=00", "1795419000", "whsec_AAAA")
	f.Add("", "", "", "", "")
	f.Add("x", " v1, ,, v1", "sha256=", "-9223372036854775808", "whsec_")
	f.Fuzz(func(t *testing.T, body, standard, plain, at, key string) {
		header := http.Header{}
		header.Set("webhook-signature", standard)
		header.Set("webhook-timestamp", at)
		header.Set("X-Webhook-Signature", plain)
		verifier := client.Verifier{Secrets: []string{key}, Plain: true, Now: func() time.Time { return hookTime }}
		if verifier.Verify([]byte(body), header) != nil {
			return
		}
		header.Set("webhook-id", "another")
		if standard != "" && verifier.Verify([]byte(body), header) == nil {
			t.Errorf("accepted %q with %v and %q, whatever the id", body, header, key)
		}
	})
}
