package webhook_test

import (
	"bytes"
	"crypto/hmac"
	"crypto/sha256"
	"encoding/hex"
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"darkroom"
	"darkroom/client"
	"darkroom/internal/webhook"

	standardwebhooks "github.com/standard-webhooks/standard-webhooks/libraries/go"
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
	if err := webhook.Sign(header, []string{secret}, id, 2, sentAt, []byte(body)); err != nil {
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
	err := webhook.Sign(header, []string{"whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw"}, "msg_p5jXN8AQM9LWM0D4loKWxJek", 1, at, []byte(body))
	if err != nil {
		t.Fatal(err)
	}
	if got, want := header.Get("webhook-signature"), "v1,g0hM9SsE+OTPJTGt/tmIKtSyZlE3uFJELVlNIOLJ1OE="; got != want {
		t.Errorf("signature %s, want %s", got, want)
	}
}

// receiverOfStandardWebhooks is the published library. It has no clock to give
// it, so that the time is not looked at here.
func receiverOfStandardWebhooks(body []byte, header http.Header, secret string) bool {
	library, err := standardwebhooks.NewWebhook(secret)
	return err == nil && library.VerifyIgnoringTimestamp(body, header) == nil
}

// verifier is our own client's check at that moment.
func verifier(now time.Time, secrets ...string) client.Verifier {
	return client.Verifier{Secrets: secrets, Now: func() time.Time { return now }}
}

func receiverOfOurs(body []byte, header http.Header, secret string) bool {
	return verifier(sentAt, secret).Verify(body, header) == nil
}

func receiverOfOursPlain(body []byte, header http.Header, secret string) bool {
	header = header.Clone()
	header.Del(webhook.StandardSignature)
	plain := verifier(sentAt, secret)
	plain.Plain = true
	return plain.Verify(body, header) == nil
}

// What a receiver writes who follows the published description.
func receiverOfXWebhook(body []byte, header http.Header, secret string) bool {
	mac := hmac.New(sha256.New, []byte(secret))
	mac.Write(body)
	return hmac.Equal([]byte("sha256="+hex.EncodeToString(mac.Sum(nil))), []byte(header.Get("X-Webhook-Signature")))
}

func receivers() map[string]func([]byte, http.Header, string) bool {
	return map[string]func([]byte, http.Header, string) bool{
		"Standard Webhooks' library": receiverOfStandardWebhooks, "X-Webhook": receiverOfXWebhook,
		"our client": receiverOfOurs, "our client, plain": receiverOfOursPlain,
	}
}

func TestEveryReceiverAccepts(t *testing.T) {
	body := []byte(`{"job_id":"1"}`)
	header := signed(t, string(body))
	for name, receiver := range receivers() {
		if !receiver(body, header, secret) {
			t.Errorf("%s refuses what we sign", name)
		}
		if receiver(body, header, "whsec_AAAA") {
			t.Errorf("%s accepts another secret", name)
		}
		for i := range body {
			changed := bytes.Clone(body)
			changed[i] ^= 1
			if receiver(changed, header, secret) {
				t.Errorf("%s accepts %s", name, changed)
			}
		}
	}
}

// While a secret is rotated, who has the new one accepts by both families, and
// who still has the former one by that of Standard Webhooks.
func TestBothSecretsSignDuringARotation(t *testing.T) {
	const former = "whsec_AAECAwQFBgcICQoLDA0ODw=="
	body, header := []byte(`{"job_id":"1"}`), http.Header{}
	if err := webhook.Sign(header, []string{secret, former}, id, 1, sentAt, body); err != nil {
		t.Fatal(err)
	}
	for name, receiver := range receivers() {
		if !receiver(body, header, secret) {
			t.Errorf("%s refuses the new secret", name)
		}
		if plain := strings.Contains(name, "plain") || name == "X-Webhook"; receiver(body, header, former) == plain {
			t.Errorf("%s: the former secret is accepted: %v", name, plain)
		}
	}
	if n := len(strings.Fields(header.Get(webhook.StandardSignature))); n != 2 {
		t.Errorf("%d signatures", n)
	}
}

func TestSecretsThatAreNone(t *testing.T) {
	for _, bad := range []string{"", "whsec_", "whsec_!", "MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw", "whsec_abc"} {
		header := http.Header{}
		if err := webhook.Sign(header, []string{secret, bad}, id, 1, sentAt, nil); err == nil || len(header) != 0 {
			t.Errorf("%q signed: %v, %v", bad, err, header)
		}
	}
}
