package client

import (
	"crypto/hmac"
	"crypto/sha256"
	"encoding/base64"
	"encoding/hex"
	"fmt"
	"net/http"
	"strconv"
	"strings"
	"time"

	"darkroom"
)

// WebhookTolerance is how far the time of a webhook may be from the receiver's
// clock, unless told otherwise.
const WebhookTolerance = 5 * time.Minute

// ErrWebhook is what every refusal of a webhook is.
const ErrWebhook Kind = "the webhook is not from Darkroom"

// Verifier checks whether webhooks come from the server. It compares in
// constant time. While a secret is rotated, a request that is signed with any
// of Secrets is accepted.
type Verifier struct {
	Secrets   []string      // as `darkroom keys secret` shows them, "whsec_" included
	Tolerance time.Duration // of the time that is signed; 0 = WebhookTolerance

	// Plain also accepts requests that have only X-Webhook-Signature, as
	// receivers of other services check it. That signs the body, but neither its
	// time nor its id: whoever has seen such a request can send it again.
	Plain bool

	Now func() time.Time // nil = time.Now
}

// VerifyWebhook is Verify of a Verifier that has these secrets and no other
// setting.
func VerifyWebhook(body []byte, header http.Header, secrets ...string) error {
	return Verifier{Secrets: secrets}.Verify(body, header)
}

// Verify returns nil when the request was signed with one of the secrets, and
// its time is right. Every other error is ErrWebhook and says why. body is the
// raw body, byte for byte: a body that was decoded and encoded again is another
// one. The same webhook may come more than once, always with the same
// webhook-id.
func (v Verifier) Verify(body []byte, header http.Header) error {
	if len(v.Secrets) == 0 {
		return refusal("there is no secret to check it with")
	}
	if header.Get("Webhook-Signature") != "" {
		return v.verifyStandard(body, header)
	}
	plain := header.Get("X-Webhook-Signature")
	switch {
	case plain == "":
		return refusal("it has no signature")
	case !v.Plain:
		return refusal("it has no webhook-signature, only X-Webhook-Signature, which does not sign its time")
	}
	for _, secret := range v.Secrets {
		if hmac.Equal([]byte(plain), []byte("sha256="+hex.EncodeToString(sum([]byte(secret), body)))) {
			return nil
		}
	}
	return refusal("X-Webhook-Signature does not fit the body")
}

// verifyStandard checks the headers of Standard Webhooks.
func (v Verifier) verifyStandard(body []byte, header http.Header) error {
	id, unix := header.Get("Webhook-Id"), header.Get("Webhook-Timestamp")
	seconds, err := strconv.ParseInt(unix, 10, 64)
	if err != nil {
		return refusal("webhook-timestamp is not a number of seconds")
	}
	now, tolerance := time.Now, v.Tolerance
	if v.Now != nil {
		now = v.Now
	}
	if tolerance == 0 {
		tolerance = WebhookTolerance
	}
	if now().Sub(time.Unix(seconds, 0)).Abs() > tolerance {
		return refusal("webhook-timestamp is more than %v away", tolerance)
	}
	signed := append([]byte(id+"."+unix+"."), body...)
	for _, secret := range v.Secrets {
		key, err := base64.StdEncoding.DecodeString(strings.TrimPrefix(secret, darkroom.WebhookSecretPrefix))
		if err != nil || len(key) == 0 {
			return refusal("the secret is not %q followed by base64", darkroom.WebhookSecretPrefix)
		}
		want := []byte("v1," + base64.StdEncoding.EncodeToString(sum(key, signed)))
		for signature := range strings.FieldsSeq(header.Get("Webhook-Signature")) {
			if hmac.Equal([]byte(signature), want) {
				return nil
			}
		}
	}
	return refusal("webhook-signature does not fit id, time and body")
}

func sum(key, message []byte) []byte {
	mac := hmac.New(sha256.New, key)
	mac.Write(message)
	return mac.Sum(nil)
}

func refusal(format string, args ...any) error {
	return fmt.Errorf("%w: %s", ErrWebhook, fmt.Sprintf(format, args...))
}
