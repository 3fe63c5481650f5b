package webhook_test

import (
	"crypto/hmac"
	"crypto/sha256"
	"encoding/base64"
	"encoding/hex"
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"darkroom"
	"darkroom/internal/webhook"
)

const (
	secret = "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSwMfKQ9r8GKYo="
	id     = "whk_0198c0de-0000-7000-8000-000000000001"
)

var sentAt = time.Date(2026, 11, 23, 7, 30, 0, 123456789, time.UTC)

func endedJob(status darkroom.JobStatus, progress darkroom.Progress) darkroom.Job {
	at := time.Date(2026, 4, 1, 12, 0, 0, 500_000_000, time.UTC)
	return darkroom.Job{
		ID: "0198c0de-1111-7222-8333-2c963f66afa6", Kind: darkroom.KindBatch, Status: status, Progress: progress,
		CreatedAt: at.Add(-time.Minute), CompletedAt: at, ExpiresAt: at.Add(24 * time.Hour),
	}
}

func TestBody(t *testing.T) {
	for _, test := range []struct {
		file string
		job  darkroom.Job
	}{
		{"completed.json", endedJob(darkroom.StatusCompleted, darkroom.Progress{Total: 2, Completed: 2})},
		{"partial.json", endedJob(darkroom.StatusPartial, darkroom.Progress{Total: 3, Completed: 2, Failed: 1})},
		{"failed.json", endedJob(darkroom.StatusFailed, darkroom.Progress{Total: 1, Failed: 1})},
	} {
		want, err := os.ReadFile(filepath.Join("testdata", test.file))
		if err != nil {
			t.Fatal(err)
		}
		if got := string(webhook.Body(test.job)); got != strings.TrimSpace(string(want)) {
			t.Errorf("the body is not %s but\n%s", test.file, got)
		}
	}
}

func signed(t *testing.T, body string) http.Header {
	t.Helper()
	header := http.Header{}
	if err := webhook.Sign(header, secret, id, 2, sentAt, []byte(body)); err != nil {
		t.Fatal(err)
	}
	return header
}

// These values were computed with openssl dgst -sha256 -mac HMAC.
func TestSignVectors(t *testing.T) {
	header := signed(t, `{"job_id":"1"}`)
	for name, want := range map[string]string{
		"X-Webhook-Id":        id,
		"X-Webhook-Timestamp": "2026-11-23T07:30:00.123Z",
		"X-Webhook-Attempt":   "2",
		"X-Webhook-Signature": "sha256=addada32a04db58e8d497228ef775fa6cde94429be29f543af8d79a8ae26def8",
		"webhook-id":          id,
		"webhook-timestamp":   "1795419000",
		"webhook-signature":   "v1,tK0AOc3WEp8kg949D9cooReTzgY4huVWR3AMAxqK5JM=",
	} {
		if got := header.Get(name); got != want {
			t.Errorf("%s: %s, want %s", name, got, want)
		}
	}
}

// The example of the Standard Webhooks specification.
func TestTheSpecificationsOwnVector(t *testing.T) {
	const body = `{"test": 2432232314}`
	header := http.Header{}
	at := time.Unix(1614265330, 0)
	err := webhook.Sign(header, "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw", "msg_p5jXN8AQM9LWM0D4loKWxJek", 1, at, []byte(body))
	if err != nil {
		t.Fatal(err)
	}
	if got, want := header.Get("webhook-signature"), "v1,g0hM9SsE+OTPJTGt/tmIKtSyZlE3uFJELVlNIOLJ1OE="; got != want {
		t.Errorf("signature %s, want %s", got, want)
	}
}

// What a receiver writes who follows the two published descriptions.
func receiverOfStandardWebhooks(body []byte, header http.Header, secret string) bool {
	key, err := base64.StdEncoding.DecodeString(strings.TrimPrefix(secret, "whsec_"))
	if err != nil {
		return false
	}
	mac := hmac.New(sha256.New, key)
	mac.Write([]byte(header.Get("webhook-id") + "." + header.Get("webhook-timestamp") + "." + string(body)))
	for _, part := range strings.Split(header.Get("webhook-signature"), " ") {
		version, signature, _ := strings.Cut(part, ",")
		given, err := base64.StdEncoding.DecodeString(signature)
		if version == "v1" && err == nil && hmac.Equal(given, mac.Sum(nil)) {
			return true
		}
	}
	return false
}

func receiverOfXWebhook(body []byte, header http.Header, secret string) bool {
	mac := hmac.New(sha256.New, []byte(secret))
	mac.Write(body)
	return hmac.Equal([]byte("sha256="+hex.EncodeToString(mac.Sum(nil))), []byte(header.Get("X-Webhook-Signature")))
}

func TestBothReceiversAccept(t *testing.T) {
	body := []byte(`{"job_id":"1"}`)
	header := signed(t, string(body))
	changed := []byte(`{"job_id":"2"}`)
	for name, receiver := range map[string]func([]byte, http.Header, string) bool{
		"Standard Webhooks": receiverOfStandardWebhooks, "X-Webhook": receiverOfXWebhook,
	} {
		if !receiver(body, header, secret) {
			t.Errorf("%s refuses what we sign", name)
		}
		if receiver(changed, header, secret) {
			t.Errorf("%s accepts a changed body", name)
		}
	}
}

func TestVerify(t *testing.T) {
	const body = `{"job_id":"1"}`
	edit := func(change func(http.Header)) http.Header {
		header := signed(t, body)
		change(header)
		return header
	}
	for _, test := range []struct {
		about  string
		body   string
		header http.Header
		secret string
		now    time.Time
		good   bool
	}{
		{"as sent", body, signed(t, body), secret, sentAt, true},
		{"four minutes later", body, signed(t, body), secret, sentAt.Add(4 * time.Minute), true},
		{"four minutes earlier", body, signed(t, body), secret, sentAt.Add(-4 * time.Minute), true},
		{"six minutes later", body, signed(t, body), secret, sentAt.Add(6 * time.Minute), false},
		{"six minutes earlier", body, signed(t, body), secret, sentAt.Add(-6 * time.Minute), false},
		{"body changed", body + " ", signed(t, body), secret, sentAt, false},
		{"other secret", body, signed(t, body), "whsec_AAAA", sentAt, false},
		{"no secret", body, signed(t, body), "", sentAt, false},
		{"no headers", body, http.Header{}, secret, sentAt, false},
		{"standard only", body, edit(func(h http.Header) { h.Del("X-Webhook-Signature") }), secret, sentAt, true},
		{"X-Webhook only", body, edit(func(h http.Header) { h.Del("webhook-signature") }), secret, sentAt, true},
		{"other id", body, edit(func(h http.Header) { h.Set("webhook-id", "whk_2") }), secret, sentAt, false},
		{"other time", body, edit(func(h http.Header) { h.Set("webhook-timestamp", "1795419001") }), secret, sentAt, false},
		{"no time", body, edit(func(h http.Header) { h.Del("webhook-timestamp") }), secret, sentAt, false},
		{"one right, one wrong", body, edit(func(h http.Header) { h.Set("X-Webhook-Signature", "sha256=00") }), secret, sentAt, false},
		{"several signatures", body, edit(func(h http.Header) {
			h.Set("webhook-signature", "v1,AAAA v2,x "+h.Get("webhook-signature"))
		}), secret, sentAt, true},
		{"only wrong ones", body, edit(func(h http.Header) { h.Set("webhook-signature", "v1,AAAA v2,x") }), secret, sentAt, false},
	} {
		err := webhook.Verify([]byte(test.body), test.header, test.secret, test.now)
		if (err == nil) != test.good || err != nil && darkroom.CodeOf(err) != darkroom.CodeUnauthorized {
			t.Errorf("%s: %v", test.about, err)
		}
	}
}

func TestSecretsThatAreNone(t *testing.T) {
	for _, bad := range []string{"", "whsec_", "whsec_!", "MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw", "whsec_abc"} {
		header := http.Header{}
		if err := webhook.Sign(header, bad, id, 1, sentAt, nil); err == nil || len(header) != 0 {
			t.Errorf("%q signed: %v, %v", bad, err, header)
		}
	}
}

func FuzzVerify(f *testing.F) {
	f.Add(`{"job_id":"1"}`, "v1,AAAA", "sha256=00", "1795419000", "whsec_AAAA")
	f.Add("", "", "", "", "")
	f.Add("x", " v1, ,, v1", "sha256=", "-9223372036854775808", "whsec_")
	f.Fuzz(func(t *testing.T, body, standard, plain, unix, key string) {
		header := http.Header{}
		header.Set(webhook.StandardSignature, standard)
		header.Set(webhook.StandardTimestamp, unix)
		header.Set(webhook.HeaderSignature, plain)
		if err := webhook.Verify([]byte(body), header, key, sentAt); err == nil &&
			!receiverOfStandardWebhooks([]byte(body), header, key) && !receiverOfXWebhook([]byte(body), header, key) {
			t.Errorf("accepted %q with %v and %q", body, header, key)
		}
	})
}
