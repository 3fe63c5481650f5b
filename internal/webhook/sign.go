package webhook

import (
	"crypto/hmac"
	"crypto/sha256"
	"encoding/base64"
	"encoding/hex"
	"errors"
	"fmt"
	"net/http"
	"strconv"
	"strings"
	"time"

	"darkroom"
)

// Headers of a delivery. Both ids, and both times, say the same.
const (
	HeaderID        = "X-Webhook-Id"
	HeaderTimestamp = "X-Webhook-Timestamp" // ISO 8601, of the attempt
	HeaderAttempt   = "X-Webhook-Attempt"   // from 1
	HeaderSignature = "X-Webhook-Signature" // "sha256=" and hex

	StandardID        = "Webhook-Id"
	StandardTimestamp = "Webhook-Timestamp" // unix seconds, of the attempt
	StandardSignature = "Webhook-Signature" // "v1," and base64; several, separated by blanks, while a secret is changed
)

const (
	hexScheme    = "sha256="
	base64Scheme = "v1,"
	isoMillis    = "2006-01-02T15:04:05.000Z"
)

// Sign sets the headers of one attempt, of both families. X-Webhook-Signature
// has room for one signature, which the first secret makes; webhook-signature
// has one of each. The error tells that a secret is not "whsec_" and base64;
// nothing is set then.
func Sign(header http.Header, secrets []string, id string, attempt int, at time.Time, body []byte) error {
	unix := strconv.FormatInt(at.Unix(), 10)
	signatures := make([]string, len(secrets))
	for i, secret := range secrets {
		key, err := decodeSecret(secret)
		if err != nil {
			return err
		}
		signatures[i] = base64Scheme + base64.StdEncoding.EncodeToString(standardMAC(key, id, unix, body))
	}
	if len(secrets) == 0 {
		return errNoSecret
	}
	header.Set(HeaderID, id)
	header.Set(HeaderTimestamp, at.UTC().Format(isoMillis))
	header.Set(HeaderAttempt, strconv.Itoa(attempt))
	header.Set(HeaderSignature, hexScheme+hex.EncodeToString(bodyMAC(secrets[0], body)))
	header.Set(StandardID, id)
	header.Set(StandardTimestamp, unix)
	header.Set(StandardSignature, strings.Join(signatures, " "))
	return nil
}

var errNoSecret = errors.New("there is no webhook secret to sign with")

// bodyMAC is keyed with the secret's text as it is shown, prefix included.
func bodyMAC(secret string, body []byte) []byte {
	mac := hmac.New(sha256.New, []byte(secret))
	mac.Write(body)
	return mac.Sum(nil)
}

// standardMAC is keyed with the bytes that the secret encodes.
func standardMAC(key []byte, id, unix string, body []byte) []byte {
	mac := hmac.New(sha256.New, key)
	mac.Write([]byte(id + "." + unix + "."))
	mac.Write(body)
	return mac.Sum(nil)
}

func decodeSecret(secret string) ([]byte, error) {
	encoded, ok := strings.CutPrefix(secret, darkroom.WebhookSecretPrefix)
	key, err := base64.StdEncoding.DecodeString(encoded)
	if !ok || err != nil || len(key) == 0 {
		return nil, fmt.Errorf("the webhook secret is not %q followed by base64", darkroom.WebhookSecretPrefix)
	}
	return key, nil
}
